"""The one connection of a host: made at its first use, made anew when it died, exchanged while commands run on it.

First contact: a bare server doesn't know the inventory's `user` yet, or doesn't let it become root. Then the connection
is that of the entry's `first_user`, by the same keys and pins, until `user` can take over.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

import paramiko

from provider.errors import AuthError, HostError, ProviderError, RouteError
from provider.transport import HostSpec
from provider.transport.connect import Limits, connect


class Jump(Protocol):
    """A host that others are reached through."""

    def open_tunnel(self, address: str, port: int) -> Any:
        """Return a socket-like channel from that host to `address` and `port`."""
        ...


class Pooled:
    """Thread-safe. `say` gets a line when a first contact begins."""

    def __init__(
        self, spec: HostSpec, jump: Callable[[str], Jump] | None, limits: Limits, say: Callable[[str], None]
    ) -> None:
        self._spec = spec
        self._jump = jump
        self._limits = limits
        self._say = say
        self._lock = threading.Lock()
        self._connection: paramiko.Transport | None = None
        self._failure: tuple[float, ProviderError] | None = None
        self._in_use: Counter[paramiko.Transport] = Counter()
        self._first = False
        self.refused = False
        """Whether `user` couldn't log in when that was last tried."""

    @property
    def first_contact(self) -> bool:
        """Whether the connection is that of the first user."""
        return self._first

    @property
    def current(self) -> paramiko.Transport | None:
        """The connection, if it lives."""
        connection = self._connection
        return connection if connection is not None and connection.is_active() else None

    def take(self) -> tuple[paramiko.Transport, bool]:
        """Return the connection and whether it was made just now; `give_back` it."""
        asked = time.monotonic()
        with self._lock:
            connection, fresh = self.current, False
            if connection is None:
                if self._failure and self._failure[0] > asked:
                    # Others waited for the same attempt: they get its answer and don't each wait for their own.
                    raise self._failure[1]
                try:
                    connection, fresh = self._log_in(), True
                except ProviderError as error:
                    self._failure = (time.monotonic(), error)
                    raise
                self._connection = connection
            self._in_use[connection] += 1
            return connection, fresh

    def give_back(self, connection: paramiko.Transport) -> None:
        """Say that one that `take` returned isn't needed any more; one that was exchanged meanwhile is closed."""
        with self._lock:
            self._in_use[connection] -= 1
            if self._in_use[connection] > 0:
                return
            del self._in_use[connection]
            exchanged = connection is not self._connection
        if exchanged:
            connection.close()

    def drop(self, connection: paramiko.Transport) -> None:
        """Close a connection that is of no use any more, whatever runs on it."""
        with self._lock:
            if self._connection is connection:
                self._connection = None
        connection.close()

    def close(self) -> None:
        """Close all; a later `take` connects anew."""
        with self._lock:
            connections = {*self._in_use, *([self._connection] if self._connection else [])}
            self._connection = None
        for connection in connections:
            connection.close()

    def log_in(self) -> paramiko.Transport:
        """Return a new connection as `user`, besides the pooled one; it is the caller's until `exchange`."""
        return connect(self._spec, self._limits, self._dial())

    def exchange(self, fresh: paramiko.Transport) -> None:
        """Go on with `fresh`. What runs on the old connection ends there; then that is closed."""
        with self._lock:
            old, self._connection = self._connection, fresh
            idle = old is not None and old not in self._in_use
            if fresh.get_username() == self._spec.user:
                self._first = False
        if old is not None and idle:
            old.close()

    def renew(self) -> None:
        """Go on with a new connection of whoever may log in."""
        self.exchange(self._log_in())

    def fall_back(self) -> bool:
        """Go on as the first user because `user` may not become root yet; False when there is no such way."""
        if self._first or self._spec.first_user is None:
            return self._first
        try:
            fresh = connect(self._as_first(), self._limits, self._dial())
        except HostError:
            return False
        self._begin(f"{self._spec.user} may not become root there yet")
        self.exchange(fresh)
        return True

    def _log_in(self) -> paramiko.Transport:
        first = self._spec.first_user
        if self._first:
            return connect(self._as_first(), self._limits, self._dial())
        try:
            return self.log_in()
        except AuthError as error:
            if first is None:
                raise
            self.refused = True
            try:
                fresh = connect(self._as_first(), self._limits, self._dial())
            except AuthError as second:
                raise AuthError(
                    self._spec.name, f"{error.message}; nor as {first}, for a first contact: {second.message}"
                ) from second
            self._begin(f"{self._spec.user} can't log in there yet")
            return fresh

    def _begin(self, why: str) -> None:
        self._first = True
        self._say(f"{self._spec.name}: first contact as {self._spec.first_user} ({why})")

    def _as_first(self) -> HostSpec:
        return replace(self._spec, user=self._spec.first_user or self._spec.user)

    def _dial(self) -> Callable[[], Any] | None:
        spec, jump = self._spec, self._jump
        if spec.jump is None:
            return None
        name = spec.jump
        if jump is None:
            raise ProviderError(f"{spec.name}: its jump host {name} isn't known here")

        def dial() -> Any:
            try:
                return jump(name).open_tunnel(spec.address, spec.port)
            except HostError as error:
                raise RouteError(spec.name, f"can't be reached through its jump host: {error}") from error

        return dial
