"""What the lab tells the person at the terminal when it can't go on."""

from __future__ import annotations


class LabError(Exception):
    """Something is missing or went wrong; `str(error)` is what happened and what to do about it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(f"{what}; {remedy}" if remedy else what)


class CommandFailedError(LabError):
    """A program ended with an error. Its last lines are in the message, all of them in `log`."""

    def __init__(self, argv: list[str], code: int, lines: list[str], log: str = "") -> None:
        self.argv = argv
        self.code = code
        tail = "\n    ".join(lines[-12:])
        where = f" (all of it: {log})" if log else ""
        super().__init__(f"`{' '.join(argv[:6])}` ended with code {code}{where}" + (f"\n    {tail}" if tail else ""))
