"""The product: `numerian up`, `numerian preview`, and a plain `pulumi up` of the same program."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import work
from benchmarks.contender import Case, Contender, ContenderError, Counts, run
from benchmarks.server import BenchServer

STACK = "test-bench"
"""A disposable stack of this checkout, in working folders of its own."""
PORT = 80
_SITES = "/srv/front/config/current/sites"


class Product(Contender):
    """What all ways of running the product share; the server's base and the front's image are there already."""

    def __init__(self, server: BenchServer) -> None:
        self.server = server
        self.folder = work.ROOT / ".work" / STACK
        self.inventory = self.folder / "inventory"
        self.environment = {**os.environ, "NUMERIAN_INVENTORY": str(self.inventory)}
        self._peaks: Mapping[str, int] = {}

    def make_base(self) -> None:
        """Deploy the server's base, the front and one member, and remember that as the starting point."""
        # From nothing each time: what an earlier run left may be another program's.
        self.server.make_bare()
        self._members(1)
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        self.numerian("stack", "init", STACK)
        set_inventory = ["pulumi", "config", "set", "inventory", str(self.inventory), "--stack", STACK]
        run(set_inventory, cwd=work.ROOT, env=self.plain_environment())
        self.numerian("up", "--stack", STACK, "--yes")
        self.server.wait_until_quiet()
        self.server.snapshot()
        shutil.rmtree(self._kept, ignore_errors=True)
        shutil.copytree(self.folder / "state", self._kept)

    def reset(self, members: int) -> None:
        """Go back to the starting point, on the server and in the state."""
        self.server.restore()
        self.server.wait_until_quiet()
        shutil.rmtree(self.folder / "state")
        shutil.copytree(self._kept, self.folder / "state")

    def tamper(self) -> None:
        """Append a line to the first virtual host."""
        self.server.sh(f"echo '# by hand' >> {_SITES}/{work.sites(1)[0].code}.conf")

    def verify(self, members: int) -> None:
        """Look for the last site's answer, and for the hand's line to be gone."""
        self.server.wait_until_quiet()
        site = work.sites(members)[-1]
        if not self.server.serves(PORT, site.main_name):
            raise ContenderError(f"{self.name}: {site.main_name} isn't served")
        if self.server.sh(f"grep -rl '^# by hand' {_SITES}/ || true").strip():
            raise ContenderError(f"{self.name}: the file changed by hand was not put back")

    def counts(self) -> Counts:
        """Ask the server."""
        return self.server.counts()

    def peaks(self) -> Mapping[str, int]:
        """Return what was seen of the last command."""
        return self._peaks

    def numerian(self, *words: str) -> str:
        """Run the command as a person would: the whole process."""
        command = [sys.executable, "-m", "numerian", *words]
        return run(command, cwd=work.ROOT, env=self.environment, watch=self._keep_peaks)

    def plain_environment(self) -> dict[str, str]:
        """Return what `numerian env` says, for a plain `pulumi`."""
        script = 'eval "$("$0" env --stack "$1")" && exec env -0'
        program = Path(sys.executable).parent / "numerian"
        answer = run(["sh", "-c", script, program, STACK], cwd=work.ROOT, env=self.environment)
        return dict(line.split("=", 1) for line in answer.split("\0") if "=" in line)

    def _keep_peaks(self, peaks: Mapping[str, int]) -> None:
        self._peaks = peaks

    @property
    def _kept(self) -> Path:
        return self.folder / "state-of-the-base"

    def _members(self, count: int) -> None:
        work.write_inventory(self.inventory, count, self.server.connection)


class NumerianUp(Product):
    """`numerian up --yes`; a drift is looked for with `--refresh`."""

    name = "numerian up"

    def apply(self, case: Case, members: int) -> None:
        """Edit the inventory, run the command."""
        self._members(members)
        refresh = ["--refresh"] if case is Case.DRIFT else []
        self.numerian("up", "--stack", STACK, "--yes", *refresh)


class PulumiUp(Product):
    """`pulumi up --yes` with Pulumi's defaults, in the environment of `numerian env`."""

    name = "pulumi up (plain)"

    def reset(self, members: int) -> None:
        """Go back to the starting point; ask for the environment once."""
        super().reset(members)
        self.plain = self.plain_environment()

    def apply(self, case: Case, members: int) -> None:
        """Edit the inventory, run the engine."""
        self._members(members)
        refresh = ["--refresh"] if case is Case.DRIFT else []
        words = ["pulumi", "up", "--stack", STACK, "--yes", "--non-interactive", "--suppress-progress", *refresh]
        run(words, cwd=work.ROOT, env=self.plain, watch=self._keep_peaks)


class NumerianPreview(Product):
    """`numerian preview` of each case before it is applied."""

    name = "numerian preview"

    def apply(self, case: Case, members: int) -> None:
        """Preview; `verify` applies it, outside of the measured time."""
        self._members(members)
        refresh = ["--refresh"] if case is Case.DRIFT else []
        self.numerian("preview", "--stack", STACK, *refresh)

    def verify(self, members: int) -> None:
        """Apply what was previewed, so that the next case finds it done."""
        self.numerian("up", "--stack", STACK, "--yes", "--refresh")
        super().verify(members)


class NumerianCheck(Product):
    """`numerian check` of each case's inventory: no server, no engine."""

    name = "numerian check"

    def reset(self, members: int) -> None:
        """Write the inventory: what is timed is the reading."""
        self._members(members)

    def apply(self, case: Case, members: int) -> None:
        """Edit the inventory, check all of it."""
        self._members(members)
        self.numerian("check")

    def verify(self, members: int) -> None:
        """Nothing is there to look for: a check that found something wrong has failed already."""
