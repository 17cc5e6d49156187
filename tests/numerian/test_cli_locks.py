"""A lock is removed when its engine is surely dead, and only then."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from numerian.engine import locks, turn
from numerian.engine.workspace import Workspace, WorkspaceError

Lock = Callable[..., Path]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\n")
    return Workspace(tmp_path, "lab")


@pytest.fixture
def lock(place: Workspace) -> Lock:
    def write(pid: int, host: str | None = None, stack: str = "lab") -> Path:
        folder = place.folder / "state" / ".pulumi" / "locks" / "organization" / "tiny" / stack
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{pid}.json"
        since = "2026-01-01T00:00:00Z"
        content = {"pid": pid, "username": "ops1", "hostname": host or socket.gethostname(), "timestamp": since}
        file.write_text(json.dumps(content))
        return file

    return write


@pytest.fixture
def gone() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[int]:
    """The number of a running process named pulumi."""
    program = tmp_path / "pulumi"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "60"])
    # The kernel lets us go on a moment before it gives the process its name.
    while "pulumi" not in Path(f"/proc/{process.pid}/comm").read_text(encoding="utf-8"):
        time.sleep(0.01)
    yield process.pid
    process.kill()
    process.wait()


def test_the_lock_of_a_dead_engine_of_this_machine_goes(place: Workspace, lock: Lock, gone: int) -> None:
    file = lock(gone)
    (cleared,) = locks.clear_dead(place)
    assert (cleared.pid, cleared.user, file.exists()) == (gone, "ops1", False)


def test_a_number_that_another_program_has_now_is_dead_too(place: Workspace, lock: Lock) -> None:
    file = lock(os.getpid())
    assert [cleared.file for cleared in locks.clear_dead(place)] == [file]


def test_a_killed_engine_that_nobody_took_note_of_is_dead(place: Workspace, lock: Lock, alive: int) -> None:
    """Its parent was killed too, and whoever inherits it doesn't wait for it: a zombie keeps its name."""
    os.kill(alive, signal.SIGKILL)
    os.waitid(os.P_PID, alive, os.WEXITED | os.WNOWAIT)
    file = lock(alive)
    assert [cleared.file for cleared in locks.clear_dead(place)] == [file]


def test_a_running_engines_lock_stays(place: Workspace, lock: Lock, alive: int) -> None:
    file = lock(alive)
    assert (locks.clear_dead(place), file.exists()) == ([], True)


def test_another_machines_lock_stays(place: Workspace, lock: Lock, gone: int) -> None:
    file = lock(gone, host="another-machine")
    assert (locks.clear_dead(place), file.exists()) == ([], True)


def test_another_stacks_lock_stays(place: Workspace, lock: Lock, gone: int) -> None:
    file = lock(gone, stack="production")
    assert (locks.clear_dead(place), file.exists()) == ([], True)


def test_a_lock_that_cant_be_read_is_refused_with_what_to_run(place: Workspace, lock: Lock, gone: int) -> None:
    file = lock(gone)
    file.write_text("{")
    assert (locks.clear_dead(place), file.exists()) == ([], True)
    told = r"can't be read, so nobody knows whose it is .*run `.*pulumi cancel --stack lab --yes`"
    with pytest.raises(WorkspaceError, match=told), turn.take(place, "numerian up"):
        pass


def test_an_empty_lock_of_before_this_machine_started_goes(place: Workspace, lock: Lock, gone: int) -> None:
    """A power cut leaves the name of a file, not its content."""
    file = lock(gone)
    file.write_text("")
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert [cleared.damaged for cleared in locks.clear_dead(place)] == [True]


def test_a_lock_that_a_killed_engine_never_named_goes(place: Workspace, lock: Lock, gone: int, alive: int) -> None:
    """It writes beside, then renames; to the next engine whatever lies there is a lock."""

    def unnamed(pid: int, when: str) -> Path:
        file = lock(pid)
        return file.rename(file.with_name(f"{file.name}.{when}.tmp"))

    whole, begun, at_work = unnamed(gone, "18ecff4409b9787b"), unnamed(gone, "18ecff4409b9787c"), unnamed(alive, "1")
    begun.write_text("")
    assert [cleared.file for cleared in locks.clear_dead(place)] == [whole]
    os.utime(begun, (time.time() - 10, time.time() - 10))
    assert [cleared.file for cleared in locks.clear_dead(place)] == [begun]
    assert at_work.exists()


def test_an_engine_at_work_is_named_with_who_where_and_since(place: Workspace, lock: Lock, alive: int) -> None:
    lock(alive)
    told = rf"by ops1@{socket.gethostname()} \(process {alive}\), since 2026-01-01T00:00:00Z; nothing was done"
    with pytest.raises(WorkspaceError, match=told), turn.take(place, "numerian up"):
        pass


def test_of_two_at_once_the_second_learns_whose_turn_it_is(place: Workspace) -> None:
    with turn.take(place, "numerian up"):
        told = rf"lab is being worked on by \w+@\S+ \(process {os.getpid()}, `numerian up`\), since 20\d\d-"
        with pytest.raises(WorkspaceError, match=told), turn.take(place, "numerian destroy"):
            pass
    with turn.take(place, "numerian destroy"):
        pass
