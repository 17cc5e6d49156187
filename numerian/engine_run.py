"""The door to the engine room: which engine this machine has, made first if there is none.

Everything else that the command knows of the engine is in `numerian/engine/`, and speaks to a program.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Engine:
    """The engine that this machine has: the folder of its programs, and whether it was built here."""

    binaries: Path
    ours: bool

    @property
    def pulumi(self) -> Path:
        """The engine's program."""
        return self.binaries / "pulumi"


def find(root: Path, say: Callable[[str], None]) -> Engine:
    """Return the engine for the checkout at `root`; in milliseconds when everything is there.

    Raises:
        engine.errors.EngineError: one sentence with the remedy.
    """
    from engine import install

    binaries = install.ensure(root, say)
    return Engine(binaries, install.is_ours(binaries))
