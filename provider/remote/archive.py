"""Tar archives and lists in memory, as the scripts read them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable


class Archive:
    """A tar that is filled in memory. Folders are made once; owners are numbers only."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._folders: set[str] = set()

    def folder(self, path: str, mode: str = "0755", uid: int = 0, gid: int = 0) -> None:
        """Add a folder, once."""
        name = path.strip("/")
        if name not in self._folders:
            self._folders.add(name)
            self._add(name, b"", int(mode, 8), uid, gid, tarfile.DIRTYPE)

    def file(self, path: str, content: bytes, mode: str = "0600", uid: int = 0, gid: int = 0) -> None:
        """Add a file."""
        self._add(path.lstrip("/"), content, int(mode, 8), uid, gid, tarfile.REGTYPE)

    def _add(self, name: str, content: bytes, mode: int, uid: int, gid: int, kind: bytes) -> None:
        info = tarfile.TarInfo(name)
        info.mode, info.uid, info.gid, info.type, info.size = mode, uid, gid, kind, len(content)
        # The GNU format: BusyBox knows no pax headers, and uids above 2,097,151 exist.
        self._buffer.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        if content:
            self._buffer.write(content)
            self._buffer.write(b"\0" * (-len(content) % tarfile.BLOCKSIZE))

    def bytes(self) -> bytes:
        """Return the whole archive."""
        self._buffer.write(b"\0" * (2 * tarfile.BLOCKSIZE))
        return self._buffer.getvalue()


def words(values: Iterable[str]) -> bytes:
    """Return a list as the scripts read it: each word ended by NUL.

    >>> words(["a b", "c"])
    b'a b\\x00c\\x00'
    """
    return "".join(f"{value}\0" for value in values).encode()
