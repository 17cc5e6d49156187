"""What the peers share: the front beside ours, the templates, the check that the work was done."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from benchmarks import work
from benchmarks.contender import Case, Contender, ContenderError
from benchmarks.server import BenchServer

PORT = 8081
_SITES = "/srv/peers/config/current/sites"


class Peer(Contender):
    """Somebody who writes to the peers' front."""

    def __init__(self, server: BenchServer, folder: Path) -> None:
        self.server = server
        self.folder = folder

    @abstractmethod
    def work(self, case: Case, folder: Path) -> None:
        """Do the work that lies in this folder (`work.write_for_peers`)."""

    def reset(self, members: int) -> None:
        """Empty the peers' front and render the work."""
        self.server.clear_peers()
        for count in (members, members + 1):
            work.write_for_peers(self.folder / str(count), count)

    def apply(self, case: Case, members: int) -> None:
        """Do the work for so many members."""
        self.work(case, self.folder / str(members))

    def tamper(self) -> None:
        """Append a line to the first virtual host."""
        self.server.sh(f"echo '# by hand' >> {_SITES}/{work.sites(1)[0].code}.conf")

    def verify(self, members: int) -> None:
        """Look for the last site's answer, and for the hand's line to be gone."""
        site = work.sites(members)[-1]
        if not self.server.serves(PORT, site.main_name):
            raise ContenderError(f"{self.name}: {site.main_name} isn't served")
        if self.server.sh(f"grep -rl '^# by hand' {_SITES} || true").strip():
            raise ContenderError(f"{self.name}: the file changed by hand was not put back")
