"""Communes as they run on the tests' servers: what tests of the running services share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demonstration import write_inventory

from lab import Lab, demo
from numerian.engine.workspace import Workspace
from numerian.load import load
from numerian.model import Inventory

ROOT = Path(__file__).resolve().parents[2]
STACK = "test-sites"
"""The twelve, which most tests share."""


def inventory_of(stack: str) -> Path:
    """Where the inventory of a stack lies."""
    return ROOT / ".work" / stack / "inventory"


INVENTORY = inventory_of(STACK)


@dataclass
class Deployed:
    """The sites as they run."""

    lab: Lab
    inventory: Inventory
    stack: str = STACK

    @property
    def folder(self) -> Path:
        """The inventory's."""
        return inventory_of(self.stack)

    def numerian(self, *words: str, fails: bool = False) -> str:
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(self.folder)}
        program = Path(sys.executable).parent / "numerian"
        done = subprocess.run(
            [program, *words], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
        assert fails or done.returncode == 0, done.stdout[-6000:] + done.stderr[-4000:]
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def sh(self, server: str, script: str) -> str:
        code, out, err = self.lab.exec(server, ["sh", "-c", script])
        assert code == 0, err
        return out

    def get(self, url: str, *arguments: str) -> tuple[int, dict[str, str], str]:
        """Ask as a visitor; return the status, the headers and the body."""
        code, out, err = self.lab.curl("--include", *arguments, url)
        assert code == 0, f"{url}: {err}"
        head, _, body = out.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, body

    def point(self, inventory: Inventory, *, but: str = "") -> None:
        """Let all names lead to the servers of their members, but one that doesn't exist yet."""
        addresses = {server.name: self.lab.addresses(server.name) for server in self.lab.layout.servers}
        found = {
            name: addresses[member.server] for member in inventory.members if member.site for name in member.site.names
        }
        self.lab.set_names({name: where for name, where in found.items() if name != but})

    def edit(self, code: str, old: str, new: str) -> None:
        (file,) = (self.folder / "members").glob(f"{code}-*.yaml")
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def wait_for_certificates(self, seconds: float = 150) -> str:
        return self.numerian("certificates", "--stack", self.stack, "--wait", str(int(seconds)), fails=True)


@contextmanager
def deployed(lab: Lab, stack: str, members: tuple[str, ...] = demo.TWELVE) -> Iterator[Deployed]:
    """Members deployed with their certificates; taken down at the end, so that other tests find empty servers."""
    forget_what_servers_forgot(lab, stack)
    write_inventory(lab, inventory_of(stack), members)
    inventory = load(inventory_of(stack))
    found = Deployed(lab, inventory, stack)
    found.point(inventory, but="www.ville-privas.test")
    found.numerian("stack", "init", stack)
    found.numerian("up", "--stack", stack, "--yes")
    # Where an earlier run was cut off, nothing changed just now, and the timer would come later only.
    for server in lab.layout.servers:
        found.sh(server.name, "systemctl start --no-block numerian-certificates.service")
    found.wait_for_certificates()
    yield found
    found.numerian("destroy", "--stack", stack, "--yes", fails=True)


def forget_what_servers_forgot(lab: Lab, stack: str) -> None:
    """Remove a stack that an earlier run left: its state speaks of servers that were made anew since."""
    if any(lab.is_bare(server.name) for server in lab.layout.servers):
        place = Workspace(ROOT, stack)
        shutil.rmtree(place.folder, ignore_errors=True)
        place.config_file.unlink(missing_ok=True)
