"""Pulumi's protocol in plain values: structs to dictionaries and back, errors to statuses, words to the engine."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import grpc
from google.protobuf import json_format, struct_pb2

from engine.docker_plugin.errors import DockerPluginError, HalfMadeError
from provider.proto import engine_pb2, engine_pb2_grpc, provider_pb2, status_pb2

PACE = 0.1
"""Seconds between two lines about one resource: a pull tells thousands."""


def to_plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return a struct as a dictionary; its numbers are floats."""
    return dict(json_format.MessageToDict(struct))


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return a dictionary as a struct, without what is None."""
    return json_format.ParseDict({k: v for k, v in values.items() if v is not None}, struct_pb2.Struct())


def refuse(context: grpc.ServicerContext, error: Exception) -> None:
    """Set the call's status to an error: the operator sees its sentence and nothing else."""
    message = str(error) if isinstance(error, DockerPluginError) else _unforeseen(error)
    code = grpc.StatusCode.UNKNOWN
    if isinstance(error, HalfMadeError):
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.id, properties=to_struct(error.outputs), reasons=[error.reason]
        )
        status = status_pb2.Status(code=code.value[0], message=message)
        status.details.add().Pack(detail)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.set_code(code)
    context.set_details(message)


def _unforeseen(error: Exception) -> str:
    kind = type(error).__name__
    words = " ".join(str(error).split())
    return f"the docker plugin met an error that it doesn't know ({kind}: {words}); please report it"


class Speaker:
    """Says things to the operator through the engine. Its failures are nobody's business."""

    def __init__(self, address: str | None) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address)) if address else None
        self._last: dict[str, float] = {}

    def status(self, urn: str, line: str) -> None:
        """Show what a resource is busy with, until the next line replaces it; at most some lines a second."""
        now = time.monotonic()
        if now - self._last.get(urn, 0.0) < PACE:
            return
        self._last[urn] = now
        self._say(engine_pb2.INFO, urn, line, ephemeral=True)

    def warn(self, urn: str, line: str) -> None:
        """Show a warning that stays."""
        self._say(engine_pb2.WARNING, urn, line, ephemeral=False)

    def _say(self, severity: Any, urn: str, line: str, *, ephemeral: bool) -> None:
        if self._stub is None:
            return
        request = engine_pb2.LogRequest(severity=severity, message=line, urn=urn, ephemeral=ephemeral)
        try:
            self._stub.Log(request, timeout=5)
        except grpc.RpcError as error:
            print(f"the engine doesn't take a line: {error}", file=sys.stderr)


def note(version: int) -> str:
    """Return the official provider's note of its state's version."""
    return json.dumps({"schema_version": str(version)}, separators=(",", ":"))
