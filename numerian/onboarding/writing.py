"""Write a file of the inventory whole or not at all: a reader, or a crash, never meets half of one."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from numerian.errors import NumerianError


class ThereAlreadyError(NumerianError):
    """A new file would take the place of another."""


def create(path: Path, text: str) -> None:
    """Write a new file.

    Raises:
        ThereAlreadyError: there is one of this name; it is left as it is.
    """
    draft = _draft(path, text, 0o666 & ~_umask())
    try:
        os.link(draft, path)  # unlike a rename, it never takes another's place
    except FileExistsError as error:
        raise ThereAlreadyError(f"{path} is there already and was left as it is; edit it instead") from error
    finally:
        draft.unlink()


def replace(path: Path, text: str) -> None:
    """Write a file anew, with the mode that it had; a link stays one."""
    target = path.resolve()
    draft = _draft(target, text, stat.S_IMODE(target.stat().st_mode))
    try:
        draft.replace(target)
    except OSError:
        draft.unlink()
        raise


def _draft(path: Path, text: str, mode: int) -> Path:
    # Its name begins with a dot: the loader passes over what a crash leaves behind.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
    except OSError:
        draft.unlink()
        raise
    return draft


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
