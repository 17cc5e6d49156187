"""Group commit: what comes together goes together, and one failure is one failure."""

from __future__ import annotations

import asyncio
import base64
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from remote_hosts import Bench, Pool, Shell, run

from provider import batch
from provider.batch import Gatherer
from provider.errors import HostTimeoutError
from provider.kinds.files import Files
from provider.plan.declared import File, Rights
from provider.plan.facts import Target
from provider.plan.files import Plan, WriteFile
from provider.remote.culprits import Sift, named
from provider.remote.job import Job
from provider.runtime import Runtime
from provider.transport import Result


class Worker:
    """Answers each number with its double; `gate` holds a batch under way."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, items: list[int]) -> list[int | Exception]:
        self.batches.append(items)
        self.gate.wait(10)
        return [ValueError(str(item)) if item < 0 else item * 2 for item in items]


def gatherer(worker: Worker) -> Gatherer[int, int]:
    return Gatherer(worker, ThreadPoolExecutor(4))


def test_what_comes_together_is_one_batch() -> None:
    async def together() -> None:
        worker = Worker()
        gather = gatherer(worker)
        assert await asyncio.gather(*(gather.submit(n) for n in range(100))) == [n * 2 for n in range(100)]
        assert worker.batches == [list(range(100))]

    run(together())


def test_it_waits_for_quiet_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PATIENCE", 0.3)

    async def trickle() -> None:
        worker = Worker()
        gather = gatherer(worker)
        tasks = []
        for n in range(40):
            tasks.append(asyncio.create_task(gather.submit(n)))
            await asyncio.sleep(0.015)
        await asyncio.gather(*tasks)
        assert 2 <= len(worker.batches) <= 4
        assert sum(map(len, worker.batches)) == 40

    run(trickle())


def test_while_a_batch_is_under_way_the_next_gathers() -> None:
    async def under_way() -> None:
        worker = Worker()
        worker.gate.clear()
        gather = gatherer(worker)
        first = asyncio.create_task(gather.submit(0))
        while not worker.batches:
            await asyncio.sleep(0.01)
        rest = []
        for n in range(1, 6):
            rest.append(asyncio.create_task(gather.submit(n)))
            await asyncio.sleep(0.06)
        worker.gate.set()
        await asyncio.gather(first, *rest)
        assert worker.batches == [[0], [1, 2, 3, 4, 5]]

    run(under_way())


def test_an_exception_goes_to_the_one_that_it_belongs_to() -> None:
    async def one() -> None:
        gather = gatherer(Worker())
        results = await asyncio.gather(*(gather.submit(n) for n in (1, -2, 3)), return_exceptions=True)
        assert [results[0], results[2]] == [2, 6]
        assert isinstance(results[1], ValueError)

    run(one())


def test_one_that_was_cancelled_does_not_harm_the_others() -> None:
    async def cancelled() -> None:
        worker = Worker()
        gather = gatherer(worker)
        tasks = [asyncio.create_task(gather.submit(n)) for n in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [results[0], results[2]] == [0, 4]
        assert worker.batches == [[0, 2]]

    run(cancelled())


class Broken:
    """A host that doesn't answer."""

    host = "alixan"

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        raise HostTimeoutError("alixan", "no answer within 60 s")

    def end_first_contact(self, *, made: bool = False) -> None: ...

    def renew(self) -> None: ...


class Empty:
    """A host with nothing on it: each read finds nothing, each apply goes well."""

    host = "privas"

    def __init__(self) -> None:
        self.applied = 0

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        if "apply" in argv:
            self.applied += 1
            return Result(b"unit 0000 ok\n", b"", 0)
        sections = ("paths", "hashes", "ledger", "pending", "notes", "left", "definitions")
        text = "".join(f"={name}\n" for name in sections) + "=switch\nsetpriv\n=words\nu root 0\ng root 0\n=end\n"
        return Result(text.encode(), b"", 0)

    def end_first_contact(self, *, made: bool = False) -> None: ...

    def renew(self) -> None: ...


