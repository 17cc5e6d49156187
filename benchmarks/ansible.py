"""ansible-core with mitogen: what a syndicate would take for this today, at its fastest."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.contender import Case, run
from benchmarks.peer import Peer
from benchmarks.server import BenchServer

PLAY = Path(__file__).parent / "peers" / "site.yml"

_SETTINGS = """[defaults]
host_key_checking=false
stdout_callback=minimal
strategy_plugins={plugins}
strategy=mitogen_linear
[ssh_connection]
pipelining=true
ssh_args=-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null
"""


class Mitogen(Peer):
    """One play over one inventory of one host."""

    name = "ansible-core + mitogen"

    def __init__(self, server: BenchServer, folder: Path, programs: Path) -> None:
        super().__init__(server, folder)
        self.programs = programs

    def reset(self, members: int) -> None:
        """Empty the front, write ansible's settings and inventory."""
        super().reset(members)
        where = run([self.programs / "python", "-c", "import ansible_mitogen as m; print(m.__path__[0])"]).strip()
        (self.folder / "ansible.cfg").write_text(_SETTINGS.format(plugins=f"{where}/plugins/strategy"))
        (self.folder / "hosts").write_text(
            f"privas ansible_host={self.server.address} ansible_port=2222 ansible_user=root "
            f"ansible_ssh_private_key_file={self.server.key} ansible_python_interpreter=/usr/bin/python3\n"
        )

    def work(self, case: Case, folder: Path) -> None:
        """Run the play."""
        command: list[str | Path] = [self.programs / "ansible-playbook", "-i", self.folder / "hosts", PLAY]
        variables = ["-e", f"@{folder / 'members.json'}", "-e", f"work={folder}"]
        settings = {"ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "LC_ALL": "C.UTF-8"}
        # The programs look for their siblings on PATH.
        path = f"{self.programs}:{os.environ['PATH']}"
        run([*command, *variables], env={**os.environ, **settings, "PATH": path})
