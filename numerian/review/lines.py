"""The changed lines, folded: what differs in nothing but whose it is stands once."""

from __future__ import annotations

from collections.abc import Iterable

from numerian.engine.changes import Change, Entry
from numerian.review.model import Lines

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes for a text that only the apply will know (`plugin.UnknownStringValue`)."""
LATER = "(connu à l’application)"
_NOUNS = {"Container": "conteneur", "RemoteImage": "image", "Host": "machine", "Password": "mot de passe"}


def folded(entries: Iterable[tuple[str, Entry]]) -> tuple[Lines, ...]:
    """Return the lines of entries, each with its section's title; in their order."""
    groups: dict[object, tuple[Change, str, list[str]]] = {}
    for title, entry in entries:
        for change in entry.changes:
            label = _label(entry, change)
            changed = tuple(line for line in change.lines if line[:1] in "+-")
            key = (change.sign, change.note, changed, None if changed or change.sign != "~" else label)
            groups.setdefault(key, (change, label, []))[2].append(f"{title} : {label}")
    return tuple(
        Lines(change.sign, label, _known(change.note), tuple(map(_known, change.lines)), tuple(places))
        for change, label, places in groups.values()
    )


def _label(entry: Entry, change: Change) -> str:
    if entry.kind == "Files":
        return change.label
    return f"{_NOUNS.get(entry.kind, 'réglage')} {entry.name}, {change.label}"


def _known(text: str) -> str:
    return text.replace(UNKNOWN, LATER)
