"""What every contender can do, and the four cases that each is put through."""

from __future__ import annotations

import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from benchmarks.memory import Watch


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
    peaks: Mapping[str, int] = field(default_factory=dict)
    """Peak memory in MB by role (ours only): see `benchmarks.memory`."""


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

    def peaks(self) -> Mapping[str, int]:
        """Return the peak memory of the last `apply`, in MB by role, where it is looked at."""
        return {}


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
        measures[case] = Measure(seconds, _difference(before, contender.counts()), contender.peaks())
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
    watch: Callable[[Mapping[str, int]], None] | None = None,
) -> str:
    """Run a command and return its output; `watch` gets its peak memory, in MB by role.

    Raises:
        ContenderError: it failed; its last lines are in the message.
    """
    pipe = subprocess.PIPE
    words = list(map(str, command))
    with subprocess.Popen(words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        with Watch(process.pid) if watch else nullcontext() as memory:
            out, err = process.communicate(timeout=timeout)
        if watch and memory:
            watch(memory.peaks)
    output = out.decode(errors="replace")
    if process.returncode != 0:
        last = "\n".join((output + err.decode(errors="replace")).splitlines()[-25:])
        raise ContenderError(f"{' '.join(words)[:200]} ended with {process.returncode}:\n{last}")
    return output
