"""Network bridges that a Docker engine which was killed left in the kernel: nobody's, but they hold their range."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lab import docker_engine, process
from lab.process import Say

DOCKERS_NAME = re.compile(r"br-([0-9a-f]{12})")
"""How Docker calls the bridge of a network: after the first digits of the network's number."""


def routes() -> Iterator[tuple[ipaddress.IPv4Network, str]]:
    """Return what this machine reaches by which interface."""
    for row in Path("/proc/net/route").read_text().splitlines()[1:]:
        interface, destination, *_, mask = row.split()[:8]
        numbers = [int.from_bytes(bytes.fromhex(word), "little") for word in (destination, mask)]
        yield ipaddress.IPv4Network((numbers[0], str(ipaddress.IPv4Address(numbers[1])))), interface


def is_left_behind(interface: str) -> bool:
    """Tell whether an interface is such a bridge, and could be removed by this user.

    Without an engine that answers all of Docker's are: an engine that starts makes those of its networks anew.
    """
    found = DOCKERS_NAME.fullmatch(interface)
    return found is not None and _may_remove() and found[1] not in _networks()


def remove_left_behind(range_: ipaddress.IPv4Network, say: Say) -> None:
    """Remove those that hold a part of a range."""
    for network, interface in list(routes()):
        if network.overlaps(range_) and is_left_behind(interface):
            say(f"removing {interface}, which a Docker engine that was killed left behind")
            process.output(["ip", "link", "delete", interface])


def _networks() -> set[str]:
    if not docker_engine.answers():
        return set()
    return {line[:12] for line in process.output(["docker", "network", "ls", "--quiet"], timeout=20).split()}


def _may_remove() -> bool:
    return os.geteuid() == 0 and shutil.which("ip", path=process.system_path()) is not None
