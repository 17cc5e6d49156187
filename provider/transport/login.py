"""Keys: which ones are pinned for a host, which ones are tried for a user, and what is said when none will do."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paramiko
from paramiko.pkey import UnknownKeyType
from paramiko.ssh_exception import AuthenticationException, BadAuthenticationType, SSHException

from provider.errors import AuthError, HostKeyError, HostTimeoutError, RouteError
from provider.transport import HostSpec

_RSA = ("rsa-sha2-512", "rsa-sha2-256")
_MOST_ATTEMPTS = 6
"""sshd's MaxAuthTries: after as many refused keys it hangs up."""


def fingerprint(key: bytes) -> str:
    """Return OpenSSH's SHA256 fingerprint of a public key's bytes, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


@dataclass(frozen=True)
class Pins:
    """The host keys that are accepted from one host."""

    keys: tuple[bytes, ...]
    algorithms: tuple[str, ...]

    @classmethod
    def of(cls, spec: HostSpec) -> Pins:
        """Read the pinned keys of a host; a line that isn't a public key is a `HostKeyError`."""
        keys: list[bytes] = []
        algorithms: list[str] = []
        for line in spec.host_keys:
            try:
                kind, blob = line.split()[:2]
                keys.append(base64.b64decode(blob, validate=True))
            except ValueError as error:
                message = f"the pinned host key {line[:40]!r} isn't a public key; write it as `ssh-ed25519 AAAA…`"
                raise HostKeyError(spec.name, message, pinned=(), shown="") from error
            algorithms.extend(_RSA if kind == "ssh-rsa" else (kind,))
        return cls(tuple(keys), tuple(dict.fromkeys(algorithms)))

    def check(self, spec: HostSpec, shown: paramiko.PKey) -> None:
        """Raise `HostKeyError` unless the key that the host shows is one of the pinned ones."""
        if shown.asbytes() in self.keys:
            return
        mark = fingerprint(shown.asbytes())
        if not self.keys:
            message = (
                f"no host key is pinned, it shows {mark} ({shown.get_name()}); compare it on the host itself with "
                f"`ssh-keygen -lf /etc/ssh/ssh_host_*.pub`, then write it into the inventory's host keys: "
                f"{shown.get_name()} {shown.get_base64()}"
            )
            raise HostKeyError(spec.name, message, pinned=(), shown=mark)
        pinned = tuple(fingerprint(key) for key in self.keys)
        message = (
            f"the host key changed: pinned is {', '.join(pinned)}, it shows {mark} ({shown.get_name()}). Either the "
            f"host was installed anew or somebody sits in between; nothing was sent. If it was installed anew, compare "
            f"on its console (`ssh-keygen -lf /etc/ssh/ssh_host_*.pub`) and replace its host key in the inventory"
        )
        raise HostKeyError(spec.name, message, pinned=pinned, shown=mark)


@dataclass
class Tried:
    """What was tried to log in, in an operator's words."""

    keys: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def log_in(connection: paramiko.Transport, spec: HostSpec) -> None:
    """Authenticate with the host's identity files, then the agent's keys; `AuthError` lists what was tried."""
    tried = Tried()
    with _candidates(spec, tried) as candidates:
        for label, key in candidates:
            if not connection.is_active() or len(tried.keys) >= _MOST_ATTEMPTS:
                break
            tried.keys.append(label)
            _offer(connection, spec, key, tried)
            if connection.is_authenticated():
                return
    if not tried.keys and not connection.is_active():
        raise RouteError(spec.name, "the server closed the connection before the log-in")
    raise _refused(spec, tried)


def may_become_root(connection: paramiko.Transport, limit: float) -> bool:
    """Ask by a session of its own whether who logged in may run commands by sudo; silence for `limit` seconds is no."""
    try:
        channel = connection.open_session(timeout=limit)
        channel.settimeout(limit)
        channel.exec_command("sudo -n -- true")
        return channel.status_event.wait(limit) and channel.recv_exit_status() == 0
    except (SSHException, EOFError, OSError):
        return False


def _offer(connection: paramiko.Transport, spec: HostSpec, key: paramiko.PKey, tried: Tried) -> None:
    """Offer one key. A refusal is no error here; that the server takes no keys or is silent is."""
    try:
        connection.auth_publickey(spec.user, key)
    except BadAuthenticationType as error:
        allowed = ", ".join(error.allowed_types)
        raise AuthError(spec.name, f"the server takes no keys from {spec.user}, only {allowed}") from error
    except AuthenticationException as error:
        if "timeout" in str(error).lower():
            raise HostTimeoutError(spec.name, f"no answer while {spec.user} logs in") from error
    except (SSHException, EOFError, OSError) as error:
        if connection.is_active():
            tried.notes.append(f"{tried.keys[-1]} can't sign: {error}")


def _refused(spec: HostSpec, tried: Tried) -> AuthError:
    notes = f" ({'; '.join(tried.notes)})" if tried.notes else ""
    if not tried.keys:
        return AuthError(
            spec.name,
            f"there is no key to log in with as {spec.user}{notes}; name one in the inventory's identity_files or "
            "add one to the agent with `ssh-add`",
        )
    return AuthError(
        spec.name,
        f"the server accepts none of the keys tried for {spec.user}: {', '.join(tried.keys)}{notes}; add one of them "
        f"to ~{spec.user}/.ssh/authorized_keys on the host, or name the right one in the inventory's identity_files",
    )


@contextmanager
def _candidates(spec: HostSpec, tried: Tried) -> Iterator[Iterator[tuple[str, paramiko.PKey]]]:
    """Yield (label, key) in the order to try; the agent stays open while they are used."""
    if not spec.use_agent:
        yield _files(spec, tried)
        return
    try:
        agent = paramiko.Agent()
    except (SSHException, OSError, EOFError) as error:
        tried.notes.append(f"the agent doesn't answer: {error}")
        yield _files(spec, tried)
        return
    with closing(agent):
        yield _with_agent(spec, tried, agent)


def _with_agent(spec: HostSpec, tried: Tried, agent: paramiko.Agent) -> Iterator[tuple[str, paramiko.PKey]]:
    seen = set()
    for label, key in _files(spec, tried):
        seen.add(key.asbytes())
        yield label, key
    named = {_public(Path(name)) for name in spec.identity_files}
    # A key named in the inventory but locked by a passphrase is what the agent is for: it comes first.
    for key in sorted(agent.get_keys(), key=lambda key: key.asbytes() not in named):
        if key.asbytes() not in seen:
            yield f"{key.comment or key.get_name()} from the agent ({fingerprint(key.asbytes())})", key


def _files(spec: HostSpec, tried: Tried) -> Iterator[tuple[str, paramiko.PKey]]:
    for name in spec.identity_files:
        path = Path(name).expanduser()
        try:
            key = paramiko.PKey.from_path(path)
        except FileNotFoundError:
            tried.notes.append(f"{path}: no such file")
        except (TypeError, paramiko.PasswordRequiredException):
            tried.notes.append(f"{path} is locked by a passphrase: `ssh-add {path}`")
        except (OSError, ValueError, SSHException, UnknownKeyType) as error:
            reason = error.strerror if isinstance(error, OSError) else "no private key that we can read"
            tried.notes.append(f"{path}: {reason}")
        else:
            yield f"{path} ({fingerprint(key.asbytes())})", key


def _public(path: Path) -> bytes:
    """Return the public key that lies beside a private one, or nothing."""
    try:
        return base64.b64decode(path.expanduser().with_name(path.name + ".pub").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return b""
