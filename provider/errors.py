"""The provider's errors: each says what happened, where, and the remedy, and keeps its facts as fields.

No error text ever holds a secret: whoever builds one passes text that went through `provider.secrets.mask`.
"""

from __future__ import annotations


class ProviderError(Exception):
    """Root of everything that the provider tells an operator. `str(error)` is the whole message."""


class UnknownHostError(ProviderError):
    """A resource names a host that the host table doesn't hold."""


class HostError(ProviderError):
    """Something about one host. `host` is its inventory name."""

    def __init__(self, host: str, message: str) -> None:
        super().__init__(f"{host}: {message}")
        self.host = host
        self.message = message


class HostNameError(HostError):
    """The host's address can't be resolved."""


class RouteError(HostError):
    """Nothing answers at the address and port (refused, unreachable, closed by the server)."""


class HostTimeoutError(HostError):
    """No answer within the limit: connecting, logging in, or a command on a half-open connection."""


class HostKeyError(HostError):
    """The host shows another key than the pinned one. No byte of ours is sent to it.

    `pinned` and `shown` are OpenSSH SHA256 fingerprints.
    """

    def __init__(self, host: str, message: str, *, pinned: tuple[str, ...], shown: str) -> None:
        super().__init__(host, message)
        self.pinned = pinned
        self.shown = shown


class AuthError(HostError):
    """The server accepts none of the keys tried for the user."""


class SudoError(HostError):
    """The user may not run the command as root. `command` is what sudo refused."""

    def __init__(self, host: str, message: str, *, command: str) -> None:
        super().__init__(host, message)
        self.command = command


class CommandError(HostError):
    """A command ended with an exit code other than 0; `output` holds its last lines."""

    def __init__(self, host: str, message: str, *, command: str, exit_code: int, output: str) -> None:
        super().__init__(host, message)
        self.command = command
        self.exit_code = exit_code
        self.output = output


class ResourceError(ProviderError):
    """One resource can't be had as declared; the others of its batch go on."""


class ForeignError(ResourceError):
    """The thing is there already and belongs to somebody else."""


class ChangedSinceError(ResourceError):
    """The thing changed on the server after the state was last read."""


class RefusedError(ResourceError):
    """A service's validator or its reload refused what this resource declares."""
