"""pyinfra: Python that yields shell commands, agentless like us."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.contender import Case, run
from benchmarks.peer import Peer
from benchmarks.server import BenchServer

DEPLOY = Path(__file__).parent / "peers" / "site_pyinfra.py"


class Pyinfra(Peer):
    """One deploy on one host."""

    name = "pyinfra"

    def __init__(self, server: BenchServer, folder: Path, programs: Path) -> None:
        super().__init__(server, folder)
        self.programs = programs

    def reset(self, members: int) -> None:
        """Empty the front, write pyinfra's inventory."""
        super().reset(members)
        data = {
            "ssh_hostname": self.server.address,
            "ssh_port": 2222,
            "ssh_user": "root",
            "ssh_key": str(self.server.key),
            "ssh_strict_host_key_checking": "no",
            "ssh_known_hosts_file": "/dev/null",
        }
        (self.folder / "inventory.py").write_text(f"hosts = [('privas', {data!r})]\n")

    def work(self, case: Case, folder: Path) -> None:
        """Run the deploy."""
        command: list[str | Path] = [self.programs / "pyinfra", "-y", self.folder / "inventory.py", DEPLOY]
        run(command, env={**os.environ, "WORK": str(folder), "LC_ALL": "C.UTF-8"})
