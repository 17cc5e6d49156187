"""The guard's rules: what an update may not do unless `allow` says so. Pure: from the old members and the new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from provider.adapter_values import show
from provider.kinds.base import CheckFailure

GOING = ("leaving", "merged")
"""Statuses of members that may be gone at the next update: they said so before."""
STATUSES = ("active", *GOING)
FEW = 10
"""So many members of a kind, and the share that goes or moves at once is judged."""
SHARE_PERCENT = 30
_A_WHILE = timedelta(days=7)
_NAMED = 5

Members = Mapping[str, Mapping[str, Any]]
Allowed = Collection[tuple[str, str]]


def refusals(
    before: Members, after: Members, allow: Allowed, left_out: Collection[str] = (), *, settled: bool = False
) -> list[CheckFailure]:
    """Return what is refused, each with the line that lets it pass.

    Args:
        before: The members of the last update, by code.
        after: Those of this one.
        allow: What may pass: rule and what it names.
        left_out: Codes that are somebody's still, but not this stack's: they didn't vanish.
        settled: They are left out by a setting of the stack, on purpose. What only a shell's environment leaves out is
            mistyped as easily as a file is lost: it counts where many go at once.
    """
    on_purpose = left_out if settled else ()
    return [
        *_vanished(before, after, allow, left_out),
        *_many({code: member for code, member in before.items() if code not in on_purpose}, after, allow),
        *_taken(before, after, allow),
    ]


def _vanished(before: Members, after: Members, allow: Allowed, left_out: Collection[str]) -> Iterator[CheckFailure]:
    """A member's file went, and the member hadn't said that it leaves."""
    for code, member in sorted(before.items()):
        if code in after or code in left_out or member.get("status") in GOING or ("vanished", code) in allow:
            continue
        has = ", ".join(member.get("kinds") or ["nothing"])
        yield CheckFailure(
            path(code),
            f"file of {_who(code, member)} ({has} on {member.get('host')}) vanished; set `status: leaving` first, "
            + _or_allow("vanished", code),
        )


def _many(before: Members, after: Members, allow: Allowed) -> Iterator[CheckFailure]:
    """Of a kind, more than a share would be removed or moved at once.

    >>> old = {str(n): {"host": "a", "kinds": ["site"]} for n in range(10)}
    >>> len(list(_many(old, {**old, **{n: {"host": "b", "kinds": ["site"]} for n in "0123"}}, ())))
    1
    >>> len(list(_many(old, {**old, **{n: {"host": "b", "kinds": ["site"]} for n in "012"}}, ())))
    0
    """
    for kind in sorted({kind for member in before.values() for kind in member.get("kinds") or ()}):
        had = {code: member for code, member in before.items() if kind in (member.get("kinds") or ())}
        kept = {code for code in had if kind in (after.get(code, {}).get("kinds") or ())}
        moved = {code for code in kept if after[code].get("host") != had[code].get("host")}
        touched = sorted((had.keys() - kept) | moved)
        if len(had) < FEW or len(touched) * 100 <= len(had) * SHARE_PERCENT or ("many", kind) in allow:
            continue
        what = [f"{len(touched) - len(moved)} removed"] if len(touched) > len(moved) else []
        what += [f"{len(moved)} moved"] if moved else []
        yield CheckFailure(
            "members",
            f"of {len(had)} members with a {kind}, {' and '.join(what)} at once ({_some(touched)}), which is more than "
            f"{SHARE_PERCENT} %; look whether files or the selection of members are as they should be, "
            + _or_allow("many", kind),
        )


def _taken(before: Members, after: Members, allow: Allowed) -> Iterator[CheckFailure]:
    """A domain was one member's and would be another's, though neither became part of the other."""
    owners = {domain: code for code, member in before.items() for domain in _domains(member)}
    for code, member in sorted(after.items()):
        for domain in _domains(member):
            owner = owners.get(domain, code)
            if owner == code or ("domain", domain) in allow or _is_heir(code, member, owner, before[owner]):
                continue
            yield CheckFailure(
                f"{path(code)}.site",
                f"domain {domain} is that of {_who(owner, before[owner])}, and {_who(code, member)} would take it; "
                "give it back, " + _or_allow("domain", domain),
            )


def _is_heir(code: str, member: Mapping[str, Any], owner: str, owner_before: Mapping[str, Any]) -> bool:
    into = (owner_before.get("merged_into") or {}).get("code")
    return into == code or any(one.get("code") == owner for one in member.get("merged") or ())


def _domains(member: Mapping[str, Any]) -> Iterator[str]:
    site = member.get("site")
    if isinstance(site, Mapping) and site.get("domain"):
        yield site["domain"]
        yield from (old["domain"] for old in site.get("old_domains") or ())


def _who(code: str, member: Mapping[str, Any]) -> str:
    return f"{code} {member['name']}" if member.get("name") else code


def _some(codes: list[str]) -> str:
    more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
    return f"{', '.join(codes[:_NAMED])}{more}"


def _or_allow(rule: str, what: str) -> str:
    until = date.today() + _A_WHILE
    return f"or write this into inventory/allow.yaml to go on: - {{rule: {rule}, what: {what}, until: {until}, why: …}}"


def path(code: str) -> str:
    """Return the property path of a member."""
    return show(("members", code))
