"""The demonstration on the lab's servers: names, stack, `numerian up`, certificates."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence

from lab import layout, process, table, venv
from lab.errors import CommandFailedError, LabError
from lab.lab import Lab
from lab.process import Say
from lab.table import Site

STACK = "lab"
STACK_FILE = layout.ROOT / "stacks" / f"Pulumi.{STACK}.yaml"
"""Made here for this machine alone: taken down with the lab."""
CERTIFICATES_SECONDS = 180.0


def sites() -> list[Site]:
    """Return the inventory's sites."""
    return [Site.read(facts) for facts in json.loads(_numerian("sites", "--stack", STACK, "--json"))]


def set_names(lab: Lab, found: Sequence[Site]) -> str:
    """Have all names of the sites lead to the servers that serve them."""
    lab.set_names({name: lab.layout.server(site.server).address for site in found for name in site.names})
    return f"{sum(len(site.names) for site in found)} names"


def make_stack(say: Say) -> str:
    """Make the stack, with a passphrase and a root secret of its own, unless it's there."""
    say("numerian stack init")
    _numerian("stack", "init", STACK)
    return str(STACK_FILE.relative_to(layout.ROOT))


def deploy() -> None:
    """Run `numerian up`, its words straight to the terminal.

    Raises:
        LabError: it ended with an error (which it has told).
    """
    argv = [str(venv.PYTHON), "-m", "numerian", "up", "--stack", STACK, "--yes"]
    code = subprocess.run(argv, cwd=layout.ROOT, env=_environment(), check=False).returncode
    if code:
        raise LabError(f"`numerian up` ended with code {code}", "mend what it told, then run `make lab` again")


def wait_for_certificates(lab: Lab, found: Sequence[Site], say: Say) -> str:
    """Wait until every site has its certificate, or until no more time is given to it."""
    deadline = time.monotonic() + CERTIFICATES_SECONDS
    while True:
        answers = table.visit(lab, found)
        ready = [site for site in found if not any(answers[url].failure for url in site.urls)]
        word = f"{len(ready)} of {len(found)} sites"
        say(word)
        if len(ready) == len(found) or time.monotonic() > deadline:
            return word
        time.sleep(1)


def _numerian(*words: str) -> str:
    argv = [str(venv.PYTHON), "-m", "numerian", *words]
    code, out, err = process.capture(argv, cwd=layout.ROOT, env=_environment(), timeout=300)
    if code:
        raise CommandFailedError(["numerian", *words], code, (err or out).decode(errors="replace").splitlines())
    return out.decode()


def _environment() -> dict[str, str]:
    # The lab's stack speaks of this checkout's inventory, whatever the person's shell is set to.
    environment = {name: value for name, value in os.environ.items() if name != "NUMERIAN_INVENTORY"}
    return {**environment, "PATH": f"{venv.PYTHON.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
