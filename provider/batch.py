"""Group commit: what many resources ask of one host at about the same time becomes one round trip.

The engine asks for hundreds of creates at once. A gatherer waits until nothing new has come for 40 ms (2 s at most),
and while a batch is under way the next one gathers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, TypeVar

from provider.plan.facts import Facts, Need
from provider.remote.commit import Change, Commit
from provider.remote.fetch import fetch
from provider.remote.reading import read
from provider.report import Reporter, current_urn
from provider.transport import Hosts

QUIET = 0.04
"""Seconds without a new arrival after which a batch goes."""
PATIENCE = 2.0
"""Seconds after which it goes all the same."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Gatherer(Generic[Item, Answer]):
    """Gathers items for `work`, which gets a list and returns one answer (or exception) for each, in their order."""

    def __init__(
        self,
        work: Callable[[list[Item]], list[Answer | Exception]],
        pool: ThreadPoolExecutor,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._work = work
        self._pool = pool
        self._clock = clock
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Answer:
        """Return the answer to `item` once its batch is done; raises its exception."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._serve())
        return await future

    async def _serve(self) -> None:
        while self._waiting:
            await self._quiet()
            batch, self._waiting = self._waiting, []
            await self._do([(item, future) for item, future in batch if not future.cancelled()])

    async def _quiet(self) -> None:
        first = self._clock()
        seen = -1
        while seen != len(self._waiting) and self._clock() - first < PATIENCE:
            seen = len(self._waiting)
            await asyncio.sleep(QUIET)

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        loop = asyncio.get_running_loop()
        answers: list[Answer | Exception]
        try:
            answers = await loop.run_in_executor(self._pool, self._work, [item for item, _ in batch])
        except Exception as error:  # one host's failure belongs to each that asked, whatever it is
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.cancelled():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Committer:
    """The batches of all hosts: one gatherer a host for each of writes, reads and contents."""

    def __init__(self, hosts: Hosts, reporter: Reporter) -> None:
        self._hosts = hosts
        self._reporter = reporter
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="host")
        self._writes: dict[tuple[str, str], Gatherer[tuple[str, Change], None]] = {}
        self._reads: dict[tuple[str, str], Gatherer[Need, Facts]] = {}
        self._contents: dict[tuple[str, str], Gatherer[frozenset[str], dict[str, bytes]]] = {}

    async def write(self, host: str, stack: str, change: Change) -> None:
        """Make a change, in a batch with others of the same host."""
        key = (stack, host)
        if key not in self._writes:
            self._writes[key] = Gatherer(partial(self._write, key), self._pool)
        await self._writes[key].submit((current_urn(), change))

    async def read(self, host: str, stack: str, need: Need) -> Facts:
        """Return what is on a host; many that ask get the facts of one round trip."""
        key = (stack, host)
        if key not in self._reads:
            self._reads[key] = Gatherer(partial(self._read, key), self._pool)
        return await self._reads[key].submit(need)

    async def contents(self, host: str, stack: str, paths: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of files, gathered in the same way."""
        key = (stack, host)
        if key not in self._contents:
            self._contents[key] = Gatherer(partial(self._fetch, key), self._pool)
        return await self._contents[key].submit(frozenset(paths))

    def _write(self, key: tuple[str, str], items: list[tuple[str, Change]]) -> list[Exception | None]:
        transport = self._hosts.transport(key[1], key[0])
        warn = partial(self._reporter.warn, items[0][0])
        results = Commit(transport, [change for _, change in items], warn).run()
        transport.end_first_contact()
        return [results[change] for _, change in items]

    def _read(self, key: tuple[str, str], needs: list[Need]) -> list[Facts | Exception]:
        need = Need()
        for one in needs:
            need |= one
        facts = read(self._hosts.transport(key[1], key[0]), need, log=len(needs))
        for note in facts.notes:
            self._reporter.warn("", f"{facts.host}: {note.replace(chr(9), ' ')}")
        return [facts] * len(needs)

    def _fetch(self, key: tuple[str, str], wanted: list[frozenset[str]]) -> list[dict[str, bytes] | Exception]:
        found = fetch(self._hosts.transport(key[1], key[0]), frozenset().union(*wanted))
        return [found] * len(wanted)
