"""What every contender can do, and the four cases that each is put through."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path


class Case(Enum):
    """One situation of an operator's day."""

    FIRST = "first"
    AGAIN = "nothing to do"
    ONE = "one more"
    DRIFT = "drift mended"


class ContenderError(Exception):
    """A contender's command failed, or did not do the work; the message holds its last lines."""


@dataclass(frozen=True)
class Counts:
    """What the server counted while a case ran."""

    read_batches: int = 0
    write_batches: int = 0
    reloads: int = 0
    tries: int = 0
    """Validations while a bad file was searched for by halving."""

    @property
    def round_trips(self) -> int:
        """A read batch is one; a write batch is two: it reads what is there, then applies."""
        return self.read_batches + 2 * self.write_batches + self.tries


@dataclass(frozen=True)
class Measure:
    """One cell of the table: wall-clock seconds of the whole process, and what the server counted (ours only)."""

    seconds: float
    counts: Counts | None = None


class Contender(ABC):
    """Somebody who does the work: N virtual hosts and start pages on one server, validated whole, reloaded once."""

    name: str

    @abstractmethod
    def reset(self, members: int) -> None:
        """Bring the server and whatever is kept here to "nothing there", and prepare work for up to members + 1."""

    @abstractmethod
    def apply(self, case: Case, members: int) -> None:
        """Do the work for this many members; what `run_cases` times."""

    def tamper(self) -> None:
        """Change the first member's virtual host by hand, as a person on the server would."""

    def verify(self, members: int) -> None:
        """Raise ContenderError unless the server now serves this many members."""

    def counts(self) -> Counts | None:
        """Return what the server has counted so far, or None where nothing is counted."""
        return None


def run_cases(contender: Contender, members: int) -> dict[Case, Measure]:
    """Put a contender through the four cases, and check after each that the work was done."""
    contender.reset(members)
    measures = {}
    for case in Case:
        wanted = members if case in (Case.FIRST, Case.AGAIN) else members + 1
        if case is Case.DRIFT:
            contender.tamper()
        before = contender.counts()
        started = time.perf_counter()
        contender.apply(case, wanted)
        seconds = time.perf_counter() - started
        measures[case] = Measure(seconds, _difference(before, contender.counts()))
        contender.verify(wanted)
    return measures


def _difference(before: Counts | None, after: Counts | None) -> Counts | None:
    if before is None or after is None:
        return None
    return Counts(
        after.read_batches - before.read_batches,
        after.write_batches - before.write_batches,
        after.reloads - before.reloads,
        after.tries - before.tries,
    )


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float = 3600,
) -> str:
    """Run a command and return its output.

    Raises:
        ContenderError: it failed; its last lines are in the message.
    """
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout
    )
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        last = "\n".join((output + done.stderr.decode(errors="replace")).splitlines()[-25:])
        raise ContenderError(f"{' '.join(map(str, command))[:200]} ended with {done.returncode}:\n{last}")
    return output
