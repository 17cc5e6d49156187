"""How a host is reached: one small protocol, one module for each way.

`ssh.py` is the way of production (paramiko, pooled); tests bring their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from provider.transport.stream import Stream


@dataclass(frozen=True)
class HostSpec:
    """Where and how a host is reached; one entry of the host table (`provider.hosts`).

    `host_keys` are public keys as in known_hosts ("ssh-ed25519 AAAA…"), the only ones accepted.
    `jump` names another entry of the table, or is None. `first_user` logs in to a bare server, which doesn't know
    `user` yet (see `provider.transport.pooled`).
    """

    name: str
    address: str
    port: int = 22
    user: str = "root"
    identity_files: tuple[str, ...] = ()
    use_agent: bool = True
    host_keys: tuple[str, ...] = ()
    jump: str | None = None
    first_user: str | None = None


@dataclass(frozen=True)
class Result:
    """What a remote command left: bytes as they came, and the exit code."""

    stdout: bytes
    stderr: bytes
    exit_code: int


class Transport(Protocol):
    """One host, reached. Thread-safe; every call is one round trip (one exec).

    Raises the kinds of `provider.errors.HostError`, never an error of the library underneath.
    """

    @property
    def host(self) -> str:
        """The host's name in the inventory."""
        ...

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts of the host that we log in as: nobody may take them from us."""
        ...

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        """Run `argv` on the host, as root unless told otherwise (through `sudo -n` when the user isn't root).

        `timeout` in seconds bounds the silence: no byte in either direction for that long is `HostTimeoutError`.
        An exit code other than 0 is returned, not raised.
        """
        ...

    def open_channel(self, argv: list[str], *, root: bool = False) -> Stream:
        """Start `argv` and return its stdin and stdout as one stream, for what is too large to be held."""
        ...

    def end_first_contact(self, *, made: bool = False) -> None:
        """Go on as the host's `user` if the connection is its `first_user`'s and `user` can do its work by now.

        `made`: the account of `user` was made just now.
        """
        ...

    def renew(self) -> None:
        """Connect afresh and go on with that; commands under way end on the old connection.

        Raises what connecting raises, and then goes on with the old one.
        """
        ...

    def close(self) -> None:
        """End the connection and every command that still runs on it."""
        ...


class Hosts(Protocol):
    """Host names to transports; `provider.hosts.HostPool` in production, anything small in tests."""

    def transport(self, name: str, stack: str = "") -> Transport:
        """Return the transport of a host of the table; raises `UnknownHostError`. Asks nothing of the host."""
        ...
