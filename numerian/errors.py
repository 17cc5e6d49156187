"""The library's errors. Messages say what is wrong, where, and what would be right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


def near(path: Path) -> Path:
    """Return a path as it is shown to people: from where they stand, when it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


class NumerianError(Exception):
    """Root of what the library tells an operator; `str(error)` is the whole message."""


@dataclass(frozen=True, order=True)
class Problem:
    """One fault of the inventory, at a place that an editor can open. Lines and columns count from 1."""

    file: Path
    line: int
    column: int
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{near(self.file)}:{self.line}:{self.column}: {self.message}; {self.remedy}"


class InventoryError(NumerianError):
    """Everything that is wrong with an inventory, all at once."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(p) for p in self.problems))
