"""The inventory's format: another one is told with the command to run, and that command does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, Make

from numerian.__main__ import main
from numerian.load import check, load
from numerian.model.shared import FORMAT
from numerian.onboarding.upgrading import RENAMES

ROOMS = "    capacity: # what it holds\n      sites: 5\n      {php}: 2 # programs\n"
FLOW = "  second: {{datacenter: privas, address: 127.0.1.2, capacity: {{{php}: 1, sites: 3}}}}\n"
NEW = "# ours\n" + DATACENTERS + ROOMS.format(php="php_sites") + FLOW.format(php="php_sites")
OLD = NEW.replace("php_sites", "php").replace(f"format: {FORMAT}\n", "")


def test_an_old_inventory_is_told_one_thing_the_command_which_then_works(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make({"datacenters.yaml": OLD, "members/07186-privas.yaml": "plan: vilage\n"})
    (problem,) = check(folder)
    assert str(problem) == (
        f"{folder}/datacenters.yaml:2:1: this inventory is written in format 1, and this numerian reads "
        f"format {FORMAT}; run `numerian upgrade {folder}`"
    )
    found = re.search(r"run `numerian (.*)`", str(problem))
    assert found
    assert main([*found[1].split(), "--dry-run"]) == 0
    assert (folder / "datacenters.yaml").read_text() == OLD
    assert main(found[1].split()) == 0
    assert (folder / "datacenters.yaml").read_text() == NEW
    assert "+      php_sites: 2 # programs" in capsys.readouterr().out
    make({"datacenters.yaml": NEW})
    assert load(folder).servers["privas"].capacity.php_sites == 2
    assert load(folder).servers["second"].capacity.php_sites == 1
    assert main(found[1].split()) == 0
    assert f"of format {FORMAT} already" in capsys.readouterr().out


def test_a_number_that_is_there_is_raised_in_its_place(make: Make) -> None:
    folder = make({"datacenters.yaml": OLD.replace("# ours\n", "# ours\nformat: 1 # the first\n")})
    assert main(["upgrade", str(folder)]) == 0
    assert (folder / "datacenters.yaml").read_text() == NEW.replace("format: 2\n", "format: 2 # the first\n")


def test_a_newer_inventory_is_not_touched_and_tells_what_to_renew(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    text = NEW.replace(f"format: {FORMAT}", "format: 9")
    folder = make({"datacenters.yaml": text})
    (problem,) = check(folder)
    assert problem.remedy == "run `git pull` in the checkout of numerian, which is older than the inventory"
    assert main(["upgrade", str(folder)]) == 1
    assert "format 9" in capsys.readouterr().err
    assert (folder / "datacenters.yaml").read_text() == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OLD.replace("  privas:\n    label", "   privas:\n  label"), "datacenters.yaml:"),
        ("{platform: {name: x}, servers: {}}\n", "datacenters.yaml:1:2: the keys of this file aren't at its margin"),
        (None, "datacenters.yaml:1:1: this file is missing"),
    ],
)
def test_what_cannot_be_upgraded_is_told_and_left(
    make: Make, text: str | None, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make({"datacenters.yaml": text})
    assert main(["upgrade", str(folder)]) == 1
    assert said in capsys.readouterr().err
    assert text is None or (folder / "datacenters.yaml").read_text() == text


@pytest.mark.parametrize("written", ["two", "'2'", "", "[2]"])
def test_a_number_that_is_none_is_the_loaders_to_tell(make: Make, written: str) -> None:
    folder = make({"datacenters.yaml": NEW.replace(f"format: {FORMAT}", f"format: {written}")})
    assert all("datacenters.yaml:2:" in str(problem) for problem in check(folder))
    assert bool(check(folder)) == (written != "'2'")


def test_every_format_says_what_came_with_it() -> None:
    assert sorted(RENAMES) == list(range(2, FORMAT + 1))


def test_this_repositorys_inventory_is_of_the_present_format(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["upgrade", str(root / "inventory"), "--dry-run"]) == 0
    assert "already" in capsys.readouterr().out
