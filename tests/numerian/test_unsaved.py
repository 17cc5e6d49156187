"""The mark of a run that was cut stays until an `up` has caught up with what it did."""

from __future__ import annotations

from pathlib import Path

import pytest

from numerian.engine import workspace
from numerian.engine.events import Log
from numerian.engine.run import Outcome
from numerian.engine.unsaved import Mark
from numerian.engine.workspace import Workspace

DID = Log(done={("urn", "create")})


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\n")
    place = Workspace(tmp_path, "lab")
    save(place)
    return place


def save(place: Workspace) -> None:
    """Write a state as the engine does: another file takes the place of the one before."""
    file = workspace.state_file(place)
    assert file is not None
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text("{}")
    new.replace(file)


def run(place: Workspace, outcome: Outcome, *, saves: bool, well: bool = False, verb: str = "up") -> str:
    mark = Mark(place)
    mark.begin(f"numerian {verb}")
    assert mark.cut
    if saves:
        save(place)
    mark.end(outcome, caught_up=well)
    return mark.cut


@pytest.mark.parametrize(
    ("outcome", "saves", "cut"),
    [
        (Outcome(0, DID, ""), True, False),
        (Outcome(1, DID, ""), True, False),
        (Outcome(-9, DID, ""), True, False),
        (Outcome(1, Log(), "locked"), False, False),
        (Outcome(-9, Log(), ""), False, True),
        (Outcome(-9, DID, ""), False, True),
        (Outcome(1, DID, "no space left"), False, True),
    ],
)
def test_a_run_whose_state_was_not_saved_is_cut(place: Workspace, outcome: Outcome, saves: bool, cut: bool) -> None:
    assert bool(run(place, outcome, saves=saves)) is cut


def test_the_mark_of_a_cut_run_goes_with_an_up_that_went_well_only(place: Workspace) -> None:
    """One that failed for a server may have left there what the state doesn't know; a refresh finds no new things."""
    first = run(place, Outcome(-9, DID, ""), saves=False)
    assert run(place, Outcome(1, DID, ""), saves=True) == first
    assert run(place, Outcome(0, DID, ""), saves=True, verb="refresh") == first
    assert run(place, Outcome(0, DID, ""), saves=True, well=True) == ""
