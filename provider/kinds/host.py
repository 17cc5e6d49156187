"""`numerian:index:Host`: the base of a Debian server, its packages, accounts and units, and who else is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from provider.errors import ProviderError, ResourceError
from provider.kinds.base import Change, CheckFailure, Context, Diff, Props, ResourceKind, State
from provider.kinds.host_check import check_host
from provider.plan.host import account, assume, plan
from provider.plan.host_facts import Account, HostFacts, HostNeed
from provider.plan.strangers import Strangers, account_names, described
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
        return State(str(news["host"]), await self._apply(context, None, news))

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Do the same for what differs; accounts and rights that aren't declared any more are taken away."""
        return State(id, await self._apply(context, olds, news))

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Leave the server as it is: whatever still runs there needs its base."""

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return what is there of what is declared, and who and what is there besides.

        An import begins with nothing declared.
        """
        props: Props = olds or {"host": id, "packages": [], "accounts": [], "units": {}, "sysctls": {}}
        declared = inputs or props
        facts = await self._facts(context, None, props)
        accounts = [
            _actual(known, facts.accounts[known["name"]])
            for known in props.get("accounts") or []
            if known["name"] in facts.accounts and not facts.accounts[known["name"]].expired
        ]
        units = {
            unit: wanted if not _differs(unit, wanted, facts) else facts.units[unit]
            for unit, wanted in (props.get("units") or {}).items()
            if facts.units.get(unit)
        }
        packages = [name for name in props.get("packages") or [] if name in facts.packages]
        sysctls = {key: facts.sysctls[key] for key in props.get("sysctls") or {} if key in facts.sysctls}
        found = {**props, "packages": packages, "accounts": accounts, "units": units, "sysctls": sysctls}
        return State(id, {**found, **self._strangers(facts, declared, accounts)})

    def _strangers(self, facts: HostFacts, declared: Props, accounts: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the properties that name what isn't declared, and tell of it: the state holds names only."""
        strangers = Strangers.of(facts, declared)
        self._warn(strangers.words(facts.host, {}))
        found: dict[str, Any] = {}
        if isinstance(declared.get("rights"), list):
            found["rights"] = [*declared["rights"], *sorted(strangers.rights)]
            unknown = sorted(strangers.accounts.keys() - account_names({"accounts": accounts}))
            found["accounts"] = [*accounts, *(described(strangers.accounts[name]) for name in unknown)]
        if isinstance(declared.get("ports"), list):
            found["ports"] = [*declared["ports"], *sorted(strangers.listeners)]
        return found

    async def _facts(self, context: Context, olds: Props | None, news: Props) -> HostFacts:
        transport = self._runtime.hosts.transport(str(news["host"]), context.stack)
        accounts = [a for props in (olds, news) if props for a in props.get("accounts") or []]
        need = HostNeed(
            packages=frozenset(news.get("packages") or []),
            accounts=frozenset(str(a["name"]) for a in accounts),
            uids=frozenset(int(a["uid"]) for a in accounts if a.get("uid") is not None),
            units=frozenset(news.get("units") or []),
            sysctls=frozenset(news.get("sysctls") or []),
            strangers=news.get("rights") is not None,
            ports=news.get("ports") is not None,
        )
        return await asyncio.to_thread(read_base, transport, need)

    async def _apply(self, context: Context, olds: Props | None, news: Props) -> Props:
        facts = await self._facts(context, olds, news)
        todo = plan(facts, olds, news)
        if todo.errors:
            raise _together(todo.errors)
        urn = current_urn()
        transport = self._runtime.hosts.transport(str(news["host"]), context.stack)
        await asyncio.to_thread(take, transport, todo.steps, lambda text: self._runtime.reporter.status(urn, text))
        # From here on by the account of every day: what comes later may forbid root to log in.
        await asyncio.to_thread(transport.end_first_contact, made=True)
        strangers = Strangers.of(facts, news)
        self._warn([*todo.warnings, *strangers.words(facts.host, olds or {}), *await self._unset(context, facts, news)])
        return {**news, **strangers.beyond(olds or {}, news)}

    async def _unset(self, context: Context, before: HostFacts, news: Props) -> list[str]:
        """Read the kernel's settings again if any differed, and return a warning for each that still does."""
        wanted: Mapping[str, str] = news.get("sysctls") or {}
        if all(before.sysctls.get(key) == value for key, value in wanted.items()):
            return []
        facts = await self._facts(context, None, {"host": news["host"], "sysctls": wanted})
        return [
            f"{facts.host}: {key} is {facts.sysctls.get(key, 'nothing that this kernel has')}, declared is {value}; "
            "`sysctl --system` didn't change it"
            for key, value in wanted.items()
            if facts.sysctls.get(key) != value
        ]

    def _warn(self, words: list[str]) -> None:
        for text in words:
            self._runtime.reporter.warn(current_urn(), text)


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
