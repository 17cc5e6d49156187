"""How the servers are reached, written down once for everybody: our provider, pulumi-docker, operators by hand.

From the inventory's servers come, in a stack's working folder: `hosts.json` (the provider's host table), `ssh_config`
and `known_hosts` (pinned keys only), `bin/ssh` (ssh with that configuration, for docker), `docker/` (a context each).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numerian.model import Inventory, Server


def write(inventory: Inventory, folder: Path) -> list[Path]:
    """Write all files of connection into `folder`; return those that changed.

    Each file is replaced whole (a reader never sees half of one), and left alone when it is right already.
    """
    servers = [inventory.servers[name] for name in sorted(inventory.servers)]
    # The files name each other, and are read from other folders.
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files: dict[str, tuple[str, int]] = {
        "hosts.json": (host_table(servers), 0o644),
        "known_hosts": (known_hosts(servers), 0o644),
        "ssh_config": (ssh_config(servers, folder), 0o644),
        "bin/ssh": (ssh_wrapper(folder), 0o755),
        "docker/config.json": ("{}\n", 0o644),
        **{f"docker/{path}": (text, 0o644) for path, text in docker_contexts(servers).items()},
    }
    changed = [folder / name for name, (text, mode) in files.items() if write_file(folder / name, text, mode)]
    _retire_contexts(folder, set(files))
    return changed


def host_table(servers: list[Server]) -> str:
    """Return the provider's host table: no names of communes, only what a connection needs."""
    table = {
        server.name: {
            "address": str(server.address),
            "port": server.port,
            "user": server.user,
            "identity_files": [str(path) for path in server.identity_files],
            "use_agent": True,
            "host_keys": list(server.known_host_keys()),
            "jump": server.jump,
            "first_user": server.first_user,
        }
        for server in servers
    }
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def known_hosts(servers: list[Server]) -> str:
    """Return the pinned keys under the servers' names: addresses may change, the keys' owner doesn't."""
    return "".join(f"{server.name} {key}\n" for server in servers for key in server.known_host_keys())


def ssh_config(servers: list[Server], folder: Path) -> str:
    """Return an ssh_config that knows the servers by name and trusts pinned keys only."""
    blocks = []
    for server in servers:
        lines = [
            f"Host {server.name}",
            f"  HostName {server.address}",
            f"  Port {server.port}",
            f"  User {server.user}",
        ]
        lines.append(f"  HostKeyAlias {server.name}")
        lines += [f'  IdentityFile "{path}"' for path in server.identity_files]
        if server.identity_files:
            lines.append("  IdentitiesOnly yes")
        if server.jump:
            lines.append(f"  ProxyJump {server.jump}")
        blocks.append("\n".join(lines))
    blocks.append(
        "Host *\n"
        f'  UserKnownHostsFile "{folder / "known_hosts"}"\n'
        "  GlobalKnownHostsFile /dev/null\n"
        "  StrictHostKeyChecking yes\n"
        "  UpdateHostKeys no\n"
        "  ConnectTimeout 15\n"
        "  ServerAliveInterval 15"
    )
    return "\n\n".join(blocks) + "\n"


def ssh_wrapper(folder: Path) -> str:
    """Return a script named ssh that uses our configuration: docker has no setting for it, it looks on PATH."""
    own = str(folder / "bin")
    path = os.pathsep.join(entry for entry in os.get_exec_path() if entry != own)
    real = shutil.which("ssh", path=path)
    if real is None:
        return (
            '#!/bin/sh\necho "ssh: no OpenSSH client on this machine; apt-get install openssh-client" >&2\nexit 127\n'
        )
    return f'#!/bin/sh\nexec {shlex.quote(real)} -F {shlex.quote(str(folder / "ssh_config"))} "$@"\n'


def docker_contexts(servers: list[Server]) -> dict[str, str]:
    """Return path and content of a docker context for each server, in docker's own layout."""
    contexts = {}
    for server in servers:
        identifier = hashlib.sha256(server.name.encode()).hexdigest()
        endpoint = {"Host": f"ssh://{server.user}@{server.name}", "SkipTLSVerify": False}
        context: dict[str, Any] = {"Name": server.name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
        contexts[f"contexts/meta/{identifier}/meta.json"] = json.dumps(context) + "\n"
    return contexts


def write_file(path: Path, text: str, mode: int = 0o644) -> bool:
    """Write `text` at `path` by one rename, unless it is there already; tell whether something changed."""
    content = text.encode()
    try:
        if path.read_bytes() == content and path.stat().st_mode & 0o777 == mode:
            return False
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(mode)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return True


def _retire_contexts(folder: Path, kept: set[str]) -> None:
    """Take away contexts of servers that are no more: docker would offer them still."""
    for meta in (folder / "docker" / "contexts" / "meta").glob("*/meta.json"):
        if str(meta.relative_to(folder)) not in kept:
            shutil.rmtree(meta.parent)
