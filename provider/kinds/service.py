"""`numerian:index:Service`: a daemon whose configuration is a generation on one host."""

from __future__ import annotations

import re
from typing import Any

from provider.errors import ResourceError
from provider.kinds.base import CheckFailure, Context, Diff, Props, ResourceKind, State, Unknown
from provider.kinds.files_check import argv_fault
from provider.plan.facts import Definition, Need
from provider.plan.paths import path_fault
from provider.plan.service import plan
from provider.remote.commit import ServiceChange
from provider.runtime import Runtime

_ARGV = ("validate", "reload", "running")
_KNOWN = ("host", "name", "root", *_ARGV, "watchSeconds", "confirm")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_LONGEST_WATCH = 600
_CONFIRMED_WATCH = range(5, 121)
"""Seconds that a new connection may be given: two log-ins take one, and nobody else may write meanwhile."""


class Service(ResourceKind):
    """Defines a service on its host; `Files` of that service are its generations' content."""

    token = "numerian:index:Service"  # noqa: S105 (a type token)

    def __init__(self, runtime: Runtime) -> None:
        self._committer = runtime.committer

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in defaults; find what is wrong with names, the root and the commands."""
        failures = [
            CheckFailure(name, f"isn't a property of Service; there are {', '.join(_KNOWN)}")
            for name in news
            if name not in _KNOWN
        ]
        filled: dict[str, Any] = {**{name: news.get(name) for name in _KNOWN}}
        filled["confirm"] = False if news.get("confirm") is None else news["confirm"]
        usual = 30 if filled["confirm"] is True else 5
        filled["watchSeconds"] = usual if news.get("watchSeconds") is None else news["watchSeconds"]
        faults = {name: _fault(name, filled[name], olds.get(name)) for name in _KNOWN}
        for name in _ARGV:
            filled[name] = [] if filled[name] is None else filled[name]
        failures += [CheckFailure(name, fault) for name, fault in faults.items() if fault]
        if _whole(filled["watchSeconds"]):
            filled["watchSeconds"] = int(filled["watchSeconds"])
            if filled["confirm"] is True and filled["watchSeconds"] not in _CONFIRMED_WATCH:
                text = f"a reload that is confirmed is given {_CONFIRMED_WATCH[0]} to {_CONFIRMED_WATCH[-1]} seconds"
                failures.append(CheckFailure("watchSeconds", text))
        return filled, failures

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Another name or host is another service; all else is written in place."""
        return Diff(plan(olds, news))

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """Return the inputs: they are the outputs."""
        return news

    async def create(self, context: Context, news: Props) -> State:
        """Write the definition; make the folders and an empty first generation where there is none."""
        await self._committer.write(news["host"], context.stack, ServiceChange(_definition(context, news)))
        return State(f"{news['host']}/{news['name']}", news)

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Write the definition anew. Nothing is validated or reloaded until files change, save what a cut run owes."""
        return await self.create(context, news)

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Take the definition away; the root goes into the host's archive."""
        change = ServiceChange(_definition(context, olds), retire=True)
        await self._committer.write(olds["host"], context.stack, change)

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return the definition that is on the host."""
        host, _, name = id.partition("/")
        if not name:
            raise ResourceError(
                f"`{id}` can't be imported; the id of a Service is `<host>/<name>`, such as `privas/front`"
            )
        facts = await self._committer.read(host, context.stack, Need(services=frozenset({name})))
        found = facts.services.get(name)
        if found is None or found.current is None or found.definition.owner != context.owner:
            return None
        definition = found.definition
        outputs = {
            "host": host,
            "name": name,
            "root": definition.root,
            "validate": list(definition.validate),
            # A reload that a run owes that was cut: the next update makes up for it.
            "reload": [] if found.pending else list(definition.reload),
            "running": list(definition.running),
            "watchSeconds": definition.watch_seconds,
            "confirm": definition.confirm,
        }
        return State(id, {**(olds or {}), **outputs})


def _definition(context: Context, props: Props) -> Definition:
    return Definition(
        name=props["name"],
        root=props["root"],
        validate=tuple(props["validate"]),
        reload=tuple(props["reload"]),
        running=tuple(props["running"]),
        watch_seconds=int(props["watchSeconds"]),
        confirm=props.get("confirm") is True,
        owner=context.owner,
        resource=context.name,
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)


def _fault(name: str, value: Any, old: Any) -> str | None:
    if isinstance(value, Unknown):
        return None
    if name in _ARGV:
        return argv_fault(value) if value else None
    if name == "confirm":
        return None if isinstance(value, bool) else "is neither true nor false"
    if name == "watchSeconds":
        fine = _whole(value) and 0 <= value <= _LONGEST_WATCH
        return None if fine else f"isn't a whole number of seconds from 0 to {_LONGEST_WATCH}"
    if not isinstance(value, str) or not value:
        return "is missing"
    if name == "name" and not _NAME.fullmatch(value):
        return "isn't a name: small letters, digits, `_`, `.` and `-`, 63 at most"
    if name == "root":
        fault = path_fault(value, absolute=True)
        if fault:
            return f"the path {fault}"
        if old not in (None, value) and not isinstance(old, Unknown):
            return f"can't change (it is {old}); declare a service of another name, move its files, take this one out"
    return None
