"""The guard: an update that would undo more than anybody means to fails before anything happens.

Its `check` sees the members of the last update and those of this one, in `pulumi preview` and in a plain `pulumi up`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider.kinds.base import Change, CheckFailure, Context, Diff, Props, ResourceKind, State, Unknown
from provider.kinds.guard_rules import STATUSES, path, refusals
from provider.kinds.texts import unfolded
from provider.runtime import Runtime


class Guard(ResourceKind):
    """Keeps the list of members. It has no host and does nothing but say no."""

    token = "numerian:index:Guard"  # noqa: S105 (a type token)

    inputs_only = ("members", "allow", "leftOut", "settled")

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Refuse what the rules refuse, and members that say nothing of themselves."""
        inputs: dict[str, Any] = {name: news.get(name) or [] for name in ("allow", "leftOut")}
        inputs["members"] = news.get("members")
        members, allow, left_out = inputs["members"], inputs["allow"], inputs["leftOut"]
        settled = news.get("settled") is True
        if any(isinstance(value, Unknown) for value in (members, allow, left_out)):
            return inputs, [CheckFailure("members", "the guard's inputs must be known before the apply")]
        if not isinstance(members, Mapping):
            return inputs, [CheckFailure("members", "a map of member codes to JSON of {host, kinds, status} is needed")]
        if not all(isinstance(entry, Mapping) for entry in allow):
            return inputs, [CheckFailure("allow", "a list of {rule, what, until, why} is needed")]
        failures = [failure for code, text in members.items() for failure in _faults(code, unfolded(text))]
        if not failures:
            passes = {(entry.get("rule", ""), entry.get("what", "")) for entry in allow}
            before, after = _unfolded(olds.get("members") or {}), _unfolded(members)
            failures = refusals(before, after, passes, left_out, settled=settled)
        return inputs, failures

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Name the members that came, went or changed, and what may pass. Who is left out is nobody's change."""
        before, after = olds.get("members") or {}, news.get("members") or {}
        changes = {path(code): Change.ADD for code in after.keys() - before.keys()}
        changes |= {path(code): Change.DELETE for code in before.keys() - after.keys()}
        changes |= {path(code): Change.UPDATE for code in before.keys() & after.keys() if before[code] != after[code]}
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


def _unfolded(members: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {code: unfolded(text) or {} for code, text in members.items()}


def _faults(code: str, member: Mapping[str, Any] | None) -> list[CheckFailure]:
    if member is None:
        return [CheckFailure(path(code), "JSON of host, kinds and status is needed")]
    if member.get("status") not in STATUSES:
        return [CheckFailure(f"{path(code)}.status", f"{member.get('status')!r} isn't one of {', '.join(STATUSES)}")]
    return []
