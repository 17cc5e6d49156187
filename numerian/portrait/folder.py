"""The portrait in a folder: what is new is written, what is ours and no longer told is removed, the rest is left."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from numerian.errors import NumerianError

LIST = ".numerian-portrait"
"""The list of the files that we wrote: by it a folder is known as ours."""
_OURS = re.compile(r"index\.html|portrait\.(css|js)|membres/[0-9AB]{2,9}\.html")


class FolderError(NumerianError):
    """The folder holds somebody else's things."""


def write(folder: Path, files: Mapping[str, str]) -> tuple[int, int]:
    """Write the files; return how many were written anew and how many old ones were removed.

    Raises:
        FolderError: the folder isn't empty and wasn't written by us; nothing was changed.
    """
    before = _listed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # Listed first: what a run that was cut has written is known as ours.
    _write(folder / LIST, "".join(f"{name}\n" for name in sorted(before | set(files))))
    written = sum(_write(folder / name, text) for name, text in files.items())
    removed = sum(_remove(folder / name) for name in sorted(before - set(files)))
    _write(folder / LIST, "".join(f"{name}\n" for name in sorted(files)))
    return written, removed


def _listed(folder: Path) -> set[str]:
    if (folder / LIST).is_file():
        names = (folder / LIST).read_text(encoding="utf-8").splitlines()
        return {name for name in names if _OURS.fullmatch(name)}
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FolderError(f"{folder} holds something else; name a new folder, or an empty one")
    return set()


def _write(path: Path, text: str) -> bool:
    content = text.encode()
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return True


def _remove(path: Path) -> bool:
    if not path.is_file():
        return False
    path.unlink()
    return True
