"""The lab's DNS: which name leads to which address. A name that isn't given doesn't exist."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from lab import servers
from lab.errors import LabError
from lab.layout import Layout

FILE = "/var/lib/lab/names"
RELOAD_SECONDS = 5.0


def write(lab: Layout, names: Mapping[str, str | Sequence[str]]) -> None:
    """Replace all names of the lab by these (name → address or addresses), and wait until they are served.

    Raises:
        LabError: the DNS doesn't serve them within seconds.
    """
    stamp = f"n{time.monotonic_ns()}.stamp.lab.test"
    text = hosts({**names, stamp: lab.acme})
    # Written beside and renamed: the DNS must never read half a file.
    command = f"cat > {FILE}.new && mv {FILE}.new {FILE} && pkill -HUP -x dnsmasq"
    servers.run(lab, "acme", ["sh", "-c", command], stdin=text.encode())
    deadline = time.monotonic() + RELOAD_SECONDS
    while servers.run(lab, "client", ["dig", "+short", stamp]).strip() != lab.acme:
        if time.monotonic() > deadline:
            raise LabError(f"the lab's DNS doesn't serve its new names after {RELOAD_SECONDS:.0f} s")
        time.sleep(0.05)


def hosts(names: Mapping[str, str | Sequence[str]]) -> str:
    """Render names as a hosts file.

    >>> hosts({"www.privas.test": "198.51.100.11", "two.test": ["198.51.100.11", "2001:db8::1"]})
    '198.51.100.11 two.test\\n2001:db8::1 two.test\\n198.51.100.11 www.privas.test\\n'
    """
    lines = []
    for name, addresses in sorted(names.items()):
        if any(c.isspace() for c in name):
            raise LabError(f"{name!r} is no host name")
        for address in [addresses] if isinstance(addresses, str) else addresses:
            lines.append(f"{address} {name}\n")
    return "".join(lines)
