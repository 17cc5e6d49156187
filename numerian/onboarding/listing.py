"""Members by EPCI, département, datacenter, service, plan or status; each as one row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from numerian.errors import NumerianError
from numerian.fault import shown
from numerian.model import Inventory, Member
from numerian.reference import Reference
from numerian.suggest import nearest, plain, remedy

SERVICES = ("site", "static", "php", "redirect")
STATUSES = ("active", "leaving", "merged")


class FilterError(NumerianError):
    """A filter names nothing that there is."""


@dataclass(frozen=True)
class Filters:
    """What members shall be; None doesn't matter. `epci`: a SIREN or words of a name; `departement`: code or name."""

    epci: str | None = None
    departement: str | None = None
    datacenter: str | None = None
    service: str | None = None
    plan: str | None = None
    status: str | None = None


def select(inventory: Inventory, facts: Reference, filters: Filters) -> list[Member]:
    """Return the members that are all of it.

    Raises:
        FilterError: a name that nothing bears, with the nearest one.
    """
    _one_of("datacenter", filters.datacenter, inventory.datacenters)
    _one_of("plan", filters.plan, inventory.plans)
    epcis, departement = _epcis(facts, filters.epci), _departement(facts, filters.departement)
    return [
        member
        for member in inventory.members
        if (epcis is None or _epci(facts, member) in epcis)
        and departement in (None, member.departement)
        and filters.datacenter in (None, member.datacenter)
        and filters.plan in (None, member.plan.name)
        and filters.status in (None, member.status)
        and (filters.service is None or _has(member, filters.service))
    ]


def row(member: Member) -> dict[str, Any]:
    """Return a member's facts, for tables and programs."""
    site = member.site
    return {
        "code": member.code,
        "name": member.name,
        "kind": member.kind,
        "departement": member.departement,
        "epci": member.epci,
        "population": member.population,
        "datacenter": member.datacenter,
        "server": member.server,
        "plan": member.plan.name,
        "quota_mb": member.plan.quota_mb,
        "status": member.status,
        "leaving_on": member.leaving_on.isoformat() if member.leaving_on else None,
        "service": site.kind if site else None,
        "address": f"https://{site.main_name}/" if site else None,
    }


def _has(member: Member, service: str) -> bool:
    return member.site is not None and service in ("site", member.site.kind)


def _one_of(what: str, word: str | None, choices: Iterable[str]) -> None:
    if word is not None and word not in (known := set(choices)):
        raise FilterError(f"no {what} is called {shown(word)}; {remedy(word, known)}")


def _epci(facts: Reference, member: Member) -> str:
    if member.kind == "commune":
        return facts.communes[member.code].epci_code
    return member.code


def _epcis(facts: Reference, word: str | None) -> set[str] | None:
    """Return the SIREN of the EPCI whose name has these words."""
    if word is None:
        return None
    words = set(plain(word).split())
    named = {code for code, place in facts.epcis.items() if words and words <= set(plain(place.name).split())}
    if (code := "".join(word.split())) in facts.epcis:
        return {code}
    if not named:
        likely = [
            place for place in facts.epcis.values() if any(nearest(one, plain(place.name).split()) for one in words)
        ]
        guess = f"did you mean {', '.join(f'{place.code} ({place.name})' for place in likely[:3])}?" if likely else ""
        raise FilterError(f"no EPCI is called {shown(word)}; {guess or 'write its SIREN, or words of its name'}")
    return named


def _departement(facts: Reference, word: str | None) -> str | None:
    if word is None:
        return None
    for place in facts.departements.values():
        if word.upper() == place.code or plain(word) == plain(place.name):
            return place.code
    known = ", ".join(f"{place.code} ({place.name})" for place in facts.departements.values())
    raise FilterError(f"no département is called {shown(word)}; write one of: {known}")
