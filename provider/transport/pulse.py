"""A connection with a pulse: a peer that vanished without a word is found out in seconds, whatever waits for it.

The kernel notices by itself only when bytes of ours stay unacknowledged. A command that is silent for minutes has none
under way, and a device in between (a relay, a firewall, a NAT) may go on acknowledging for a host that is gone. So the
peer itself is asked: every SSH server answers a global request, at least that it doesn't know it (RFC 4254, 4).
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any, cast

import paramiko

REQUEST = "keepalive@openssh.com"


class _Listener:
    """A socket, or what acts as one, that remembers when bytes last came."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.heard = time.monotonic()

    def recv(self, size: int) -> bytes:
        data = bytes(self._sock.recv(size))
        self.heard = time.monotonic()
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Connection(paramiko.Transport):
    """A connection that can be watched."""

    lost = False
    """Whether it was closed because nothing came from the peer any more."""

    def __init__(self, sock: Any) -> None:
        self._listener = _Listener(sock)
        super().__init__(cast("socket.socket", self._listener))

    def watch(self, interval: float, limit: float) -> None:
        """Ask the peer every `interval` seconds; close the connection when nothing at all came for `limit` seconds.

        Any byte counts: on a slow line the answer waits behind a command's output, and the window's adjustments tell
        that the peer takes what is sent.
        """
        for work in (self._ask, self._judge):
            threading.Thread(target=work, args=(interval, limit), name="ssh pulse", daemon=True).start()

    def _ask(self, interval: float, limit: float) -> None:
        while self.is_active():
            # Waits for the answer, or for the end of the connection.
            self.global_request(REQUEST, wait=True)
            time.sleep(interval)

    def _judge(self, interval: float, limit: float) -> None:
        while self.is_active():
            if time.monotonic() - self._listener.heard > limit:
                self.lost = True
                self.close()
                return
            time.sleep(min(interval, limit) / 2)


def lost(connection: paramiko.Transport) -> bool:
    """Tell whether a connection was given up because nothing came from the peer any more."""
    return isinstance(connection, Connection) and connection.lost
