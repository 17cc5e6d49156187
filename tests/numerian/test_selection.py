"""Whom of the inventory a stack serves: everybody is checked, the chosen are served."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_inventory import PRIVAS, Make

from lab import demo
from numerian import selection
from numerian.engine.workspace import Workspace
from numerian.load import load
from numerian.reference import reference
from numerian.selection import SelectionError, choose, parse

ROOT = Path(__file__).resolve().parents[2]
SEVERAL = {
    "members/07151-mars.yaml": PRIVAS.replace("07186", "07151").replace("privas.test", "mars.test"),
    "members/26166-loriol-sur-drome.yaml": PRIVAS.replace("07186", "26166").replace("privas.test", "loriol.test"),
}
"""Two of the demonstration's members (with Privas), and one who isn't."""


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """No person's shell decides."""
    monkeypatch.delenv(selection.VARIABLE, raising=False)


def test_without_a_setting_everybody_is_served(make: Make) -> None:
    inventory = load(make(SEVERAL), choose(None, "numerian:members"))
    assert [member.code for member in inventory.members] == ["07151", "07186", "26166"]
    assert inventory.left_out == ()


@pytest.mark.parametrize(
    ("setting", "served"),
    [
        ("all", ["07151", "07186", "26166"]),
        ("07186", ["07186"]),
        ("07186,26166", ["07186", "26166"]),
        ('["07186", "07151"]', ["07151", "07186"]),
        ("07186, new", ["07186", "26166"]),
        ("new", ["26166"]),
    ],
)
def test_a_setting_chooses_and_the_others_are_left_out(make: Make, setting: str, served: list[str]) -> None:
    inventory = load(make(SEVERAL), choose(setting, "numerian:members"))
    assert [member.code for member in inventory.members] == served
    assert set(inventory.left_out) == {"07151", "07186", "26166"} - set(served)
    assert list(inventory.by_code) == served


def test_the_environments_selection_goes_over_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(selection.VARIABLE, "07151")
    assert choose("07186", "numerian:members") == parse("07151", "$NUMERIAN_MEMBERS")
    monkeypatch.setenv(selection.VARIABLE, "all")
    assert choose("07186", "numerian:members") is None


def test_codes_that_the_inventory_does_not_hold_are_all_named(make: Make) -> None:
    with pytest.raises(SelectionError) as caught:
        load(make(SEVERAL), parse("07186 7151 99999", "numerian:members"))
    said = str(caught.value)
    assert said.startswith('numerian:members: no member has the code "7151"; did you mean 07151 (Mars)?; and ')
    assert 'the code "99999"; write codes' in said


@pytest.mark.parametrize("text", ["", " , ", "all, 07186", "[]"])
def test_what_is_no_selection_is_refused(text: str) -> None:
    with pytest.raises(SelectionError, match=r"numerian:members: .* write `all`, or codes"):
        parse(text, "numerian:members")


def test_a_fault_of_a_member_that_is_not_served_is_found_all_the_same(make: Make) -> None:
    folder = make({**SEVERAL, "members/07151-mars.yaml": SEVERAL["members/07151-mars.yaml"].replace("plan:", "plna:")})
    done = _numerian("check", inventory=folder, NUMERIAN_MEMBERS="07186")
    assert done.returncode == 1
    assert 'did you mean "plan"' in done.stdout


def test_a_check_says_of_whom_a_stack_serves_only_some(make: Make) -> None:
    done = _numerian("check", inventory=make(SEVERAL), NUMERIAN_MEMBERS="07186, new")
    assert "3 members" in done.stdout
    assert "lab: only 1 member and new ones are served ($NUMERIAN_MEMBERS)" in done.stdout


def test_a_command_speaks_of_the_served_and_one_line_says_what_is_wrong(make: Make) -> None:
    folder = make(SEVERAL)
    shown = _numerian("sites", inventory=folder, NUMERIAN_MEMBERS="07151").stdout
    assert "mars.test" in shown and "privas.test" not in shown
    wrong = _numerian("sites", inventory=folder, NUMERIAN_MEMBERS="07999")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith('$NUMERIAN_MEMBERS: no member has the code "07999"')


@pytest.mark.parametrize(
    "lines",
    [
        "  numerian:members: 07186, new\n",
        '  numerian:members: "07186, new"\n',
        "  numerian:members: '07186,\n    new' # why\n",
        '  numerian:members: ["07186", new]\n',
        '  numerian:members:\n  - "07186"\n  - new\n',
        '  numerian:members:\n    - "07186" # Privas\n    - new\n',
    ],
)
def test_the_setting_is_read_in_each_of_yamls_ways(tmp_path: Path, lines: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: numerian\n")
    place = Workspace(tmp_path, "production")
    place.config_file.parent.mkdir()
    for after in ("", "  numerian:rootSecret:\n    secure: v1:x\n", "  numerian:inventory: 26166\nother: 26166\n"):
        place.config_file.write_text(f"config:\n  numerian:inventory: elsewhere\n{lines}{after}")
        assert place.selection == parse("07186, new", "numerian:members")


def test_the_labs_twelve_are_the_demonstrations() -> None:
    assert len(demo.TWELVE) == 12
    assert set(demo.TWELVE) <= reference().demonstration
    chosen = choose(demo.SELECTIONS["twelve"], "numerian:members")
    assert tuple(member.code for member in load(ROOT / "inventory", chosen).members) == demo.TWELVE


def _numerian(*words: str, inventory: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "numerian", *words]
    environment = {"PYTHONPATH": str(ROOT), "NUMERIAN_INVENTORY": str(inventory), **more}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
