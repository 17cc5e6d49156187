"""What a new member gets unless somebody says otherwise: datacenter and server, plan, domain; and its file's text.

The datacenter is the one with the least distance to the town hall, in which a server that is half full counts twice
as far, and a full one not at all. The plan is the first whose `up_to` reaches the population.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from numerian import addressing
from numerian.capacity import free, need, needed
from numerian.errors import NumerianError, near
from numerian.fault import Fault, shown
from numerian.model import Inventory, Plan, Server
from numerian.onboarding.language import ENGLISH, Say
from numerian.onboarding.search import KEYS, Found
from numerian.reference import Place, Reference
from numerian.schema import MODELINE
from numerian.suggest import plain, remedy, slug
from numerian.wording import NARROW

KINDS = ("static", "php", "redirect")
_EARTH_KM = 6371.0


class ProposalError(NumerianError):
    """A wish that can't be had, or nothing that can be proposed."""


class MemberAlreadyError(ProposalError):
    """The place is a member; `file` says so."""

    def __init__(self, name: str, code: str, file: Path, say: Say) -> None:
        already = say(f"{name} ({code}) est déjà membre :", f"{name} ({code}) is a member already:")
        super().__init__(f"{already} {near(file)}")
        self.file = file


@dataclass(frozen=True)
class Wishes:
    """What somebody decided already; None leaves it to the proposal."""

    datacenter: str | None = None
    plan: str | None = None
    domain: str | None = None
    kind: str | None = None
    to: str | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True)
class Option:
    """A server that could serve the member; how far its datacenter is in km (None: unknown), what share stays free."""

    server: Server
    distance: float | None
    free: float

    @property
    def weight(self) -> float:
        """What is compared: the distance, and twice that for a server that is half full."""
        return (self.distance or 1.0) / self.free if self.free > 0 else math.inf

    def told(self, say: Say) -> str:
        """Say it to somebody who chooses."""
        far = [] if self.distance is None else [say(f"à {self.distance:.0f} km", f"{self.distance:.0f} km away")]
        share = f"{self.free * 100:.0f}"
        room = say(f"{share}{NARROW}% libre", f"{share}% free") if self.free > 0 else say("plein", "no room")
        return ", ".join([*far, room])

    def __str__(self) -> str:
        """Say it in English, as errors are."""
        return self.told(ENGLISH)


@dataclass(frozen=True)
class Proposal:
    """A new member, wholly decided. `options`: each datacenter's best server, the chosen one's datacenter first."""

    found: Found
    options: dict[str, Option]
    datacenter: str
    server: str | None  # None: the datacenter's first, which its file needn't name
    plan: Plan
    domain: str
    kind: str
    to: str | None

    @property
    def file_name(self) -> str:
        """The name of its file in `members/`."""
        return f"{self.found.place.code}-{slug(self.found.place.name)}.yaml"

    @property
    def text(self) -> str:
        """The file's text."""
        place = self.found.place
        lines = [f"{MODELINE}../schema/member.json", f"{KEYS[self.found.kind]}: {place.code}"]
        lines += [f"datacenter: {self.datacenter}"]
        lines += [f"server: {self.server}"] if self.server else []
        lines += [f"plan: {self.plan.name}"]
        lines += ["# Still to be asked: contact: and town_hall: (docs/inventory.md)."]
        lines += ["site:"]
        lines += [f"  kind: {self.kind}"] if self.kind != "static" else []
        lines += [f"  domain: {self.domain}"]
        lines += [f"  to: {self.to}"] if self.to else []
        return "\n".join(lines) + "\n"


def propose(
    inventory: Inventory, facts: Reference, found: Found, wishes: Wishes = NO_WISHES, say: Say = ENGLISH
) -> Proposal:
    """Return what the place would get as a member; `say`: the language of what people choose wrongly most often.

    Raises:
        MemberAlreadyError: it is one.
        ProposalError: a wish names nothing that there is, or no server has room.
    """
    if found.place.code in inventory.by_code:
        raise MemberAlreadyError(found.place.name, found.place.code, inventory.by_code[found.place.code].file, say)
    kind = wishes.kind or KINDS[0]
    if kind not in KINDS:
        raise ProposalError(f"no kind of site is called {shown(kind)}; {remedy(kind, KINDS)}")
    plan = _plan(inventory, found.place, wishes.plan)
    options = _options(inventory, found.place, plan, kind)
    datacenter = _datacenter(options, wishes.datacenter)
    server = options[datacenter].server.name
    first = next(name for name, one in inventory.servers.items() if one.datacenter == datacenter)
    return Proposal(
        found=found,
        options={datacenter: options[datacenter], **options},
        datacenter=datacenter,
        server=None if server == first else server,
        plan=plan,
        domain=_wished_domain(inventory, wishes.domain, say) if wishes.domain else _domain(inventory, facts, found),
        kind=kind,
        to=_target(kind, wishes.to),
    )


