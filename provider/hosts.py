"""The host table: from a host's name in the state to a connection.

State holds names only; where a host is and which keys it shows stands in `hosts.json` in the working folder,
written from the inventory before every run. A host that moves is a new table and no diff.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from provider.errors import ProviderError, UnknownHostError
from provider.transport import HostSpec, Transport

WRITE_TABLE = "`numerian env` writes it from inventory/datacenters.yaml"


class _Poolable(Transport, Protocol):
    def cancel(self) -> None: ...


Connect = Callable[[HostSpec, Callable[[str], Any]], Any]


class HostTable:
    """The hosts of one `hosts.json`, read again when the file changes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._hosts: dict[str, HostSpec] = {}

    def get(self, name: str) -> HostSpec:
        """Return one host; `UnknownHostError` lists the names that there are."""
        hosts = self._load()
        if name not in hosts:
            names = ", ".join(sorted(hosts)) or "none"
            raise UnknownHostError(
                f"{name}: no such host in {self.path}; there are: {names}. "
                f"Add it under `servers:` in inventory/datacenters.yaml; {WRITE_TABLE}"
            )
        return hosts[name]

    def _load(self) -> dict[str, HostSpec]:
        try:
            stat = self.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                self._hosts = parse(self.path.read_text(encoding="utf-8"), self.path)
                self._stamp = stamp
        except FileNotFoundError as error:
            raise UnknownHostError(f"there is no host table {self.path}; {WRITE_TABLE}") from error
        except OSError as error:
            raise ProviderError(f"the host table {self.path} can't be read: {error.strerror}") from error
        return self._hosts


def parse(text: str, path: Path) -> dict[str, HostSpec]:
    """Return the hosts of a table's text; anything that isn't a `HostSpec` is an error that names host and field."""
    known = {field.name for field in fields(HostSpec)} - {"name"}
    try:
        table = json.loads(text)
        if not isinstance(table, dict):
            raise TypeError("not an object")
        hosts = {}
        for name, entry in table.items():
            extra = set(entry) - known
            if extra:
                raise TypeError(f"{name}: unknown field {sorted(extra)[0]}")
            lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
            hosts[name] = HostSpec(name=name, **{**entry, **lists})
    except (ValueError, TypeError) as error:
        raise ProviderError(f"the host table {path} is broken ({error}); {WRITE_TABLE}") from error
    return hosts


def find_table(stack: str, environment: dict[str, str] | None = None, start: Path | None = None) -> Path:
    """Return the table's path: NUMERIAN_HOSTS, else `.work/<stack>/hosts.json` beside the nearest Pulumi.yaml."""
    named = (os.environ if environment is None else environment).get("NUMERIAN_HOSTS")
    if named:
        return Path(named)
    here = (start or Path.cwd()).resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / "Pulumi.yaml").exists()), here)
    return root / ".work" / stack / "hosts.json"


class HostPool:
    """One transport a host, made at its first use, made anew when the host's entry changes.

    `connect` makes a transport of a spec and of a function that finds the transport of a jump host by name. `say` gets
    what the operator should know of the connections.
    """

    def __init__(self, connect: Connect | None = None, say: Callable[[str], None] | None = None) -> None:
        self._connect = connect or partial(_ssh, say=say)
        self._lock = threading.RLock()
        self._tables: dict[Path, HostTable] = {}
        self._pool: dict[tuple[Path, str], tuple[HostSpec, _Poolable]] = {}
        self._cancelled = False

    def transport(self, name: str, stack: str = "") -> Transport:
        """Return the transport of host `name` for a stack. Nothing is asked of the host yet."""
        path = find_table(stack)
        with self._lock:
            return self._get(self._tables.setdefault(path, HostTable(path)), name)

    def cancel(self) -> None:
        """End every running command and refuse all further ones: the operator stopped the run."""
        with self._lock:
            self._cancelled = True
            transports = [transport for _, transport in self._pool.values()]
        for transport in transports:
            transport.cancel()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pool, self._pool = self._pool, {}
        for _, transport in pool.values():
            transport.close()

    def _get(self, table: HostTable, name: str) -> _Poolable:
        spec = table.get(name)
        _refuse_circle(table, spec)
        known = self._pool.get((table.path, name))
        if known and known[0] == spec:
            return known[1]
        if known:
            known[1].close()
        transport: _Poolable = self._connect(spec, lambda jump: self._jump(table, jump))
        if self._cancelled:
            transport.cancel()
        self._pool[(table.path, name)] = (spec, transport)
        return transport

    def _jump(self, table: HostTable, name: str) -> _Poolable:
        with self._lock:
            return self._get(table, name)


def _refuse_circle(table: HostTable, spec: HostSpec) -> None:
    way = [spec.name]
    while spec.jump is not None:
        way.append(spec.jump)
        if way.count(spec.jump) > 1:
            raise ProviderError(f"{way[0]}: its jump hosts go in a circle: {' → '.join(way)}")
        spec = table.get(spec.jump)


def _ssh(spec: HostSpec, jump: Callable[[str], Any], say: Callable[[str], None] | None) -> Any:
    # paramiko takes a third of a second to import, and a preview needs no host.
    from provider.transport.ssh import SshTransport

    return SshTransport(spec, jump, say=say)
