"""One daemon, reached: the Docker SDK's client, and its errors as sentences.

Nothing is dialled before the first question, so previews work while a host is down.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, NotFound

from engine.docker_plugin.dial import DialAdapter, Dialer, dialer
from engine.docker_plugin.errors import ConflictError, DaemonError, DockerPluginError, GoneError, UnreachableError
from engine.docker_plugin.settings import Endpoint
from provider.errors import ProviderError

TIMEOUT = 120
"""Seconds without a byte from the daemon that are an error. Builds have their own."""

PROBE_VERSION = "1.24"
"""An API version that every daemon speaks, for the question which it speaks best."""


class Daemon:
    """The daemon of an endpoint. Thread-safe."""

    def __init__(self, endpoint: Endpoint, stack: str = "", timeout: int = TIMEOUT) -> None:
        self.endpoint = endpoint
        self._stack = stack
        self._timeout = timeout
        self._lock = threading.Lock()
        self._client: docker.APIClient | None = None
        self._way: Dialer | None = None
        self._adapter: DialAdapter | None = None

    @property
    def client(self) -> docker.APIClient:
        """The SDK's client, made at the first use. Use it inside `doing`."""
        with self._lock:
            if self._client is None:
                self._client = self._connect()
            return self._client

    @contextmanager
    def doing(self, action: str) -> Iterator[Any]:
        """Give the client, and tell its errors as this plugin's: `action` says what was tried.

        The client is typed `Any`: the stubs of the SDK know only a part of it.

        Raises:
            UnreachableError: no daemon answers.
            GoneError: it doesn't know the thing.
            ConflictError: another thing is in the way.
            DaemonError: it refuses.
        """
        try:
            yield self.client
        except DockerPluginError:
            raise
        except NotFound as error:
            raise GoneError(action, _explanation(error), status=404) from error
        except APIError as error:
            status = error.status_code or 0
            kind = ConflictError if status == 409 else DaemonError
            raise kind(action, _explanation(error), status=status) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, ProviderError, OSError) as error:
            raise UnreachableError(str(self.endpoint), self._why(error)) from error
        except DockerException as error:
            raise DaemonError(action, str(error)) from error

    def ping(self) -> None:
        """Ask the daemon whether it is there."""
        with self.doing("asking the daemon") as client:
            client.ping()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            client, self._client = self._client, None
            way, self._way = self._way, None
        if client is not None:
            client.close()
        if way is not None:
            way.close()

    def _connect(self) -> docker.APIClient:
        version = str(self._make(PROBE_VERSION).version(api_version=False)["ApiVersion"])
        return self._make(version)

    def _make(self, version: str) -> docker.APIClient:
        if not self.endpoint.url.startswith("ssh://"):
            if self.endpoint.url.startswith("unix://"):
                _look_at_socket(self.endpoint)
            return docker.APIClient(base_url=self.endpoint.url, version=version, timeout=self._timeout)
        if self._way is None or self._adapter is None:
            self._way = dialer(self.endpoint, self._stack)
            self._adapter = DialAdapter(self._way, self._timeout)
        client = docker.APIClient(base_url="http://localhost:80", version=version, timeout=self._timeout)
        client.mount("http+docker://", self._adapter)
        client.base_url = "http+docker://localhost"
        return client

    def _why(self, error: BaseException) -> str:
        said = self._way.last_words() if self._way else ""
        if said:
            return said
        chain = list(_chain(error))
        words = next((seen.strerror for seen in chain if isinstance(seen, OSError) and seen.strerror), None)
        if words:
            return words
        if any(isinstance(seen, TimeoutError | requests.Timeout | urllib3.exceptions.TimeoutError) for seen in chain):
            return f"no answer within {self._timeout} s"
        return "it closed the connection" if isinstance(error, requests.ConnectionError) else str(error)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Go through an error and what it came from: the libraries wrap the one that says something."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _look_at_socket(endpoint: Endpoint) -> None:
    """Say plainly what is wrong with a socket before the SDK wraps it in three errors."""
    path = Path(endpoint.url.removeprefix("unix://"))
    if not path.exists():
        raise UnreachableError(str(endpoint), "there is no such socket; is the daemon running?")
    if not os.access(path, os.R_OK | os.W_OK):
        raise UnreachableError(str(endpoint), "this user may not use the socket; is the user in group docker?")


def _explanation(error: APIError) -> str:
    """Return the daemon's own words, on one line."""
    words: Any = error.explanation or str(error)
    if isinstance(words, bytes):
        words = words.decode("utf-8", "replace")
    return " ".join(str(words).split())
