"""What dates decide of an inventory: who is served, where old domains lead, what the guard lets pass."""

from __future__ import annotations

from collections.abc import Mapping as Map
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from numerian.errors import Problem
from numerian.fault import shown
from numerian.load.across import Names
from numerian.load.source import read_text
from numerian.load.tree import Mapping, place, read_tree
from numerian.load.validate import validate
from numerian.model import Absorbed, AllowEntry, AllowFile, Member, MemberFile, Plan, Site, SiteEntry
from numerian.model.life import over
from numerian.suggest import remedy

_REMOVE = "remove it"


def is_served(said: MemberFile, today: date) -> bool:
    """Tell whether a member still has its services: until the day of leaving, or through a merged one's last day."""
    if said.merged is not None:
        return today <= said.merged.until
    return said.leaving_on is None or today < said.leaving_on


def site(said: SiteEntry, plan: Plan, today: date) -> Site:
    """Return a member's site with the old domains that still lead to it."""
    gone = set(over(said.old_domains, today))
    old = tuple(one for position, one in enumerate(said.old_domains) if position not in gone)
    return Site(**{**dict(said), "canonical": plan.canonical, "old_domains": old})


def warn_of_old_domains(path: Path, tree: Mapping, said: MemberFile, today: date, warnings: list[Problem]) -> None:
    """Add the old domains that lead nowhere any more."""
    old_domains = said.site.old_domains if said.site else ()
    for position in over(old_domains, today):
        old = old_domains[position]
        line, column = place(tree, ("site", "old_domains", position))
        message = f"{old.domain} leads here no more: its last day was {old.until}"
        warnings.append(Problem(path, line, column, message, _REMOVE))


def allowed(
    path: Path, names: Names, today: date, problems: list[Problem], warnings: list[Problem]
) -> tuple[AllowEntry, ...]:
    """Return what the guard lets pass today; entries whose last day has passed are warned of."""
    text = read_text(path, problems) if path.exists() else None
    tree = None if text is None else read_tree(path, text, problems)
    said = None if tree is None else validate(AllowFile, tree, path, problems)
    if tree is None or said is None:
        return ()
    found = []
    for position, entry in enumerate(said.allow):
        line, column = place(tree, ("allow", position, "what"))
        if entry.rule == "capacity" and names.servers is not None and entry.what not in names.servers:
            message = f"no server is called {shown(entry.what)}"
            problems.append(Problem(path, line, column, message, remedy(entry.what, names.servers)))
        elif entry.until < today:
            message = f"this allowed {entry.rule} {entry.what} until {entry.until}"
            warnings.append(Problem(path, line, column, message, _REMOVE))
        else:
            found.append(entry)
    return tuple(found)


def merged(members: list[Member], places: Map[Path, tuple[int, int]], problems: list[Problem]) -> list[Member]:
    """Return the members with mergers carried out: addresses that lead to the new site, and who took over whom.

    Args:
        members: All members.
        places: Line and column where each file names the commune that it was merged into.
        problems: What is wrong is added here.
    """
    by_code = {member.code: member for member in members}
    absorbed: dict[str, list[Absorbed]] = {}
    found = []
    for member in members:
        into = by_code.get(member.merged.into) if member.merged else None
        fault = _Merger(member, into).fault() if member.merged else None
        if fault:
            problems.append(Problem(member.file, *places[member.file], *fault))
        elif member.merged and into:
            taken = Absorbed(code=member.code, name=member.name, until=member.merged.until, site=member.merged.site)
            absorbed.setdefault(into.code, []).append(taken)
            member = _redirected(member, into)
        found.append(member)
    return [
        one.model_copy(update={"absorbed": tuple(absorbed[one.code])}) if one.code in absorbed else one for one in found
    ]


@dataclass(frozen=True)
class _Merger:
    member: Member
    into: Member | None

    def fault(self) -> tuple[str, str] | None:
        """Return what is wrong with it, and what would be right."""
        member, into = self.member, self.into
        code = member.merged.into if member.merged else ""
        if into is None:
            return f"no member has the code {code}", "write the code of a member, or give that one a file first"
        if into is member:
            return f"{member.name} can't be merged into itself", "write the code of the other commune"
        if into.merged is not None or not into.served:
            return f"{into.name} ({code}) is no more, or leaves", "write the commune that both are part of now"
        if self._leads() and (into.site is None or into.site.kind == "redirect"):
            return f"{into.name} ({code}) has no site that answers", "write site: keep, or give it a site first"
        return None

    def _leads(self) -> bool:
        member = self.member
        return member.site is not None and member.merged is not None and member.merged.site == "redirect"


def _redirected(member: Member, into: Member) -> Member:
    """Return a merged member, its site a redirect if so decided. Its folder stays: a redirect has one too."""
    if member.site is None or into.site is None or member.merged is None or member.merged.site == "keep":
        return member
    to = f"https://{into.site.main_name}/"
    lead = member.site.model_copy(update={"kind": "redirect", "to": to, "maintenance": False})
    return member.model_copy(update={"site": lead})
