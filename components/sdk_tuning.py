"""Costs of Pulumi's Python SDK that grow with the number of resources, taken away for the versions known here.

- Each `pulumi.log.debug` of the SDK is a blocking round trip to the engine, some six a resource, and nobody reads it:
  438 members spend more than half of the program's time there.
- At the end `wait_for_rpcs` waits for the first of all outstanding outputs, again and again: quadratic. It doesn't show
  beside the round trips; without them it does (2,629 resources: a minute).
- Each resource's stack trace is taken and sent, for a hint beside errors that ours don't need, and the types of its
  class are worked out anew: together a quarter of what was left with 438 members.
- Each call to the engine under way has a thread and its request, and four times as many are as the engine takes up at
  once: with 2,000 members half of the program's memory.
- The garbage collector looks again and again at objects that all live to the end, and once more at the end.

A version that isn't in `KNOWN` runs as it is. `NUMERIAN_SDK_TUNING=off` gives the debug messages back.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import os
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any

import pulumi.log
from pulumi import _types
from pulumi.runtime import resource, stack
from pulumi.runtime.proto import source_pb2
from pulumi.runtime.settings import SETTINGS

KNOWN = frozenset({"3.272.0"})
"""Versions whose functions named below were read, and the tests of this module run with."""

SWITCH = "NUMERIAN_SDK_TUNING"


class _PatientAsyncio:
    """The module asyncio, as `wait_for_rpcs` should use it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def wait(
        self, tasks: Collection[asyncio.Task[Any]], *, return_when: str = asyncio.ALL_COMPLETED
    ) -> tuple[set[asyncio.Task[Any]], set[asyncio.Task[Any]]]:
        """Wait for all instead of the first; the first that fails still ends it at once."""
        first = return_when == asyncio.FIRST_COMPLETED
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION if first else return_when)


def _unsaid(msg: str, *_: object, **__: object) -> None:
    """Take a debug message and say nothing."""


def _forgetful(prepare: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return the SDK's function, which then lets go of inputs of ours: from there on their serialized form is used."""

    async def prepare_resource(res: Any, ty: str, custom: bool, remote: bool, props: Any, *rest: Any) -> Any:
        prepared = await prepare(res, ty, custom, remote, props, *rest)
        if ty.startswith("numerian:index:"):
            props.clear()
        return prepared

    return prepare_resource


def _spare_threads() -> None:
    """Have as many calls under way as the engine takes up at once, not four times as many."""
    parallel = SETTINGS.parallel
    with contextlib.suppress(RuntimeError):  # no loop runs: a test
        loop = asyncio.get_running_loop()
        if parallel:
            loop.set_default_executor(ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="engine"))


def apply() -> bool:
    """Tune the SDK of this process; return whether it was one that is known."""
    if os.environ.get(SWITCH) == "off" or version("pulumi") not in KNOWN:
        return False
    # By `setattr`: they are globals of modules that aren't ours, which the type checker guards.
    setattr(pulumi.log, "debug", _unsaid)  # noqa: B010
    setattr(stack, "asyncio", _PatientAsyncio())  # noqa: B010
    setattr(resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010
    setattr(_types, "resource_types", functools.cache(_types.resource_types))  # noqa: B010
    setattr(resource, "prepare_resource", _forgetful(resource.prepare_resource))  # noqa: B010
    _spare_threads()
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
    return True
