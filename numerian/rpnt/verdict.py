"""The criteria of one member, from what the state keeps of it (`numerian.kept`): what a change will do to them. Pure.

Told from the inventory, a criterion that is tested passes when what we run makes it pass: the front answers, the
certificate is renewed. `numerian.rpnt.live` looks whether it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from numerian.addressing import host_of
from numerian.rpnt.criteria import BY_ID, RULES, SOVEREIGN, Criterion, State

Kept = Mapping[str, Any]

TESTED_WITH_THE_SITE = ("1.3", "1.4", "1.5", "1.6", "1.7")
"""The State counts all of them as failed while the site doesn't answer."""

_NO_MAIL = "la messagerie n’est pas encore servie ici"
_NO_SITE = "aucun site n’est servi ici"
_ADD_SITE = "ajouter `site:` avec son `domain:` au fichier du membre, ou mesurer le site là où il est"
WHILE_DOWN = "compté en échec tant que le site ne répond pas"
_ELSEWHERE = "dépend du site vers lequel le domaine mène"


class Level(StrEnum):
    """How far a service conforms: everything, all that is essential, less than that; or nobody knows."""

    FULL = "full"
    ESSENTIAL = "essential"
    BELOW = "below"
    UNKNOWN = "unknown"

    @property
    def french(self) -> str:
        """The words that people read."""
        return _LEVELS[self]


_LEVELS = {
    Level.FULL: "conforme",
    Level.ESSENTIAL: "essentiel conforme",
    Level.BELOW: "à corriger",
    Level.UNKNOWN: "non mesuré",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A criterion that stands otherwise after a change. `after` is the whole verdict, with its reason and remedy."""

    before: State
    after: Criterion

    @property
    def gained(self) -> bool:
        """Whether it passes now."""
        return self.after.state is State.PASSED

    @property
    def lost(self) -> bool:
        """Whether it fails now, or is no longer known to pass."""
        return self.after.state is State.FAILED or self.before is State.PASSED


def evaluate(kept: Kept | None) -> list[Criterion]:
    """Return the sixteen criteria of a member, in order.

    Args:
        kept: What the state keeps of the member (`numerian.kept.kept`); None is no member.
    """
    site = kept["site"] if kept is not None and "site" in kept["kinds"] else None
    told = {} if site is None else {found.rule.id: found for found in _site(site)}
    return [told.get(rule.id) or _unknown(rule.id) for rule in RULES]


def changes(before: Kept | None, after: Kept | None) -> list[Change]:
    """Return the criteria that a change makes pass or fail, in order; None is a member that wasn't or won't be there.

    >>> site = {"kind": "static", "canonical": "www", "to": None, "maintenance": False}
    >>> before, after = ({"kinds": ["site"], "site": {**site, "domain": name}} for name in ("privas.fr", "privas.com"))
    >>> [(change.after.rule.id, change.lost) for change in changes(before, after)]
    [('1.2', True)]
    """
    pairs = zip(evaluate(before), evaluate(after), strict=True)
    return [Change(old.state, new) for old, new in pairs if old.state is not new.state]


def level(criteria: Iterable[Criterion], service: Literal["site", "mail"]) -> Level:
    """Return how far a member's service conforms, as the State names it (A: all essential ones; AA: all)."""
    own = [criterion for criterion in criteria if criterion.rule.service == service]
    essential = [criterion.state for criterion in own if criterion.rule.essential]
    if State.FAILED in essential:
        return Level.BELOW
    if State.UNKNOWN in essential:
        return Level.UNKNOWN
    return Level.FULL if all(criterion.state is State.PASSED for criterion in own) else Level.ESSENTIAL


def passed(number: str, reason: str) -> Criterion:
    """Return a criterion that passes."""
    return Criterion(BY_ID[number], State.PASSED, reason)


def failed(number: str, reason: str, remedy: str) -> Criterion:
    """Return a criterion that fails, with what to change."""
    return Criterion(BY_ID[number], State.FAILED, reason, remedy)


def unknown(number: str, reason: str, remedy: str = "") -> Criterion:
    """Return a criterion that nobody could judge."""
    return Criterion(BY_ID[number], State.UNKNOWN, reason, remedy)


def declared(site: Kept) -> str:
    """Return the address that the member declares at service-public.gouv.fr."""
    return f"https://{'www.' if site['canonical'] == 'www' else ''}{site['domain']}"


def _unknown(number: str) -> Criterion:
    return unknown(number, _NO_SITE, _ADD_SITE) if number.startswith("1.") else unknown(number, _NO_MAIL)


def _site(site: Kept) -> Iterator[Criterion]:
    yield passed("1.1", f"à déclarer ainsi sur service-public.gouv.fr : {declared(site)}")
    yield _extension(site["domain"])
    if site["maintenance"]:
        yield from _maintenance()
    elif site["kind"] == "redirect":
        yield from _redirect(site["domain"], site["to"])
    else:
        yield from _served()
    yield passed("1.8", f"l’adresse à déclarer est en HTTPS : {declared(site)}")


def _extension(domain: str) -> Criterion:
    extension = domain.rpartition(".")[2]
    if extension in SOVEREIGN:
        return passed("1.2", f".{extension} est souveraine")
    remedy = f"prendre un domaine en .fr et l’écrire dans `domain:` ; garder {domain} dans `old_domains:`"
    return failed("1.2", f".{extension} n’est pas une extension souveraine", remedy)


def _served() -> Sequence[Criterion]:
    return (
        passed("1.3", "le frontal sert le site"),
        passed("1.4", "le site n’est servi qu’en HTTPS"),
        passed("1.5", "le certificat est obtenu et renouvelé par le serveur"),
        passed("1.6", "le site répond sous son propre domaine"),
        passed("1.7", "http et l’autre forme du nom mènent au site"),
    )


def _maintenance() -> Iterator[Criterion]:
    remedy = "retirer `maintenance: true` quand le site est prêt"
    for number in TESTED_WITH_THE_SITE:
        why = "la page de maintenance répond 503" if number == "1.3" else WHILE_DOWN
        yield failed(number, why, remedy)


def _redirect(domain: str, to: str) -> Iterator[Criterion]:
    yield unknown("1.3", _ELSEWHERE)
    insecure = to.startswith("http://")
    secure = f"écrire l’adresse en https:// dans `to:` ({to})"
    yield failed("1.4", "la redirection mène à une adresse en http", secure) if insecure else unknown("1.4", _ELSEWHERE)
    yield unknown("1.5", _ELSEWHERE)
    remedy = (
        f"servir un site sous {domain} (`kind: static`), ou déclarer l’adresse d’arrivée sur service-public.gouv.fr"
    )
    yield failed("1.6", f"échoue par choix : le domaine mène à {host_of(to)}", remedy)
    yield failed("1.7", "la redirection mène à une adresse en http", secure) if insecure else unknown("1.7", _ELSEWHERE)
