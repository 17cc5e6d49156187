"""The one place that quotes for a shell. Commands are lists until `join` makes their line."""

from __future__ import annotations

import shlex


def join(argv: list[str]) -> str:
    """Return `argv` as one POSIX shell line.

    >>> join(["echo", "l'été", "$(id)"])
    "echo 'l'\\"'\\"'été' '$(id)'"
    """
    if any("\0" in word for word in argv):
        raise ValueError("a NUL byte can't be passed to a command")
    return shlex.join(argv)
