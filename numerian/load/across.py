"""What only shows when files are seen together: names that nothing bears, domains and members that are there twice.

It works on the trees, not on the models, so that a fault in one field of a file hides nothing of the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from numerian import addressing, capacity
from numerian.errors import Problem
from numerian.fault import Fault, shown
from numerian.load.tree import Mapping, Node, Scalar, Sequence
from numerian.model import Member, Server
from numerian.model.life import allow_line
from numerian.model.readers import DAYS
from numerian.reference import Place, Reference
from numerian.suggest import nearest, remedy, slug

# The key that says which member a file is about, and what such a member is called.
IDENTITIES = {"insee": "commune", "siren": "EPCI", "departement": "département"}


def scalar(root: Node | None, *steps: str) -> Scalar | None:
    """Return the text at the end of these keys, or None when there is none."""
    node = root
    for step in steps:
        node = node.entries.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Scalar) and node.text is not None else None


def group(root: Node | None, *steps: str) -> dict[str, Node]:
    """Return the entries of the group at the end of these keys; empty when there is none."""
    node = root
    for step in steps:
        node = node.entries.get(step) if isinstance(node, Mapping) else None
    return node.entries if isinstance(node, Mapping) else {}


@dataclass
class Names:
    """What members may refer to; None while its file can't be read (then nothing can be said about it)."""

    datacenters: set[str] | None = None
    servers: dict[str, str] | None = None  # server → its datacenter
    plans: set[str] | None = None


def names(datacenters: Mapping | None, plans: Mapping | None) -> Names:
    """Return the names that these files give."""
    found = Names()
    if datacenters is not None:
        found.datacenters = set(group(datacenters, "datacenters"))
        found.servers = {}
        for name, server in group(datacenters, "servers").items():
            where = scalar(server, "datacenter")
            found.servers[name] = (where.text if where else None) or ""
    if plans is not None:
        found.plans = set(group(plans, "plans"))
    return found


def check_servers(path: Path, root: Mapping, problems: list[Problem]) -> None:
    """Check what servers say of datacenters and of each other."""
    datacenters, servers = group(root, "datacenters"), group(root, "servers")
    taken: dict[str, str] = {}
    for name, server in servers.items():
        where = scalar(server, "datacenter")
        if where and where.text not in datacenters:
            _unknown(path, where, "datacenter", datacenters, problems)
        _check_jump(path, name, servers, problems)
        address = scalar(server, "address")
        if address:
            port = scalar(server, "port")
            _taken(path, address, f"{address.text} port {(port and port.text) or 22}", name, taken, problems)
        for public in _texts(group(root, "servers", name).get("public_addresses")):
            _taken(path, public, f"public address {public.text}", name, taken, problems)
    _check_served(path, root, problems)
    _check_reboots(path, datacenters, problems)


def _check_reboots(path: Path, datacenters: dict[str, Node], problems: list[Problem]) -> None:
    """Two datacenters that restart on the same day could be down together, the one's backup with the other."""
    days: dict[str, str] = {}
    for name, datacenter in datacenters.items():
        node = scalar(datacenter, "reboot")
        day = (node.text or "").lower().split(" ")[0] if node else ""
        if node is None or day not in DAYS:
            continue  # not said, or said already
        if day in days:
            free = next(other for other in DAYS if other not in days)
            message = f"{days[day]} restarts on {day} too"
            problems.append(Problem(path, node.line, node.column, message, f"write another day, such as {free}"))
        days.setdefault(day, name)


def check_capacity(
    path: Path,
    root: Mapping,
    servers: Iterable[Server],
    members: Iterable[Member],
    problems: list[Problem],
    *,
    allowed: Container[str],
    today: date,
) -> None:
    """Check that no server has more to serve than it has room for, but those of `allow.yaml`."""
    members = tuple(members)
    for server in servers:
        if server.name in allowed:
            continue
        asked = capacity.needed(member for member in members if member.server == server.name)
        for key, wanted in asked.items():
            room = getattr(server.capacity, key)
            node = scalar(root, "servers", server.name, "capacity", key)
            if room is not None and wanted > room and node is not None:
                message = f"{server.name} has room for {key}: {room}, and its members need {wanted}"
                right = "move members to another server (server:), or raise it if there is room; to go on all the "
                right += f"same, write into allow.yaml: {allow_line('capacity', server.name, today)}"
                problems.append(Problem(path, node.line, node.column, message, right))


