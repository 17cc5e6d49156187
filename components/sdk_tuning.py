"""Two costs of Pulumi's Python SDK that grow with the number of resources, taken away for the versions known here.

- Each `pulumi.log.debug` of the SDK is a blocking round trip to the engine, some six a resource, and nobody reads it:
  438 members spend more than half of the program's time there.
- At the end `wait_for_rpcs` waits for the first of all outstanding outputs, again and again: quadratic. It doesn't show
  beside the round trips; without them it does (2,629 resources: a minute).

A version that isn't in `KNOWN` runs as it is. `NUMERIAN_SDK_TUNING=off` gives the debug messages back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from importlib.metadata import version
from typing import Any

import pulumi.log
from pulumi.runtime import stack

KNOWN = frozenset({"3.272.0"})
"""Versions whose `log.debug` and `wait_for_rpcs` were read, and the tests of this module run with."""

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
    pulumi.log.debug = _unsaid
    setattr(stack, "asyncio", _PatientAsyncio())  # noqa: B010 (a module's global, which the type checker guards)
    return True
