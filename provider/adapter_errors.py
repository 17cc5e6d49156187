"""What the engine hears when a request fails: a message for an operator, never a traceback, never a secret."""

from __future__ import annotations

import os
import time
import traceback
from pathlib import Path

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage

from provider.adapter_values import Path as ValuePath
from provider.adapter_values import send
from provider.errors import ProviderError
from provider.kinds.partial import PartialError
from provider.proto import provider_pb2, status_pb2
from provider.secrets import mask

_LOG_LIMIT = 4 << 20


class Failures:
    """Turns exceptions into answers. It knows every secret text that came along, so that no message tells one."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._secrets: set[str] = set()

    def learn(self, secrets: set[str]) -> None:
        """Mask these texts from now on. A batch's error may quote another resource's secret, so none is forgotten."""
        self._secrets |= secrets

    def masked(self, text: str) -> str:
        """Return `text` without any secret that came along."""
        return mask(text, self._secrets)

    def message(self, error: Exception) -> str:
        """Return what an operator reads. An error that isn't ours goes into the log, with where it happened."""
        if isinstance(error, ProviderError):
            return self.masked(str(error))
        self._write(error)
        return f"internal error of the numerian provider: {type(error).__name__}; please report it (log: {self._log})"

    async def abort(
        self,
        context: grpc.aio.ServicerContext[object, object],
        error: Exception,
        secret_paths: set[ValuePath] | None = None,
    ) -> None:
        """Answer a request with `error`. Part of a resource that was done is told so that the state keeps it."""
        message = self.message(error)
        if isinstance(error, PartialError):
            detail = provider_pb2.ErrorResourceInitFailed(
                id=error.state.id,
                properties=send(error.state.outputs, secret_paths or ()),
                reasons=[self.masked(reason) for reason in error.reasons],
            )
            packed = AnyMessage()
            packed.Pack(detail)
            code: int = grpc.StatusCode.UNKNOWN.value[0]
            status = status_pb2.Status(code=code, message=message, details=[packed])
            context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        await context.abort(grpc.StatusCode.UNKNOWN, message)

    def _write(self, error: Exception) -> None:
        lines = "".join(traceback.format_exception(error))
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
            if self._log.exists() and self._log.stat().st_size > _LOG_LIMIT:
                flags |= os.O_TRUNC
            with os.fdopen(os.open(self._log, flags, 0o600), "a", encoding="utf-8") as file:
                file.write(f"{stamp} {self.masked(lines)}\n")
        except OSError:
            # A full disk must not hide the first error behind a second one.
            return
