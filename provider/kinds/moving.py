"""A `Files` resource goes to another host, and what people have put into its folders goes with it.

Copied while the old place serves, copied again for what changed meanwhile, switched, and the old place retired days
later (docs/move.md). Marks on both hosts say how far it came, so that a run that was cut is gone on with:

- staged: a copy that nobody takes for people's data yet (`.numerian-moving-…` beside the folders)
- `moving` (new host): the copy is in its place, the old one is still the truth
- `moved` (old host): the old one is the truth no more, and nothing is ever copied from it again
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from provider.errors import HostError, ResourceError
from provider.kinds.base import Context, Props
from provider.kinds.texts import unfolded
from provider.plan.declared import Declared
from provider.plan.facts import Facts, Need, parents
from provider.plan.paths import UnsafeError, worker
from provider.remote.carry import Listing, Place, ask, final_pass, late, settle
from provider.remote.commit import FilesChange
from provider.remote.manifest import archived, now_stamp
from provider.report import current_urn
from provider.runtime import Runtime
from provider.transport.command import check

AT_ONCE = 3
"""Copies at a time: each takes one of a host's five sessions."""
DAYS = 7
"""Of the old place's afterlife, by default: longer than names are remembered by anybody's resolver."""

Got = TypeVar("Got")


@dataclass(frozen=True)
class Moving:
    """How a resource moves, from its input `moving` (JSON)."""

    content: tuple[str, ...]
    passage: Mapping[str, Any]
    give: tuple[str, ...]
    take: tuple[str, ...]
    days: int

    @classmethod
    def of(cls, props: Props) -> Moving | None:
        """Return it, or None: then only what has no folders of people can move."""
        value = unfolded(props.get("moving"))
        if value is None:
            return None
        give, take = tuple(value.get("give") or ()), tuple(value.get("take") or ())
        days = int(value.get("days", DAYS))
        return cls(tuple(value.get("content") or ()), value.get("passage") or {}, give, take, days)


@dataclass
class _Copy:
    """One folder of people on its way."""

    source: Place
    target: Place
    staged: str
    """Where it is gathered before it is put in place; "" once it is there."""
    archive: str
    mode: str
    moved: bool = False
    held: Listing | None = None
    """What the source held at the last pass."""


