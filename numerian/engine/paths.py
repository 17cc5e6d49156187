"""Pulumi's property paths, and the values at their ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Segment = str | int
MISSING = object()
"""There is nothing at the path's end."""

_SEGMENT = re.compile(r'\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]')


def parse(path: str) -> tuple[Segment, ...]:
    r"""Return the segments of a property path.

    >>> parse('files["sites/a.conf"].content')
    ('files', 'sites/a.conf', 'content')
    >>> parse("ports[0].external")
    ('ports', 0, 'external')
    >>> parse('files["say \\"hi\\".txt"]')
    ('files', 'say "hi".txt')
    """
    segments: list[Segment] = []
    at = 0
    while at < len(path):
        found = _SEGMENT.match(path, at)
        if found is None:
            return (path,)
        word, index, quoted = found.groups()
        if index is not None:
            segments.append(int(index))
        else:
            segments.append(word if word is not None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
    return tuple(segments)


def show(segments: tuple[Segment, ...]) -> str:
    """Return a path as a person reads it.

    >>> show(("ports", 0, "external"))
    'ports[0].external'
    >>> show(("folders", "/srv/sites/07186"))
    'folders /srv/sites/07186'
    """
    text = ""
    for segment in segments:
        if isinstance(segment, int):
            text += f"[{segment}]"
        elif re.fullmatch(r"\w+", segment):
            text += f".{segment}" if text else segment
        else:
            text += f" {segment}" if text else segment
    return text


def value_at(value: Any, segments: tuple[Segment, ...]) -> Any:
    """Return what lies at the path's end, or MISSING."""
    for segment in segments:
        if isinstance(segment, int):
            if not isinstance(value, list) or segment >= len(value):
                return MISSING
            value = value[segment]
        else:
            if not isinstance(value, Mapping) or segment not in value:
                return MISSING
            value = value[segment]
    return value


def differences(old: Any, new: Any, at: tuple[Segment, ...] = ()) -> Iterator[tuple[tuple[Segment, ...], Any, Any]]:
    """Yield path, old and new value wherever two values differ, as deep as both are mappings.

    >>> list(differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2}))
    [(('a', 'b'), 1, 3)]
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key, MISSING), new.get(key, MISSING), (*at, key))
    elif old is not new and old != new:
        yield at, old, new
