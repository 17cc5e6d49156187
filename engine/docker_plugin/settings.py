"""The provider's settings, and which daemon they mean. Reads files and the environment, asks no daemon."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.docker_plugin.errors import SettingsError
from engine.docker_plugin.properties import UNKNOWN

DEFAULT_HOST = "unix:///var/run/docker.sock"
SCHEMES = ("unix://", "ssh://", "tcp://", "http://")


@dataclass(frozen=True)
class Endpoint:
    """One daemon: its address, flags for ssh, and how it is called in messages."""

    url: str
    ssh_opts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class Settings:
    """What a `docker.Provider` says. `known` is False in a preview whose program can't say the host yet."""

    host: str = ""
    context: str = ""
    ssh_opts: tuple[str, ...] = ()
    check_daemon: bool = True
    known: bool = True

    def endpoint(self, environment: Mapping[str, str]) -> Endpoint:
        """Return the daemon that is meant, by the official order: context, host, DOCKER_HOST, the local socket.

        Raises:
            SettingsError: there is no such context, or the address is of no kind that is served.
        """
        context = self.context or environment.get("DOCKER_CONTEXT", "")
        host = self.host or environment.get("DOCKER_HOST", "") or DEFAULT_HOST
        if context and context != "default":
            host = _context_host(context, environment)
        if not host.startswith(SCHEMES):
            kinds = ", ".join(SCHEMES)
            raise SettingsError(f"the docker provider's host {host!r} is of no kind that is served here ({kinds})")
        opts = self.ssh_opts or tuple(environment.get("DOCKER_SSH_OPTS", "").split())
        return Endpoint(host, opts)


def parse(config: Mapping[str, Any]) -> Settings:
    """Return the settings of a provider resource; nested values arrive as JSON text."""
    values = {name: plain(value) for name, value in config.items() if not name.startswith("__")}
    known = UNKNOWN not in (values.get("host"), values.get("context"))
    return Settings(
        host=str(values.get("host") or "") if known else "",
        context=str(values.get("context") or "") if known else "",
        ssh_opts=tuple(str(opt) for opt in values.get("sshOpts") or []),
        check_daemon=values.get("disableDockerDaemonCheck") is not True,
        known=known,
    )


def plain(value: Any) -> Any:
    """Return a setting in its own type: Pulumi's SDKs send all but strings as JSON text."""
    if isinstance(value, str) and (value in ("true", "false") or value[:1] in ("[", "{")):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _context_host(name: str, environment: Mapping[str, str]) -> str:
    folder = Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker") / "contexts" / "meta"
    own = folder / hashlib.sha256(name.encode()).hexdigest() / "meta.json"
    names = []
    for path in [own, *sorted(folder.glob("*/meta.json"))]:
        try:
            meta = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise SettingsError(f"the Docker context in {path} can't be read: {error}") from error
        if meta.get("Name") == name:
            host = meta.get("Endpoints", {}).get("docker", {}).get("Host")
            if host:
                return str(host)
            raise SettingsError(f"the Docker context {name!r} in {path} names no host")
        names.append(str(meta.get("Name")))
    known = ", ".join(sorted(set(names))) or "none"
    raise SettingsError(f"there is no Docker context {name!r} in {folder}; there are: {known} (`docker context ls`)")
