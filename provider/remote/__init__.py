"""The scripts that run on a host, and how each is sent: one command, everything else on its standard input.

A host needs sh, tar and coreutils (or BusyBox). The script travels in front of its data, padded to whole blocks, so
that `dd` can take exactly it; no value ever becomes a part of a script or of the command.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

BLOCK = 4096
_BOOT = 'script=$(dd bs=4096 count="$1" iflag=fullblock 2>/dev/null) && eval "$script"'


@cache
def script(*names: str) -> str:
    """Return the text of one script, or of several one after the other."""
    return "".join((files(__name__) / f"{name}.sh").read_text(encoding="utf-8") for name in names)


def pad(data: bytes, filler: bytes = b"\n") -> bytes:
    """Return `data` filled up to whole blocks.

    >>> len(pad(b"a")), len(pad(b""))
    (4096, 0)
    """
    return data + filler * (-len(data) % BLOCK)


def command(text: str, *words: str, sections: tuple[bytes, ...] = (), rest: bytes = b"") -> tuple[list[str], bytes]:
    """Return argv and standard input that run `text` with the padded `sections`, then `rest`, as its input.

    The script's arguments are its own number of blocks, that of the first section, then `words`.
    """
    first = pad(text.encode())
    blocks = [str(len(part) // BLOCK) for part in (first, *sections[:1])]
    return ["sh", "-c", _BOOT, "numerian", *blocks, *words], b"".join((first, *sections, rest))