def kilometres(longitude: float, latitude: float, place: Place) -> float:
    """Return the distance between a point and a place, as the crow flies (haversine).

    >>> privas = Place("07186", "Privas", "07", "", 0, "", 4.59887, 44.73530)
    >>> round(kilometres(5.02615, 44.97506, privas), 1)
    43.0
    """
    here, there = math.radians(latitude), math.radians(place.latitude)
    half = math.radians(place.longitude - longitude) / 2
    chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(half) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(chord))


def _plan(inventory: Inventory, place: Place, wished: str | None) -> Plan:
    if wished is not None:
        if wished not in inventory.plans:
            raise ProposalError(f"no plan is called {shown(wished)}; {remedy(wished, inventory.plans)}")
        return inventory.plans[wished]
    largest = sorted(inventory.plans.values(), key=lambda plan: math.inf if plan.up_to is None else plan.up_to)
    return next((plan for plan in largest if plan.up_to is None or place.population <= plan.up_to), largest[-1])


def _options(inventory: Inventory, place: Place, plan: Plan, kind: str) -> dict[str, Option]:
    """Return the best server of each datacenter, the best datacenter first."""
    found: dict[str, Option] = {}
    for server in inventory.servers.values():
        where = inventory.datacenters[server.datacenter]
        known = where.longitude is not None and where.latitude is not None and (place.longitude or place.latitude)
        distance = kilometres(where.longitude or 0, where.latitude or 0, place) if known else None
        option = Option(server, distance, free(server, needed(inventory.on(server.name), need(plan, kind))))
        if server.datacenter not in found or option.free > found[server.datacenter].free:
            found[server.datacenter] = option
    return dict(sorted(found.items(), key=lambda item: item[1].weight))


def _datacenter(options: dict[str, Option], wished: str | None) -> str:
    if wished is not None and wished not in options:
        raise ProposalError(f"no datacenter is called {shown(wished)}; {remedy(wished, options)}")
    chosen = wished or next(iter(options))
    if options[chosen].free < 0:
        told = "; ".join(f"{name}: {option}" for name, option in options.items())
        right = "another datacenter, a smaller plan, or more capacity: in datacenters.yaml"
        raise ProposalError(f"no server in {chosen} has room for this member ({told}); {right}")
    return chosen


def _domain(inventory: Inventory, facts: Reference, found: Found) -> str:
    """Return a domain that nobody has: the name's; with the département where another place is called so."""
    place, suffix = found.place, inventory.platform.domain_suffix
    name, taken = slug(place.name), _taken(inventory)
    homonyms = [other for other in facts.communes.values() if plain(other.name) == plain(place.name)]
    departement = slug(facts.departement_name(place.departement))
    choices = [f"{name}-{departement}.{suffix}", f"{name}-{place.code.lower()}.{suffix}"]
    if len(homonyms) < 2:
        choices.insert(0, f"{name}.{suffix}")
    for choice in choices:
        if choice not in taken:
            return choice
    raise ProposalError(f"{', '.join(choices)} are taken; choose one (--domain)")


def _wished_domain(inventory: Inventory, wished: str, say: Say) -> str:
    try:
        domain = addressing.domain(wished)
    except Fault as fault:
        raise ProposalError(f"--domain: {fault}") from fault
    holder = _taken(inventory).get(domain)
    if holder:
        raise ProposalError(
            say(
                f"le domaine {domain} est celui de {holder} ; en choisir un autre",
                f"domain {shown(domain)} is taken by {holder}; choose another one",
            )
        )
    return domain


def _taken(inventory: Inventory) -> dict[str, str]:
    """Return every domain of every member, each with its holder."""
    return {
        name.removeprefix("www."): f"{member.name} ({member.code})"
        for member in inventory.members
        if member.site
        for name in member.site.names
    }


def _target(kind: str, to: str | None) -> str | None:
    if kind != "redirect":
        if to:
            raise ProposalError(f"a {kind} site leads nowhere; leave --to out, or write --kind redirect")
        return None
    if not to:
        raise ProposalError("a redirect needs its target; add --to https://…")
    try:
        return addressing.url(to)
    except Fault as fault:
        raise ProposalError(f"--to: {fault}") from fault