def _check_served(path: Path, root: Mapping, problems: list[Problem]) -> None:
    used = {where.text for server in group(root, "servers").values() if (where := scalar(server, "datacenter"))}
    node = root.entries.get("datacenters")
    for name in group(root, "datacenters"):
        if name not in used and isinstance(node, Mapping):
            key = node.keys[name]
            message = f"no server stands in datacenter {shown(name)}"
            problems.append(Problem(path, key.line, key.column, message, "add one under servers:, or remove it here"))


def _check_jump(path: Path, name: str, servers: dict[str, Node], problems: list[Problem]) -> None:
    jump = scalar(servers[name], "jump")
    if not jump:
        return
    if jump.text not in servers:
        _unknown(path, jump, "server", servers, problems)
        return
    way: list[str] = [name]
    step: str | None = jump.text
    while step and step in servers:
        if step in way:
            message = f"this way of jumps never ends: {' → '.join([*way, step])}"
            problems.append(Problem(path, jump.line, jump.column, message, "name a server that is reached directly"))
            return
        way.append(step)
        following = scalar(servers[step], "jump")
        step = following.text if following else None


def _taken(path: Path, node: Scalar, what: str, name: str, taken: dict[str, str], problems: list[Problem]) -> None:
    if what in taken:
        message = f"{shown(what)[1:-1]} belongs to {taken[what]} already"
        problems.append(Problem(path, node.line, node.column, message, "write the address of this server"))
    taken[what] = name


def _unknown(
    path: Path, node: Scalar, what: str, choices: set[str] | dict[str, Node] | dict[str, str], problems: list[Problem]
) -> None:
    word = node.text or ""
    problems.append(Problem(path, node.line, node.column, f"no {what} is called {shown(word)}", remedy(word, choices)))


def _texts(node: Node | None) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else [node]:
        if isinstance(item, Scalar) and item.text is not None:
            yield item


def _named(node: Node | None) -> Iterator[Scalar]:
    """Yield the domains of a list whose entries are names, or groups with one."""
    for item in node.items if isinstance(node, Sequence) else [node]:
        yield from _texts(item.entries.get("domain") if isinstance(item, Mapping) else item)


