"""A state that no engine can use is refused in one sentence, with the command that brings a good one back."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from numerian.engine import state_copies
from numerian.engine.state_copies import StateError

GOOD = json.dumps({"version": 3, "checkpoint": {"stack": "lab", "latest": {"resources": []}}})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    file = tmp_path / "a state" / ".pulumi" / "stacks" / "tiny" / "lab.json"
    file.parent.mkdir(parents=True)
    file.write_text(GOOD)
    return file


def refusal(state: Path) -> str:
    with pytest.raises(StateError) as caught:
        state_copies.check(state, "lab")
    return str(caught.value)


def run_what_it_says(said: str) -> None:
    """Run the first command of a message, as pasted."""
    (command, *_) = re.findall(r"`([^`]+)`", said)
    subprocess.run(["sh", "-ec", command], check=True)


@pytest.mark.parametrize("version", [1, 3, 4])
def test_a_good_state_passes(state: Path, version: int) -> None:
    state.write_text(GOOD.replace("3", str(version), 1))
    state_copies.check(state, "lab")


def test_a_state_as_the_engine_writes_it_is_known_at_its_ends(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 5,000 members it has 75 MB: it isn't parsed, unless something looks wrong."""
    whole = '{"version":3,"checkpoint":{"stack":"lab","latest":{"resources":[],"metadata":{}}}}'
    parsed: list[bytes] = []
    monkeypatch.setattr(state_copies.json, "loads", lambda text: parsed.append(text) or {})
    state.write_text(whole)
    state_copies.check(state, "lab")
    assert parsed == []
    for cut in (whole[:-1], whole[:50], whole.replace('"version":3', '"version":7')):
        state.write_text(cut)
        refusal(state)
    assert len(parsed) == 3


def test_a_state_that_is_damaged_between_its_ends_is_told_once_an_engine_could_not_begin_with_it(state: Path) -> None:
    whole = '{"version":3,"checkpoint":{"stack":"lab","latest":{"resources":[],"metadata":{}}}}'
    damaged = whole.replace("resources", "\0\0\0\0\0")
    state.write_text(damaged)
    state_copies.check(state, "lab")
    state.with_name("lab.json.bak").write_text(damaged)
    with pytest.raises(StateError, match="no copy of it can be read either"):
        state_copies.check(state, "lab", closely=True)
    state.with_name("lab.json.bak").write_text(whole)
    with pytest.raises(StateError, match="it is cut off, or no JSON") as caught:
        state_copies.check(state, "lab", closely=True)
    run_what_it_says(str(caught.value))
    state_copies.check(state, "lab", closely=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "it is empty"), (GOOD[:-10], "it is cut off"), ("[]", "no state"), ('{"version": 3}', "no state")],
)
def test_a_damaged_state_names_its_last_good_copy(state: Path, text: str, why: str) -> None:
    state.with_name("lab.json.bak").write_text(GOOD)
    state.write_text(text)
    said = refusal(state)
    assert why in said
    assert shlex.quote(str(state)) in said
    run_what_it_says(said)
    state_copies.check(state, "lab")


def test_a_copy_that_is_damaged_too_isnt_named(state: Path) -> None:
    backup = state.parent.parent.parent / "backups" / "tiny" / "lab" / "lab.1.json"
    backup.parent.mkdir(parents=True)
    backup.write_text(GOOD)
    os.utime(backup, (1_000_000_000, 1_000_000_000))
    state.with_name("lab.json.bak").write_text(GOOD[:20])
    state.write_text(GOOD[:20])
    said = refusal(state)
    assert "2001-09-09 01:46 UTC" in said
    run_what_it_says(said)
    state_copies.check(state, "lab")


def test_without_any_copy_the_way_leads_to_an_empty_state(state: Path) -> None:
    state.write_text(GOOD[:20])
    said = refusal(state)
    assert "`numerian stack init lab`" in said
    run_what_it_says(said)
    assert not state.exists()


def test_a_state_of_a_later_engine_is_told_as_such(state: Path) -> None:
    state.write_text(GOOD.replace("3", "9", 1))
    assert "written by a later engine" in refusal(state)
    assert "version 9, this one reads up to 4" in refusal(state)


def test_what_a_killed_engine_was_in_the_middle_of_is_told_and_taken_out(state: Path) -> None:
    urn = "urn:pulumi:lab::tiny::numerian:index:Files::07186-site"
    interrupted = [{"type": "creating", "resource": {"urn": urn}}]
    content = json.loads(GOOD)
    content["checkpoint"]["latest"]["pending_operations"] = interrupted
    state.write_text(json.dumps(content))
    assert state_copies.forget_interrupted(state) == ["creating Files 07186-site"]
    assert json.loads(state.read_text()) == json.loads(GOOD)
    assert state_copies.forget_interrupted(state) == []
