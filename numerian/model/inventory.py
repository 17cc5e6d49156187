"""The whole inventory, as the components and the command see it."""

from __future__ import annotations

from functools import cached_property

from numerian.errors import Problem
from numerian.model.base import Model
from numerian.model.life import AllowEntry
from numerian.model.member import Member
from numerian.model.shared import Datacenter, Plan, Platform, Server, Staff


class Inventory(Model):
    """Members (sorted by code) and what they share."""

    members: tuple[Member, ...]
    servers: dict[str, Server]
    datacenters: dict[str, Datacenter]
    plans: dict[str, Plan]
    platform: Platform
    staff: tuple[Staff, ...] = ()
    left_out: tuple[str, ...] = ()  # codes of members that the stack's selection doesn't serve
    allow: tuple[AllowEntry, ...] = ()
    """What the guard lets pass today."""
    warnings: tuple[Problem, ...] = ()
    """Lines whose last day has passed: no fault, and no use any more."""

    @cached_property
    def by_code(self) -> dict[str, Member]:
        """Members by code."""
        return {member.code: member for member in self.members}

    def on(self, server: str) -> tuple[Member, ...]:
        """Return the members that a server serves."""
        return tuple(member for member in self.members if member.server == server)
