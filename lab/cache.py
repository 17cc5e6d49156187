"""The cache outside the checkout: what is costly to make and the same for every checkout of this user."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """Return the cache's folder: `$NUMERIAN_CACHE`, else `~/.cache/numerian`. It may not exist yet."""
    return Path(os.environ.get("NUMERIAN_CACHE") or Path.home() / ".cache" / "numerian").absolute()


def recipe(*parts: str | Path) -> str:
    """Hash what a thing is made from: texts, files, and folders with all that they hold.

    >>> recipe("a", "b") == recipe("a", "b"), recipe("a", "b") == recipe("ab")
    (True, False)
    """
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            digest.update(b"text" + hashlib.sha256(part.encode()).digest())
            continue
        for file in sorted(part.rglob("*")) if part.is_dir() else [part]:
            if file.is_file():
                mode = b"x" if os.access(file, os.X_OK) else b"-"
                name = file.relative_to(part).as_posix().encode()
                digest.update(b"file" + mode + name + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """Hold the lock `name`: two runs at the same time must not make the same thing twice, or half."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
