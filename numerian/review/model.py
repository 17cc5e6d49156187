"""What is told of a change: sections by member and server, each a list of items; counts; changed lines, folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from numerian.engine.changes import visible
from numerian.wording import of

_BEGIN, _END = "\x02", "\x03"
_VALUE = re.compile(f"{_BEGIN}([^{_BEGIN}{_END}]*){_END}")
LONGEST_VALUE = 200


class Severity(IntEnum):
    """How dangerous an item is; the most dangerous first."""

    DELETES = 0
    INTERRUPTS = 1
    MOVES = 2
    WEAKENS = 3
    ALLOWS = 4
    INFO = 5

    @property
    def is_alert(self) -> bool:
        """Tell whether it stands before everything else, in red."""
        return self is not Severity.INFO


HEADINGS = {
    Severity.DELETES: "supprime",
    Severity.INTERRUPTS: "interrompt",
    Severity.MOVES: "déplace des données",
    Severity.WEAKENS: "touche à la sécurité",
    Severity.ALLOWS: "lève un garde-fou",
}


def value(text: object) -> str:
    """Return a value of the inventory, marked as one within an item's text: each form shows it harmlessly.

    >>> plain(f"adresse {value('a.test')}")
    'adresse a.test'
    """
    shown = visible(str(text))
    return f"{_BEGIN}{shown if len(shown) <= LONGEST_VALUE else shown[: LONGEST_VALUE - 1] + '…'}{_END}"


def of_value(name: str) -> str:
    """Return a value after `de`.

    >>> plain(of_value("alixan"))
    'd’alixan'
    """
    return of(name).removesuffix(name) + value(name)


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Yield an item's text piece by piece, and whether each is a value.

    >>> list(pieces(f"adresse {value('a.test')}"))
    [(False, 'adresse '), (True, 'a.test')]
    """
    for position, piece in enumerate(_VALUE.split(text)):
        if piece:
            yield position % 2 == 1, piece


def plain(text: str) -> str:
    """Return an item's text without marks."""
    return _VALUE.sub(r"\1", text)


@dataclass(frozen=True)
class Item:
    """One thing that changes: `kind` is what of the member it is about (a key of `SUBJECTS`)."""

    kind: str
    severity: Severity
    text: str
    reason: str = ""


SUBJECTS = {
    "member": "commune",
    "life": "adhésion",
    "place": "emplacement",
    "plan": "formule",
    "site": "site",
    "php": "PHP",
    "server": "serveur",
    "accounts": "comptes",
    "access": "accès",
    "image": "image",
    "front": "frontal",
    "webmasters": "webmestres",
    "conformity": "conformité",
    "settings": "réglages",
    "drift": "écart",
    "allow": "garde-fou",
}


@dataclass
class Section:
    """What changes for one member or on one server: `key` is its code or its name, `title` how people call it."""

    key: str
    scope: str
    """`member`, `server` or `other`."""
    title: str
    items: list[Item] = field(default_factory=list)

    def add(self, kind: str, text: str, severity: Severity = Severity.INFO, reason: str = "") -> None:
        """Add an item, once."""
        item = Item(kind, severity, text, reason)
        if item not in self.items:
            self.items.append(item)

    def subjects(self) -> Iterator[tuple[str, list[Item]]]:
        """Yield subjects in order, each with its items, the most dangerous first."""
        for kind in SUBJECTS:
            if mine := [item for item in self.items if item.kind == kind]:
                yield SUBJECTS[kind], sorted(mine, key=lambda item: item.severity)


@dataclass(frozen=True)
class Lines:
    """Changed lines that are the same in one or many files: told once."""

    sign: str
    """`+` a new file, `-` one that goes, `~` a changed one."""
    note: str
    lines: tuple[str, ...]
    places: tuple[str, ...]
    """Whose files they are: `Privas : sites/07186.conf`."""


@dataclass(frozen=True)
class Counts:
    """Exact numbers: of members, and of things that the engine keeps (`items`)."""

    members_new: int = 0
    members_changed: int = 0
    members_leaving: int = 0
    members_gone: int = 0
    items_created: int = 0
    items_changed: int = 0
    items_replaced: int = 0
    items_deleted: int = 0
    items_unchanged: int = 0

    @property
    def items_touched(self) -> int:
        """How many things don't stay as they are."""
        return self.items_created + self.items_changed + self.items_replaced + self.items_deleted


@dataclass(frozen=True)
class Review:
    """All of it. `consulted`: the servers were asked, too; otherwise the state speaks for them."""

    stack: str
    consulted: bool
    counts: Counts
    sections: tuple[Section, ...] = ()
    lines: tuple[Lines, ...] = ()
    selection: str = ""
    """Which members the stack has, when not all of the inventory's."""
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def alerts(self) -> list[tuple[Item, tuple[str, ...]]]:
        """What deletes, interrupts, moves or weakens, the worst first; the same in many members once, with titles."""
        found: dict[Item, list[str]] = {}
        for section in self.sections:
            for item in section.items:
                if item.severity.is_alert:
                    found.setdefault(item, []).append(section.title)
        return sorted(((item, tuple(titles)) for item, titles in found.items()), key=lambda pair: pair[0].severity)

    @property
    def groups(self) -> list[list[Section]]:
        """Sections, those that tell the very same put together: one template's change must not be told 438 times."""
        found: dict[object, list[Section]] = {}
        for section in self.sections:
            found.setdefault((section.scope, tuple(section.items)), []).append(section)
        return list(found.values())
