"""One fault of the standard change, from the beginning to the end: cut, run again, run once more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

from cutter import Call, Cut
from reader import Files, Reader
from report import Row
from world import ADDED, SERVER, Run, World, invalid_state

GROUPS = (frozenset({f"./sites/{ADDED}.conf", f"./certificates/{ADDED}"}),)
"""Files of one resource: they come together or not at all."""
NOTHING = "nothing to change"
KILLS = {"tree": "SIGKILL", "kill": "SIGKILL"}


@dataclass
class Runner:
    """Knows how the standard change goes when nothing happens, and compares what happens under faults."""

    world: World
    before: Files = field(default_factory=dict)
    after: Files = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)

    def rehearse(self) -> None:
        """Make the change undisturbed: what is there before and after it, and what the front answers."""
        self.world.begin_again()
        with Reader(self.world.lab, SERVER, self.world.names, self.answers) as seen:
            run = self.world.up()
        assert run.code == 0, run.said
        assert not seen.lost
        self.before, self.after = seen.generations[0][1], seen.files
        assert self.before != self.after

    def count(self, side: str, cut: Cut) -> list[Call]:
        """Make the change with nothing but counting; return all calls that could be cut."""
        self.world.begin_again()
        with self.world.cutting(side, cut) as calls:
            run = self.world.up()
        assert run.code == 0, run.said
        return calls

    def point(self, process: str, side: str, cut: Cut) -> Row | None:
        """Make the change with one call that is cut, then repair it. None: it was over before call number `at`."""
        struck: list[Call] = []

        @contextmanager
        def fault() -> Iterator[None]:
            with self.world.cutting(side, cut) as calls:
                yield
            struck.extend(call for call in calls if call.struck)

        row = self.under(process, f"{cut.do} from here on" if cut.after else KILLS.get(cut.do, cut.do), fault())
        return replace(row, number=f"{struck[0].name} {cut.at}", about=struck[0]) if struck else None

    def under(
        self, process: str, fault: str, at_work: AbstractContextManager[None], *, interrupts: bool = False
    ) -> Row:
        """Make the change while a fault is at work, then without it, then once more.

        `interrupts`: the fault takes the server away for a while, so that requests are lost whatever we do.
        """
        world = self.world
        world.begin_again()
        with Reader(world.lab, SERVER, world.names, dict(self.answers)) as seen:
            with at_work:
                first = world.up()
            state = invalid_state()
            if interrupts:
                world.wait_until_served()
                seen.lost.clear()
            second = world.up()
        third = world.up(refresh=False)
        left = world.left()
        wrong = [
            *seen.lost[:3],
            *seen.mixes(self.before, self.after, GROUPS)[:3],
            *([f"the state after the fault: {state}"] if state else []),
            *([f"the state at the end: {invalid_state()}"] if invalid_state() else []),
            *unreadable(first),
            *([] if second.code == 0 else [f"the next run failed: {second.said[-1500:]}"]),
            *([] if NOTHING in third.said else [f"a further run isn't idle: {third.said[-1500:]}"]),
            *([] if seen.files == self.after else ["the files at the end aren't what the change makes"]),
            *([f"a further run warns: {third.said[-600:]}"] if "warning" in third.said else []),
            *([f"left behind: {left}"] if left else []),
        ]
        return Row(process, fault, "", "", seen, first, second, tuple(wrong))


def unreadable(run: Run) -> list[str]:
    """Return what no operator should have to read, in what a run said."""
    marks = ("rpc error", "Traceback", "goroutine", "panic:", "error reading from server", "unhandled")
    return [f"the run said {mark!r}: {run.said[-1500:]}" for mark in marks if mark in run.said]
