"""From an engine's preview to a review: who is meant by each step, and what is said of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from numerian.engine import changes, report
from numerian.engine.changes import Entry, visible
from numerian.engine.events import Log, Step, kept_members
from numerian.review import member, refusal, server
from numerian.review.lines import folded
from numerian.review.model import Counts, Review, Section, Severity, of_value, value
from numerian.wording import day, some, typographic

Members = Mapping[str, Mapping[str, Any]]
_COUNTED = {
    "create": "items_created",
    "import": "items_created",
    "update": "items_changed",
    "replace": "items_replaced",
    "delete": "items_deleted",
}
_LEFT = "left."
"""What a host's old place is called in the changed paths of a member's files, after a move."""
_MANY_LABELS = 12
_KEYS = re.compile(r"^keys/(?P<login>.+)-(?P<code>[0-9a-z]+)$")
_PASSWORD = re.compile(r"^(?P<login>.+)-(?P<code>[0-9a-z]+)-password$")


def build(log: Log, errors: Iterable[str], *, stack: str, consulted: bool, selection: str = "") -> Review:
    """Return the review of what a preview's log tells; `errors` are what failed, each as a text."""
    maker = _Maker(log)
    maker.members()
    maker.allowed()
    maker.steps()
    maker.drift()
    maker.rest()
    return Review(
        stack=stack,
        consulted=consulted,
        selection=selection,
        counts=maker.counts(),
        sections=maker.ordered(),
        lines=folded((maker.section_of(entry).title, entry) for _, entry in maker.pairs if entry.kind != "Guard"),
        warnings=tuple(report.warnings(log)),
        errors=tuple(map(refusal.told, errors)),
    )


