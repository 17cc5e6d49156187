"""Whose turn it is: of two `numerian` at once on a machine's state, exactly one goes on.

The engine has a lock of its own, in the state. But each of two that start together writes its lock, sees the other's,
and gives up, so that neither wins; and a lock that is left says nothing. The kernel's lock on a file has neither fault.
For people who share a state that lies elsewhere, the engine's lock is what there is.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO

from numerian.engine import locks
from numerian.engine.workspace import Workspace, WorkspaceError


@contextmanager
def take(place: Workspace, command: str) -> Iterator[None]:
    """Hold the stack for as long as `command` works on it.

    Raises:
        WorkspaceError: somebody else works on it: who, from where, since when; or a lock that nobody can read.
    """
    path = place.make_folder() / "turn"
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WorkspaceError(_busy(place, _holder(file))) from None
        file.truncate(0)
        file.write(f"{who()} (process {os.getpid()}, `{command}`), since {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
        file.flush()
        try:
            for lock in locks.read(place):
                _refuse(place, lock)
            yield
        finally:
            file.truncate(0)


def is_taken(place: Workspace) -> bool:
    """Tell whether somebody on this machine works on the stack just now."""
    path = place.folder / "turn"
    if not path.is_file():
        return False
    with path.open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _holder(file: TextIO) -> str:
    """Return what the holder wrote; it does so a moment after it has the lock."""
    for _ in range(40):
        file.seek(0)
        if text := file.read().strip():
            return text
        time.sleep(0.05)
    return "another numerian"


def who() -> str:
    """Return who runs this, and where: `ops1@machine`."""
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (OSError, KeyError):
        return socket.gethostname()


def _busy(place: Workspace, holder: str) -> str:
    return (
        f"{place.stack} is being worked on by {holder}; nothing was done here: wait until it has ended, then try again"
    )


def _refuse(place: Workspace, lock: locks.Lock) -> None:
    cancel = f'`eval "$(numerian env --stack {place.stack})"; pulumi cancel --stack {place.stack} --yes`'
    if lock.damaged:
        raise WorkspaceError(
            f"the lock {lock.file} can't be read, so nobody knows whose it is (written by {lock.user}, {lock.since});"
            f" when nobody works on {place.stack}, run {cancel}"
        )
    raise WorkspaceError(
        _busy(place, f"{lock.user}@{lock.host} (process {lock.pid}), since {lock.since}")
        + f"; or, when that engine is surely dead, run {cancel}"
    )
