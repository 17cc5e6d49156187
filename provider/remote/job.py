"""What a batch is made of: each resource's part, and the services defined and retired with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from provider.plan.facts import Claim, Definition
from provider.plan.files import Plan, RemoveFile, WriteFile


@dataclass(frozen=True)
class Job:
    """One resource's part of a batch.

    `gone`: the resource is deleted, its ledger with it. `more`: another batch has to follow for the same resource.
    """

    owner: str
    name: str
    plan: Plan
    gone: bool = False
    more: bool = False
    holder: str = ""

    def services(self) -> set[str]:
        """Return the services whose generation it changes."""
        changes = (a for a in self.plan.actions if isinstance(a, WriteFile | RemoveFile))
        return {action.target.service for action in changes if action.target.service is not None}

    def only_generation(self) -> Job:
        """Return what of it a validator judges."""
        changes = [a for a in self.plan.actions if isinstance(a, WriteFile | RemoveFile) and a.target.service]
        return replace(self, plan=Plan(list(changes), self.plan.claims))

    def one_service_less(self, keep: str | None) -> Job:
        """Return it without what it takes away from other services than `keep`; that stays in its ledger."""
        later = [a for a in self.plan.actions if isinstance(a, RemoveFile) and a.target.service not in (None, keep)]
        now = [action for action in self.plan.actions if action not in later]
        claims = [*self.plan.claims, *(Claim(self.owner, self.name, "file", a.target, self.holder) for a in later)]
        return replace(self, plan=Plan(now, claims, self.plan.run), more=True)


@dataclass
class Batch:
    """What is sent in one round trip."""

    jobs: list[Job] = field(default_factory=list)
    services: list[Definition] = field(default_factory=list)
    retired: list[Definition] = field(default_factory=list)
    judged: str | None = None
    """A service whose current generation is judged as it is, with no change."""
    reloaded: list[str] = field(default_factory=list)
    """Services that are owed a reload of their current generation."""


def commands(jobs: Iterable[Job]) -> list[tuple[str, ...]]:
    """Return the commands that the jobs of a unit ask for, equal ones once."""
    return list(dict.fromkeys(argv for job in jobs for argv in job.plan.run))
