"""What the portrait's pages say of a member and of a datacenter, in the words that people read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from numerian.capacity import needed
from numerian.kept import kept
from numerian.model import Inventory, Member, Site
from numerian.rendering import host_name
from numerian.rpnt import Level, evaluate
from numerian.rpnt.report import SIGNS, Verdict
from numerian.suggest import plain
from numerian.wording import NARROW, day, megabytes, number, typographic

SERVICES = {
    "static": "Site statique",
    "php": "Site avec PHP",
    "redirect": "Redirection",
    "maintenance": "En maintenance",
    "leaving": "En départ",
    "merged": "Réunie à une autre commune",
    "none": "Aucun site servi ici",
}
"""What a member has, in the order of the map's key."""
LEVELS = {
    Level.FULL: "Conforme",
    Level.ESSENTIAL: "Essentiel conforme",
    Level.BELOW: "À corriger",
    Level.UNKNOWN: "Non mesuré",
}
_KINDS = {"commune": "Commune", "epci": "Intercommunalité", "departement": "Département"}


@dataclass(frozen=True)
class Name:
    """A host name of a site, with what it is for."""

    text: str
    url: str
    role: str


@dataclass(frozen=True)
class Line:
    """A criterion's line in the table of a member's page."""

    number: str
    title: str
    level: str
    state: str
    state_name: str
    sign: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Portrait:
    """A member, as its page and its line in the lists show it."""

    code: str
    name: str
    kind: str
    departement: str
    epci: str
    people: str
    service: str
    service_name: str
    datacenter: str
    datacenter_name: str
    level: str
    level_name: str
    server: str
    plan: str
    quota: str
    php: str
    webmasters: str
    standing: str
    names: tuple[Name, ...]
    to: str
    lines: tuple[Line, ...]
    used: str
    used_percent: int
    search: str = field(repr=False)


@dataclass(frozen=True)
class Meter:
    """How much of one thing is taken of what is declared. `percent` is 0 where nothing is declared."""

    label: str
    taken: str
    declared: str
    percent: int


@dataclass(frozen=True)
class Place:
    """A server in its datacenter, with what it has room for."""

    datacenter: str
    name: str
    members: int
    meters: tuple[Meter, ...]


def portraits(inventory: Inventory, used_kb: Mapping[str, int]) -> list[Portrait]:
    """Return all members by name. `used_kb`: what was measured of each one's files, by code."""
    members = sorted(inventory.members, key=lambda member: (plain(member.name), member.code))
    return [_portrait(member, inventory, used_kb.get(member.code)) for member in members]


def _portrait(member: Member, inventory: Inventory, used_kb: int | None) -> Portrait:
    verdict = Verdict(member, evaluate(kept(member)))
    service = _service(member)
    datacenter = typographic(inventory.datacenters[member.datacenter].label)
    site = member.site
    names = tuple(_names(site)) if site is not None else ()
    return Portrait(
        code=member.code,
        name=typographic(member.name),
        kind=_KINDS[member.kind],
        departement=typographic(member.departement_name),
        epci=typographic(member.epci),
        people=number(member.population),
        service=service,
        service_name=SERVICES[service],
        datacenter=member.datacenter,
        datacenter_name=datacenter,
        level=verdict.site,
        level_name=LEVELS[verdict.site],
        server=member.server,
        plan=typographic(member.plan.label),
        quota=megabytes(member.plan.quota_mb),
        php=_php(member),
        webmasters=", ".join(one.name for one in site.webmasters) if site is not None else "",
        standing=_standing(member, inventory),
        names=names,
        to=site.to or "" if site is not None else "",
        lines=tuple(_lines(verdict)),
        used=_used(used_kb) if used_kb is not None else "",
        used_percent=min(100, used_kb * 100 // (member.plan.quota_mb * 1024)) if used_kb is not None else 0,
        search=plain(" ".join([member.name, member.code, member.epci, *(name.text for name in names)])),
    )


def _used(kilobytes: int) -> str:
    return megabytes(kilobytes // 1024) if kilobytes >= 1024 else f"moins de {megabytes(1)}"


def _service(member: Member) -> str:
    if member.status != "active":
        return member.status
    if member.site is None:
        return "none"
    return "maintenance" if member.site.maintenance else member.site.kind


def _names(site: Site) -> Iterator[Name]:
    for name in site.names:
        role = "adresse principale" if name == site.main_name else "mène à l’adresse principale"
        if site.kind == "redirect":
            role = "mène ailleurs"
        elif name.removeprefix("www.") != site.domain:
            role = "ancien domaine, mène à l’adresse principale"
        yield Name(host_name(name), f"https://{host_name(name)}/", role)


def _php(member: Member) -> str:
    if member.site is None or member.site.kind != "php":
        return ""
    php = member.plan.php
    cpu = f"{php.cpu:g}".replace(".", ",")
    return f"{megabytes(php.memory_mb)} de mémoire, {cpu} processeur, {php.processes} visiteurs à la fois"


def _standing(member: Member, inventory: Inventory) -> str:
    if member.merged is not None:
        into = inventory.by_code[member.merged.into]
        return f"Réunie à {typographic(into.name)} ; ses adresses sont gardées jusqu’au {day(member.merged.until)}"
    if member.leaving_on is None:
        return "Membre en service"
    return f"Service {'prévu jusqu’au' if member.served else 'arrêté le'} {day(member.leaving_on)}"


def _lines(verdict: Verdict) -> Iterator[Line]:
    for one in verdict.criteria:
        rule = one.rule
        yield Line(
            number=rule.id,
            title=rule.french,
            level=rule.level,
            state=one.state,
            state_name=one.state.french,
            sign=SIGNS[one.state],
            reason=one.reason,
            remedy=one.remedy.replace("`", ""),
        )


def places(inventory: Inventory) -> list[Place]:
    """Return each server with what is taken of what it declares."""
    return [
        Place(
            datacenter=typographic(inventory.datacenters[server.datacenter].label),
            name=server.name,
            members=len(inventory.on(server.name)),
            meters=tuple(_meters(needed(inventory.on(server.name)), server.capacity.model_dump())),
        )
        for server in sorted(inventory.servers.values(), key=lambda server: (server.datacenter, server.name))
    ]


def _meters(taken: Mapping[str, int], declared: Mapping[str, int | None]) -> Iterator[Meter]:
    labels = {"sites": "Sites", "php_sites": "Sites avec PHP", "disk_gb": "Quotas", "memory_mb": "Mémoire de PHP"}
    units: dict[str, Callable[[int], str]] = {"disk_gb": gigabytes, "memory_mb": megabytes}
    for key, label in labels.items():
        room, write = declared[key], units.get(key, number)
        percent = min(100, taken[key] * 100 // room) if room else 0
        yield Meter(label, write(taken[key]), write(room) if room is not None else "", percent)


def gigabytes(value: int) -> str:
    """Return a size given in GB.

    >>> gigabytes(1200)
    '1\u202f200\u202fGo'
    """
    return f"{number(value)}{NARROW}Go"


def count(portraits: Sequence[Portrait], key: str, values: Mapping[str, str]) -> list[tuple[str, str, int]]:
    """Return the map's key for one way of colouring: value, words, members; values that nobody has are left out."""
    found = [getattr(one, key) for one in portraits]
    return [(value, words, found.count(value)) for value, words in values.items() if value in found]
