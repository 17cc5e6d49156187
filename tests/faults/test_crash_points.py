"""Killed, or refused by the file system, at each call in turn: what was served stays served, the next run repairs.

`FAULTS=all make faults` cuts at every single call; without it, at every rename and at each so-many-th of the others;
`FAULTS=quick` at a third of those.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from cutter import Cut
from report import Report
from runner import Runner
from world import FOLDER

ENGINE = r"^\S*pulumi up "
PROVIDER = r" -m provider "
CHANGES = ("rename", "link", "write", "create")


@dataclass(frozen=True)
class Campaign:
    """One kind of fault, at calls 1, 1 + stride, … until the change is over before it."""

    process: str
    calls: tuple[str, ...]
    do: str
    stride: int = 1
    after: bool = False

    def cut(self, at: int) -> Cut:
        here = {"engine": ENGINE, "provider": PROVIDER}
        under = (str(FOLDER / "state"),) if self.process == "engine" else ()
        return Cut(self.calls, at, self.do, self.after, here.get(self.process, ""), under)

    @property
    def side(self) -> str:
        return "there" if self.process == "server" else "here"

    def __str__(self) -> str:
        return f"{self.process}-{self.do}-{'+'.join(self.calls)}"


CAMPAIGNS = (
    Campaign("server", ("rename",), "tree"),
    Campaign("server", ("link",), "tree", 6),
    Campaign("server", ("write",), "tree", 8),
    Campaign("server", ("rename", "link"), "kill", 9),
    Campaign("server", CHANGES, "ENOSPC", 25, after=True),
    Campaign("server", ("sync",), "EIO", 5),
    Campaign("server", (*CHANGES, "remove"), "EROFS", 40, after=True),
    Campaign("engine", ("rename",), "kill", 2),
    Campaign("engine", ("write", "link"), "kill", 16),
    Campaign("engine", CHANGES, "ENOSPC", 24, after=True),
    Campaign("provider", ("send",), "kill", 10),
)


def run(runner: Runner, table: Report, campaign: Campaign, numbers: list[int]) -> None:
    wrong, reached = [], 0
    for at in numbers:
        row = runner.point(campaign.process, campaign.side, campaign.cut(at))
        if row is None:
            break
        reached += 1
        wrong += [f"{row.about} ({row.number}): {text}" for text in table.add(row).wrong[:2]]
    assert reached, "no fault was provoked"
    assert not wrong, "\n".join(wrong)


@pytest.mark.faults
@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=str)
def test_a_change_that_is_cut_anywhere_is_repaired_by_the_next_run(
    runner: Runner, table: Report, campaign: Campaign
) -> None:
    """Old or new, never a mix; no request lost; the state valid; the next run converges, a further one is idle."""
    stride = {"all": 1, "quick": campaign.stride * 3}.get(os.environ.get("FAULTS", ""), campaign.stride)
    run(runner, table, campaign, list(range(1, 5000, stride)))


SAMPLE = (
    *((CAMPAIGNS[0], at) for at in (4, 11)),
    (CAMPAIGNS[1], 12),
    (CAMPAIGNS[2], 24),
    (CAMPAIGNS[3], 9),
    (CAMPAIGNS[4], 60),
    (CAMPAIGNS[5], 3),
    (CAMPAIGNS[6], 150),
    # Of the one time that the state is saved: its copy, itself, the history.
    *((CAMPAIGNS[7], at) for at in (1, 2, 3, 4)),
    (CAMPAIGNS[8], 2),
    (CAMPAIGNS[9], 3),
    *((CAMPAIGNS[10], at) for at in (30, 70)),
)


@pytest.mark.faults
@pytest.mark.parametrize(("campaign", "at"), SAMPLE, ids=str)
def test_a_sample_of_cuts_is_repaired(runner: Runner, table: Report, campaign: Campaign, at: int) -> None:
    """The same, at a call or two of each kind: a first look."""
    run(runner, table, campaign, [at])
