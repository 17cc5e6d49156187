"""What servers keep of members who left: their pages, put away, and states of them. What a server says of one line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

PROGRAM = "/usr/local/sbin/numerian-archives"
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, order=True)
class Archive:
    """Something that is kept.

    `kind`: archive (pages that were put away, with all beside them), rest (a folder beside them only), or states (of
    the pages, for `undo`).
    """

    code: str
    when: datetime
    server: str
    kind: str
    kb: int
    files: int
    path: str

    @property
    def name(self) -> str:
        """What it is called in the command: its day and time on the server's clock, UTC."""
        return self.when.astimezone(UTC).strftime(_STAMP)

    @property
    def size(self) -> str:
        """Its size for people.

        >>> archive_of("privas", "07186\\tarchive\\t20261130T215500Z\\t2500\\t12\\t/x").size
        '2.4 MB'
        """
        return f"{self.kb} KB" if self.kb < 1024 else f"{self.kb / 1024:.1f} MB"


def archive_of(server: str, line: str) -> Archive:
    """Return what one line of a server's list says.

    >>> archive_of("privas", "07186\\tarchive\\t20261130T215500Z\\t2500\\t12\\t/x").name
    '20261130T215500Z'
    """
    code, kind, when, kb, files, path = line.split("\t")
    taken = datetime.strptime(when, _STAMP).replace(tzinfo=UTC).astimezone()
    return Archive(code, taken, server, kind, int(kb), int(files), path)


def untouched(pages: Iterable[tuple[str, str]]) -> str:
    """Return the lines by which a server knows our own first pages while nobody has touched them.

    >>> untouched([("index.html", "x")])
    '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  index.html\\n'
    """
    return "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in pages)
