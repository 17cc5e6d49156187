"""`numerian:index:Host`: the base of a Debian server, its packages, accounts and units."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from provider.errors import ProviderError, ResourceError
from provider.kinds.base import Change, CheckFailure, Context, Diff, Props, ResourceKind, State
from provider.kinds.host_check import check_host
from provider.plan.host import Account, HostFacts, account, assume, plan
from provider.remote.base import read_base, take
from provider.report import current_urn
from provider.runtime import Runtime


class Host(ResourceKind):
    """Reads all facts in one round trip and runs the plan's commands."""

    token = "numerian:index:Host"  # noqa: S105 (a type token)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in defaults; find what is wrong with names, numbers and keys."""
        return check_host(news)

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Name each package, account field and unit that differs. Another host is another base: `host` replaces."""
        changes = dict(plan(assume(str(olds.get("host")), olds), olds, news).changes)
        if olds.get("host") != news.get("host"):
            changes["host"] = Change.UPDATE_REPLACE
        return Diff(changes)

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """Return the inputs: they are the outputs."""
        return news

    async def create(self, context: Context, news: Props) -> State:
        """Install, make and enable what isn't there yet."""
        await self._apply(context, None, news)
        return State(str(news["host"]), news)

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Do the same for what differs; accounts that aren't declared any more are closed."""
        await self._apply(context, olds, news)
        return State(id, news)

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Leave the server as it is: whatever still runs there needs its base."""

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return what is there of what is declared; an import begins with nothing declared."""
        props: Props = olds or {"host": id, "packages": [], "accounts": [], "units": {}}
        facts = await self._facts(context, None, props)
        accounts = [
            _actual(declared, facts.accounts[declared["name"]])
            for declared in props.get("accounts") or []
            if declared["name"] in facts.accounts and not facts.accounts[declared["name"]].expired
        ]
        units = {
            unit: wanted if not _differs(unit, wanted, facts) else facts.units[unit]
            for unit, wanted in (props.get("units") or {}).items()
            if facts.units.get(unit)
        }
        packages = [name for name in props.get("packages") or [] if name in facts.packages]
        return State(id, {**props, "packages": packages, "accounts": accounts, "units": units})

    async def _facts(self, context: Context, olds: Props | None, news: Props) -> HostFacts:
        transport = self._runtime.hosts.transport(str(news["host"]), context.stack)
        accounts = [a for props in (olds, news) if props for a in props.get("accounts") or []]
        uids = {int(a["uid"]) for a in accounts if a.get("uid") is not None}
        names = sorted({str(a["name"]) for a in accounts})
        packages = sorted(news.get("packages") or [])
        units = sorted(news.get("units") or {})
        return await asyncio.to_thread(read_base, transport, packages, names, sorted(uids), units)

    async def _apply(self, context: Context, olds: Props | None, news: Props) -> None:
        facts = await self._facts(context, olds, news)
        todo = plan(facts, olds, news)
        if todo.errors:
            raise _together(todo.errors)
        urn = current_urn()
        transport = self._runtime.hosts.transport(str(news["host"]), context.stack)
        await asyncio.to_thread(take, transport, todo.steps, lambda text: self._runtime.reporter.status(urn, text))
        # From here on by the account of every day: what comes later may forbid root to log in.
        await asyncio.to_thread(transport.end_first_contact, made=True)


def _differs(unit: str, wanted: str, facts: HostFacts) -> bool:
    return bool(plan(facts, None, {"units": {unit: wanted}}).changes)


def _actual(declared: Mapping[str, Any], there: Account) -> dict[str, Any]:
    """Return an account as it is: what equals its declaration as it was declared."""
    wanted = account(declared)
    found = dict(declared)
    if wanted.uid is not None:
        found["uid"] = there.uid
    if wanted.gid is not None:
        found["gid"] = there.gid
    if wanted.groups is not None and wanted.groups != there.groups:
        found["groups"] = sorted(there.groups or ())
    if wanted.shell is not None:
        found["shell"] = there.shell
    if wanted.keys is not None and wanted.keys != there.keys:
        found["keys"] = list(there.keys or ())
    return found


def _together(errors: list[ResourceError]) -> ProviderError:
    return errors[0] if len(errors) == 1 else ResourceError("\n".join(map(str, errors)))
