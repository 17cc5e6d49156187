"""A kind for tests of the servicer: it does as its inputs say and remembers what it was asked."""

from __future__ import annotations

from typing import Any, ClassVar

from provider.errors import RouteError
from provider.kinds.base import UNKNOWN, Change, CheckFailure, Context, Diff, Props, ResourceKind, State
from provider.kinds.partial import PartialError
from provider.report import current_urn
from provider.runtime import Runtime


class Fake(ResourceKind):
    token = "numerian:index:Fake"
    secret_outputs = ("made",)
    asked: ClassVar[list[tuple[Any, ...]]] = []

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        self.asked.append(("check", context, olds, news))
        failures = [CheckFailure("mode", f"bad mode beside {news['password']}")] if news.get("mode") == "bad" else []
        return {**news, "count": 5}, failures

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        self.asked.append(("diff", id, olds, news))
        if olds == news:
            return Diff()
        changes = {'files["sites/07186.conf"].content': Change.UPDATE, "host": Change.UPDATE_REPLACE, "new": Change.ADD}
        return Diff(changes, delete_before_replace=True)

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        return {**news, "made": UNKNOWN, "again": bool(olds)}

    async def create(self, context: Context, news: Props) -> State:
        self.asked.append(("create", context, news))
        self.runtime.reporter.status(current_urn(), "under way")
        match news.get("fail"):
            case "provider":
                raise RouteError("privas", f"no route, password {news['password']}")
            case "bug":
                raise KeyError(f"secret in a bug: {news['password']}")
            case "partial":
                raise PartialError(State("half", {**news, "made": "m4de-s3cret"}), [f"no reload: {news['password']}"])
        return State(context.name, {**news, "made": "m4de-s3cret"})

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        self.asked.append(("read", id, olds, inputs))
        if id == "gone":
            return None
        return State(id, {**(olds or {"host": "privas"}), "drifted": True, "made": "m4de-s3cret"})

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        return State(id, {**news, "made": "m4de-s3cret"})

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        self.asked.append(("delete", id, olds))
