"""Two members move to the other datacenter and one comes back, while visitors ask without end (docs/move.md)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demonstration import write_inventory
from deployment import forget_what_servers_forgot
from visitor import Reader

from lab import Lab
from numerian.load import load

pytestmark = pytest.mark.faults

ROOT = Path(__file__).resolve().parents[2]
STACK = "test-move"
FOLDER = ROOT / ".work" / STACK
INVENTORY = FOLDER / "inventory"
STATIC, PHP = "07186", "07334"
NAMES = {STATIC: "www.privas.test", PHP: "les-vans.test"}
PROGRAM = "<?php touch(__DIR__ . '/visits/' . uniqid('', true)); echo 'bonjour';"
"""Each visit leaves a file of its own, so that what is written can be counted."""


@dataclass
class Deployed:
    """The two members, and an operator."""

    lab: Lab

    def start(self, *words: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
        stack = [] if words[0] == "stack" else ["--stack", STACK]
        command = [Path(sys.executable).parent / "numerian", *words, *stack]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def numerian(self, *words: str, fails: bool = False) -> str:
        process = self.start(*words)
        said, _ = process.communicate(timeout=900)
        assert "Traceback" not in said, said
        assert fails or process.returncode == 0, said[-6000:]
        return said

    def up(self) -> str:
        return self.numerian("up", "--yes")

    def sh(self, server: str, script: str) -> str:
        code, out, err = self.lab.exec(server, ["sh", "-c", script])
        assert code == 0, f"{script}: {out}{err}"
        return out

    def move(self, code: str, old: str, new: str) -> None:
        """What an operator does: one edit."""
        (file,) = (INVENTORY / "members").glob(f"{code}-*.yaml")
        text = file.read_text(encoding="utf-8")
        assert f"datacenter: {old}\n" in text
        file.write_text(text.replace(f"datacenter: {old}\n", f"datacenter: {new}\n"), encoding="utf-8")

    def point(self, server: str) -> None:
        """Let all names lead to one server."""
        names = [name for member in load(INVENTORY).members if member.site for name in member.site.names]
        self.lab.set_names({name: self.lab.addresses(server) for name in names})

    def visitors(self, server: str) -> Reader:
        """Somebody whose resolver leads him to a server, whatever the DNS says."""
        where = self.lab.layout.server(server).loopback
        return Reader({name: where for name in NAMES.values()}, self.lab.folder / "root.pem")

    def sums(self, server: str, code: str, *, but: str = "/visits/") -> str:
        return self.sh(server, f"cd /srv/sites/{code}/www && find . -type f ! -path '.{but}*' | sort | xargs sha256sum")


@pytest.fixture(scope="module")
def deployed(lab: Lab) -> Iterator[Deployed]:
    forget_what_servers_forgot(lab, STACK)
    write_inventory(lab, INVENTORY, (STATIC, PHP))
    found = Deployed(lab)
    found.numerian("stack", "init", STACK)
    found.point("privas")
    found.up()
    found.numerian("certificates", "--wait", "150", fails=True)
    uid = {code: 200_000 + int(code, 36) for code in NAMES}
    www = f"/srv/sites/{PHP}/www"
    owner = f"chown -R {uid[PHP]}:{uid[PHP]} {www}"
    script = f"cd {www} && rm index.html && mkdir visits && cat >index.php && {owner}"
    assert lab.exec("privas", ["sh", "-c", script], stdin=PROGRAM)[0] == 0
    script = "for n in 1 2 3 4 5; do head -c 10000000 /dev/urandom >photo$n.jpg; done; echo first >note.txt"
    found.sh("privas", f"cd /srv/sites/{STATIC}/www && setpriv --reuid={uid[STATIC]} --clear-groups sh -c '{script}'")
    yield found
    found.numerian("destroy", "--yes")


def provider_of(process: subprocess.Popen[str]) -> int | None:
    """Return the provider's process that an `up` has started, if it runs."""
    family = {process.pid}
    for _ in range(4):
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, parent = int(stat.parent.name), int(stat.read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent in family:
                family.add(pid)
    for pid in family - {process.pid}:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"provider" in words and b"-m" in words:
            return pid
    return None


def test_two_members_move_and_no_visitor_is_lost_though_the_provider_is_killed(deployed: Deployed) -> None:
    before = {code: deployed.sums("privas", code) for code in NAMES}
    for code in NAMES:
        deployed.move(code, "privas", "alixan")
    previewed = deployed.numerian("preview")
    assert "Privas · emplacement : déménage du serveur privas vers alixan" in previewed, previewed
    assert "supprim" not in previewed, previewed
    with deployed.visitors("privas") as visits:
        process = deployed.start("up", "--yes")
        deadline = time.monotonic() + 300
        size = f"du -sk /srv/sites/.numerian-moving*{STATIC}* 2>/dev/null | cut -f 1 | grep . || echo 0"
        while int(deployed.sh("alixan", size)) < 2_000:
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()[0][-3000:]
        provider = provider_of(process)
        assert provider is not None
        os.kill(provider, signal.SIGKILL)
        said, _ = process.communicate(timeout=300)
        assert process.returncode != 0 and "Traceback" not in said
        assert deployed.sh("alixan", f"ls /srv/sites/{STATIC}/www 2>/dev/null || true") == ""
        deployed.up()
        # To the end of the old place's reload and a while after: he is passed on.
        time.sleep(3)
    print(visits)
    assert visits.failures == []
    assert {code: deployed.sums("alixan", code) for code in NAMES} == before
    # Nothing that visitors had written is lost either; the one under way at the end may be on either side of it.
    written = int(deployed.sh("alixan", f"ls /srv/sites/{PHP}/www/visits | wc -l"))
    assert abs(written - visits.visits // 2) <= 1
    # Both answer: the new server by itself, before any name leads to it.
    with deployed.visitors("alixan") as there:
        time.sleep(2)
    assert there.failures == [] and there.visits > 4
    assert deployed.sh("privas", "docker ps --format '{{.Names}}' | grep php || true") == ""
    assert deployed.sh("alixan", "tail -n 300 /var/log/front/security.log | grep -c les-vans.test || true") != "0\n"


def test_a_second_up_changes_nothing_and_says_so(deployed: Deployed) -> None:
    assert "nothing to change" in deployed.up()


def test_a_member_moves_back_with_what_came_since(deployed: Deployed) -> None:
    deployed.point("alixan")
    uid = 200_000 + int(STATIC, 36)
    write = "echo second >note.txt; rm photo5.jpg"
    deployed.sh("alixan", f"cd /srv/sites/{STATIC}/www && setpriv --reuid={uid} --clear-groups sh -c '{write}'")
    for code in NAMES:
        deployed.move(code, "alixan", "privas")
    with deployed.visitors("alixan") as visits:
        deployed.up()
        time.sleep(2)
    print(visits)
    assert visits.failures == []
    assert deployed.sh("privas", f"cat /srv/sites/{STATIC}/www/note.txt") == "second\n"
    assert deployed.sums("privas", STATIC) == deployed.sums("alixan", STATIC)
    assert "photo5.jpg" in deployed.sh("privas", "find /var/lib/numerian/archive -name 'photo*.jpg'")
    with deployed.visitors("privas") as there:
        time.sleep(2)
    assert there.failures == []
