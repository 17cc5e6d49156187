"""The guard: an update from which a member vanished without leaving first fails before anything happens.

Its `check` sees the members of the last update and those of this one, in `pulumi preview` and in a plain `pulumi up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider.adapter_values import show
from provider.kinds.base import Change, CheckFailure, Context, Diff, Props, ResourceKind, State, Unknown
from provider.runtime import Runtime

LEAVING = "leaving"
STATUSES = ("active", LEAVING)


class Guard(ResourceKind):
    """Keeps the list of members. It has no host and does nothing but say no."""

    token = "numerian:index:Guard"  # noqa: S105 (a type token)

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Refuse members that vanished, and members that say nothing of themselves."""
        inputs: dict[str, Any] = {"members": news.get("members"), "allow": news.get("allow") or []}
        left_out = news.get("leftOut") or []
        members = inputs["members"]
        if any(isinstance(value, Unknown) for value in (members, inputs["allow"], left_out)):
            return inputs, [CheckFailure("members", "the guard's inputs must be known before the apply")]
        if not isinstance(members, Mapping):
            return inputs, [CheckFailure("members", "a map of member codes to {host, kinds, status} is needed")]
        failures = [failure for code, member in members.items() for failure in _faults(code, member)]
        gone = vanished(olds.get("members") or {}, members, [*inputs["allow"], *left_out])
        return inputs, failures + gone

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Name the members that came, went or changed."""
        before, after = olds.get("members") or {}, news.get("members") or {}
        changes = {_path(code): Change.ADD for code in after.keys() - before.keys()}
        changes |= {_path(code): Change.DELETE for code in before.keys() - after.keys()}
        changes |= {_path(code): Change.UPDATE for code in before.keys() & after.keys() if before[code] != after[code]}
        if list(olds.get("allow") or []) != list(news.get("allow") or []):
            changes["allow"] = Change.UPDATE
        return Diff(dict(sorted(changes.items())))

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """The outputs are the inputs."""
        return news

    async def create(self, context: Context, news: Props) -> State:
        """Keep the list."""
        return State(context.name, news)

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return the list: it is nowhere but in the state."""
        return State(id, olds or inputs or {"members": {}, "allow": []})

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Keep the new list."""
        return State(id, news)

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Forget the list."""


def vanished(before: Props, after: Props, allow: list[str]) -> list[CheckFailure]:
    """Return a failure for each member that is gone though it wasn't leaving and nobody allowed it.

    >>> vanished({"07186": {"status": "active"}, "07151": {"status": "leaving"}}, {}, [])[0].property
    'members["07186"]'
    """
    return [
        CheckFailure(
            _path(code),
            f"file of {code} ({', '.join(member.get('kinds') or ['nothing'])} on {member.get('host')}) vanished; "
            "set `status: leaving` first",
        )
        for code, member in sorted(before.items())
        if code not in after and code not in allow and member.get("status") != LEAVING
    ]


def _faults(code: str, member: object) -> list[CheckFailure]:
    if not isinstance(member, Mapping):
        return [CheckFailure(_path(code), "a map of host, kinds and status is needed")]
    if member.get("status") not in STATUSES:
        return [CheckFailure(f"{_path(code)}.status", f"{member.get('status')!r} isn't one of {', '.join(STATUSES)}")]
    return []


def _path(code: str) -> str:
    return show(("members", code))
