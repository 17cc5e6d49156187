"""The changed lines of files, folded: what differs in nothing but whose it is stands once."""

from __future__ import annotations

from collections.abc import Iterable

from numerian.engine.changes import Change, Entry
from numerian.review.model import Lines

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes for a text that only the apply will know (`plugin.UnknownStringValue`)."""
LATER = "(connu à l’application)"
_PACKAGES = "build.buildArgs.PACKAGES"
_BOOKKEEPING = ("-front-roll", "-images")
"""Files in which a server keeps for itself which image it runs: the image's own words tell it."""
_NOTES = {"folder": "dossier", "seed": "première page"}


def folded(entries: Iterable[tuple[str, Entry]]) -> tuple[Lines, ...]:
    """Return the lines of entries, each with its section's title; in their order."""
    groups: dict[object, tuple[Change, dict[str, list[str]]]] = {}
    for title, entry in entries:
        for label, change in _told(entry):
            changed = tuple(line for line in change.lines if line[:1] in "+-")
            places = groups.setdefault((change.sign, change.note, changed), (change, {}))[1]
            places.setdefault(title, []).append(label)
    return tuple(
        Lines(change.sign, _note(change.note), tuple(map(_known, change.lines)), tuple(map(_place, places.items())))
        for change, places in groups.values()
    )


def _told(entry: Entry) -> Iterable[tuple[str, Change]]:
    if entry.kind == "RemoteImage":
        return [(f"paquets de {entry.name}", change) for change in entry.changes if change.label == _PACKAGES]
    if entry.kind != "Files" or entry.name.endswith(_BOOKKEEPING):
        return []
    return [(change.label, change) for change in entry.changes]


def _place(place: tuple[str, list[str]]) -> str:
    title, labels = place
    return f"{title} : {', '.join(labels)}"


def _note(note: str) -> str:
    return _known(_NOTES.get(note, note))


def _known(text: str) -> str:
    return text.replace(UNKNOWN, LATER)