def test_one_host_that_fails_hides_no_other() -> None:
    async def both() -> None:
        empty = Empty()
        bench = Bench(Shell("privas", []))
        files = Files(Runtime(Pool({"privas": empty, "alixan": Broken()})))

        async def create(host: str, name: str) -> Any:
            props = await bench.checked(name, {"files": {f"/etc/{name}": {"content": "x"}}})
            return await files.create(bench.context(name), {**props, "host": host})

        names = [("privas" if n % 2 else "alixan", str(n)) for n in range(20)]
        results = await asyncio.gather(*(create(*name) for name in names), return_exceptions=True)
        for (host, _), result in zip(names, results, strict=True):
            assert isinstance(result, HostTimeoutError) == (host == "alixan")
        assert empty.applied == 1

    run(both())


def test_two_thousand_members_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 resources with 10 kB each: few batches, and seconds, not minutes."""

    async def many() -> None:
        empty = Empty()
        bench = Bench(Shell("privas", []))
        files = Files(Runtime(Pool({"privas": empty})))
        props = [
            await bench.checked(str(n), {"files": {f"/etc/m/{n}": {"content": "x" * 10_000}}}) for n in range(2000)
        ]
        started = time.monotonic()
        await asyncio.gather(*(files.create(bench.context(str(n)), news) for n, news in enumerate(props)))
        assert time.monotonic() - started < 30
        assert empty.applied <= 5

    run(many())


def job(name: str, path: str) -> Job:
    file = File(Rights("0644", "root", "root"), b"")
    return Job("o", name, Plan([WriteFile(Target(path, "front"), file, 0, 0, None)]))


def test_a_message_names_its_file_and_no_other() -> None:
    jobs = [job("1", "sites/07186.conf"), job("2", "sites/07186.conf.d"), job("3", "b/sites/07186.conf"), job("4", "s")]
    message = "nginx: [emerg] unknown directive in /srv/front/config/generations/7/sites/07186.conf:3"
    assert [j.name for j in named(jobs, message)] == ["1"]


@pytest.mark.parametrize("bad", [[0], [49], [7, 8], [1, 20, 40], list(range(0, 50, 10))])
def test_halving_finds_exactly_those_at_fault(bad: list[int]) -> None:
    jobs = [job(str(n), f"{n}.conf") for n in range(50)]
    trials = 0

    def judge(some: list[Job]) -> str | None:
        nonlocal trials
        trials += 1
        return "syntax error" if any(int(j.name) in bad for j in some) else None

    found = Sift(judge).run(jobs, "syntax error")
    assert [int(j.name) for j in jobs if id(j) in found] == bad
    assert trials <= 64


def test_one_that_needs_another_of_the_batch_is_not_at_fault() -> None:
    """A site that includes a snippet of a resource behind it in the batch is refused without it, not for itself."""
    jobs = [job(str(n), f"{n}.conf") for n in range(8)]

    def judge(some: list[Job]) -> str | None:
        names = {j.name for j in some}
        if "0" in names and "7" not in names:
            return "snippet 7 is missing"
        return "syntax error" if "3" in names else None

    found = Sift(judge).run(jobs, "syntax error")
    assert [j.name for j in jobs if id(j) in found] == ["3"]


def test_messages_of_a_host_never_hold_a_secret() -> None:
    class Refusing(Empty):
        def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
            if "apply" in argv:
                return Result(b"unit 0000 failed " + base64.b64encode(b"bad line: password=geheim-42") + b"\n", b"", 0)
            return super().run(argv, stdin=stdin)

    async def refused() -> None:
        files = Files(Runtime(Pool({"privas": Refusing()})))
        bench = Bench(Shell("privas", []))
        props = await bench.checked(
            "x", {"files": {"/etc/a": {"content": "password=${secret:p}"}}, "secrets": {"p": "geheim-42"}}
        )
        with pytest.raises(Exception, match="bad line") as caught:
            await files.create(bench.context("x"), props)
        assert "geheim" not in str(caught.value)
        assert "[secret]" in str(caught.value)

    run(refused())
