"""What a step changes, as an operator reads it: file by file, with the changed lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from numerian.engine.events import SECRET, Log, Step
from numerian.engine.paths import MISSING, Segment, differences, parse, show, value_at

LONGEST_TEXT = 200_000
"""Characters; beyond it a line-by-line comparison takes longer than anybody reads."""
LONGEST_VALUE = 160
_FILE_SETS = ("files", "seeds")
_HIDDEN = frozenset({"__defaults", "__internal", "__inputs"})


@dataclass(frozen=True)
class Change:
    """One thing within a resource: a file (`label` is its path) or a property.

    `lines` are those of a unified diff: they begin with `+`, `-`, `@` or a blank.
    """

    label: str
    sign: str
    lines: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """One resource of the report."""

    op: str
    kind: str
    name: str
    host: str
    urn: str
    changes: tuple[Change, ...]
    failed: bool = False


def host_of(step: Step, providers: Mapping[str, Step]) -> str:
    """Return the inventory name of the host that a step is about, or "" when it is about none."""
    side = step.current
    if side is None:
        return ""
    if isinstance(host := side.inputs.get("host"), str) and not step.type.startswith("pulumi:providers:"):
        return host
    owner = step if step.type.startswith("pulumi:providers:") else providers.get(side.provider.rsplit("::", 1)[0])
    if owner is None or owner.current is None:
        return ""
    settings = owner.current.inputs
    context, address = settings.get("context"), settings.get("host")
    if isinstance(context, str) and context:
        return context
    return address.rsplit("@", 1)[-1].removeprefix("ssh://") if isinstance(address, str) else ""


def entries(log: Log, steps: list[Step]) -> list[Entry]:
    """Return the report's entries in order of host (those of none last), kind and name."""
    found = [
        Entry(
            op=step.op,
            kind=step.kind,
            name=step.name,
            host=host_of(step, log.providers),
            urn=step.urn,
            changes=tuple(changes_of(step)),
            failed=step.urn in log.failed,
        )
        for step in steps
        # Components and the stack itself have nothing of their own on a server.
        if step.current is not None and step.current.custom and not step.type.startswith("pulumi:providers:")
    ]
    return in_order(found)


def in_order(found: list[Entry]) -> list[Entry]:
    """Return entries by host (those of none last), kind and name."""
    return sorted(found, key=lambda entry: (entry.host == "", entry.host, entry.kind, entry.name))


def changes_of(step: Step) -> Iterator[Change]:
    """Yield what the step changes."""
    if step.op in ("create", "import") or step.old is None:
        yield from _made(step.new.inputs if step.new else {})
    elif step.op in ("delete", "gone") or step.new is None:
        for path in step.old.inputs.get("files", {}) if isinstance(step.old.inputs.get("files"), Mapping) else ():
            yield Change(str(path), "-")
    else:
        yield from _differing(step)


def _made(inputs: Mapping[str, Any]) -> Iterator[Change]:
    for name in ("files", "folders", "seeds"):
        things = inputs.get(name)
        if isinstance(things, Mapping):
            for path in things:
                yield Change(visible(str(path)), "+", note="" if name == "files" else name.removesuffix("s"))


def _differing(step: Step) -> Iterator[Change]:
    grouped: dict[tuple[Segment, ...], list[tuple[tuple[Segment, ...], Any, Any]]] = {}
    for segments, old, new in _pairs(step):
        if segments[0] in _HIDDEN:
            continue
        within = len(segments) > 2 and segments[0] in _FILE_SETS
        grouped.setdefault(segments[:2] if within else segments, []).append((segments, old, new))
    for place, parts in grouped.items():
        yield _change(place, parts)


def _pairs(step: Step) -> Iterator[tuple[tuple[Segment, ...], Any, Any]]:
    """Yield path, old and new value for what the provider names, or, where it names nothing, for what differs."""
    if step.old is None or step.new is None:
        return
    if not step.changes:
        if step.op == "drifted":
            yield from differences(step.old.outputs, step.new.outputs)
        else:
            yield from differences(step.old.inputs, step.new.inputs)
        return
    for path, change in step.changes.items():
        segments = parse(path)
        sides = (step.old.inputs, step.old.outputs) if change.from_inputs else (step.old.outputs, step.old.inputs)
        old = value_at(sides[0], segments)
        if old is MISSING and not change.kind.startswith("add"):
            old = value_at(sides[1], segments)
        # What a refresh found stands in the outputs; the inputs are the program's still.
        news = step.new.outputs if step.op == "drifted" else step.new.inputs
        new = MISSING if change.kind.startswith("delete") else value_at(news, segments)
        if step.kind == "Guard":  # what it keeps of a member is JSON
            old, new = (json.loads(side) if isinstance(side, str) else side for side in (old, new))
        if isinstance(old, Mapping) and isinstance(new, Mapping) and segments[0] not in _FILE_SETS:
            yield from differences(old, new, segments)
        else:
            yield segments, old, new


def _change(place: tuple[Segment, ...], parts: list[tuple[tuple[Segment, ...], Any, Any]]) -> Change:
    in_files = len(place) == 2 and place[0] in _FILE_SETS
    label = visible(str(place[1]) if in_files else show(place))
    lines: list[str] = []
    notes: list[str] = []
    sign = "~"
    for segments, old, new in parts:
        if segments == place:
            sign = "+" if old is MISSING else "-" if new is MISSING else "~"
            old, new = (_content(old), _content(new)) if in_files else (old, new)
            if in_files and new is MISSING:
                continue
        field = "" if segments == place or segments[-1] == "content" else str(segments[-1])
        text, note = compare(old, new)
        lines += text
        notes += [f"{field} {note}".strip()] if note else []
    return Change(label, sign, tuple(lines), ", ".join(notes))


def _content(value: Any) -> Any:
    """Return a file's text from its whole entry."""
    return value.get("content", MISSING) if isinstance(value, Mapping) else value


def compare(old: Any, new: Any) -> tuple[list[str], str]:
    """Return the changed lines of two texts, or a note `old → new` for short values."""
    if SECRET in (old, new) or (old is MISSING and new is MISSING):
        return [], SECRET
    texts = [side for side in (old, new) if isinstance(side, str)]
    if texts and all("\n" in text or len(text) > LONGEST_VALUE for text in texts) and _are_texts(old, new):
        return _unified("" if old is MISSING else old, "" if new is MISSING else new), ""
    return [], f"{_short(old)} → {_short(new)}"


def _are_texts(*sides: Any) -> bool:
    return all(side is MISSING or isinstance(side, str) for side in sides)


def _unified(old: str, new: str) -> list[str]:
    if len(old) + len(new) > LONGEST_TEXT:
        return [f"@@ {len(old)} characters before, {len(new)} after: too long to compare here @@"]
    from difflib import unified_diff

    lines = list(unified_diff(old.splitlines(), new.splitlines(), n=2, lineterm=""))[2:]
    if not lines:
        return ["@@ only line ends differ @@"]
    return [visible(line) for line in lines]


def _short(value: Any) -> str:
    if value is MISSING:
        return "(none)"
    text = visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))
    text = text if text else '""'
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def visible(text: str) -> str:
    r"""Return the text with what a terminal would obey, or hide, made visible.

    >>> visible("a\x1b[31mb\u202e")
    'a\\x1b[31mb\\u202e'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\t" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    # Spaces of French typography count as unprintable; they harm nobody.
    return char if char in "\u00a0\u202f\u2009" else char.encode("unicode_escape").decode()
