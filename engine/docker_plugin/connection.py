"""One daemon, reached: the Docker SDK's client, and its errors as sentences.

Nothing is dialled, and the SDK isn't even loaded, before the first question: the plugin starts for every command, and
a preview asks no daemon.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from engine.docker_plugin.errors import DockerPluginError
from engine.docker_plugin.settings import Endpoint

if TYPE_CHECKING:
    from engine.docker_plugin.sdk import Link

TIMEOUT = 120
"""Seconds without a byte from the daemon that are an error. Builds have their own."""


class Daemon:
    """The daemon of an endpoint. Thread-safe."""

    def __init__(self, endpoint: Endpoint, stack: str = "", timeout: int = TIMEOUT) -> None:
        self.endpoint = endpoint
        self._stack = stack
        self._timeout = timeout
        self._lock = threading.Lock()
        self._link: Link | None = None

    @contextmanager
    def doing(self, action: str) -> Iterator[Any]:
        """Give the SDK's client, and tell its errors as this plugin's: `action` says what was tried.

        The client is typed `Any`: the stubs of the SDK know only a part of it.

        Raises:
            UnreachableError: no daemon answers.
            GoneError: it doesn't know the thing.
            ConflictError: another thing is in the way.
            DaemonError: it refuses.
        """
        link = self._linked()
        try:
            # Making the client is the first question already.
            yield link.client
        except DockerPluginError:
            raise
        except Exception as error:
            told = link.tell(error, action)
            if told is None:
                raise
            raise told from error

    def ping(self) -> None:
        """Ask the daemon whether it is there."""
        with self.doing("asking the daemon") as client:
            client.ping()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            link, self._link = self._link, None
        if link is not None:
            link.close()

    def _linked(self) -> Link:
        from engine.docker_plugin.sdk import Link

        with self._lock:
            if self._link is None:
                self._link = Link(self.endpoint, self._stack, self._timeout)
            return self._link
