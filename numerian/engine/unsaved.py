"""The mark of a run that may have changed servers without its state being saved.

The engine saves the state once, at the end of a run: a state of several megabytes after each of hundreds of steps costs
minutes (decision 0007). A run that was cut (killed, power gone, disk full) therefore leaves a state that is behind its
servers. This mark, made before such a run and taken away when its state is saved, is how the next one knows. What the
run did on each server isn't all known before an `up` went well: until then the mark of a cut run stays.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from numerian.engine import turn, workspace
from numerian.engine.run import Outcome
from numerian.engine.workspace import Workspace


class Mark:
    """The mark of one run of a stack, in the working folder of this machine."""

    def __init__(self, place: Workspace) -> None:
        self._file = place.folder / "unsaved"
        self._place = place
        self._before: tuple[int, int] | None = None
        self._of_another = False

    @property
    def cut(self) -> str:
        """Who began the run that never got its state saved, and when; "" where all is saved."""
        return self._file.read_text(encoding="utf-8").strip() if self._file.is_file() else ""

    def begin(self, command: str) -> None:
        """Make the mark: from now on servers may change. That of an earlier run stays as it is."""
        self._before = self._state()
        self._of_another = bool(self.cut)
        if not self._of_another:
            self._file.write_text(
                f"`{command}` by {turn.who()}, begun {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n", encoding="utf-8"
            )

    def end(self, outcome: Outcome, *, caught_up: bool) -> None:
        """Take the mark away, unless the engine may have done something and didn't save its state.

        `caught_up` tells of an `up` that went well: it found on the servers whatever a cut run had made there.
        """
        if caught_up or (not self._of_another and self._saved(outcome)):
            self._file.unlink(missing_ok=True)

    def _saved(self, outcome: Outcome) -> bool:
        """Tell whether the state knows all that this run did."""
        killed = outcome.code < 0
        if not (killed or outcome.log.done):
            return True
        return outcome.code == 0 or self._before != (now := self._state()) or (now is None and not killed)

    def _state(self) -> tuple[int, int] | None:
        """Return what tells one saved state from the next; None where the state isn't a file of this machine."""
        file: Path | None = workspace.state_file(self._place)
        if file is None or not file.is_file():
            return None
        status = file.stat()
        return status.st_ino, status.st_mtime_ns
