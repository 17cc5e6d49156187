"""What a request changes, judged before anything of it is read: only the inventory's YAML, small and plain, goes on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ci.errors import Refusal, RefusedError
from ci.git import Entry, Repository
from numerian.load.source import SIZE_LIMIT

KNOWN = re.compile(r"inventory/(members/[0-9A-Za-z][0-9A-Za-z-]{0,120}|datacenters|plans|staff|allow)\.yaml")
OURS = ("inventory/reference/", "inventory/schema/")
"""Data that reviews are made with: the target branch's."""
MOST_FILES = 10_000
MOST_BYTES = 32 * 1024 * 1024
PLAIN, GONE = "100644", "000000"
_KINDS = {"120000": "un lien symbolique", "160000": "un sous-module", "100755": "un fichier exécutable"}


@dataclass(frozen=True)
class Request:
    """The inventory's files that a request changes, and the paths of all else that it changes."""

    files: tuple[Entry, ...]
    others: tuple[str, ...]


def read(repository: Repository, target: str, request: str) -> Request:
    """Return what merging `request` into `target` would change.

    Raises:
        RefusedError: it conflicts with the target, or changes something in the inventory that is no plain YAML file of
            a known place and size.
    """
    tree = repository.merged(target, request)
    if tree is None:
        raise RefusedError([Refusal("", "la demande est en conflit avec la branche cible ; fusionnez-la d’abord")])
    changed = repository.changed(f"{target}^{{tree}}", tree)
    inside = [entry for entry in changed if _is_inventory(entry.path)]
    refusals = [Refusal(entry.path, why) for entry in inside if (why := _fault(entry))]
    if len(inside) > MOST_FILES or sum(entry.size for entry in inside) > MOST_BYTES:
        refusals = [Refusal("inventory/", f"plus de {MOST_FILES} fichiers ou de {MOST_BYTES >> 20} Mio changent")]
    if refusals:
        raise RefusedError(refusals)
    return Request(tuple(inside), tuple(entry.path for entry in changed if not _is_inventory(entry.path)))


def lay(repository: Repository, request: Request, tree: Path) -> None:
    """Write the request's files over those of `tree`, whose folders are the target branch's."""
    for entry in request.files:
        path = tree / entry.path
        if entry.mode == GONE:
            path.unlink(missing_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        # The target's own file may be a link: it is replaced, never written through.
        path.unlink(missing_ok=True)
        path.write_bytes(repository.blob(entry.oid))


def _is_inventory(path: str) -> bool:
    return path == "inventory" or (path.startswith("inventory/") and not path.startswith(OURS))


def _fault(entry: Entry) -> str:
    if entry.mode == GONE:
        return ""
    if entry.mode != PLAIN:
        return f"{_KINDS.get(entry.mode, 'un objet inconnu')} ; seul un fichier ordinaire est lu"
    if not KNOWN.fullmatch(entry.path):
        return "ce n’est pas le nom d’un fichier de l’inventaire ; attendu : inventory/members/CODE-nom.yaml"
    if entry.size > SIZE_LIMIT:
        return f"{entry.size} octets ; au plus {SIZE_LIMIT} sont lus"
    return ""
