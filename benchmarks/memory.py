"""Peak memory of the processes that a command starts, by what they are: the engine, the program, the provider."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.05
ROLES = {
    "provider": re.compile(r"-m provider\b|pulumi-resource-numerian"),
    "program": re.compile(r"pulumi-language-python-exec"),
    "language host": re.compile(r"pulumi-language-python\b"),
    "docker plugin": re.compile(r"engine\.docker_plugin|pulumi-resource-docker"),
    "command": re.compile(r"-m numerian\b"),
    "engine": re.compile(r"^\S*pulumi (up|preview|refresh)\b"),
}
"""A part of a command line by which a process is known; the first that fits."""


class Watch:
    """Looks at the descendants of a process until it is left; `peaks` holds the largest of each role, in MB.

    A process's own high-water mark (VmHWM, proc(5)) is read, so nothing between two looks is missed but its last
    moments.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._kilobytes: dict[int, tuple[str, int]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._over.set()
        self._thread.join()

    @property
    def peaks(self) -> dict[str, int]:
        """The largest process of each role, in MB."""
        found: dict[str, int] = {}
        for role, kilobytes in self._kilobytes.values():
            found[role] = max(found.get(role, 0), kilobytes // 1024)
        return found

    def _look(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            for pid in descendants(self._pid):
                role, size = _role(pid), _high_water(pid)
                if role and size:
                    self._kilobytes[pid] = (role, size)


def descendants(pid: int) -> Iterator[int]:
    """Return a process and all that it started, as far as they live."""
    yield pid
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(file).split():
            yield from descendants(int(child))


def _role(pid: int) -> str:
    words = _read(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")
    return next((role for role, pattern in ROLES.items() if pattern.search(words)), "")


def _high_water(pid: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+) kB", _read(Path(f"/proc/{pid}/status")), re.MULTILINE)
    return int(found[1]) if found else 0


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:  # it ended
        return ""
