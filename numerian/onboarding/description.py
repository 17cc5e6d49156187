"""A member in plain words, French or English: what it has, where, its addresses, its room, how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from numerian import wording
from numerian.errors import near
from numerian.kept import kept
from numerian.model import Inventory, Member, Site, Webmaster
from numerian.onboarding.language import Language, speaker
from numerian.rpnt import evaluate
from numerian.rpnt.criteria import State
from numerian.rpnt.verdict import Level, level

_KINDS = {
    "static": ("des fichiers", "files"),
    "php": ("des fichiers et des programmes PHP", "files and PHP programs"),
    "redirect": ("une redirection", "a redirect"),
}
_MEMBERS = {"commune": ("commune", "commune"), "epci": ("EPCI", "EPCI"), "departement": ("département",) * 2}
_LEVELS = {Level.FULL: "conforms", Level.ESSENTIAL: "essential met", Level.BELOW: "to mend", Level.UNKNOWN: "unknown"}


@dataclass(frozen=True)
class Part:
    """One thing that is told, in lines."""

    title: str
    lines: tuple[str, ...]


def describe(inventory: Inventory, member: Member, language: Language) -> list[Part]:
    """Return all that is to be said of a member, in order."""
    return list(_Teller(inventory, member, language).parts())


@dataclass(frozen=True)
class _Teller:
    inventory: Inventory
    member: Member
    language: Language

    def _say(self, french: str, english: str) -> str:
        return speaker(self.language)(french, english)

    def _number(self, value: int) -> str:
        return wording.number(value) if self.language == "fr" else f"{value:,}"

    def _megabytes(self, value: int) -> str:
        return wording.megabytes(value) if self.language == "fr" else f"{value:,} MB"

    def _day(self, value: object) -> str:
        return wording.day(str(value)) if self.language == "fr" else str(value)

    def parts(self) -> Iterator[Part]:
        """Yield what is to be said."""
        yield Part("", (self._who(),))
        if status := list(self._status()):
            yield Part(self._say("Statut", "Status"), tuple(status))
        yield Part(self._say("Serveur", "Server"), tuple(self._where()))
        yield Part(self._say("Formule", "Plan"), tuple(self._plan()))
        yield Part("Site", tuple(self._site()))
        if self.member.site and self.member.site.kind != "redirect":
            yield Part(self._say("Dépôt de fichiers", "Uploads"), tuple(self._uploads(self.member.site)))
        contact = self.member.contact or self._say("aucune adresse", "no address")
        yield Part("Contact", (contact,))
        yield Part(self._say("Conformité (RPNT)", "Conformity (RPNT)"), tuple(self._conformity()))
        yield Part(self._say("Fichier", "File"), (str(near(self.member.file)),))

    def _who(self) -> str:
        member = self.member
        kind = self._say(*_MEMBERS[member.kind])
        near = [member.departement_name] * (member.kind != "departement") + ([member.epci] if member.epci else [])
        people = self._say("habitants", "inhabitants")
        facts = ", ".join([kind, *near, f"{self._number(member.population)} {people}"])
        return f"{member.name} ({member.code}) — {facts}"

    def _status(self) -> Iterator[str]:
        member = self.member
        if member.leaving_on is not None:
            day = self._day(member.leaving_on)
            yield self._say(f"part : services arrêtés le {day}", f"leaving: its services stop on {day}")
        if member.merged is not None:
            now = self.inventory.by_code.get(member.merged.into)
            into = f"{now.name} ({now.code})" if now else member.merged.into
            day = self._day(member.merged.until)
            yield self._say(
                f"fait partie de {into}, ses adresses sont gardées jusqu’au {day}",
                f"part of {into}, its addresses are kept until {day}",
            )
        for old in member.absorbed:
            day = self._day(old.until)
            yield self._say(
                f"a repris {old.name} ({old.code}), dont les adresses sont gardées jusqu’au {day}",
                f"took over {old.name} ({old.code}), whose addresses are kept until {day}",
            )

    def _where(self) -> Iterator[str]:
        member = self.member
        where = self.inventory.datacenters[member.datacenter].label
        yield self._say(f"{member.server}, au datacenter {wording.of(where)}", f"{member.server}, at {where}")
        addresses = self.inventory.servers[member.server].public_addresses
        if addresses:
            told = ", ".join(addresses)
            yield self._say(f"adresses publiques : {told}", f"public addresses: {told}")

    def _plan(self) -> Iterator[str]:
        plan = self.member.plan
        room = self._megabytes(plan.quota_mb)
        yield self._say(
            f"{plan.label} : {room} pour les fichiers du site", f"{plan.label}: {room} for the site's files"
        )
        if self.member.site and self.member.site.kind == "php":
            memory = self._megabytes(plan.php.memory_mb)
            yield self._say(
                f"PHP : {memory} de mémoire, {wording.plural(plan.php.processes, 'visiteur')} à la fois",
                f"PHP: {memory} of memory, {plan.php.processes} visitors at a time",
            )

    def _site(self) -> Iterator[str]:
        site = self.member.site
        if site is None:
            yield self._say("aucun site n’est servi ici", "no site is served here")
            return
        yield f"https://{site.main_name}/ — {self._say(*_KINDS[site.kind])}"
        if site.to:
            yield self._say(f"mène à {site.to}", f"leads to {site.to}")
        others = ", ".join(name for name in site.names if name != site.main_name)
        yield self._say(f"y mènent aussi : {others}", f"these lead there too: {others}")
        for old in site.old_domains:
            if old.until:
                day = self._day(old.until)
                yield self._say(f"{old.domain} y mène jusqu’au {day}", f"{old.domain} leads there until {day}")
        if site.maintenance:
            yield self._say("en maintenance : les visiteurs voient une page d’attente", "under maintenance")

    def _uploads(self, site: Site) -> Iterator[str]:
        if not site.webmasters:
            yield self._say("personne", "nobody")
        for webmaster in site.webmasters:
            yield f"{webmaster.name} — {self._login(webmaster)}"

    def _login(self, webmaster: Webmaster) -> str:
        ways = [self._say("clé", "key")] if webmaster.keys else []
        ways += [self._say("mot de passe", "password")] if webmaster.password is not None else []
        return self._say("par SFTP, avec ", "by SFTP, with ") + self._say(" et ", " and ").join(ways)

    def _conformity(self) -> Iterator[str]:
        criteria = evaluate(kept(self.member))
        levels = {service: level(criteria, service) for service in ("site", "mail")}
        yield self._say(
            f"site : {levels['site'].french} ; messagerie : {levels['mail'].french}",
            f"site: {_LEVELS[levels['site']]}; mail: {_LEVELS[levels['mail']]}",
        )
        for one in criteria:
            if one.state is State.FAILED:
                name = self._say(one.rule.french, one.rule.english)
                more = " : ".join(word for word in (one.reason, one.remedy) if word) if self.language == "fr" else ""
                yield f"✗ {one.rule.id} {name}{f' — {more}' if more else ''}"
