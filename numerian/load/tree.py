"""From YAML text to a tree of texts with places: nothing is guessed, nothing is overwritten, nothing is expanded.

PyYAML's own constructor reads `insee: 01004` as 516 and lets a second key overwrite the first in silence. So the tree
is built from the parser's events: every value stays the text that was written, duplicate keys are refused with both
lines, anchors, aliases and tags are refused (an alias bomb never unfolds), and depth is limited before anything
recurses.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from numerian.errors import Problem
from numerian.fault import shown
from numerian.load import syntax

DEPTH_LIMIT = 8
ENTRIES_LIMIT = 5000
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER: type[yaml.Loader] = getattr(yaml, "CLoader", yaml.Loader)  # only its parser is used, never its constructor


@dataclass(slots=True)
class Scalar:
    """A value: the text that was written, or None where nothing was."""

    line: int
    column: int
    text: str | None


@dataclass(slots=True)
class Sequence:
    """A list."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values, each key with its own place."""

    line: int
    column: int
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


class _Stop(Exception):  # noqa: N818 (never leaves this module)
    """The rest of the file can't be read; the problem is noted."""


def read_tree(path: Path, text: str, problems: list[Problem]) -> Mapping | None:
    """Return the tree of a file that holds one mapping, or None after adding what is wrong to `problems`."""
    builder = _Builder(path, problems)
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except _Stop:
        return None
    except yaml.YAMLError:
        problems.append(syntax.explain(path, text))
        return None
    if isinstance(root, Mapping):
        return root
    if root is None or (isinstance(root, Scalar) and root.text is None):
        problems.append(Problem(path, 1, 1, "this file is empty", "write its keys, or remove the file"))
    else:
        what = "a list" if isinstance(root, Sequence) else "a text"
        problems.append(Problem(path, root.line, root.column, f"this file is {what}", "write keys: name, colon, value"))
    return None


def place(root: Node, steps: tuple[str | int, ...]) -> tuple[int, int]:
    """Return line and column of the value that `steps` lead to, or of the nearest thing above it that is there.

    A step that isn't there leads to the key of the group where it is missing.
    """
    node, spot = root, (root.line, root.column)
    for step in steps:
        if isinstance(node, Mapping) and isinstance(step, str) and step in node.entries:
            key, node = node.keys[step], node.entries[step]
            given = node.line == key.line and not (isinstance(node, Scalar) and node.text is None)
            below = isinstance(node, Scalar) and node.text is not None
            spot = (node.line, node.column) if given or below else (key.line, key.column)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            spot = (node.line, node.column)
        else:
            break
    return spot


def plain(node: Node) -> object:
    """Return the tree as dictionaries, lists, texts and None."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key: plain(value) for key, value in node.entries.items()}


def _start(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


class _Builder:
    """Reads the events of one file."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self._path = path
        self._problems = problems
        self._entries = 0

    def document(self, events: Iterator[yaml.Event]) -> Node | None:
        """Return the tree of the only document, or None when there is none."""
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(event, "a second document begins here (---)", "write one file for each")
                root = self._node(next(events), events, 0)
        return root

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        self._refuse(event, depth)
        line, column = _start(event)
        if isinstance(event, yaml.ScalarEvent):
            written = unicodedata.normalize("NFC", event.value)
            nothing = not event.style and written in _NOTHING
            scalar = Scalar(line, column, None if nothing else written)
            if "${" in written:
                # What a server's files ask their secrets by: from a value, it would put one into a page.
                self._problem(scalar, "${ isn't taken: no value asks for another, or for a secret", "write it out")
            return scalar
        if isinstance(event, yaml.SequenceStartEvent):
            sequence = Sequence(line, column)
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                sequence.items.append(self._node(event, events, depth + 1))
            return sequence
        mapping = Mapping(line, column)
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            self._entry(mapping, event, events, depth)
        return mapping

    def _entry(self, mapping: Mapping, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> None:
        key = self._node(event, events, depth + 1)
        value = self._node(next(events), events, depth + 1)
        if not isinstance(key, Scalar):
            right = "put the text between quotes, or write a word before the colon"
            self._problem(key, "a list or a group stands where a key belongs", right)
            return
        name = key.text or ""
        if name == "<<":
            self._problem(key, "<< isn't taken: files stay readable line by line", "write the keys themselves")
        elif name in mapping.keys:
            first = mapping.keys[name]
            message = f"key {shown(name)} is there twice (first on line {first.line})"
            self._problem(key, message, "keep one of the two")
        else:
            mapping.keys[name] = key
            mapping.entries[name] = value

    def _refuse(self, event: yaml.Event, depth: int) -> None:
        """Stop at what an inventory never needs and an attack does."""
        self._entries += 1
        if isinstance(event, yaml.AliasEvent):
            self._stop(event, f"alias *{event.anchor} isn't taken: values stand where they are used", "write it out")
        if getattr(event, "anchor", None):
            anchor = shown(getattr(event, "anchor", ""))[1:-1]
            self._stop(
                event, f"anchor &{anchor} isn't taken", "remove it; put the value between quotes if it is a text"
            )
        if getattr(event, "tag", None):
            tag = shown(getattr(event, "tag", ""))
            self._stop(event, f"tag {tag} isn't taken", "remove it; put the value between quotes if it is a text")
        if depth > DEPTH_LIMIT:
            self._stop(event, f"this is more than {DEPTH_LIMIT} levels deep", "look for brackets that aren't closed")
        if self._entries > ENTRIES_LIMIT:
            self._stop(event, f"this file has more than {ENTRIES_LIMIT} values", "keep only what the inventory knows")

    def _problem(self, node: Node, message: str, remedy: str) -> None:
        self._problems.append(Problem(self._path, node.line, node.column, message, remedy))

    def _stop(self, event: yaml.Event, message: str, remedy: str) -> None:
        self._problems.append(Problem(self._path, *_start(event), message, remedy))
        raise _Stop
