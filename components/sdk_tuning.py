"""Costs of Pulumi's Python SDK that grow with the number of resources, taken away for the versions known here.

- Each `pulumi.log.debug` of the SDK is a blocking round trip to the engine, some six a resource, and nobody reads it:
  438 members spend more than half of the program's time there.
- At the end `wait_for_rpcs` waits for the first of all outstanding outputs, again and again: quadratic. It doesn't show
  beside the round trips; without them it does (2,629 resources: a minute).
- Each resource's stack trace is taken and sent, for a hint beside errors that ours don't need, and the types of its
  class are worked out anew: together a quarter of what was left with 438 members.
- The garbage collector looks again and again at objects that all live to the end, and once more at the end.

A version that isn't in `KNOWN` runs as it is. `NUMERIAN_SDK_TUNING=off` gives the debug messages back.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import gc
import os
from collections.abc import Collection
from importlib.metadata import version
from typing import Any

import pulumi.log
from pulumi import _types
from pulumi.runtime import resource, stack
from pulumi.runtime.proto import source_pb2

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


def apply() -> bool:
    """Tune the SDK of this process; return whether it was one that is known."""
    if os.environ.get(SWITCH) == "off" or version("pulumi") not in KNOWN:
        return False
    # By `setattr`: they are globals of modules that aren't ours, which the type checker guards.
    setattr(pulumi.log, "debug", _unsaid)  # noqa: B010
    setattr(stack, "asyncio", _PatientAsyncio())  # noqa: B010
    setattr(resource, "_get_stack_trace", source_pb2.StackTrace)  # noqa: B010
    setattr(_types, "resource_types", functools.cache(_types.resource_types))  # noqa: B010
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
    return True
