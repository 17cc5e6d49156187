"""Who reads all the time while faults happen: what the front answers, and what lies in its current generation."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lab import Lab

_LOOK = """
while read -r _; do
    cd -P /srv/front/config/current || { echo none; continue; }
    sums=$(find . /etc/logrotate.d/numerian-front /etc/numerian/certificates -type f -exec sha256sum {} +) ||
        { echo unfinished; continue; }
    printf %s "${PWD##*/}"
    echo "$sums" | awk '{ printf " %s=%s", $2, substr($1, 1, 10) }'
    echo
done
"""
Files = dict[str, str]
"""Hashes by path: relative in the generation, absolute elsewhere."""


@dataclass
class Seen:
    """What a reader saw while it read."""

    generations: list[tuple[str, Files]] = field(default_factory=list)
    """The number of the generation, and the files; only what differs from the look before."""
    looks: int = 0
    answers: int = 0
    lost: list[str] = field(default_factory=list)
    """Requests that got no answer, or another than before."""

    @property
    def files(self) -> Files:
        """What was seen at the end."""
        return self.generations[-1][1]

    def mixes(self, before: Files, after: Files, groups: Sequence[frozenset[str]]) -> list[str]:
        """Return what nobody should see: content that is neither old nor new, or a group of files that is half new."""
        found = []
        for number, files in self.generations:
            for path in {*before, *after, *files}:
                if files.get(path) not in (before.get(path), after.get(path)):
                    found.append(f"generation {number}: {path} is neither old nor new")
            for group in groups:
                if len({files.get(path) == after.get(path) for path in group}) > 1:
                    found.append(f"generation {number}: {', '.join(sorted(group))} are half new")
        return found

    def __str__(self) -> str:
        numbers = [number for number, _ in self.generations]
        steps = [n for i, n in enumerate(numbers) if i == 0 or n != numbers[i - 1]]
        lost = f"{len(self.lost)} lost ({self.lost[0]})" if self.lost else "0 lost"
        return f"generation {'→'.join(steps)}; {self.answers} answers, {lost}"


class Reader:
    """Reads from `with` to its end. `names`: what is asked for, by name, at which address."""

    def __init__(self, lab: Lab, server: str, names: Mapping[str, str], expected: dict[str, str]) -> None:
        self.seen = Seen()
        self._names = names
        self._expected = expected
        self._over = threading.Event()
        self._container = lab.layout.container(server)
        self._look = self._start()
        self._threads = [threading.Thread(target=self._follow), threading.Thread(target=self._ask)]

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["docker", "exec", "-i", self._container, "/bin/sh", "-c", _LOOK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Seen:
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + 30
        while not (self.seen.looks and self.seen.answers) and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.seen

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        # Its loop ends with its input; what `docker exec` started would go on for ever if it were killed here.
        self._look.communicate(timeout=30)

    def _follow(self) -> None:
        while not self._over.is_set():
            line = self._line()
            if not line.endswith("\n"):  # the server went down
                self._look.kill()
                self._look.wait()
                time.sleep(0.2)
                self._look = self._start()
                continue
            number, *pairs = line.split()
            if number == "unfinished":
                continue
            look = (number, dict(pair.rsplit("=", 1) for pair in pairs))
            if not self.seen.generations or self.seen.generations[-1] != look:
                self.seen.generations.append(look)
            self.seen.looks += 1

    def _line(self) -> str:
        """Have it look once; return its line, or what there is of it when it was cut off."""
        assert self._look.stdin is not None and self._look.stdout is not None
        try:
            self._look.stdin.write("\n")
            self._look.stdin.flush()
            return self._look.stdout.readline()
        except BrokenPipeError:
            return ""

    def _ask(self) -> None:
        while not self._over.is_set():
            for name, address in self._names.items():
                answer = ask(name, address)
                self.seen.answers += 1
                if answer != self._expected.setdefault(name, answer) or answer.startswith("none"):
                    self.seen.lost.append(f"{name}: {answer}")
            time.sleep(0.03)


def ask(name: str, address: str) -> str:
    """Ask for a site's first page as a visitor does, on a new connection; return status, aim and hash of the body."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((address, 443), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as connection,
        ):
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            response = http.client.HTTPResponse(connection)
            response.begin()
            body = response.read()
        aim = response.getheader("location") or ""
        return f"{response.status} {aim} {hashlib.sha256(body).hexdigest()[:12]}"
    except (OSError, http.client.HTTPException) as error:
        return f"none ({type(error).__name__}: {error})"
