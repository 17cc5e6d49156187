"""What the command shows on a terminal: results on stdout, progress and faults on stderr."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from typing import TextIO

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_QUIET_SECONDS = 10.0
"""Without a terminal, a line of progress at most this often."""


def colours(stream: TextIO) -> bool:
    """Tell whether the stream shows colours (https://no-color.org is heeded)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def style(text: str, name: str, stream: TextIO | None = None) -> str:
    """Return the text in a colour, where the stream (stdout) shows any."""
    if not text or not colours(stream or sys.stdout):
        return text
    return f"\x1b[{_CODES[name]}m{text}\x1b[0m"


def say(text: str) -> None:
    """Tell a person what is going on; never part of a result."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as columns; the first row is the heading.

    >>> print(table([("code", "name"), ("07186", "Privas")]))
    code   name
    07186  Privas
    """
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([style(lines[0], "bold"), *lines[1:]])


class Progress:
    """One line that tells how far a long work is, on a terminal; a line now and then elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._started = self._told = time.monotonic()
        self._shown = ""

    def show(self, text: str) -> None:
        """Say where the work is; cheap to call often."""
        now = time.monotonic()
        if now - self._told < (0.1 if self._live else _QUIET_SECONDS):
            return
        self._told = now
        line = f"{text} ({now - self._started:.0f} s)"
        if self._live:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{line[:width]}")
            self._stream.flush()
            self._shown = line
        elif line != self._shown:
            print(line, file=self._stream, flush=True)

    def clear(self) -> None:
        """Take the line away, before something else is printed."""
        if self._live and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = ""


def confirm(question: str, expected: str = "y") -> bool:
    """Ask on the terminal; no terminal is a no."""
    if not sys.stdin.isatty():
        return False
    try:
        answer = input(f"{question} ").strip().lower()
    except EOFError:
        return False
    return answer == expected.lower() or (expected == "y" and answer in ("yes", "o", "oui"))
