"""A small deployment that is put back to the same beginning before each fault: a few members of one server.

The standard change: a member is added, a value of two templates changes (one in the front's generation, one elsewhere
on the server), and a file that somebody edited on the server is put right.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cutter
from cutter import Call, Cut
from demonstration import write_inventory
from reader import ask

from lab import Lab
from numerian import engine_run
from numerian.load import load

ROOT = Path(__file__).resolve().parents[2]
STACK = "test-faults"
FOLDER = ROOT / ".work" / STACK
INVENTORY = FOLDER / "inventory"
MEMBERS = ("07186", "07140")
"""A site and a redirect."""
ADDED = "07231"
SERVER = "privas"
"""The one that faults happen on; all members are there."""
STATE = FOLDER / "state" / ".pulumi" / "stacks" / "numerian" / f"{STACK}.json"

DRIFT = "/srv/front/config/current/sites/07186.conf"
_KEPT = "var/lib/numerian etc/numerian etc/logrotate.d"
_KEEP = f"""
rm -rf /root/faults && mkdir /root/faults && cd / && tar -cpf /root/faults/tar --numeric-owner {_KEPT} &&
readlink srv/front/config/current >/root/faults/current && cp -a srv/front/config/current/. /root/faults/generation
"""
# What is current is there at every moment: what watches it must not take the members for gone.
_BACK = f"""
cd /srv/front/config && read -r old </root/faults/current
point() {{ ln -sfn "$1" current.back && mv -T current.back current; }}
rm -rf generations/0 current.new && cp -a /root/faults/generation generations/0 && point generations/0 &&
find generations -mindepth 1 -maxdepth 1 ! -name 0 -exec rm -rf {{}} + && cp -a generations/0 "$old" && point "$old" &&
rm -rf generations/0 /srv/sites/{ADDED} && cd / && find {_KEPT} -mindepth 1 -delete &&
tar -xpf /root/faults/tar --numeric-owner && docker start front >/dev/null && /usr/local/sbin/numerian-front reload
"""
_SHIM = """#!/bin/sh
# For tests: an apply runs under `cut` when it is told to, once for the whole of it.
case "${NUMERIAN_CUT:+no} $*" in
no*) ;;
*" apply "*) [ ! -s /run/cut/options ] || { export NUMERIAN_CUT=1; . /run/cut/options; } ;;
esac
exec /bin/sh "$@"
"""
_LEFT = (
    "cd /var/lib/numerian && find incoming journal pending -mindepth 1; ls -d lock* 2>/dev/null;"
    " ls -d /srv/front/config/generations/*.new /srv/front/config/current.new 2>/dev/null;"
    " find /srv /etc -name '.numerian-*' -not -path '*/.numerian-states*'; true"
)
"""What a run that was cut may have left; nothing of it is there after the next one."""


@dataclass(frozen=True)
class Run:
    """How a command ended, and all that it said."""

    code: int
    said: str

    @property
    def fault(self) -> str:
        """The first line about what went wrong, else the line of counts."""
        lines = [line.strip() for line in self.said.splitlines() if line.strip()]
        errors = [lines[i + 1] for i, line in enumerate(lines[:-1]) if re.fullmatch(r"\d+ errors?:", line)]
        counts = [line for line in lines if re.search(r"unchanged.* s\)$", line)]
        return [*errors, *counts, *lines, ""][0]


@dataclass
class World:
    """The deployment, and what faults are made with."""

    lab: Lab
    names: dict[str, str] = field(default_factory=dict)
    """Each name that is served from the beginning, with its server's address on this machine."""

    def deploy(self) -> None:
        """Bring it up as it is at the beginning, with its certificates."""
        self.disarm()
        write_inventory(self.lab, INVENTORY, MEMBERS)
        if STATE.is_file():  # a session that was cut
            self.numerian("destroy", "--stack", STACK, "--yes")
        inventory = load(INVENTORY)
        sites = [(member.site, self.lab.layout.server(member.server)) for member in inventory.members if member.site]
        self.lab.set_names({name: server.address for site, server in sites for name in site.names})
        self.names = {name: server.loopback for site, server in sites for name in (site.main_name,)}
        self.must("stack", "init", STACK)
        self.must("up", "--stack", STACK, "--yes")
        self.sh(SERVER, "systemctl start --no-block numerian-certificates.service")
        self.must("certificates", "--stack", STACK, "--wait", "150")
        self.must("up", "--stack", STACK, "--yes", "--refresh")
        shutil.rmtree(FOLDER / "beginning", ignore_errors=True)
        shutil.copytree(FOLDER / "state", FOLDER / "beginning")
        self.sh(SERVER, _KEEP)

    def begin_again(self) -> None:
        """Put state, inventory and servers back to the beginning, then edit the inventory and one file by hand."""
        self.disarm()
        shutil.rmtree(FOLDER / "state")
        shutil.copytree(FOLDER / "beginning", FOLDER / "state")
        self.sh(SERVER, _BACK)
        write_inventory(self.lab, INVENTORY, (*MEMBERS, ADDED))
        file = INVENTORY / "datacenters.yaml"
        text = file.read_text(encoding="utf-8")
        text = text.replace("securite@numerian.test", "vigilance@numerian.test")
        file.write_text(text.replace("security_days: 30", "security_days: 31"), encoding="utf-8")
        self.sh(SERVER, f"echo '# by hand' >> {DRIFT}")

    def up(self, *, refresh: bool = True) -> Run:
        """Run `numerian up`, looking at the servers first as an operator does who knows of an edit by hand."""
        return self.numerian("up", "--stack", STACK, "--yes", *(["--refresh"] if refresh else []))

    def left(self) -> str:
        """Return what runs have left lying on the server."""
        return self.sh(SERVER, _LEFT).strip()

    def numerian(self, *words: str, timeout: float = 600) -> Run:
        """Run the command; whatever happens, no traceback."""
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
        command = [Path(sys.executable).parent / "numerian", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert "goroutine" not in said, said
        return Run(done.returncode, said)

    def must(self, *words: str) -> str:
        """Run a command that has to end well; return what it said."""
        run = self.numerian(*words)
        assert run.code == 0, run.said[-6000:]
        return run.said

    def pulumi(self, *words: str) -> Run:
        """Run the plain engine in the environment that `numerian env` prints."""
        script = f'eval "$(bin/numerian env --stack {STACK})" && exec pulumi "$@"'
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
        command = ["sh", "-c", script, "sh", *words, "--stack", STACK]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
        return Run(done.returncode, done.stdout + done.stderr)

    def sh(self, server: str, script: str, *, timeout: float = 120) -> str:
        """Run a script as root on a server."""
        code, out, err = self.lab.exec(server, ["sh", "-c", script], timeout=timeout)
        assert code == 0, f"{script}: {out}{err}"
        return out

    # --- faults ---------------------------------------------------------------------------------------------------

    @contextmanager
    def cutting(self, side: str, cut: Cut) -> Iterator[list[Call]]:
        """Have `cut` at work on this machine's engine and what it starts ("here"), or on the server's applies.

        The list that is yielded holds, at the end, all calls that were counted.
        """
        found: list[Call] = []
        (self._arm_here if side == "here" else self._arm_there)(cut)
        try:
            yield found
        finally:
            found += cutter.calls(self._log(side))
            self.disarm()

    def disarm(self) -> None:
        """Let everything run as it is."""
        (FOLDER / "bin" / "pulumi").unlink(missing_ok=True)
        self.sh(SERVER, "rm -f /usr/local/bin/sh /run/cut/options")

    def _arm_here(self, cut: Cut) -> None:
        shutil.rmtree(FOLDER / "cut", ignore_errors=True)
        (FOLDER / "cut").mkdir()
        engine = engine_run.find(ROOT, lambda _: None).pulumi
        shim = FOLDER / "bin" / "pulumi"
        words = cut.words(str(FOLDER / "cut"))
        shim.write_text(f'#!/bin/sh\nexec {cutter.program()} {words} -- {engine} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)

    @contextmanager
    def before_applies(self, script: str) -> Iterator[None]:
        """Have each apply on the server start with these lines of shell (`$@` are its words)."""
        self._shim(script)
        try:
            yield
        finally:
            self.disarm()

    def wait_until_served(self, seconds: float = 120) -> None:
        """Return when all names are answered for again."""
        deadline = time.monotonic() + seconds
        while not all(ask(name, address)[:1] in "23" for name, address in self.names.items()):
            look = "docker ps -a; journalctl -u docker --no-pager -n 40 | cut -c 1-600"
            assert time.monotonic() < deadline, (
                f"the front doesn't answer any more: {self.lab.exec(SERVER, ['sh', '-c', look])}"
            )
            time.sleep(0.5)

    def _shim(self, script: str) -> None:
        self.sh(SERVER, "rm -rf /run/cut && mkdir /run/cut")
        self.write(SERVER, "/run/cut/options", script)
        self.write(SERVER, "/usr/local/bin/sh", _SHIM, "755")

    def _arm_there(self, cut: Cut) -> None:
        container = self.lab.layout.container(SERVER)
        if self.lab.exec(SERVER, ["test", "-x", "/usr/local/lib/cut"])[0]:
            subprocess.run(["docker", "cp", cutter.program(), f"{container}:/usr/local/lib/cut"], check=True)
            self.sh(SERVER, "chmod 755 /usr/local/lib/cut")
        self._shim(f'exec /usr/local/lib/cut {cut.words("/run/cut")} -- /bin/sh "$@"\n')

    def write(self, server: str, path: str, text: str, mode: str = "644") -> None:
        """Write a file on a server."""
        script = f"cat >{path}.new && chmod {mode} {path}.new && mv {path}.new {path}"
        code, _, err = self.lab.exec(server, ["sh", "-c", script], stdin=text)
        assert code == 0, err

    def _log(self, side: str) -> str:
        if side == "here":
            log = FOLDER / "cut" / "log"
            return log.read_text(encoding="utf-8") if log.is_file() else ""
        return self.sh(SERVER, "cat /run/cut/log 2>/dev/null || true")


def invalid_state() -> str:
    """Return what is wrong with the state's file as it lies there, or ""."""
    try:
        deployment = json.loads(STATE.read_text(encoding="utf-8"))["checkpoint"]["latest"]
    except (OSError, ValueError, KeyError) as error:
        return f"{type(error).__name__}: {error}"
    known: set[str] = set()
    for resource in deployment.get("resources") or []:
        missing = {resource.get("parent", ""), *(resource.get("dependencies") or [])} - known - {""}
        if missing:
            return f"{resource['urn']} comes before what it needs: {', '.join(sorted(missing))}"
        known.add(resource["urn"])
    return ""
