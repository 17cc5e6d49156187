"""The changed lines of files, folded: what differs in nothing but whose it is stands once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from numerian.engine.changes import Change, Entry
from numerian.review.model import Lines
from numerian.wording import some

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What Pulumi writes for a text that only the apply will know (`plugin.UnknownStringValue`)."""
LATER = "(connu à l’application)"
_PACKAGES = "build.buildArgs.PACKAGES"
_BOOKKEEPING = ("-front-roll", "-images")
"""Files in which a server keeps for itself which image it runs: the image's own words tell it."""
_OTHER = re.compile(r"(secrets |(host|service|run|adopt)\b)(?!.*/)")
"""What a set of files has beside files."""
_MOST_LABELS = 8
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
        return [("liste des paquets", change) for change in entry.changes if change.label == _PACKAGES]
    if entry.kind != "Files" or entry.name.endswith(_BOOKKEEPING):
        return []
    return [_file(change) for change in entry.changes if not _OTHER.match(change.label)]


def _file(change: Change) -> tuple[str, Change]:
    """Return a file's or a folder's path with what is told of it: a folder's rights are one word of many too many."""
    path = change.label.removeprefix("folders ")
    note = "folder" if path != change.label else change.note
    return path, replace(change, note=note)


def _place(place: tuple[str, list[str]]) -> str:
    title, labels = place
    return f"{title} : {some(labels, _MOST_LABELS)}"


def _note(note: str) -> str:
    return _known(_NOTES.get(note, note))


def _known(text: str) -> str:
    return text.replace(UNKNOWN, LATER)
