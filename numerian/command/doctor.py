"""`numerian doctor`: what is used on this machine and on the servers, and what is wrong with it, each with a remedy."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from numerian import engine_run
from numerian.command import add_stack_option, certificates
from numerian.command.terminal import say, style
from numerian.engine import environment, locks, workspace
from numerian.engine.workspace import Workspace
from numerian.errors import NumerianError

if TYPE_CHECKING:
    from numerian.command.certificates import Standing
    from numerian.model import Inventory

PYTHON_REQUIRED = (3, 11)
_AS_ROOT = ["cat", "/etc/debian_version"]
_AS_USER = ["docker", "version", "--format", "{{.Server.Version}}"]


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, what was found; `remedy` is there when it is wrong."""

    what: str
    found: str
    remedy: str = ""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("--offline", action="store_true", help="don't ask the servers")


def run(options: Namespace) -> int:
    """Print all findings; exit code 1 when something is wrong."""
    place = workspace.find(options.stack)
    wrong = 0
    for finding in _findings(place, offline=options.offline):
        mark = style("✗", "red") if finding.remedy else style("✓", "green")
        print(f"{mark} {finding.what:<18} {finding.found}", flush=True)
        if finding.remedy:
            wrong += 1
            print(f"  {'':<18} → {finding.remedy}", flush=True)
    print(f"{wrong} thing{'s are' if wrong > 1 else ' is'} wrong" if wrong else "all is well")
    return 1 if wrong else 0


def _findings(place: Workspace, *, offline: bool) -> Iterator[Finding]:
    yield Finding("checkout", str(place.root))
    yield _python()
    yield from _engine(place)
    yield _program("go", ["go", "version"], "only needed to build an engine where the official one isn't", needed=False)
    yield _program("docker", ["docker", "--version"], "only needed for the lab (`make lab`)", needed=False)
    yield _program("ssh", ["ssh", "-V"], "apt-get install openssh-client", needed=True)
    yield from _stack(place)
    inventory = None
    try:
        inventory = _inventory(place)
        yield Finding("inventory", f"{len(inventory.members)} members, {len(inventory.servers)} servers, all right")
    except NumerianError as error:
        first, *rest = str(error).splitlines()
        more = f" (and {len(rest)} more)" if rest else ""
        yield Finding("inventory", first + more, "mend it; `numerian check` lists everything")
    if inventory is not None and not offline:
        yield from _servers(place, inventory)


def _python() -> Finding:
    found = f"{platform.python_version()} ({sys.executable})"
    too_old = sys.version_info < PYTHON_REQUIRED
    return Finding("Python", found, "install Python 3.11 or later, and make .venv anew" if too_old else "")


def _engine(place: Workspace) -> Iterator[Finding]:
    from engine.errors import EngineError

    try:
        engine = engine_run.find(place.root, say)
    except EngineError as error:
        yield Finding("engine", "none", str(error))
        return
    kind = "built here" if engine.ours else "official"
    note = f"{kind}, {engine.binaries}"
    yield _program("engine", [str(engine.pulumi), "version"], "remove it and run this again", note=note)
    host = engine.binaries / "pulumi-language-python"
    yield Finding(
        "language host",
        str(host) if host.is_file() else "none beside the engine",
        "" if host.is_file() else "bring back the folder that the engine came in",
    )
    variables = environment.for_process(environment.variables(place, engine))
    yield from _plugins(place, engine, variables)


def _plugins(place: Workspace, engine: engine_run.Engine, variables: dict[str, str]) -> Iterator[Finding]:
    own = place.root / "provider" / "pulumi-resource-numerian"
    executable = own.is_file() and os.access(own, os.X_OK)
    yield Finding(
        "plugin numerian",
        f"this checkout's ({own})" if executable else f"{own} isn't there or can't be run",
        "" if executable else "bring it back from git (`git checkout provider`)",
    )
    home = Path(variables.get("PULUMI_HOME") or Path.home() / ".pulumi")
    found = sorted((home / "plugins").glob("resource-docker-v*"))
    versions = ", ".join(folder.name.removeprefix("resource-docker-v") for folder in found if folder.is_dir())
    if not versions and not engine.ours:
        yield Finding("plugin docker", "none yet; the engine fetches the official one at the first `up`")
        return
    whose = "ours" if any(_is_ours(folder) for folder in found) else "official"
    yield Finding(
        "plugin docker",
        f"{versions} ({whose}, in {home})" if versions else f"none in {home}",
        "" if versions else "run `numerian env`: it installs ours",
    )


