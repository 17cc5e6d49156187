"""What a server has room for, and what its members need of it: sites, sites with PHP, disk, memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from numerian.model.member import Member
from numerian.model.shared import Plan, Server


def need(plan: Plan, kind: str) -> dict[str, int]:
    """Return what one site needs, by the keys of `capacity:`; disk in MB, where the capacity is in GB.

    >>> need(Plan(name="village", label="Village", quota_mb=500, canonical="www"), "static")
    {'sites': 1, 'php_sites': 0, 'disk_gb': 500, 'memory_mb': 0}
    """
    php = kind == "php"
    return {"sites": 1, "php_sites": int(php), "disk_gb": plan.quota_mb, "memory_mb": plan.php.memory_mb * php}


def needed(members: Iterable[Member], *more: Mapping[str, int]) -> dict[str, int]:
    """Return what these members' sites need together, with `more`, in the units of `capacity:`."""
    wanted = [need(member.plan, member.site.kind) for member in members if member.served and member.site]
    total = {key: sum(one[key] for one in [*wanted, *more]) for key in ("sites", "php_sites", "disk_gb", "memory_mb")}
    return {**total, "disk_gb": -(-total["disk_gb"] // 1000)}


def free(server: Server, wanted: Mapping[str, int]) -> float:
    """Return the share of a server that stays free (of what it has least of); below 0 it has no room.

    A server that doesn't say what it has room for is taken for an empty one.
    """
    rooms = {key: getattr(server.capacity, key) for key in wanted}
    return min(
        (1 - wanted[key] / room if room else -float(wanted[key]) for key, room in rooms.items() if room is not None),
        default=1.0,
    )
