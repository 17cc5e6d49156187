"""Confirm a reload that may have locked everybody out, by a connection that was made after it.

The server's own watch (`watch.sh`) has made the reload, and puts the old generation back when no confirmation comes.
"""

from __future__ import annotations

import base64
import time

from provider.errors import AuthError, HostError, HostKeyError, RefusedError, SudoError
from provider.remote import command, script
from provider.remote.reading import failed
from provider.transport import Transport

_REFUSALS = 2
"""Log-ins that may be refused: an sshd bars who fails more often (PerSourcePenalties), and would even afterwards."""
_PAUSE = 0.5
_SLOWEST = 90.0
"""Seconds that the server may need, beyond the time of the watch, for two reloads and the lock."""


def confirm(transport: Transport, service: str, generation: int, seconds: int) -> None:
    """Confirm a generation within `seconds`; `RefusedError` says what the server put back and why nobody came in."""
    deadline = time.monotonic() + seconds
    reloaded, refused = False, 0
    why: HostError | None = None
    while time.monotonic() < deadline and refused < _REFUSALS:
        try:
            # Anew each time: only a connection that begins when the reload is seen to be over proves anything.
            transport.renew()
            word, text = _ask(transport, service, generation, "confirm" if reloaded else "look")
        except HostError as error:
            why = error
            refused += isinstance(error, AuthError | HostKeyError | SudoError)
            time.sleep(_PAUSE)
            continue
        if word == "confirmed":
            return
        if word == "back":
            raise _refused(transport.host, service, text, why)
        reloaded = word == "reloaded"
        if not reloaded:
            # The server counts from the end of its reload.
            deadline = time.monotonic() + seconds
            time.sleep(_PAUSE)
    raise _refused(transport.host, service, _await_back(transport, service, generation, seconds), why)


def _await_back(transport: Transport, service: str, generation: int, seconds: int) -> str:
    """Wait until the server has put the old generation back, and return its words about that."""
    deadline = time.monotonic() + seconds + _SLOWEST
    last = "it still waits"
    while time.monotonic() < deadline:
        try:
            word, text = _ask(transport, service, generation, "look")
        except HostError as error:
            last = error.message
            time.sleep(5 * _PAUSE)
            continue
        if word == "back":
            return text
        time.sleep(_PAUSE)
    return f"generation {generation} wasn't confirmed; whether the server put the old one back can't be seen: {last}"


def _ask(transport: Transport, service: str, generation: int, what: str) -> tuple[str, str]:
    argv, stdin = command(script("lock", "confirm"), service, str(generation), what)
    result = transport.run(argv, stdin=stdin, timeout=75)
    if result.exit_code != 0:
        raise failed(transport.host, f"asking after the reload of {service} failed", result)
    word, _, text = result.stdout.decode().strip().partition(" ")
    return word, base64.b64decode(text).decode("utf-8", "replace").strip()


def _refused(host: str, service: str, after: str, why: HostError | None) -> RefusedError:
    reason = f". A new connection failed: {why.message}" if why else ""
    return RefusedError(f"{host}: {service}: {after or 'the old generation is back'}{reason}")
