"""The one module of the command that derives secrets, by the provider's own functions: nothing is asked of a state."""

from __future__ import annotations

import base64
import hashlib
import subprocess

from numerian import uploads
from numerian.command.stack import ROOT_SECRET
from numerian.command.terminal import say
from numerian.engine import environment
from numerian.engine.workspace import Workspace, WorkspaceError
from provider.hosts import HostPool
from provider.kinds.keypair import KeyPair
from provider.kinds.password import Password
from provider.runtime import Runtime
from provider.secrets import Secret


class Derived:
    """What the stack's root secret gives: the same as on the servers, whatever became of the state."""

    def __init__(self, root_secret: Secret) -> None:
        self._runtime = Runtime(HostPool(), root_secret=root_secret)

    def password(self, login: str, version: int) -> str:
        """Return a webmaster's password."""
        inputs = {"length": uploads.PASSWORD_LENGTH, "version": version}
        return str(Password(self._runtime).computed(uploads.password_name(login), inputs)["value"])

    def host_key_fingerprint(self, server: str) -> str:
        """Return the fingerprint of a server's host key for uploads, as OpenSSH and FileZilla show it."""
        inputs = {"algorithm": "ed25519", "version": 1}
        key = str(KeyPair(self._runtime).computed(uploads.host_key_name(server), inputs)["publicKey"])
        digest = hashlib.sha256(base64.b64decode(key.split()[1])).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def derived(place: Workspace) -> Derived:
    """Read the stack's root secret; it goes through a pipe, never through arguments or files.

    Raises:
        WorkspaceError: the engine can't decrypt it.
    """
    variables = environment.for_process(environment.begin(place, say).settings)
    done = subprocess.run(
        ["pulumi", "config", "get", ROOT_SECRET, "--stack", place.stack, "--non-interactive", "--color", "never"],
        cwd=place.root,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        from numerian.engine.faults import readable

        raise WorkspaceError(f"the root secret of {place.stack} can't be read: {readable(done.stderr)}")
    return Derived(Secret(done.stdout.strip()))
