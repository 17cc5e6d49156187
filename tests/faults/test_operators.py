"""Two operators at once, locks that are left, states that are damaged: who, since when, and the command to run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from report import Report, Row
from world import FOLDER, INVENTORY, ROOT, STACK, STATE, World

pytestmark = pytest.mark.faults

NUMERIAN = str(Path(sys.executable).parent / "numerian")
UP = [NUMERIAN, "up", "--stack", STACK, "--yes"]
LOCKS = FOLDER / "state" / ".pulumi" / "locks" / "organization" / "numerian" / STACK


def start(words: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(words, cwd=ROOT, env=environment, text=True, **pipes)


def test_of_two_operators_exactly_one_wins_ten_times(world: World, table: Report) -> None:
    busy = rf"{STACK} is being worked on by \S+@\S+ \(process \d+, `numerian up`\), since 20\d\d-\d\d-\d\dT[\d:]+Z"
    for turn in range(10):
        both = [start(UP) for _ in range(2)]
        said = [process.communicate(timeout=300)[0] for process in both]
        codes = sorted(process.returncode for process in both)
        loser = next(text for text, process in zip(said, both, strict=True) if process.returncode) if 1 in codes else ""
        good = codes == [0, 1] and re.search(busy, loser) is not None and "Traceback" not in loser
        row = Row(
            "two operators",
            "at once",
            str(turn + 1),
            "numerian up",
            "",
            said[0][-200:],
            loser,
            () if good else (str(said),),
        )
        assert table.add(row).wrong == ()


def test_a_plain_engine_at_work_is_named(world: World, table: Report) -> None:
    """Also the other way round: it says the same of us, in its own words."""
    plain = start(
        ["sh", "-c", f'eval "$(bin/numerian env --stack {STACK})" && exec pulumi refresh --yes --stack {STACK}']
    )
    while not list(LOCKS.glob("*.json")) and plain.poll() is None:
        time.sleep(0.01)
    ours = world.up(refresh=False)
    plain.communicate(timeout=300)
    table.add(Row("two operators", "plain pulumi at work", "", "pulumi refresh", "", ours, ""))
    assert re.search(r"by \S+@\S+ \(process \d+\), since 20.*nothing was done here.*pulumi cancel", ours.said), (
        ours.said
    )
    first = start(UP)
    while not list(LOCKS.glob("*.json")) and first.poll() is None:
        time.sleep(0.01)
    theirs = world.pulumi("refresh", "--yes")
    first.communicate(timeout=300)
    assert re.search(r"locked by 1 lock.*pulumi cancel.*created by \S+@\S+ \(pid \d+\) at 20", theirs.said, re.S)


def test_a_lock_that_a_killed_engine_left_goes_by_itself(world: World, table: Report) -> None:
    process = start(UP)
    while not list(LOCKS.glob("*.json")):
        time.sleep(0.01)
    (lock,) = LOCKS.glob("*.json")
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    killed = process.communicate(timeout=300)[0]
    again = world.up(refresh=False)
    table.add(Row("engine", "SIGKILL, its lock left", "", lock.name, "", killed, again))
    assert process.returncode == 1
    assert "the lock of an engine that died here" in again.said
    assert again.code == 0


def test_a_lock_that_cant_be_read_names_the_command(world: World, table: Report) -> None:
    LOCKS.mkdir(parents=True, exist_ok=True)
    lock = LOCKS / "00000000-0000-0000-0000-000000000000.json"
    lock.write_text('{"pid": 1')
    refused = world.up(refresh=False)
    plain = world.pulumi("up", "--yes", "--skip-preview")
    found = re.search(r"run `(.*pulumi cancel .*)`", refused.said)
    assert (refused.code, found is not None) == (1, True), refused.said
    subprocess.run(["sh", "-ec", found.group(1).replace("numerian env", f"{NUMERIAN} env")], cwd=ROOT, check=True)
    after = world.up(refresh=False)
    table.add(Row("lock", "truncated", "", "numerian", "", refused, after))
    table.add(Row("lock", "truncated", "", "plain pulumi", "", plain.said.strip().splitlines()[-1], ""))
    assert after.code == 0


def spoil_truncated() -> None:
    STATE.write_bytes(STATE.read_bytes()[:-100])


def spoil_empty() -> None:
    STATE.write_bytes(b"")


def spoil_newer() -> None:
    STATE.write_text(STATE.read_text().replace('"version":3', '"version":7', 1))


@pytest.mark.parametrize("spoil", [spoil_truncated, spoil_empty, spoil_newer], ids=lambda f: f.__name__[6:])
def test_a_state_that_cant_be_used_comes_back_by_the_command_that_is_named(
    world: World, table: Report, spoil: object
) -> None:
    world.must("up", "--stack", STACK, "--yes")
    kept = STATE.read_bytes()
    spoil()  # type: ignore[operator]
    try:
        refused = world.up(refresh=False)
        plain = world.pulumi("up", "--yes", "--skip-preview")
        found = re.search(r"run `(cp [^`]+)`, then `numerian up --refresh", refused.said)
        assert (refused.code, found is not None) == (1, True), refused.said
        subprocess.run(["sh", "-ec", found.group(1)], check=True)
        after, further = world.up(), world.up(refresh=False)
    finally:
        if world.up(refresh=False).code:
            STATE.write_bytes(kept)
    fault = f"state {spoil.__name__[6:]}"  # type: ignore[attr-defined]
    table.add(Row("state", fault, "", "numerian", "", refused, after))
    table.add(Row("state", fault, "", "plain pulumi", "", plain.said.strip().splitlines()[-1], ""))
    assert after.code == 0, after.said
    assert "nothing to change" in further.said


def test_an_old_backup_of_the_state_is_rebuilt_by_an_up(world: World, table: Report) -> None:
    """The change was made, then the state of before it is put back: what is on the servers is adopted."""
    world.begin_again()
    world.must("up", "--stack", STACK, "--yes", "--refresh")
    shutil.rmtree(FOLDER / "state")
    shutil.copytree(FOLDER / "beginning", FOLDER / "state")
    before = world.sh("privas", "readlink /srv/front/config/current; ls /srv/sites")
    after, further = world.up(refresh=False), world.up()
    table.add(Row("state", "an old backup", "", "numerian", "", after, further))
    assert after.code == 0, after.said
    assert "nothing to change" in further.said
    assert world.sh("privas", "readlink /srv/front/config/current; ls /srv/sites") == before


def test_a_state_that_is_gone_names_the_command(world: World, table: Report) -> None:
    shutil.move(FOLDER / "state", FOLDER / "state.away")
    try:
        refused = world.up(refresh=False)
    finally:
        shutil.rmtree(FOLDER / "state", ignore_errors=True)
        shutil.move(FOLDER / "state.away", FOLDER / "state")
    table.add(Row("state", "gone", "", "numerian", "", refused, ""))
    assert f"run `numerian stack init {STACK}`" in refused.said
