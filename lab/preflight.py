"""What is missing on this machine, in one sentence each with the remedy, before anything is changed."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from engine import install as engine_install
from engine.errors import EngineError
from lab import acme, base, bridges, cache, docker_engine, layout, packages, process, servers
from lab.errors import LabError
from lab.layout import Layout

FIRST_GIGABYTES = 8
LATER_GIGABYTES = 2


def check(lab: Layout) -> list[str]:
    """Look at this machine and return the packages that will be installed.

    Raises:
        LabError: with every thing that is missing.
    """
    wanted = packages.missing(base=not base.is_cached() and os.geteuid() == 0, tests=lab.name.startswith("test"))
    problems = [*_docker(), *_packages(wanted), *_go(), *_foreign(lab), *_ports(lab), *_network(lab), *_disk()]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        raise LabError(f"This machine isn't ready; nothing was changed:\n{lines}")
    return wanted


def _docker() -> Iterator[str]:
    if docker_engine.answers() or os.geteuid() == 0:
        return
    if shutil.which("docker"):
        yield (
            "no Docker engine answers to this user, who isn't root; start Docker and add the user to the group docker, "
            "or run as root"
        )
    else:
        yield "there is no Docker and the user isn't root; install Docker (Debian: docker.io), or run as root"


def _packages(wanted: list[str]) -> Iterator[str]:
    if not wanted or packages.can_install():
        return
    wanted = [name for name in wanted if name != "docker.io"] if os.geteuid() != 0 else wanted
    if wanted:
        yield f"the programs of {', '.join(wanted)} are missing; run `apt-get install {' '.join(wanted)}` as root"


def _go() -> Iterator[str]:
    try:
        engine_install.check(layout.ROOT)
    except EngineError as error:
        yield str(error)
        return
    if not acme.is_built() and (problem := acme.missing_go()):
        yield problem


def _foreign(lab: Layout) -> list[str]:
    return list(servers.foreign(lab)) if docker_engine.answers() else []


def _ports(lab: Layout) -> Iterator[str]:
    for server in lab.servers:
        if _runs(lab.container(server.name)):
            continue
        for port in layout.PUBLISHED:
            if not _listens(server.loopback, port):
                continue
            who = holder(server.loopback, port)
            yield f"port {port} of {server.loopback} is taken by {who}; stop it, or have it listen on another address"


def _runs(container: str) -> bool:
    if not docker_engine.answers():
        return False
    code, out, _ = process.capture(["docker", "inspect", "--format", "{{.State.Running}}", container])
    return code == 0 and out.strip() == b"true"


def _listens(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


def holder(address: str, port: int) -> str:
    """Name the process that listens on a TCP port of an address, as far as this user may know it."""
    inodes = set(_inodes(address, port))
    for fd in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(fd.readlink()) in inodes:
                pid = fd.parts[2]
                return f"{Path('/proc', pid, 'comm').read_text().strip()} (process {pid})"
        except OSError:
            continue
    return "another process"


def _network(lab: Layout) -> Iterator[str]:
    """Find what the lab's network would hide from this machine: a neighbour, its DNS, the mirror of Debian."""
    if docker_engine.answers() and process.capture(["docker", "network", "inspect", lab.network])[0] == 0:
        return
    range_ = ipaddress.ip_network(f"{lab.prefix}.0/24")
    for network, interface in bridges.routes():
        if network.prefixlen and network.overlaps(range_) and not bridges.is_left_behind(interface):
            yield f"the lab's network {range_} overlaps {network} of {interface} on this machine; remove that one"
            return
    mirror = urlsplit(base.machine_mirror()).hostname
    needed = [("its DNS", address) for address in _nameservers()]
    needed += [("its mirror of Debian", address) for address in _resolve(mirror)]
    for what, address in needed:
        if ipaddress.ip_address(address) in range_:
            yield f"this machine reaches {what} at {address}, in the lab's network {range_}; change it in lab/layout.py"
            return


def _nameservers() -> list[str]:
    lines = Path("/etc/resolv.conf").read_text(errors="replace").splitlines()
    words = [line.split() for line in lines if line.startswith("nameserver ")]
    return [word[1] for word in words if len(word) > 1 and ":" not in word[1]]


def _resolve(host: str | None) -> list[str]:
    try:
        return [str(entry[4][0]) for entry in socket.getaddrinfo(host, 80, socket.AF_INET)] if host else []
    except OSError:
        return []


def _inodes(address: str, port: int) -> Iterator[str]:
    # As the kernel writes it: bytes reversed, in hexadecimal; a listener on all addresses has zeros alone.
    wanted = socket.inet_aton(address)[::-1].hex().upper()
    for table in ("tcp", "tcp6"):
        try:
            rows = Path("/proc/net", table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            words = row.split()
            host, number = words[1].split(":")
            if words[3] == "0A" and int(number, 16) == port and (host == wanted or not host.strip("0")):
                yield f"socket:[{words[9]}]"


def _disk() -> Iterator[str]:
    need = LATER_GIGABYTES if base.is_cached() else FIRST_GIGABYTES
    places = {cache.folder(), layout.ROOT, docker_engine.data_folder()}
    told: set[int] = set()
    for place in places:
        existing = next((p for p in [place, *place.parents] if p.exists()), Path("/"))
        device = existing.stat().st_dev
        free = shutil.disk_usage(existing).free / 1e9
        if free < need and device not in told:
            told.add(device)
            yield f"only {free:.1f} GB are free at {existing} and {need} GB are needed; make room there"
