"""The SDK is tuned where it is known, says the same to a program, and is left alone where it isn't known."""

from __future__ import annotations

import asyncio
import gc
import re
import threading
import time
from importlib.metadata import version
from pathlib import Path

import pulumi
import pytest
from pulumi import _types
from pulumi.runtime import resource, stack
from pulumi.runtime.settings import SETTINGS

from components import sdk_tuning


@pytest.fixture(autouse=True)
def untuned(monkeypatch, request):
    """Give the SDK back as it was after each test."""
    monkeypatch.setattr(pulumi.log, "debug", pulumi.log.debug)
    monkeypatch.setattr(stack, "asyncio", asyncio)
    monkeypatch.setattr(resource, "_get_stack_trace", resource._get_stack_trace)
    monkeypatch.setattr(resource, "prepare_resource", resource.prepare_resource)
    monkeypatch.setattr(_types, "resource_types", _types.resource_types)
    thresholds = gc.get_threshold()
    request.addfinalizer(lambda: gc.set_threshold(*thresholds))
    monkeypatch.delenv(sdk_tuning.SWITCH, raising=False)


def test_the_locked_sdk_is_a_known_one() -> None:
    locked = re.search(r"pulumi==([\d.]+)", (Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert locked is not None and locked[1] in sdk_tuning.KNOWN
    assert version("pulumi") in sdk_tuning.KNOWN


def test_an_unknown_sdk_is_left_alone(monkeypatch) -> None:
    before, traces = pulumi.log.debug, resource._get_stack_trace
    monkeypatch.setattr(sdk_tuning, "version", lambda name: "3.999.0")
    assert not sdk_tuning.apply()
    assert pulumi.log.debug is before
    assert stack.asyncio is asyncio
    assert resource._get_stack_trace is traces


def test_the_switch_gives_the_debug_messages_back(monkeypatch) -> None:
    before = pulumi.log.debug
    monkeypatch.setenv(sdk_tuning.SWITCH, "off")
    assert not sdk_tuning.apply()
    assert pulumi.log.debug is before


def test_debug_messages_cost_no_round_trip_and_others_are_said(monkeypatch) -> None:
    said = []
    engine = type("Engine", (), {"Log": lambda self, request: said.append(request.message)})()
    monkeypatch.setattr(pulumi.log, "get_engine", lambda: engine)
    assert sdk_tuning.apply()
    pulumi.log.debug("registering", None, 1, ephemeral=True)
    pulumi.log.warn("the certificate runs out")
    assert said == ["the certificate runs out"]


def outstanding(*coroutines):
    """Run `wait_for_rpcs` over these as outstanding outputs, as the SDK keeps them."""

    async def body() -> None:
        SETTINGS.outputs.clear()
        for coroutine in coroutines:
            SETTINGS.outputs.add(asyncio.ensure_future(coroutine))
        await asyncio.wait_for(stack.wait_for_rpcs(), 5)

    asyncio.run(body())


def test_all_outputs_are_waited_for_also_those_that_come_while_waiting() -> None:
    done = []

    async def late() -> None:
        await asyncio.sleep(0.02)
        done.append("late")

    async def early() -> None:
        SETTINGS.outputs.add(asyncio.ensure_future(late()))
        done.append("early")

    assert sdk_tuning.apply()
    outstanding(early(), asyncio.sleep(0.01))
    assert done == ["early", "late"]


def test_the_first_failure_ends_it_at_once() -> None:
    async def fails() -> None:
        raise ValueError("no such plan")

    assert sdk_tuning.apply()
    with pytest.raises(ValueError, match="no such plan"):
        outstanding(asyncio.sleep(60), fails())


def test_many_outputs_are_waited_for_in_a_few_rounds() -> None:
    rounds = 0

    class Counting(sdk_tuning._PatientAsyncio):
        async def wait(self, tasks, **how):
            nonlocal rounds
            rounds += 1
            return await super().wait(tasks, **how)

    assert sdk_tuning.apply()
    stack.asyncio = Counting()
    outstanding(*(asyncio.sleep(0.001 * (number % 7)) for number in range(500)))
    assert rounds <= 2


def test_types_of_a_class_are_the_same_and_worked_out_once() -> None:
    class Site(pulumi.CustomResource):
        url: pulumi.Output[str]

    before = _types.resource_types(Site)
    assert sdk_tuning.apply()
    assert _types.resource_types(Site) == before == {"url": str}
    assert _types.resource_types(Site) is _types.resource_types(Site)


def test_no_stack_traces_are_sent() -> None:
    assert sdk_tuning.apply()
    assert resource._get_source_position(resource._get_stack_trace()) is None


def test_as_many_calls_are_under_way_as_the_engine_takes_up(monkeypatch) -> None:
    async def workers() -> int:
        monkeypatch.setattr(SETTINGS, "parallel", 7)
        assert sdk_tuning.apply()
        names = await asyncio.gather(*(asyncio.to_thread(_name) for _ in range(40)))
        return len(set(names))

    def _name() -> str:
        time.sleep(0.01)
        return threading.current_thread().name

    assert asyncio.run(workers()) == 7


def test_inputs_of_ours_are_let_go_once_they_are_serialized(monkeypatch) -> None:
    async def prepared(kind: str) -> tuple[dict[str, str], dict[str, str]]:
        props = {"content": "x"}
        return await resource.prepare_resource(None, kind, True, False, props, None), props

    async def prepare(res, ty, custom, remote, props, opts, typ=None):
        return dict(props)

    monkeypatch.setattr(resource, "prepare_resource", prepare)
    assert sdk_tuning.apply()
    assert asyncio.run(prepared("numerian:index:Files")) == ({"content": "x"}, {})
    assert asyncio.run(prepared("docker:index:Image")) == ({"content": "x"}, {"content": "x"})
