"""The demonstration on the lab's servers: names, stack, `numerian up`, certificates."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence

from lab import layout, process, table, venv
from lab.errors import CommandFailedError
from lab.lab import Lab
from lab.process import Say
from lab.table import Site

STACK = "lab"
STACK_FILE = layout.ROOT / "stacks" / f"Pulumi.{STACK}.yaml"
"""Made here for this machine alone: taken down with the lab."""
TWELVE = (
    *("07011", "07140", "07151", "07186", "07231", "07319", "07330", "07334"),
    *("26114", "26161", "26243", "42141"),
)
"""Members on both servers, of each kind, with the names that are hard: what the lab serves when nobody says more."""
SELECTIONS = {"twelve": f"{', '.join(TWELVE)}, new"}
"""Words of `make lab MEMBERS=…` that only the lab knows, as the stack's setting `members`."""
CERTIFICATES_SECONDS = 180
NAME_SECONDS = 3
"""More for each name: the authority needs five seconds for one, and a server asks for sixteen members' at once."""
NUMERIAN = (str(venv.PYTHON), "-m", "numerian")


def sites() -> list[Site]:
    """Return the inventory's sites, without those that are being taken out."""
    entries = json.loads(_numerian("sites", "--stack", STACK, "--json"))
    return [Site.read(facts) for facts in entries if facts.get("status", "active") == "active"]


def set_names(lab: Lab, found: Sequence[Site]) -> str:
    """Have all names of the sites lead to the servers that serve them."""
    addresses = {server.name: lab.addresses(server.name) for server in lab.layout.servers}
    lab.set_names({name: addresses[site.server] for site in found for name in site.names})
    return f"{sum(len(site.names) for site in found)} names"


def make_stack(members: str, say: Say) -> str:
    """Make the stack, with a passphrase and a root secret of its own, unless it's there.

    Args:
        members: whom it serves: `twelve`, `all` or codes; "" leaves it as it is, and is `twelve` at first.
        say: takes progress.
    """
    say("numerian stack init")
    if not members and not (STACK_FILE.is_file() and "numerian:members:" in STACK_FILE.read_text(encoding="utf-8")):
        members = "twelve"
    _numerian("stack", "init", STACK, *(["--members", SELECTIONS.get(members, members)] if members else []))
    return str(STACK_FILE.relative_to(layout.ROOT))


def deploy() -> bool:
    """Run `numerian up`, its words straight to the terminal; tell whether all of it went well."""
    return _to_terminal("up", "--stack", STACK, "--yes")


def wait_for_certificates(lab: Lab, found: Sequence[Site], say: Say) -> str:
    """Wait until every site answers over https, or until waiting longer brings nothing."""
    settled: subprocess.Popen[bytes] | None = None
    pending = list(found)
    try:
        while True:
            # Asked before the visit: what settles in between is seen by it.
            over = settled is not None and settled.poll() is not None
            began = time.monotonic()
            answers = table.visit(lab, pending)
            pending = [site for site in pending if any(answers[url].failure for url in site.urls)]
            told = f"{len(found) - len(pending)} of {len(found)} sites"
            say(told)
            if not pending or over:
                return told
            settled = settled or _settling(CERTIFICATES_SECONDS + NAME_SECONDS * sum(len(site.names) for site in found))
            # A visit to hundreds takes this machine's time, of which the certificates need some too.
            time.sleep(max(1.0, 2 * (time.monotonic() - began)))
    finally:
        if settled is not None and settled.poll() is None:
            settled.terminate()
            settled.wait()


def tell_certificates() -> None:
    """Show which certificates wait for what, or are refused and why."""
    _to_terminal("certificates", "--stack", STACK)


def _settling(seconds: int) -> subprocess.Popen[bytes]:
    """Start a process that ends when every certificate is issued, refused, or not to be had yet."""
    quiet = subprocess.DEVNULL
    argv = [*NUMERIAN, "certificates", "--stack", STACK, "--wait", str(seconds), "--json"]
    return subprocess.Popen(argv, cwd=layout.ROOT, env=_environment(), stdin=quiet, stdout=quiet, stderr=quiet)


def _to_terminal(*words: str) -> bool:
    return subprocess.run([*NUMERIAN, *words], cwd=layout.ROOT, env=_environment(), check=False).returncode == 0


def _numerian(*words: str) -> str:
    code, out, err = process.capture([*NUMERIAN, *words], cwd=layout.ROOT, env=_environment(), timeout=300)
    if code:
        raise CommandFailedError(["numerian", *words], code, (err or out).decode(errors="replace").splitlines())
    return out.decode()


def _environment() -> dict[str, str]:
    # The lab's stack speaks of this checkout's inventory and its own selection, whatever the person's shell is set to.
    own = ("NUMERIAN_INVENTORY", "NUMERIAN_MEMBERS")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    return {**environment, "PATH": f"{venv.PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
