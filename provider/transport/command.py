"""How a command and its end are told: one short line for it, its exit code, its last lines."""

from __future__ import annotations

from provider.errors import CommandError
from provider.shell import join
from provider.transport import Result

OWN = "numerian"
"""What the scripts of ours are called where `sh -c` asks for a name."""

_LAST_LINES = 15
_LONGEST_COMMAND = 200


def check(host: str, argv: list[str], result: Result) -> Result:
    """Return `result`, or raise `CommandError` with the exit code and the last lines when it isn't 0."""
    if result.exit_code == 0:
        return result
    said = last_lines(result.stdout, result.stderr)
    ended = "was killed by a signal" if result.exit_code == -1 else f"ended with exit code {result.exit_code}"
    raise CommandError(
        host,
        f"{shown(argv)} {ended}" + (f":\n{said}" if said else " and said nothing"),
        command=join(argv),
        exit_code=result.exit_code,
        output=said,
    )


def shown(argv: list[str]) -> str:
    """Return a command as an error may show it: one line, not longer than fits; of our own scripts no text at all.

    >>> shown(["nginx", "-t"]), shown(["sh", "-c", "…", "numerian", "3"])
    ('`nginx -t`', 'our script')
    """
    if argv[:2] == ["sh", "-c"] and argv[3:4] == [OWN]:
        return "our script"
    line = " ".join(join(argv).split())
    return f"`{line if len(line) <= _LONGEST_COMMAND else line[: _LONGEST_COMMAND - 1] + '…'}`"


def last_lines(stdout: bytes, stderr: bytes) -> str:
    """Return the end of what a command said, of stderr when it said anything there."""
    text = (stderr.strip() or stdout.strip()).decode("utf-8", "replace")
    return "\n".join(text.splitlines()[-_LAST_LINES:])
