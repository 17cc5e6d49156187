"""The table of faults: how each was provoked, what was seen meanwhile, what the runs said."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / ".work" / "faults" / "report.md"
_HEAD = ("process", "fault", "call, its number", "about", "a reader saw", "the run said", "the next run said", "ok")


@dataclass(frozen=True)
class Row:
    """One fault. Whatever isn't text is shown as its text."""

    process: str
    fault: str
    number: str
    about: Any
    seen: Any
    first: Any
    second: Any
    wrong: tuple[str, ...] = ()
    """What broke a promise; empty when all were kept."""

    def cells(self) -> Iterable[str]:
        """Return the row's texts, for one line of Markdown each."""
        runs = [getattr(run, "fault", run) for run in (self.first, self.second)]
        about = str(self.about).replace(str(FILE.parents[2]), "…")
        words = (self.process, self.fault, self.number, about, self.seen, *runs, "no" if self.wrong else "yes")
        return (" ".join(str(word).split()).replace("|", "\\|")[:240] for word in words)


@dataclass
class Report:
    """All rows of a session, written down as they come: a session that is cut keeps them."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> Row:
        """Add a row to the table on disk."""
        self.rows.append(row)
        FILE.parent.mkdir(parents=True, exist_ok=True)
        lines = [_line(_HEAD), _line("---" for _ in _HEAD), *(_line(row.cells()) for row in self.rows)]
        FILE.write_text("\n".join(["# Faults", "", *lines, ""]), encoding="utf-8")
        return row


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
