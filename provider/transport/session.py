"""One command on one SSH channel: how its line is made, how its bytes flow, how it is ended from here."""

from __future__ import annotations

import re
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import paramiko

from provider.shell import join

_CHUNK = 1 << 17
_POLL = 0.25
_GRACE = 2.0
"""How long output may still come after the exit code, from what the command left running behind it."""

# paramiko may send an end of input that crosses the server's close, and a server that has given the channel's number to
# another session by then ends that one, or the connection. So no end of input is needed without input, and with input
# the line ends only after all of it has been read.
_START = 'echo "numerian $1 $$" >&2; shift; exec "$@" </dev/null'
_START_FED = 'echo "numerian $1 $$" >&2; shift; "$@"; code=$?; cat >/dev/null; exit "$code"'
# The command and its descendants, found by /proc alone (BusyBox too). Not its process group: under dropbear that holds
# the server's own process and every other command of the connection.
_KILL = """
all=$1 parents=$1
while [ -n "$parents" ]; do
  children=
  for file in /proc/[0-9]*/stat; do
    read -r stat <"$file" || continue
    pid=${stat%% *}
    set -- ${stat##*) }
    case " $parents " in *" $2 "*) children="$children $pid" ;; esac
  done
  all="$all $children" parents=$children
done 2>/dev/null
kill -s TERM $all
"""


class SilenceError(Exception):
    """No byte came or went for as long as allowed."""


class CancelledError(Exception):
    """The operator stopped the run."""


def command_line(argv: list[str], nonce: str, *, sudo: bool, fed: bool = False) -> str:
    """Return the line for the login shell. It first says its process number on stderr, marked with `nonce`.

    That line is the proof that the command started (so an exit before it is sudo's or the login shell's), and the
    number is what ends the command when it is cancelled or silent: closing a channel ends nothing on the host.
    `fed` says that there will be input.
    """
    start = _START_FED if fed else _START
    return join([*(["sudo", "-n", "--"] if sudo else []), "sh", "-c", start, "sh", nonce, *argv])


def kill_line(pid: int, *, sudo: bool) -> str:
    """Return the line that ends a command and its children, by the number from its first line."""
    return join([*(["sudo", "-n", "--"] if sudo else []), "sh", "-c", _KILL, "sh", str(pid)])


@dataclass
class Outcome:
    """What came from a command. `exit_code` is None while (or when never) known; `pid` is None if it never started."""

    nonce: str
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)
    exit_code: int | None = None

    def split(self) -> tuple[int | None, bytes]:
        """Return the process number and the command's own stderr, without the line that told the number."""
        match = re.search(rb"^numerian " + self.nonce.encode() + rb" (\d+)\r?\n", self.stderr, re.MULTILINE)
        if match is None:
            return None, bytes(self.stderr)
        return int(match[1]), bytes(self.stderr[: match.start()] + self.stderr[match.end() :])


class Flow:
    """Moves bytes both ways at once, so that megabytes in either direction never wait for each other."""

    def __init__(self, channel: paramiko.Channel, outcome: Outcome, cancelled: Callable[[], bool]) -> None:
        self._channel = channel
        self._outcome = outcome
        self._cancelled = cancelled
        self._moved = time.monotonic()
        self._over = False

    def run(self, stdin: bytes, timeout: float) -> None:
        """Feed `stdin`, gather output into the outcome until the command has ended.

        Raises `SilenceError` after `timeout` seconds without a byte in either direction, `CancelledError` when told so.
        """
        writer = threading.Thread(target=self._write, args=(stdin,), daemon=True)
        if stdin:
            self._channel.settimeout(_POLL)
            writer.start()
        try:
            self._gather(timeout)
        finally:
            self._over = True
        if self._channel.exit_status_ready():
            self._outcome.exit_code = self._channel.recv_exit_status()

    def _gather(self, timeout: float) -> None:
        poll = select.poll()
        poll.register(self._channel.fileno(), select.POLLIN)
        exited_at = 0.0
        while True:
            if self._drain():
                self._moved = time.monotonic()
                continue
            now = time.monotonic()
            if self._channel.exit_status_ready():
                exited_at = exited_at or now
                if self._channel.eof_received or self._channel.closed or now - max(exited_at, self._moved) > _GRACE:
                    self._drain()
                    return
            if self._cancelled():
                raise CancelledError
            if now - self._moved > timeout:
                raise SilenceError
            if self._channel.eof_received:
                # From here on the descriptor always says "readable"; only the exit code is still to come.
                self._channel.status_event.wait(_POLL)
            else:
                poll.poll(_POLL * 1000)

    def _drain(self) -> bool:
        """Take what has arrived; tell whether there was anything."""
        moved = False
        while self._channel.recv_ready():
            self._outcome.stdout += self._channel.recv(_CHUNK)
            moved = True
        while self._channel.recv_stderr_ready():
            self._outcome.stderr += self._channel.recv_stderr(_CHUNK)
            moved = True
        return moved

    def _write(self, stdin: bytes) -> None:
        done = 0
        try:
            while done < len(stdin) and not self._over:
                try:
                    sent = self._channel.send(stdin[done : done + _CHUNK])
                except TimeoutError:
                    continue
                if sent == 0:
                    return
                done += sent
                self._moved = time.monotonic()
            self._channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException):
            # The command ended without reading all of it, or the connection broke: `_gather` sees which.
            return
