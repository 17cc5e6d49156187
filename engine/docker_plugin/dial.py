"""The way to a daemon that listens on a server: `docker system dial-stdio`, spoken over ssh, as Docker's CLI does.

A host of the host table is dialled over the provider's own ssh with its pinned keys, all channels on one connection.
Any other host is dialled with the system's `ssh`, which honours the user's settings and `sshOpts`.
"""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
from typing import IO, Any, Protocol, cast
from urllib.parse import urlsplit

import urllib3
from docker.transport.basehttpadapter import BaseHTTPAdapter

from engine.docker_plugin.errors import UnreachableError
from engine.docker_plugin.settings import Endpoint
from provider.errors import ProviderError, UnknownHostError
from provider.hosts import HostPool, HostTable, find_table

DIAL = ("docker", "system", "dial-stdio")
MAX_CHANNELS = 4


class Dialer(Protocol):
    """Opens streams to one daemon."""

    def dial(self, timeout: float | None) -> Any:
        """Return a new socket-like stream; `UnreachableError` says why there is none."""
        ...

    def last_words(self) -> str:
        """Return what the way itself said when a stream broke, or an empty string."""
        ...

    def close(self) -> None:
        """Close all streams."""
        ...


class PinnedDialer:
    """Dials a host of the host table. One connection, its keys pinned there."""

    def __init__(self, endpoint: Endpoint, name: str, stack: str) -> None:
        self._endpoint = endpoint
        self._name = name
        self._stack = stack
        self._pool = HostPool()
        self._streams: list[Any] = []

    def dial(self, timeout: float | None) -> Any:
        """Open a channel on the one connection."""
        try:
            transport = cast("Any", self._pool.transport(self._name, self._stack))
            stream = transport.open_channel(list(DIAL))
        except ProviderError as error:
            raise UnreachableError(str(self._endpoint), str(error)) from error
        stream.settimeout(timeout)
        self._streams = [*self._streams[-MAX_CHANNELS:], stream]
        return stream

    def last_words(self) -> str:
        """Return what `docker` said on the server: not installed, no right to the socket."""
        said = b"".join(stream.stderr() for stream in self._streams)
        return said.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class CommandDialer:
    """Dials with the system's `ssh`: the user's settings, known hosts and agent, and the provider's `sshOpts`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._running: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = []

    def argv(self) -> list[str]:
        """Return the command, in the order in which Docker's CLI gives it."""
        url = urlsplit(self._endpoint.url)
        words = ["ssh", *self._endpoint.ssh_opts]
        if url.username:
            words += ["-l", url.username]
        if url.port:
            words += ["-p", str(url.port)]
        return [*words, "--", url.hostname or "", *DIAL]

    def dial(self, timeout: float | None) -> Any:
        """Start one `ssh`, its stdin and stdout being a socket's other end."""
        ours, theirs = socket.socketpair()
        said = tempfile.TemporaryFile()  # noqa: SIM115 (read when the stream breaks)
        try:
            end = theirs.fileno()
            process = subprocess.Popen(self.argv(), stdin=end, stdout=end, stderr=said, start_new_session=True)
        except OSError as error:
            ours.close()
            raise UnreachableError(str(self._endpoint), f"ssh can't be started: {error.strerror}") from error
        finally:
            theirs.close()
        with self._lock:
            self._running.append((process, said))
        ours.settimeout(timeout)
        return ours

    def last_words(self) -> str:
        """Return the last line that an `ssh` which ended wrote on stderr."""
        with self._lock:
            running = list(self._running)
        for process, said in reversed(running):
            try:
                process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                continue
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
            if lines:
                return lines[-1].strip()
        return ""

    def close(self) -> None:
        """End every `ssh`."""
        with self._lock:
            running, self._running = self._running, []
        for process, said in running:
            process.terminate()
            process.wait()
            said.close()


def dialer(endpoint: Endpoint, stack: str) -> Dialer:
    """Return the way to an `ssh://` endpoint."""
    name = urlsplit(endpoint.url).hostname or ""
    if not endpoint.ssh_opts:
        try:
            HostTable(find_table(stack)).get(name)
        except UnknownHostError:
            return CommandDialer(endpoint)
        return PinnedDialer(endpoint, name, stack)
    return CommandDialer(endpoint)


class _Connection(urllib3.connection.HTTPConnection):
    def __init__(self, way: Dialer, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._way = way
        self._limit = timeout

    def connect(self) -> None:
        self.sock = self._way.dial(self._limit)


class _Pool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, way: Dialer, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=MAX_CHANNELS, block=True)
        self._way = way
        self._limit = timeout

    def _new_conn(self) -> Any:
        return _Connection(self._way, self._limit)


class DialAdapter(BaseHTTPAdapter):
    """Lets the Docker SDK's client speak through a `Dialer`: at most four streams, used again."""

    def __init__(self, way: Dialer, timeout: float | None) -> None:
        # A stream kept since the last question may have broken unseen: a question alone is asked once more.
        again = urllib3.Retry(total=None, connect=0, read=1, redirect=0, status=0, allowed_methods={"GET", "HEAD"})
        super().__init__(max_retries=again)
        self._pool = _Pool(way, timeout)

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        """Return the one pool, whatever the URL: its host is made up."""
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> Any:
        """Return the path alone: there is no proxy on this way."""
        return request.path_url

    def close(self) -> None:
        """Close the pool's streams."""
        self._pool.close()
