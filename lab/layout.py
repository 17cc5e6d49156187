"""Where everything of a lab lies: names, addresses, ports, folders. Facts only, nothing is done here."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout."""
WORK = ROOT / ".work"

LABEL = "numerian.lab"
"""On all that Docker keeps for a lab: `lab-down` removes what carries it, and nothing else."""
FOLDER_LABEL = "numerian.lab.checkout"

PUBLISHED = {2222: 22, 80: 80, 443: 443}
"""Ports on a server's loopback address → ports in the server."""


@dataclass(frozen=True)
class Server:
    """One Debian server: where it is for this machine (loopback) and for the lab's network (address)."""

    name: str
    loopback: str
    address: str
    address6: str


@dataclass(frozen=True)
class Layout:
    """One lab; several can run side by side, each with networks, ports and a folder of its own."""

    name: str
    loopback: str
    prefix: str
    prefix6: str

    @property
    def folder(self) -> Path:
        """Its working folder: keys, host keys, roots of trust."""
        return WORK / self.name

    @property
    def network(self) -> str:
        """Its Docker network."""
        return f"numerian-{self.name}"

    @property
    def servers(self) -> tuple[Server, ...]:
        """The two servers."""
        return (self._server("privas", 1, 11), self._server("alixan", 2, 12))

    @property
    def acme(self) -> str:
        """Address of the container with the certificate authority and the DNS."""
        return f"{self.prefix}.2"

    @property
    def client(self) -> str:
        """Address of the visitor's container."""
        return f"{self.prefix}.3"

    @property
    def machines(self) -> tuple[str, ...]:
        """Names of all containers, servers first."""
        return (*(server.name for server in self.servers), "acme", "client")

    def server(self, name: str) -> Server:
        """Return the server of this name."""
        for server in self.servers:
            if server.name == name:
                return server
        raise LabError(f"the lab has no server {name}", f"it has {', '.join(s.name for s in self.servers)}")

    def container(self, machine: str) -> str:
        """Return Docker's name of one of the lab's machines.

        >>> layout("lab").container("privas")
        'numerian-lab-privas'
        """
        if machine not in self.machines:
            raise LabError(f"the lab has no machine {machine}", f"it has {', '.join(self.machines)}")
        return f"{self.network}-{machine}"

    def volume(self, machine: str) -> str:
        """Return Docker's name of the volume that holds a server's inner Docker data."""
        return f"{self.container(machine)}-docker"

    def _server(self, name: str, number: int, host: int) -> Server:
        return Server(name, f"{self.loopback}.{number}", f"{self.prefix}.{host}", f"{self.prefix6}::{host}")


# Addresses for documentation and for benchmarks (RFC 5737, 2544, 3849): they are nobody's on the internet. Two of the
# three ranges for documentation are left out: machines were seen that reach Debian's mirror by an address in them.
LABS = {
    "lab": Layout("lab", "127.0.1", "198.51.100", "2001:db8:100"),
    "test": Layout("test", "127.0.2", "198.18.2", "2001:db8:182"),
    "bench": Layout("bench", "127.0.3", "198.18.0", "2001:db8:198"),
}


# More labs for tests: the second of the pair, and pairs for checkouts of one machine that run theirs side by side.
LABS |= {"testb": Layout("testb", "127.0.4", "198.18.4", "2001:db8:184")} | {
    f"test{number}{pair}": Layout(
        f"test{number}{pair}", f"127.0.{place}{number}", f"198.18.{place}{number}", f"2001:db8:18{place}{number}"
    )
    for number in range(2, 10)
    for pair, place in (("", 1), ("b", 2))
}


def for_tests() -> tuple[str, str]:
    """Return the names of the labs that this run's tests use: `NUMERIAN_TEST_LAB` ("test" by default) and its pair.

    The second is for tests that deploy on their own, so that they needn't wait for the others' servers.
    """
    name = os.environ.get("NUMERIAN_TEST_LAB") or "test"
    return name, f"{name}b"


def layout(name: str) -> Layout:
    """Return the lab of this name."""
    if name not in LABS:
        raise LabError(f"there is no lab {name}", f"there are {', '.join(LABS)}")
    return LABS[name]
