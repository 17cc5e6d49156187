"""Which ports of a server answer: TCP as nmap sees it from outside, UDP as the server lists it itself.

UDP isn't scanned: behind a firewall that drops, nmap calls every port open|filtered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from judges.verdict import Finding, Verdict
from lab import Lab

ALL_PORTS = 65535
_LOOPBACK = re.compile(r"^(127\.|\[::1\]|\[::ffff:127\.)")


def scan(lab: Lab, address: str) -> ElementTree.Element:
    """Have nmap try all TCP ports of an address from the visitor's machine; return its report."""
    family = ["-6"] if ":" in address else []
    argv = ["nmap", *family, "-Pn", "-n", "-sS", "-p-", "-T4", "--min-rate", "3000", "--max-retries", "2"]
    code, out, err = lab.exec("client", [*argv, "-oX", "-", address], timeout=300)
    assert code == 0, err
    return parse(out)


def parse(report: str) -> ElementTree.Element:
    """Read nmap's XML."""
    return ElementTree.fromstring(report)


def judge(report: ElementTree.Element, subject: str, declared: Iterable[str]) -> Verdict:
    """Compare what answered with what is declared ("tcp/22", …).

    Args:
        report: nmap's XML.
        subject: the server and the address.
        declared: all ports that are open by the inventory; those of UDP are left to `listens`.
    """
    states = {f"tcp/{port.get('portid')}": port.find("state") for port in report.iter("port")}
    answers = {name for name, state in states.items() if state is not None and state.get("state") == "open"}
    asked = len(states) + sum(int(more.get("count", 0)) for more in report.iter("extraports"))
    wanted = {port for port in declared if port.startswith("tcp/")}
    return Verdict("nmap", subject, asked, ALL_PORTS, _differences(answers, wanted), figures=_figures(answers))


def listens(lab: Lab, server: str, declared: Iterable[str]) -> Verdict:
    """Compare what the server's kernel says of UDP with what is declared.

    That something listens at all is what shows that the list was read: the resolver's port on loopback, or a declared
    one. It is read in full, so each socket is one check.
    """
    code, out, err = lab.exec(server, ["ss", "-H", "-l", "-u", "-n"])
    assert code == 0, err
    sockets = [line.split()[3] for line in out.splitlines()]
    public = {f"udp/{socket.rpartition(':')[2]}" for socket in sockets if not _LOOPBACK.match(socket)}
    wanted = {port for port in declared if port.startswith("udp/")}
    return Verdict("ss (UDP)", server, len(sockets), 1, _differences(public, wanted), figures=_figures(public))


def _differences(found: set[str], wanted: set[str]) -> tuple[Finding, ...]:
    more = [Finding(port, "open", "not declared") for port in sorted(found - wanted)]
    return (*more, *(Finding(port, "closed", "declared") for port in sorted(wanted - found)))


def _figures(found: set[str]) -> dict[str, str]:
    return {"open": " ".join(sorted(found)) or "none"}
