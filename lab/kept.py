"""Images of this machine's engine that are kept in the cache: the engine forgets them when the last lab goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab import cache, process

SECONDS = 300


def ensure(name: str, file: Path, make: Callable[[], str]) -> str:
    """Have an image on the engine and in the cache; return how it came there.

    Args:
        name: what the engine calls it; what it's made from is part of it.
        file: where the cache keeps it; older ones of the same kind go.
        make: makes it where neither has it, and says how.
    """
    there = has(name)
    if file.is_file():
        if not there:
            process.output(["docker", "load", "--quiet", "--input", str(file)], timeout=SECONDS)
        return "already there" if there else "from the cache"
    for old in cache.folder().glob(f"{file.name.rpartition('-')[0]}-*"):
        old.unlink()
    how = "already there" if there else make()
    new = file.with_suffix(".new")
    process.output(["docker", "save", "--output", str(new), name], timeout=SECONDS)
    new.replace(file)
    return how


def has(name: str) -> bool:
    """Tell whether this machine's engine has an image of this name."""
    return process.capture(["docker", "image", "inspect", "--format", "{{.Id}}", name])[0] == 0
