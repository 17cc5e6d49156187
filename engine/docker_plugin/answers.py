"""How answers look in Pulumi's protocol: diffs, failures, and every error as one sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import grpc

from engine.docker_plugin import wire
from engine.docker_plugin.plan import Kind, Plan
from engine.docker_plugin.properties import Failure
from provider.proto import provider_pb2

Method = TypeVar("Method", bound=Callable[..., Any])

_DETAILS = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
}


def answering(response: type) -> Callable[[Method], Method]:
    """Make a method of the protocol answer every error with a status of one sentence."""

    def wrap(method: Method) -> Method:
        @functools.wraps(method)
        def answer(self: Any, request: Any, context: grpc.ServicerContext) -> Any:
            try:
                return method(self, request, context)
            except Exception as error:
                wire.refuse(context, error)
                return response()

        return answer  # type: ignore[return-value]

    return wrap


def failures(found: list[Failure]) -> list[provider_pb2.CheckFailure]:
    """Return faults of inputs as the protocol has them."""
    return [provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in found]


def diff(plan: Plan, *, delete_first: bool) -> provider_pb2.DiffResponse:
    """Return a plan as the protocol has it."""
    some = provider_pb2.DiffResponse.DIFF_SOME if plan.changes else provider_pb2.DiffResponse.DIFF_NONE
    return provider_pb2.DiffResponse(
        changes=some,
        replaces=plan.replaces,
        diffs=plan.updates,
        deleteBeforeReplace=delete_first,
        detailedDiff={
            path: provider_pb2.PropertyDiff(kind=_DETAILS[change.kind, change.replaces])
            for path, change in plan.changes.items()
        },
        hasDetailedDiff=True,
    )
