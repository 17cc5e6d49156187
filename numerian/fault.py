"""What a check of one value says when the value doesn't fit: the loader adds the file, the line and the column."""

from __future__ import annotations

import unicodedata


class Fault(ValueError):  # noqa: N818 (not an error that an operator meets: the loader makes a Problem of it)
    """A value that doesn't fit: `message` says what is wrong, `remedy` what would be right.

    `at` names a key below the place where the check was made, for checks that look at several keys at once.
    """

    def __init__(self, message: str, remedy: str, *, at: tuple[str | int, ...] = ()) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message = message
        self.remedy = remedy
        self.at = at


def shown(value: object, limit: int = 60) -> str:
    """Return `value` between quotes, on one line, short, and harmless on a terminal.

    >>> print(shown("privas.test"))
    "privas.test"
    >>> print(shown("a\\x1b[31m"))
    "a\\x1b[31m"
    """
    text = str(value)[: limit + 1]
    safe = "".join(c if _harmless(c) else c.encode("unicode_escape").decode("ascii") for c in text[:limit])
    sign = "'" if '"' in safe else '"'
    return f"{sign}{safe}{'…' if len(text) > limit else ''}{sign}"


def _harmless(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"
