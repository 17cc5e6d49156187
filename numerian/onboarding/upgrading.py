"""Bring an inventory of an older format up to the present one, in place: only the words that changed, nothing around.

What came with which format:

- 2: `capacity: php:` is `php_sites:` (it counts sites; `php:` is a group of settings everywhere else), and the format
  has a number: `format:` in datacenters.yaml. An inventory without one is of format 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from numerian.errors import InventoryError, Problem
from numerian.load import formats
from numerian.load.source import read_text
from numerian.load.tree import Mapping, Node, Scalar, read_tree
from numerian.model.shared import FORMAT

SHARED = "datacenters.yaml"


@dataclass(frozen=True)
class Rename:
    """A key that has another name from a format on; `*` in its path stands for any key."""

    files: str
    path: tuple[str, ...]
    name: str


RENAMES: dict[int, tuple[Rename, ...]] = {
    2: (Rename(SHARED, ("servers", "*", "capacity", "php"), "php_sites"),),
}
"""By the format that they came with."""


def upgraded(folder: Path) -> dict[Path, str]:
    """Return the new text of each file that changes; none where the inventory is of the present format.

    Raises:
        InventoryError: it can't be read, or is of a later format.
    """
    problems: list[Problem] = []
    shared = folder / SHARED
    root = _tree(shared, problems)
    if root is None:
        raise InventoryError(problems)
    since = formats.written_in(root)
    if since is None or since >= FORMAT:
        if not formats.is_current(shared, root, problems):
            raise InventoryError(problems)
        return {}
    texts: dict[Path, str] = {}
    renames = [one for number in range(since + 1, FORMAT + 1) for one in RENAMES[number]]
    for rename in renames:
        for path in sorted(folder.glob(rename.files)):
            _apply(rename, path, texts, problems)
    _number(shared, texts, problems)
    if problems:
        raise InventoryError(problems)
    return texts


def _tree(path: Path, problems: list[Problem], text: str | None = None) -> Mapping | None:
    text = read_text(path, problems) if text is None else text
    return None if text is None else read_tree(path, text, problems)


def _apply(rename: Rename, path: Path, texts: dict[Path, str], problems: list[Problem]) -> None:
    text = texts.get(path) or read_text(path, problems)
    root = None if text is None else read_tree(path, text, problems)
    if text is None or root is None:
        return
    lines = text.split("\n")
    # From the last to the first: what stands later on a line moves when a key before it grows.
    for key in sorted(_keys(root, rename.path), key=lambda key: (key.line, key.column), reverse=True):
        line, start = lines[key.line - 1], key.column - 1
        lines[key.line - 1] = line[:start] + re.sub(r"^(['\"]?)[\w-]+\1", rename.name, line[start:], count=1)
        texts[path] = "\n".join(lines)


def _keys(node: Node, path: tuple[str, ...]) -> Iterator[Scalar]:
    """Yield the keys at the end of a path."""
    if not isinstance(node, Mapping):
        return
    word, *rest = path
    for name in [name for name in node.keys if word in ("*", name)]:
        if rest:
            yield from _keys(node.entries[name], tuple(rest))
        else:
            yield node.keys[name]


def _number(path: Path, texts: dict[Path, str], problems: list[Problem]) -> None:
    """Write the format's number: over the old one, or before the first key."""
    text = texts.get(path) or path.read_text(encoding="utf-8")
    root = _tree(path, problems, text)
    if root is None:
        return
    lines = text.split("\n")
    old = root.entries.get("format")
    if old is not None:
        line = lines[old.line - 1]
        lines[old.line - 1] = line[: old.column - 1] + re.sub(r"^\S+", str(FORMAT), line[old.column - 1 :], count=1)
    else:
        first = min(root.keys.values(), key=lambda key: key.line)
        if first.column != 1:
            right = "write its keys at the beginning of lines, without braces; then run this again"
            problems.append(
                Problem(path, first.line, first.column, "the keys of this file aren't at its margin", right)
            )
            return
        lines.insert(first.line - 1, f"format: {FORMAT}")
    texts[path] = "\n".join(lines)
