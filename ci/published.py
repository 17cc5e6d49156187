"""The published copy of a state: one file a stack on a branch that has no past, so that old copies don't pile up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ci.errors import CiError
from ci.git import Repository

FORMAT = 1
BRANCH = "numerian-state"
REF = f"refs/heads/{BRANCH}"
_WHO = ("-c", "user.name=numerian", "-c", "user.email=numerian@localhost")


def name(stack: str) -> str:
    """Return the file of a stack's copy."""
    return f"{stack}.json"


def publish(repository: Repository, remote: str, stack: str, file: Path) -> None:
    """Put a copy on the branch, instead of the stack's last; other stacks' stay.

    Raises:
        CiError: the file is no blinded state of the stack, or the remote refuses it.
    """
    read(file.read_bytes(), stack)
    before = repository.word("ls-remote", remote, REF).split()
    others = ""
    if before:
        (tip,) = repository.fetch(remote, REF)
        lines = repository.run("ls-tree", "-z", tip).decode().split("\0")
        others = "".join(f"{line}\0" for line in lines if line and line.partition("\t")[2] != name(stack))
    oid = repository.word("hash-object", "-w", "--no-filters", str(file.absolute()))
    listed = f"{others}100644 blob {oid}\t{name(stack)}\0"
    tree = repository.run("mktree", "-z", stdin=listed.encode()).decode().strip()
    commit = repository.word(*_WHO, "commit-tree", "-m", f"The state of {stack}, without its secrets", tree)
    # Two that publish at once: the second is told, instead of taking the first one's back.
    lease = f"--force-with-lease={REF}:{before[0] if before else ''}"
    repository.run("push", "--quiet", lease, remote, f"{commit}:{REF}")


def fetched(repository: Repository, commit: str, stack: str) -> dict[str, Any]:
    """Return the stack's copy from the branch's commit.

    Raises:
        CiError: there is none.
    """
    oid = repository.word("rev-parse", "--verify", f"{commit}:{name(stack)}")
    return read(repository.blob(oid), stack)


def read(content: bytes, stack: str) -> dict[str, Any]:
    """Return a copy, seen to be one.

    Raises:
        CiError: it is something else.
    """
    try:
        found = json.loads(content)
        fits = (found["format"], found["stack"]) == (FORMAT, stack) and isinstance(found["state"], dict)
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise CiError(f"this is no blinded state of {stack}; `python -m ci blind --stack {stack}` makes one")
    return dict(found)
