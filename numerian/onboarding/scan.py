"""Where comments, values and blocks stand in a YAML text: what a formatter must know and a parser throws away."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SIGN = re.compile(r"(?:^|(?<=\s))#")
_BLOCKS = ("|", ">")


@dataclass(frozen=True)
class Comment:
    """A comment, from its sign on; `alone`: nothing stands before it on its line. Lines and columns count from 0."""

    line: int
    column: int
    text: str
    alone: bool


@dataclass
class Scan:
    """What stands where in one text."""

    comments: list[Comment] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    """Lines within a value of several lines."""
    french: list[tuple[int, int]] = field(default_factory=list)
    """The ends of keys that are the only one of a list's item: to a person, lines of text with a colon."""
    columns: list[int] = field(default_factory=list)
    """Where each line that holds something begins, in their order."""
    _numbers: list[int] = field(default_factory=list)

    def neighbour(self, comment: Comment) -> int | None:
        """Return which line (its place in `columns`) a comment that stands alone is level with, None for the margin.

        It is the line below, or one of the groups above that end there: whichever begins nearest to it.
        """
        below = bisect(self._numbers, comment.line)
        margin = self.columns[below] if below < len(self.columns) else 0
        choices: list[int] = []
        for above in range(below - 1, -1, -1):
            column = self.columns[above]
            if column < margin:
                break
            if not choices or column <= self.columns[choices[0]]:
                choices.insert(0, above)
        found: list[int | None] = [below if below < len(self.columns) else None, *choices]
        return min(found, key=lambda one: abs(comment.column - (0 if one is None else self.columns[one])))

    def add_line(self, number: int, line: str, start: int) -> None:
        """Take up one line; a comment on it begins at `start` or later."""
        found = _SIGN.search(line, start)
        before = line[: found.start()] if found else line
        if before.strip():
            self._numbers.append(number)
            self.columns.append(len(before) - len(before.lstrip()))
        if found:
            self.comments.append(Comment(number, found.start(), line[found.start() :].rstrip(), not before.strip()))


def scan(text: str) -> Scan:
    """Return what stands where in a text that is sound YAML."""
    found = Scan()
    root = yaml.compose(text, Loader=_LOADER)
    ends: dict[int, int] = {}
    for node in _scalars(root) if root is not None else ():
        start, end = node.start_mark, node.end_mark
        if node.style in _BLOCKS:
            found.inside.update(range(start.line + 1, _block_end(text, start.line)))
        else:
            found.inside.update(range(start.line + 1, end.line + 1))
            ends[end.line] = max(ends.get(end.line, 0), end.column)
    for number, line in enumerate(text.split("\n")):
        if number not in found.inside or number in ends:
            found.add_line(number, line, ends.get(number, 0))
    found.french = [(key.end_mark.line, key.end_mark.column) for key in _french(root)]
    return found


def _block_end(text: str, first: int) -> int:
    """Return the line after a block of text (`|`): its blank lines at the end aren't part of it."""
    lines = text.split("\n")
    margin = _margin(lines[first])
    block = list(takewhile(lambda line: not line.strip() or _margin(line) > margin, lines[first + 1 :]))
    while block and not block[-1].strip():
        block.pop()
    return first + 1 + len(block)


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)


def _french(node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            yield from _french(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if isinstance(item, yaml.MappingNode) and len(item.value) == 1:
                yield item.value[0][0]
            yield from _french(item)
