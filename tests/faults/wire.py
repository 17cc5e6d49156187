"""A wire between this machine and a server's sshd that can be cut, frozen, slowed down: a TCP relay with faults.

What passes is counted from the moment a fault is armed, so that the same fault strikes at the same byte again.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable

CHUNK = 4096


class Wire:
    """Listens on loopback and relays to `target`. One fault at a time; `mend()` makes it a plain relay again."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._lock = threading.Lock()
        self._links: list[socket.socket] = []
        self._strike: Callable[[], None] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address: str
        self.port: int
        self.address, self.port = self._listener.getsockname()
        self.mend()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    # --- faults -------------------------------------------------------------------------------------------------------

    def mend(self) -> None:
        """Relay as a good wire does; connections that were frozen are closed, as they are when a route comes back."""
        with self._lock:
            frozen, self._links = self._links, []
            self.sent = 0
            """Bytes towards the server since the last fault was armed."""
            self.frozen = False
            self.struck = threading.Event()
            self._at: int | None = None
            self._strike = None
            self.rate: float | None = None
            """Bytes a second, both ways together."""
            self.banner_delay = 0.0
            """Seconds before a new connection is relayed."""
        for link in frozen:
            _close(link)

    def at(self, sent: int, strike: Callable[[], None]) -> None:
        """Have `strike` happen once, when so many bytes have gone towards the server."""
        self.mend()
        with self._lock:
            self._at, self._strike = sent, strike

    def freeze(self) -> None:
        """The peer vanishes: nothing comes through any more, and nobody says so."""
        self.frozen = True

    def cut(self) -> None:
        """The connections are reset, both ways."""
        with self._lock:
            links, self._links = self._links, []
        for link in links:
            with contextlib.suppress(OSError):
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            _close(link)

    def refuse(self) -> None:
        """Nobody listens any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def listen(self) -> None:
        """Listen again, on the same port."""
        self._listener = socket.create_server((self.address, self.port), backlog=64)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Take the wire down."""
        self.refuse()
        self.cut()

    # --- relaying -----------------------------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._relay, args=(near,), daemon=True).start()

    def _relay(self, near: socket.socket) -> None:
        time.sleep(self.banner_delay)
        try:
            far = socket.create_connection(self.target, timeout=10)
        except OSError:
            _close(near)
            return
        far.settimeout(None)
        with self._lock:
            self._links += [near, far]
        threading.Thread(target=self._pump, args=(far, near, False), daemon=True).start()
        self._pump(near, far, True)

    def _pump(self, source: socket.socket, sink: socket.socket, out: bool) -> None:
        try:
            while data := source.recv(CHUNK):
                if out:
                    self._count(len(data))
                if self.rate:
                    time.sleep(2 * len(data) / self.rate)
                while self.frozen:
                    time.sleep(0.05)
                sink.sendall(data)
        except OSError:
            pass
        if not self.frozen:
            _close(source)
            _close(sink)

    def _count(self, size: int) -> None:
        with self._lock:
            self.sent += size
            strike = self._strike if self._at is not None and self.sent >= self._at else None
            if strike:
                self._strike = None
        if strike:
            strike()
            self.struck.set()


def _close(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
    link.close()