def _is_ours(plugin: Path) -> bool:
    """Tell whether a docker plugin is the launcher that `engine/install.py` writes."""
    try:
        return (plugin / "pulumi-resource-docker").read_bytes()[:200].startswith(b"#!/bin/sh\n# Made by engine/")
    except OSError:
        return False


def _program(what: str, command: list[str], remedy: str, *, needed: bool = True, note: str = "") -> Finding:
    path = shutil.which(command[0])
    if path is None:
        return Finding(what, "none" if needed else f"none ({remedy})", remedy if needed else "")
    done = subprocess.run([path, *command[1:]], capture_output=True, text=True)
    said = (done.stdout or done.stderr).strip().splitlines()
    version = re.sub(r"^(go version go|Docker version )", "", said[0]) if said else "no word"
    return Finding(what, f"{version} ({note or path})", remedy if needed and done.returncode else "")


def _stack(place: Workspace) -> Iterator[Finding]:
    try:
        workspace.require_stack(place)
    except NumerianError as error:
        text, _, remedy = str(error).partition("; ")
        yield Finding("stack", text, remedy)
        return
    yield Finding("stack", f"{place.stack}, state in {place.backend_url}")
    yield _passphrase(place.passphrase_file)
    for lock in locks.read(place):
        remedy = "the next `numerian up` removes it" if lock.is_dead else "wait for it, or run `pulumi cancel`"
        holder = "can't be read" if lock.damaged else f"process {lock.pid}"
        yield Finding("lock", f"{lock.user}@{lock.host}, {holder}, since {lock.since}", remedy)


def _passphrase(path: Path) -> Finding:
    if not path.is_file():
        return Finding("passphrase", "from the environment")
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        return Finding("passphrase", f"{path} can be read by others (mode {mode:04o})", f"chmod 600 {path}")
    return Finding("passphrase", str(path))


def _inventory(place: Workspace) -> Inventory:
    from numerian.load import load

    return load(place.inventory, place.selection)


def _servers(place: Workspace, inventory: Inventory) -> Iterator[Finding]:
    from numerian.command.remote import connect
    from numerian.connections import write

    write(inventory, place.folder)
    for server in inventory.servers.values():
        if not server.known_host_keys():
            yield Finding(
                f"server {server.name}",
                "no host key is pinned",
                f"write the keys into {server.host_keys_file or 'inventory/datacenters.yaml (host_keys)'}",
            )
    names = sorted(name for name, server in inventory.servers.items() if server.known_host_keys())
    with connect(place) as servers:
        bases = servers.ask_all(names, _AS_ROOT)
        # As the user himself: that is how Docker is reached, without sudo.
        engines = servers.ask_all([n for n in names if isinstance(bases[n], str)], _AS_USER, root=False)
        standings, _, _ = certificates.read(servers, [n for n in names if isinstance(bases[n], str)])
    for name in names:
        yield _server(name, bases[name], engines.get(name, ""))
    yield from _certificates(inventory, standings)


def _certificates(inventory: Inventory, standings: Mapping[str, Standing]) -> Iterator[Finding]:
    """Tell the certificates that are over, or end without being renewed, with what the server says about them."""
    for member in inventory.members:
        standing = standings.get(member.code)
        if standing is not None and (concern := standing.concern(datetime.now(UTC))):
            why = "; ".join([*standing.waiting, *standing.refused])
            found = f"{member.name} ({member.code}): {concern}" + (f" ({why})" if why else "")
            yield Finding("certificate", found, certificates.AGAIN.format(server=member.server))


def _server(name: str, base: str | Exception, docker: str | Exception) -> Finding:
    what = f"server {name}"
    if not isinstance(base, str):
        text, _, remedy = str(base).partition("; ")
        return Finding(what, text, remedy or "docs/operate.md says what each of these means")
    found = f"reachable, host key and sudo right, Debian {base.strip()}"
    if not isinstance(docker, str):
        return Finding(
            what, f"{found}; {docker}", f"`ssh {name} sudo systemctl status docker` says why Docker is silent"
        )
    return Finding(what, f"{found}, Docker {docker.strip()}")
