"""From a host's entry to a logged-in connection, within limits, with an error of its own for each way to fail."""

from __future__ import annotations

import errno
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paramiko.ssh_exception import IncompatiblePeer, SSHException

from provider.errors import HostNameError, HostTimeoutError, RouteError
from provider.transport import HostSpec
from provider.transport.login import Pins, log_in
from provider.transport.pulse import Connection

# Its own log would put tracebacks on the operator's screen; everything it knows is in the errors raised here.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
logging.getLogger("paramiko").propagate = False


@dataclass(frozen=True)
class Limits:
    """Seconds that each step may take, and how often what a busy server refuses is tried again."""

    connect: float = 10.0
    banner: float = 10.0
    login: float = 15.0
    session: float = 10.0
    kill: float = 3.0
    unacknowledged: float = 20.0
    """How long sent bytes may stay without the peer's acknowledgement before the kernel gives up on it."""
    pulse: float = 5.0
    """How often the peer is asked for a sign of life."""
    silent: float = 30.0
    """How long a connection may bring no byte at all before it counts as half-open."""
    attempts: int = 6
    first_pause: float = 0.1


Dial = Callable[[], Any]
"""Returns a connected socket or a channel that acts as one."""


def connect(spec: HostSpec, limits: Limits, dial: Dial | None = None) -> Connection:
    """Return a logged-in connection whose host key is a pinned one.

    `dial` replaces the plain socket, for a jump host. What a busy server refuses (it closes before its banner:
    MaxStartups) is tried again with growing pauses.
    """
    pins = Pins.of(spec)
    pause = limits.first_pause
    for attempt in range(limits.attempts):
        sock = dial() if dial else _socket(spec, limits)
        connection = _handshake(spec, limits, sock, pins, dial)
        if connection is not None:
            break
        if attempt + 1 < limits.attempts:
            time.sleep(pause)
            pause *= 2
    else:
        raise RouteError(
            spec.name,
            f"{_place(spec)} closes connections before it speaks SSH, {limits.attempts} times in a row; "
            "is that an SSH server's port, and doesn't it hold too many unfinished log-ins (MaxStartups), or bar this "
            "address for a while (PerSourcePenalties)?",
        )
    try:
        log_in(connection, spec)
    except BaseException:
        connection.close()
        raise
    connection.watch(limits.pulse, limits.silent)
    return connection


def _handshake(spec: HostSpec, limits: Limits, sock: Any, pins: Pins, dial: Dial | None) -> Connection | None:
    """Exchange keys and check the host's; None when the server hung up before its banner."""
    started = time.monotonic()
    connection = _new(sock, limits)
    algorithms = tuple(name for name in pins.algorithms if name in connection.get_security_options().key_types)
    try:
        if algorithms:
            connection.get_security_options().key_types = algorithms
        connection.start_client(timeout=limits.banner)
        pins.check(spec, connection.get_remote_server_key())
    except (SSHException, EOFError, OSError) as error:
        connection.close()
        if time.monotonic() - started >= limits.banner * 0.95:
            raise HostTimeoutError(
                spec.name,
                f"{_place(spec)} took the connection but didn't finish the SSH handshake in {limits.banner:g} s; "
                "the host hangs, or what listens there isn't SSH",
            ) from error
        if isinstance(error, IncompatiblePeer):
            if "host key" in str(error) and algorithms:
                _show_changed_key(spec, limits, pins, dial)
            raise RouteError(spec.name, f"{_place(spec)} speaks no SSH that we share: {error}") from error
        if isinstance(error, SSHException) and "verification failed" in str(error):
            raise RouteError(spec.name, f"{_place(spec)} showed a host key that it doesn't hold: {error}") from error
        return None
    except BaseException:
        connection.close()
        raise
    return connection


def _show_changed_key(spec: HostSpec, limits: Limits, pins: Pins, dial: Dial | None) -> None:
    """The host offers no key of the pinned kinds: ask which key it does show, so that the error can name it."""
    connection = _new(dial() if dial else _socket(spec, limits), limits)
    try:
        connection.start_client(timeout=limits.banner)
        pins.check(spec, connection.get_remote_server_key())
    except (SSHException, EOFError, OSError):
        return
    finally:
        connection.close()


def _new(sock: Any, limits: Limits) -> Connection:
    connection = Connection(sock)
    connection.banner_timeout = limits.banner
    connection.handshake_timeout = limits.banner
    connection.auth_timeout = limits.login
    connection.daemon = True
    return connection


def _socket(spec: HostSpec, limits: Limits) -> socket.socket:
    try:
        places = socket.getaddrinfo(spec.address, spec.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostNameError(
            spec.name, f"the address {spec.address} can't be resolved; correct it in inventory/datacenters.yaml"
        ) from error
    last: OSError = OSError("no address")
    for family, kind, protocol, _, place in places:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(limits.connect)
            # Without it each small message waits for the peer's delayed acknowledgement: 40 ms instead of 3.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(limits.unacknowledged * 1000))
            sock.connect(place)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise _unreachable(spec, limits, last) from last


def _unreachable(spec: HostSpec, limits: Limits, error: OSError) -> RouteError | HostTimeoutError:
    if isinstance(error, TimeoutError):
        return HostTimeoutError(
            spec.name,
            f"{_place(spec)} doesn't answer within {limits.connect:g} s; is the host up, and does a firewall "
            "let this machine in?",
        )
    if error.errno == errno.ECONNREFUSED:
        reason = "refuses the connection; is sshd running there, on that port?"
    else:
        reason = f"can't be reached ({error.strerror or error}); is there a route to it (VPN, jump host)?"
    return RouteError(spec.name, f"{_place(spec)} {reason}")


def _place(spec: HostSpec) -> str:
    address = f"[{spec.address}]" if ":" in spec.address else spec.address
    return f"{address} port {spec.port}"
