"""A visitor who never stops: asks sites over TLS, one after the other, and keeps what failed."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from pathlib import Path
from types import TracebackType


class Reader:
    """Visits `sites` (name → address) until it is left; each visit is a new connection with a checked certificate."""

    def __init__(self, sites: dict[str, str], roots: Path, pause: float = 0.15, limit: float = 10) -> None:
        self.sites = sites
        self.visits = 0
        self.failures: list[str] = []
        self.slowest = 0.0
        self._pause = pause
        self._limit = limit
        self._tls = ssl.create_default_context(cafile=str(roots))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(30)

    def __str__(self) -> str:
        lost = f", {len(self.failures)} lost" if self.failures else ", none lost"
        return f"{self.visits} visits{lost}, the slowest {self.slowest:.1f} s"

    def _go(self) -> None:
        while not self._over.is_set():
            for name, address in self.sites.items():
                started = time.monotonic()
                try:
                    status = self._visit(name, address)
                    if status != 200:
                        self.failures.append(f"{name}: {status}")
                except OSError as error:
                    self.failures.append(f"{name}: {error!r} at {time.strftime('%H:%M:%S')}")
                self.visits += 1
                self.slowest = max(self.slowest, time.monotonic() - started)
            self._over.wait(self._pause)

    def _visit(self, name: str, address: str) -> int:
        with (
            socket.create_connection((address, 443), timeout=self._limit) as plain,
            self._tls.wrap_socket(plain, server_hostname=name) as link,
        ):
            link.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            answer = b""
            while data := link.recv(65536):
                answer += data
        return int(answer.split(b" ", 2)[1]) if answer else 0
