"""The Docker SDK for Python: a client for an endpoint, and what its many errors mean."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
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

PROBE_VERSION = "1.24"
"""An API version that every daemon speaks, for the question which it speaks best."""


class Link:
    """The client of one endpoint, made at its first use."""

    def __init__(self, endpoint: Endpoint, stack: str, timeout: int) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._lock = threading.Lock()
        self._client: docker.APIClient | None = None
        self._way: Dialer | None = None
        self._adapter: DialAdapter | None = None
        if endpoint.url.startswith("ssh://"):
            self._way = dialer(endpoint, stack)
            self._adapter = DialAdapter(self._way, timeout)

    @property
    def client(self) -> docker.APIClient:
        """The client, speaking the daemon's own API version."""
        with self._lock:
            if self._client is None:
                version = str(self._make(PROBE_VERSION).version(api_version=False)["ApiVersion"])
                self._client = self._make(version)
            return self._client

    def tell(self, error: Exception, action: str) -> DockerPluginError | None:
        """Return an error of the SDK, or of what is under it, as this plugin's; None for any other."""
        if isinstance(error, NotFound):
            return GoneError(action, _explanation(error), status=404)
        if isinstance(error, APIError):
            status = error.status_code or 0
            return (ConflictError if status == 409 else DaemonError)(action, _explanation(error), status=status)
        if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError | ProviderError | OSError):
            return UnreachableError(str(self._endpoint), self._why(error))
        if isinstance(error, DockerException):
            return DaemonError(action, " ".join(str(error).split()))
        return None

    def close(self) -> None:
        """Close every connection."""
        if self._client is not None:
            self._client.close()
        if self._way is not None:
            self._way.close()

    def _make(self, version: str) -> docker.APIClient:
        if self._adapter is None:
            if self._endpoint.url.startswith("unix://"):
                _look_at_socket(self._endpoint)
            return docker.APIClient(base_url=self._endpoint.url, version=version, timeout=self._timeout)
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