class Mover:
    """Moves resources; not more than `AT_ONCE` copies at a time, whatever else goes on meanwhile."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._committer = runtime.committer
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="move")

    async def move(self, context: Context, olds: Props, news: Props) -> dict[str, str]:
        """Move it; return the hosts where an old place is left, each with the day until which it is."""
        moving, before, after = Moving.of(news), Declared.of(olds), Declared.of(news)
        left = {host: day for host, day in (olds.get("left") or {}).items() if host != after.host}
        if moving is None:
            if before.folders or before.seeds:
                raise ResourceError(
                    f"`{context.name}` can't move from {before.host} to {after.host}: it has folders of people, and "
                    "doesn't say (`moving`) what of them goes along"
                )
            await self._write(context, olds, news, None, after)
            await self._write(context, olds, news, before, None)
            return left
        copies = await self._copies(context, moving, before, after)
        for copy in copies:
            await self._work(self._gather, copy)
        arriving = Declared(after.host, seeds=after.seeds)  # people have theirs: none is written
        await self._put_in_place(context, olds, news, arriving, after, copies)
        await self._write(context, olds, news, arriving, after)
        await self._work(self._hand_over, context, moving, before.host, after.host)
        if moving.passage:
            await self._switch(context, olds, news, moving, copies)
        return left | {before.host: (_today() + timedelta(days=moving.days)).date().isoformat()}

    async def retire(self, context: Context, olds: Props, host: str) -> None:
        """Take an old place away; folders go into the host's archive."""
        gone = FilesChange(context.owner, context.name, Declared(host), None, (), context.holder)
        await self._committer.write(host, context.stack, gone)
        moving = Moving.of(olds)
        for path in moving.content if moving else ():
            await self._work(ask, self._transport(context, host), "switch", path, "moved", "off")

    async def retired(self, context: Context, props: Props, host: str) -> bool:
        """Take an old place away whose time is over; a host that is down by then holds nobody up."""
        try:
            await self.retire(context, props, host)
        except HostError as error:
            self._runtime.reporter.warn(
                current_urn(), f"the old place of `{context.name}` is still there, the next run tries again: {error}"
            )
            return False
        return True

    # --- looking ------------------------------------------------------------------------------------------------------

    async def _copies(self, context: Context, moving: Moving, before: Declared, after: Declared) -> list[_Copy]:
        need = Need(paths=frozenset({path for p in moving.content for path in (*parents(p), p)} | {"/var/lib"}))
        old, new = await asyncio.gather(
            self._committer.read(before.host, context.stack, need),
            self._committer.read(after.host, context.stack, need),
        )
        return [
            self._copy(context, path, old, new, after)
            for path in moving.content
            if (entry := old.entries.get(path)) is not None and entry.kind == "folder"
        ]

    def _copy(self, context: Context, path: str, old: Facts, new: Facts, after: Declared) -> _Copy:
        for facts in (old, new):
            try:
                uid = worker(path, facts.entries)[0]
            except UnsafeError as error:
                raise ResourceError(f"{path} on {facts.host}: {error}") from error
            if uid != 0:
                raise ResourceError(f"{path} on {facts.host} lies in a folder of uid {uid}; only a whole folder moves")
        entry, there = old.entries[path], new.entries.get(path)
        if there is not None and there.kind != "folder":
            raise ResourceError(f"{path} on {new.host} is a {there.kind}, no folder; take it away first")
        base = next(f for f in reversed(parents(path)) if f in new.entries and f not in after.folders)
        staged = f"{base.rstrip('/')}/.numerian-moving-{path.strip('/').replace('/', ':')}"
        source = Place(self._transport(context, old.host), path, entry.uid, entry.gid)
        target = Place(self._transport(context, new.host), path, entry.uid, entry.gid)
        mode = after.folders[path].mode if path in after.folders else entry.mode
        archive = archived(new, context.name, path, there.device if there else "", now_stamp())
        return _Copy(source, target, staged, archive, mode)

    # --- copying (in threads) -----------------------------------------------------------------------------------------

    def _gather(self, copy: _Copy, say: Callable[[int, int], None]) -> None:
        """Copy while the old place serves: out of sight at first, in place if that was done by a run that was cut."""
        path = copy.source.path
        copy.moved = b"moved" in ask(copy.source.transport, "look", path, path)
        if copy.moved:
            copy.staged = ""
            return
        there = ask(copy.target.transport, "look", path, copy.staged).split()
        if b"moving" in there and b"staged" not in there:
            copy.staged = ""
            settle(copy.source, copy.target, say)
            return
        staged = replace(copy.target, path=copy.staged)
        try:
            staged.ask("stage")
            settle(copy.source, staged, say)
        except ResourceError:  # no room
            ask(staged.transport, "scrap", staged.path)
            raise

    async def _put_in_place(
        self, context: Context, olds: Props, news: Props, arriving: Declared, after: Declared, copies: list[_Copy]
    ) -> None:
        waiting = [copy for copy in copies if copy.staged]
        if not waiting:
            return
        facts = await self._committer.read(after.host, context.stack, Need(paths=frozenset(after.folders)))
        if not after.folders.keys() <= facts.entries.keys():
            await self._write(context, olds, news, arriving, replace(after, files={}, run=()))
        for copy in waiting:
            words = (copy.target.path, copy.mode, copy.archive)
            await self._work(ask, copy.target.transport, "place", copy.staged, *words)

    def _hand_over(self, context: Context, moving: Moving, old: str, new: str, say: Callable[[int, int], None]) -> None:
        """Bring what isn't a folder of people, by the commands that know how."""
        if not moving.give:
            return
        given = check(old, list(moving.give), self._transport(context, old).run(list(moving.give))).stdout
        if given:
            check(new, list(moving.take), self._transport(context, new).run(list(moving.take), stdin=given))

    # --- switching ----------------------------------------------------------------------------------------------------

    async def _switch(self, context: Context, olds: Props, news: Props, moving: Moving, copies: list[_Copy]) -> None:
        """Take what changed meanwhile, let the old place pass visitors on, then take what came at the last moment."""
        before = Declared.of(olds)
        passing = Declared.of({**news, "host": before.host, "files": moving.passage, "adopt": True}).files
        for copy in copies:
            await self._work(self._last_pass, copy)
        try:
            await self._write(context, olds, news, before, replace(before, files={**before.files, **passing}))
        except ResourceError:
            for copy in copies:
                if not copy.moved:
                    await self._work(self._unmark, copy)
            raise
        for copy in copies:
            if conflicts := await self._work(self._late, copy):
                some = ", ".join(conflicts[:5]) + (", …" if len(conflicts) > 5 else "")
                self._runtime.reporter.warn(
                    current_urn(),
                    f"{copy.source.path}: {len(conflicts)} changed on both servers during the switch; what "
                    f"{copy.target.transport.host} has stands, the other is kept on {before.host}: {some}",
                )

    def _last_pass(self, copy: _Copy, say: Callable[[int, int], None]) -> None:
        if copy.moved:
            return
        copy.held = final_pass(copy.source, copy.target, say)
        path = copy.source.path
        # First this: with both marks, or when nobody knows whether visitors are passed on, nothing is copied again.
        ask(copy.source.transport, "switch", path, "moved", "on")
        ask(copy.target.transport, "switch", path, "moving", "off")

    def _unmark(self, copy: _Copy, say: Callable[[int, int], None]) -> None:
        """The old host refused to pass visitors on: its place serves, and is still the truth."""
        path = copy.source.path
        ask(copy.target.transport, "switch", path, "moving", "on")
        ask(copy.source.transport, "switch", path, "moved", "off")

    def _late(self, copy: _Copy, say: Callable[[int, int], None]) -> list[str]:
        """Nobody comes any more: end who still writes there, then take what they wrote last."""
        ask(copy.source.transport, "quit", str(copy.source.uid))
        return late(copy.source, copy.target, copy.held) if copy.held is not None else []

    # --- helpers ------------------------------------------------------------------------------------------------------

    async def _work(self, job: Callable[..., Got], *args: Any) -> Got:
        """Run a job in its turn, in a thread; those of this class are given where to tell their progress."""
        more = [_progress(self._runtime, current_urn())] if getattr(job, "__self__", None) is self else []
        async with self._turn:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: job(*args, *more))

    async def _write(
        self, context: Context, olds: Props, news: Props, before: Declared | None, after: Declared | None
    ) -> None:
        secrets = [v for p in (olds, news) for v in (p.get("secrets") or {}).values() if isinstance(v, str)]
        host = (after or before or Declared("")).host
        change = FilesChange(context.owner, context.name, before, after, tuple(secrets), context.holder)
        await self._committer.write(host, context.stack, change)

    def _transport(self, context: Context, host: str) -> Any:
        return self._runtime.hosts.transport(host, context.stack)


def expired(left: Mapping[str, str]) -> list[str]:
    """Return the hosts whose old place has had its time."""
    today = _today().date().isoformat()
    return sorted(host for host, day in left.items() if day <= today)


def _today() -> datetime:
    return datetime.now(UTC)


def _progress(runtime: Runtime, urn: str) -> Callable[[int, int], None]:
    """Return what shows how much of a copy is done, once a second at most."""
    shown = time.monotonic()

    def say(sent: int, total: int) -> None:
        nonlocal shown
        if time.monotonic() - shown >= 1:
            shown = time.monotonic()
            # A tar has more bytes than its files.
            runtime.reporter.status(urn, f"copying: {min(sent, total) // 1_000_000} of {total // 1_000_000} MB")

    return say
