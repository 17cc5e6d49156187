"""What a run did, or would do, as text: by host, resource and file, then the counts, then what failed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from numerian.engine.changes import Change, Entry
from numerian.engine.events import Log, Message
from numerian.engine.faults import Fault, readable

Style = Callable[[str, str], str]
SIGNS = {"create": "+", "delete": "-", "update": "~", "replace": "±", "import": "=", "drifted": "≠", "gone": "∅"}
_COLOURS = {"+": "green", "-": "red", "~": "yellow", "±": "yellow", "=": "cyan", "@": "dim", "≠": "yellow", "∅": "red"}
_DONE = {"create": "created", "update": "changed", "replace": "replaced", "delete": "deleted", "import": "imported"}
_FOUND = {"drifted": "found changed on the server", "gone": "found gone from the server"}
_FEW = 3


def plain_style(text: str, name: str) -> str:
    """Return the text as it is."""
    return text


def changes(entries: list[Entry], style: Style = plain_style) -> Iterator[str]:
    """Yield the lines that tell what changes, host by host."""
    for host, of_host in groupby(entries, key=lambda entry: entry.host):
        yield style(host or "on no server", "bold")
        for first, *others in _alike(list(of_host)):
            yield from _entry(first, style)
            if others:
                names = ", ".join(entry.name for entry in others)
                yield style(f"      the same lines in {len(others)} more: {names}", "dim")


def _alike(entries: list[Entry]) -> Iterator[list[Entry]]:
    """Group what differs in nothing but names: one changed template must not be told 438 times."""
    groups: dict[object, list[Entry]] = {}
    for entry in entries:
        lines = tuple(line for change in entry.changes for line in change.lines if line[:1] in "+-")
        key: object = (entry.op, entry.kind, entry.failed, lines, _notes(entry)) if lines else entry.urn
        groups.setdefault(key, []).append(entry)
    for group in groups.values():
        if len(group) > _FEW:
            yield group
        else:
            yield from ([entry] for entry in group)


def _notes(entry: Entry) -> tuple[str, ...]:
    return tuple(change.note for change in entry.changes)


def _entry(entry: Entry, style: Style) -> Iterator[str]:
    sign = SIGNS.get(entry.op, "~")
    failed = style(" FAILED", "red") if entry.failed else ""
    if entry.op == "create":
        yield f"  {style(sign, _COLOURS[sign])} {entry.kind} {entry.name}{_summary(entry)}{failed}"
        return
    yield f"  {style(sign, _COLOURS[sign])} {entry.kind} {entry.name}{failed}"
    for change in entry.changes:
        yield from _change(change, style)


def _summary(entry: Entry) -> str:
    """Return how much a new set of files holds; its content is in the repository for all to read."""
    kinds = [change.note or "file" for change in entry.changes]
    parts = [f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}" for kind in dict.fromkeys(kinds)]
    return f" ({', '.join(parts)})" if parts else ""


def _change(change: Change, style: Style) -> Iterator[str]:
    note = f": {change.note}" if change.note else ""
    yield f"      {style(change.sign, _COLOURS[change.sign])} {change.label}{note}"
    for line in change.lines:
        yield "          " + style(line, _COLOURS.get(line[:1], ""))


def counts(entries: list[Entry], log: Log, *, planned: bool) -> str:
    """Return the one line of counts.

    >>> counts([], Log(same=12), planned=False)
    'nothing to change, 12 unchanged'
    """
    parts = []
    for op, word in _DONE.items():
        number = sum(1 for entry in entries if entry.op == op and not entry.failed)
        if number:
            parts.append(f"{number} to be {word}" if planned else f"{number} {word}")
    for op, words in _FOUND.items():
        if number := sum(1 for entry in entries if entry.op == op):
            parts.append(f"{number} {words}")
    failed = sum(1 for entry in entries if entry.failed)
    if failed:
        parts.append(f"{failed} failed")
    parts.append(f"{log.same} unchanged")
    return ", ".join(parts if len(parts) > 1 else ["nothing to change", *parts])


def warnings(log: Log) -> list[str]:
    """Return what the program and the providers warn of, each once."""
    found: list[Message] = [message for message in log.messages if message.severity == "warning"]
    return list(dict.fromkeys(_interrupted(readable(message.text)) for message in found))


def _interrupted(warning: str) -> str:
    """Return the engine's page about a run that was cut as one line; what it advises isn't needed here."""
    if "pending operations from previous deployment" not in warning:
        return warning
    what = [
        f"{verb} {urn.rsplit('::', 1)[-1]}"
        for urn, verb in re.findall(r"\* (urn:\S+), interrupted while (\w+)", warning)
    ]
    return f"the run before was cut while {', '.join(what)}; the next `numerian up` finds out what became of it"


def errors(found: list[Fault], style: Style = plain_style) -> Iterator[str]:
    """Yield the lines of what failed: host first, the remedy as the error says it."""
    yield style(f"{len(found)} error{'s' if len(found) > 1 else ''}:", "red")
    for fault in found:
        first, *rest = str(fault).splitlines()
        yield f"  {first}"
        yield from (f"      {line}" for line in rest)


def as_json(entries: list[Entry], log: Log, found: list[Fault], **more: Any) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        **more,
        "changes": [
            {
                "op": entry.op,
                "type": entry.kind,
                "name": entry.name,
                "host": entry.host or None,
                "urn": entry.urn,
                "failed": entry.failed,
                "changes": [
                    {"path": change.label, "sign": change.sign, "diff": list(change.lines), "note": change.note}
                    for change in entry.changes
                ],
            }
            for entry in entries
        ],
        "unchanged": log.same,
        "warnings": warnings(log),
        "errors": [{"host": f.host or None, "resources": list(f.names), "message": f.text} for f in found],
    }


def progress(log: Log, verb: str) -> str:
    """Return how far a run is, for a line that is overwritten."""
    seen = f"{log.same} unchanged" if log.same else ""
    work = f"{log.worked}/{log.work} done" if log.work else ""
    last = re.sub(r"\s+", " ", log.last)[:60]
    return " · ".join(part for part in (verb, work, seen, last) if part)