class _Maker:
    """Gathers sections; `before` and `after` are what the guard kept and would keep of the members."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._sections: dict[tuple[str, str], Section] = {}
        guard = log.guard
        old, new = (side.inputs if side else {} for side in ((guard.old, guard.new) if guard else (None, None)))
        self.before: Members = kept_members(old)
        self.after: Members = kept_members(new)
        self.names = {
            code: typographic(str((self.after.get(code) or self.before[code]).get("name") or code))
            for code in {**self.before, **self.after}
        }
        self._left_out = frozenset(new.get("leftOut") or ())
        self._allow: list[Mapping[str, Any]] = list(new.get("allow") or ())
        self._twice = {name for name, times in Counter(self.names.values()).items() if times > 1}
        by_urn = {entry.urn: entry for entry in changes.entries(log, log.changed)}
        steps = {step.urn: step for step in log.changed}
        self.pairs = [(steps[urn], entry) for urn, entry in by_urn.items()]
        self._servers = {entry.host for entry in by_urn.values() if entry.host}
        self._new_servers = {entry.host for _, entry in self.pairs if (entry.kind, entry.op) == ("Host", "create")}

    def section_of(self, entry: Entry) -> Section:
        """Return the section of whom an entry belongs to: a member, a server, or nobody."""
        code = entry.name.partition("-")[0]
        if code in self.names:
            return self._member(code)
        if (found := _PASSWORD.match(entry.name)) and found["code"].upper() in self.names:
            return self._member(found["code"].upper())
        name = entry.host or next((name for name in self._servers if entry.name.startswith(f"{name}-")), "")
        return self._section("server", name, f"Serveur {name}") if name else self._section("other", "", "Divers")

    def _member(self, code: str) -> Section:
        name = self.names[code]
        return self._section("member", code, f"{name} ({code})" if name in self._twice else name)

    def _section(self, scope: str, key: str, title: str) -> Section:
        return self._sections.setdefault((scope, key), Section(key, scope, visible(title)))

    def members(self) -> None:
        """Tell what the members' own files change."""
        for code in sorted(self.names):
            before, after = self.before.get(code), self.after.get(code)
            if before != after:
                left_out = code in self._left_out
                member.describe(self._member(code), before, after, self.names, left_out=left_out)

    def allowed(self) -> None:
        """Tell of each rule that the inventory lets be broken, for as long as it does."""
        for entry in self._allow:
            rule = str(entry.get("rule", ""))
            name = f"« {refusal.RULES[rule]} »" if rule in refusal.RULES else value(rule)
            words = f"{name} ne retient pas {value(entry.get('what', ''))} jusqu’au {day(entry.get('until'))}"
            section = self._section("other", "allow", "Inventaire")
            section.add("allow", words, Severity.ALLOWS, f"motif donné : {value(entry.get('why', ''))}")

    def steps(self) -> None:
        """Tell what the engine would do."""
        for step, entry in self.pairs:
            if entry.kind == "Guard":
                continue
            section = self.section_of(entry)
            self._logins(step, entry)
            if self._only_drifted(step):
                continue
            if section.scope == "member":
                self._of_member(section, step, entry)
            elif section.scope == "server":
                server.describe(section, step, entry)

    def _only_drifted(self, step: Step) -> bool:
        """Tell whether a thing is only put back as it was declared all along, before the refresh."""
        found = self._log.drifted.get(step.urn)
        if found is None or found.old is None or step.new is None:
            return False
        return found.old.inputs == step.new.inputs

    def _of_member(self, section: Section, step: Step, entry: Entry) -> None:
        known = bool(section.items)
        if entry.kind == "Container":
            self._php(section, entry)
        elif entry.kind == "Files":
            if entry.op == "delete" and not any(item.severity is Severity.DELETES for item in section.items):
                section.add(
                    "site",
                    "le site est retiré du serveur",
                    Severity.DELETES,
                    "il n’est plus servi ; le dossier de ses fichiers va aux archives du serveur",
                )
            elif retired := [one.label.removeprefix(_LEFT) for one in entry.changes if one.label.startswith(_LEFT)]:
                where = some([value(host) for host in retired], _MANY_LABELS)
                words = f"le déménagement est fini : l’ancien dossier va aux archives du serveur {where}"
                section.add("place", f"{words}, rien n’est effacé")
            elif entry.op == "update" and not known:
                section.add("site", "réglages du site mis à jour")
        if entry.kind == "Files" and (host := self._reloads(step, entry)):
            section.add("site", f"le frontal {of_value(host)} recharge (sans interruption)")

    def _reloads(self, step: Step, entry: Entry) -> str:
        side = step.current
        relative = any(not change.label.startswith("/") for change in entry.changes)
        if side is None or not relative or side.inputs.get("service") != "front":
            return ""
        return "" if entry.host in self._new_servers else entry.host

    def _php(self, section: Section, entry: Entry) -> None:
        if entry.op == "replace":
            section.add(
                "php",
                "le programme PHP redémarre : une page d’attente pendant quelques secondes",
                Severity.INTERRUPTS,
                server.reason_of(entry),
            )
        elif entry.op == "create":
            section.add("php", "le programme PHP du site démarre")
        elif entry.op == "update":
            section.add("php", "nouvelles limites du programme PHP, sans interruption")

    def _logins(self, step: Step, entry: Entry) -> None:
        """Tell members of their webmasters' keys and passwords, which stand in things of the server."""
        found = _PASSWORD.match(entry.name)
        if found and found["code"].upper() in self.names and entry.op in ("update", "replace"):
            words = f"nouveau mot de passe pour {value(found['login'])} ; l’ancien n’ouvre plus rien"
            self._member(found["code"].upper()).add("webmasters", words)
        if not entry.name.endswith("-uploads") or entry.op != "update":
            return
        for change in entry.changes:
            if (found := _KEYS.match(change.label)) and change.sign == "~" and found["code"].upper() in self.names:
                words = f"clés de connexion changées pour {value(found['login'])}"
                self._member(found["code"].upper()).add("webmasters", words)

    def drift(self) -> None:
        """Tell what was found otherwise on the servers than it was left there."""
        for entry in changes.entries(self._log, list(self._log.drifted.values())):
            if entry.op == "gone":
                words = f"n’est plus sur le serveur : {value(entry.name)}"
            else:
                where = some([value(change.label) for change in entry.changes], _MANY_LABELS) or value(entry.name)
                words = f"modifié à la main sur le serveur : {where}"
            self.section_of(entry).add("drift", f"{words} ; sera remis comme dans l’inventaire")

    def rest(self) -> None:
        """Name what nothing was said of, where nothing else is said of whom it belongs to."""
        for _, entry in self.pairs:
            section = self.section_of(entry)
            if not section.items and entry.kind != "Guard":
                section.add("settings", _anything(entry))

    def counts(self) -> Counts:
        """Count."""
        items = Counter(_COUNTED[entry.op] for _, entry in self.pairs if entry.op in _COUNTED)
        new, gone = self.after.keys() - self.before.keys(), self.before.keys() - self.after.keys()
        leaving = {
            code
            for code in self.after.keys() & self.before.keys()
            if self.after[code].get("status") == "leaving" != self.before[code].get("status")
        }
        touched = {section.key for section in self._sections.values() if section.scope == "member" and section.items}
        return Counts(
            members_new=len(new),
            members_gone=len(gone),
            members_leaving=len(leaving),
            members_changed=len(touched - new - gone - leaving),
            items_unchanged=self._log.same,
            **items,
        )

    def ordered(self) -> tuple[Section, ...]:
        """Return members by name, then servers, then the rest; those of whom nothing is said are left out."""
        order = ("member", "server", "other")
        found = [section for section in self._sections.values() if section.items]
        return tuple(sorted(found, key=lambda section: (order.index(section.scope), section.title, section.key)))


_DONE = {
    "create": "créé",
    "import": "repris",
    "update": "mis à jour",
    "replace": "remplacé",
    "delete": "retiré",
}


def _anything(entry: Entry) -> str:
    """Return what is said of a thing that nobody has better words for."""
    return f"{value(entry.name)} est {_DONE.get(entry.op, 'changé')}"
