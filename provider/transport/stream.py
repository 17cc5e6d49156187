"""A command's stdin and stdout as one stream, for protocols that are spoken over a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import paramiko


class Stream:
    """A command's stdin and stdout as one socket-like stream. Close it: it takes one of the host's sessions."""

    def __init__(
        self, channel: paramiko.Channel, release: Callable[[], None], cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        self._channel = channel
        self.cancelled = cancelled
        """Tells whether the operator has stopped the run."""
        self._release: Callable[[], None] | None = release

    def recv(self, size: int) -> bytes:
        """Return at most `size` bytes, b"" at the end."""
        return self._channel.recv(size)

    def sendall(self, data: bytes) -> None:
        """Send all of `data`."""
        self._channel.sendall(data)

    def makefile(self, *args: Any) -> Any:
        """Return a file object on the stream, as sockets do."""
        return self._channel.makefile(*args)

    def settimeout(self, timeout: float | None) -> None:
        """Bound each `recv` and `sendall` to so many seconds."""
        self._channel.settimeout(timeout)

    def fileno(self) -> int:
        """Return a descriptor that is readable when bytes or the end have come."""
        return self._channel.fileno()

    def shutdown_write(self) -> None:
        """Say that no more bytes will be sent."""
        self._channel.shutdown_write()

    def stderr(self) -> bytes:
        """Return what the command has said on stderr since the last call."""
        said = b""
        while self._channel.recv_stderr_ready():
            said += self._channel.recv_stderr(4096)
        return said

    def wait(self, timeout: float) -> int:
        """Return the command's exit code once it has ended, -1 if it didn't tell within `timeout` seconds."""
        if not self._channel.status_event.wait(timeout):
            return -1
        return self._channel.recv_exit_status()

    def close(self) -> None:
        """Close the stream and give its session back; twice is fine."""
        release, self._release = self._release, None
        if release is not None:
            release()
