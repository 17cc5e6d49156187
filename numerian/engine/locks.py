"""Locks that a killed engine left in a `file://` state."""

from __future__ import annotations

import json
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from numerian.engine.workspace import Workspace

_NAMES = ("*.json", "*.json.*.tmp")
"""A lock, and one that its engine was about to give its name to: killed there, it counts for a lock ever after."""
_WRITTEN = 5
"""Seconds within which an engine that lives has given a lock its name."""


@dataclass(frozen=True)
class Lock:
    """Who holds the stack, as the engine wrote it down."""

    file: Path
    pid: int
    user: str
    host: str
    since: str
    damaged: bool = False
    """Nothing in it can be read: `user` and `since` are the file's own."""

    @property
    def is_dead(self) -> bool:
        """Tell whether the process was on this machine and is an engine no more. Elsewhere: nobody can tell, so no.

        A damaged one is dead when this machine was started after it was written (a power cut leaves empty files), or
        when it should have had its name for long.
        """
        if self.damaged:
            latest = time.time() - _WRITTEN if self.file.suffix == ".tmp" else _started_at()
            return self.file.exists() and self.file.stat().st_mtime < latest
        return self.host == socket.gethostname() and not _is_engine(self.pid)


def read(workspace: Workspace) -> list[Lock]:
    """Return the stack's locks. A file that vanishes meanwhile is no lock."""
    state = workspace.state_folder
    if state is None:
        return []
    found = []
    folders = (state / ".pulumi" / "locks").glob(f"**/{workspace.stack}")
    for file in sorted(file for folder in folders for name in _NAMES for file in folder.glob(name)):
        try:
            fields = json.loads(file.read_text(encoding="utf-8"))
            found.append(Lock(file, fields["pid"], fields["username"], fields["hostname"], fields["timestamp"]))
        except (ValueError, KeyError, TypeError):
            found += _damaged(file)
        except OSError:
            continue
    return found


def clear_dead(workspace: Workspace) -> list[Lock]:
    """Remove the locks of engines that died on this machine; return them."""
    dead = [lock for lock in read(workspace) if lock.is_dead]
    for lock in dead:
        lock.file.unlink(missing_ok=True)
    return dead


def _damaged(file: Path) -> list[Lock]:
    try:
        status = file.stat()
        since = datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [Lock(file, 0, file.owner(), socket.gethostname(), since, damaged=True)]
    except (OSError, KeyError):
        return []


def _started_at() -> float:
    """Return when this machine was started, in seconds since 1970; 0 where that isn't known."""
    try:
        return time.time() - float(Path("/proc/uptime").read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError):
        return 0.0


def _is_engine(pid: int) -> bool:
    """Tell whether the process runs and is a pulumi: numbers are given again, and a dead one may be a zombie."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")
    except OSError:
        return False
    return "pulumi" in name and not rest.startswith(" Z")