@dataclass
class Members:
    """Checks the members' files, one after the other, against the names and against each other."""

    names: Names
    reference: Reference
    problems: list[Problem]
    _domains: dict[str, str] = field(default_factory=dict)  # domain → file:line of the first
    _codes: dict[str, Path] = field(default_factory=dict)
    _redirects: dict[str, tuple[str, Path, Scalar]] = field(default_factory=dict)  # domain → domain, and where said

    def check(self, path: Path, root: Mapping) -> Place | None:
        """Add what is wrong with one member's file; return who it is, when that is known."""
        self._check_names(path, root)
        self._check_domains(path, root)
        found = self._identity(path, root)
        if found is None:
            return None
        if found.code in self._codes:
            message = f"{found.name} ({found.code}) has a file already: {self._codes[found.code]}"
            self.problems.append(Problem(path, 1, 1, message, "keep one of the two"))
            return found
        self._codes[found.code] = path
        right = f"{found.code}-{slug(found.name)}.yaml"
        if unicodedata.normalize("NFC", path.name) != right:
            message = f"this file is about {found.name} ({found.code}) and its name isn't"
            meant = self.reference.communes.get(path.name.partition("-")[0])
            if meant and path.name == f"{meant.code}-{slug(meant.name)}.yaml":
                right += f", or write insee: {meant.code} if {meant.name} is meant"
            self.problems.append(Problem(path, 1, 1, message, f"rename it to {right}"))
        return found

    def _check_names(self, path: Path, root: Mapping) -> None:
        datacenter, server, plan = (scalar(root, key) for key in ("datacenter", "server", "plan"))
        known = self.names
        if datacenter and known.datacenters is not None and datacenter.text not in known.datacenters:
            _unknown(path, datacenter, "datacenter", known.datacenters, self.problems)
        if plan and known.plans is not None and plan.text not in known.plans:
            _unknown(path, plan, "plan", known.plans, self.problems)
        if not server or known.servers is None:
            return
        if server.text not in known.servers:
            _unknown(path, server, "server", known.servers, self.problems)
        elif datacenter and known.servers[server.text or ""] != datacenter.text:
            message = f"server {shown(server.text)} stands in {shown(known.servers[server.text or ''])}"
            right = f"name a server of {shown(datacenter.text)}, or change datacenter:"
            self.problems.append(Problem(path, server.line, server.column, message, right))

    def _check_domains(self, path: Path, root: Mapping) -> None:
        site = group(root, "site")
        for node in [*_texts(site.get("domain")), *_named(site.get("old_domains"))]:
            try:
                name = addressing.domain(node.text or "")
            except Fault:
                continue  # said already
            here = f"{path}:{node.line}:{node.column}"
            first = self._domains.setdefault(name, here)
            if first != here and not first.startswith(f"{path}:"):
                message = f"domain {shown(node.text)} is taken at {first}"
                self.problems.append(Problem(path, node.line, node.column, message, "keep it at one member only"))

        self._note_redirect(path, site)

    def _note_redirect(self, path: Path, site: dict[str, Node]) -> None:
        kind, target = (next(_texts(site.get(key)), None) for key in ("kind", "to"))
        if kind is None or kind.text != "redirect" or target is None:
            return
        try:
            leads_to = addressing.host_of(addressing.url(target.text or "")).removeprefix("www.")
            for node in _texts(site.get("domain")):
                self._redirects[addressing.domain(node.text or "")] = (leads_to, path, target)
        except Fault:
            return  # said already

    def check_redirects(self) -> None:
        """Add the redirects among members that come back to where they began: a browser would give up."""
        for domain, (_, path, node) in self._redirects.items():
            way = [domain]
            while way[-1] in self._redirects and len(way) <= len(self._redirects):
                way.append(self._redirects[way[-1]][0])
                if way[-1] == domain and len(way) > 2:  # alone, a site that leads to itself is said elsewhere
                    message = f"this redirect comes back: {' → '.join(way)}"
                    self.problems.append(Problem(path, node.line, node.column, message, "name the site that answers"))
                    break

    def _identity(self, path: Path, root: Mapping) -> Place | None:
        given = [key for key in IDENTITIES if scalar(root, key)]
        node = scalar(root, given[0]) if given else None
        if node is None:
            return None
        key, code = given[0], "".join((node.text or "").split()).upper()
        known = {"insee": self.reference.communes, "siren": self.reference.epcis}.get(key, self.reference.departements)
        if code in known:
            return known[code]
        if key == "insee" and code in self.reference.successors:
            now = self.reference.successors[code]
            into = scalar(root, "merged", "into")
            if into and into.text == now.code:
                return replace(now, code=code, name=_name_of(path), population=0, former_codes=())
            message = f"commune {code} is part of {now.name} now"
            right = f"write {now.code}, or say merged: (into: {now.code}, until: a date) while its site is kept"
            self.problems.append(Problem(path, node.line, node.column, message, right))
        elif len(code) == {"insee": 5, "siren": 9}.get(key, len(code)) and code.isalnum():
            held = ", ".join(sorted(self.reference.departements))
            message = f"no {IDENTITIES[key]} with the code {code} is in the reference data (départements {held})"
            self.problems.append(Problem(path, node.line, node.column, message, self._nearest(key, code, known, path)))
        return None

    def _nearest(self, key: str, code: str, known: dict[str, Place], path: Path) -> str:
        """Return what to write instead of an unknown code: by the file's name first, then by the code itself."""
        label = unicodedata.normalize("NFC", path.stem).partition("-")[2]
        found = self.reference.named(label) if key == "insee" and label else []
        near = nearest(code, known, likeness=0.8)  # one character off: more would be another place
        found += [known[near]] if near and known[near] not in found else []
        if not found:
            return "look the code up, or renew the reference data (inventory/reference)"
        return f"did you mean {', '.join(f'{place.code} ({place.name})' for place in found[:3])}?"


def _name_of(path: Path) -> str:
    """Return the name that a file's name says: the reference data forgets communes that are no more.

    >>> _name_of(Path("07016-asperjoc.yaml"))
    'Asperjoc'
    """
    return "-".join(word.capitalize() for word in path.stem.partition("-")[2].split("-"))
