"""What outside judges say of the servers as deployed, and the tests behind what they may say (judges/exclusions.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from deployment import Deployed
from judges import container_judge, lynis_judge, port_judge, ssh_audit_judge, testssl_judge
from judges.exclusions import stale
from judges.judging import accept
from judges.verdict import Verdict

from numerian import host, php, uploads
from numerian.model import Member

SERVERS = ("privas", "alixan")
SITE = "www.privas.test"
Record = Callable[[str, object], None]
Audits = dict[tuple[str, ...], Future[Verdict]]


def ports(sites: Deployed, server: str) -> tuple[str, ...]:
    """The ports that the inventory opens, as "tcp/22"."""
    return host.open_ports(sites.inventory, sites.inventory.servers[server])


def members(sites: Deployed, server: str) -> list[Member]:
    return [member for member in sites.inventory.on(server) if member.served]


@pytest.fixture(scope="module")
def audits(sites: Deployed) -> Iterator[Audits]:
    """All audits under way at once: the longest of them takes as long as all the others together."""
    lab = sites.lab
    ssh_audit_judge.install(lab)
    with ThreadPoolExecutor(4) as pool:
        found: Audits = {("testssl",): pool.submit(testssl_judge.judge, lab, SITE)}
        for server in SERVERS:
            declared = ports(sites, server)
            for port in (22, uploads.PORT):
                if f"tcp/{port}" in declared:
                    subject = f"{server}:{port}"
                    address = lab.layout.server(server).address
                    found["ssh-audit", subject] = pool.submit(ssh_audit_judge.judge, lab, address, port, subject)
            found["lynis", server] = pool.submit(lynis_judge.judge, lab, server)
            found["udp", server] = pool.submit(port_judge.listens, lab, server, declared)
            found["containers", server] = pool.submit(container_judge.judge, lab, server, containers(sites, server))
            for address in lab.addresses(server):
                found["nmap", server, address] = pool.submit(scanned, sites, server, address)
        yield found
        for audit in found.values():
            audit.cancel()
    wait_until_forgiven(sites)


def scanned(sites: Deployed, server: str, address: str) -> Verdict:
    return port_judge.judge(port_judge.scan(sites.lab, address), f"{server} {address}", ports(sites, server))


def containers(sites: Deployed, server: str) -> dict[str, tuple[str, ...]]:
    """What should run on a server, and the capabilities that each has."""
    here = members(sites, server)
    found: dict[str, tuple[str, ...]] = {"front": ()}
    found |= {php.container(member).name: () for member in here if php.is_php(member)}
    return found | ({"sftp": uploads.CAPABILITIES} if uploads.uploading(here) else {})


def said(audits: Audits, judge: str) -> list[Verdict]:
    found = [audit.result() for (name, *_), audit in audits.items() if name == judge]
    assert found
    return found


GREET = """
import socket, sys
for where in sys.argv[1:]:
    port, address = where.split("/")
    with socket.create_connection((address, int(port)), timeout=5) as connection:
        if port == "80":  # sshd speaks first
            connection.sendall(b"x\\r\\n\\r\\n")
        print(where, connection.recv(12))
"""


def test_every_declared_port_speaks_its_own_language(sites: Deployed) -> None:
    """An open port may still be the wrong program's: each is asked, over both families.

    Before the audits: after them sshd takes the visitor's machine for a scanner and keeps it out for a while.
    """
    greetings = {"80": "b'HTTP/1.1 400'", "22": "b'SSH-2.0-Open'", str(uploads.PORT): "b'SSH-2.0-Open'"}
    for server in SERVERS:
        declared = {name.partition("/")[2] for name in ports(sites, server)}
        assert declared <= {*greetings, "443"}
        for address in sites.lab.addresses(server):
            assert greets_with_tls(sites, server, address)
            wanted = {f"{port}/{address}": greeting for port, greeting in greetings.items() if port in declared}
            assert greeted(sites, *wanted) == [" ".join(pair) for pair in wanted.items()]


def greeted(sites: Deployed, *places: str) -> list[str]:
    """Return what answers first at each "port/address"."""
    code, out, err = sites.lab.exec("client", ["python3", "-c", GREET, *places])
    assert code == 0, err
    return out.splitlines()


def wait_until_forgiven(sites: Deployed, seconds: float = 120) -> None:
    """Let the time pass that sshd keeps a scanner out (PerSourcePenalties): other tests log in from there too."""
    doors = [
        f"{port}/{sites.lab.layout.server(server).address}"
        for server in SERVERS
        for port in (22, uploads.PORT)
        if f"tcp/{port}" in ports(sites, server)
    ]
    deadline = time.monotonic() + seconds
    while any("SSH-2.0" not in line for line in greeted(sites, *doors)):
        assert time.monotonic() < deadline, "sshd still keeps the visitor's machine out"
        time.sleep(2)


def greets_with_tls(sites: Deployed, server: str, address: str) -> bool:
    site = next(member.site for member in members(sites, server) if member.site)
    where = f"[{address}]" if ":" in address else address
    return (
        sites.lab.curl("-o", "/dev/null", "--resolve", f"{site.domain}:443:{where}", f"https://{site.domain}/")[0] == 0
    )


def test_lynis_finds_hardened_servers(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "lynis"):
        accept(verdict, record_property)


def test_ssh_audit_finds_nothing_at_any_sshd(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "ssh-audit"):
        accept(verdict, record_property)
        assert verdict.figures["exit code"] == "0"


def test_tcp_ports_are_the_declared_on_ipv4_and_ipv6(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "nmap"):
        accept(verdict, record_property)


def test_udp_sockets_are_the_declared(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "udp"):
        accept(verdict, record_property)


def test_containers_are_the_declared_and_can_do_little(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "containers"):
        accept(verdict, record_property)


def test_testssl_finds_nothing_at_a_site(audits: Audits, record_property: Record) -> None:
    for verdict in said(audits, "testssl"):
        accept(verdict, record_property)
        assert verdict.facts["FS_KEMs"] == "X25519MLKEM768"


@pytest.mark.faults
def test_all_of_testssl_finds_nothing_at_files_and_at_programs(sites: Deployed, record_property: Record) -> None:
    """With clients simulated, from Android 7 and Internet Explorer 11 on: those must get in."""
    program = next(member.site for server in SERVERS for member in members(sites, server) if php.is_php(member))
    assert program
    for name in (SITE, "www.dieulefit.test", program.main_name):
        verdict = testssl_judge.judge(sites.lab, name, everything=True)
        accept(verdict, record_property)
        simulated = {key: value for key, value in verdict.facts.items() if key.startswith("clientsimulation-")}
        assert len(simulated) > 25
        away = {client for client, how in simulated.items() if how == "No connection"}
        assert away <= {"clientsimulation-ie_8_win7", "clientsimulation-java_7u25"}


def test_no_exclusion_is_stale(audits: Audits) -> None:
    assert stale([audit.result() for audit in audits.values()]) == []


def test_files_are_compressed_and_what_programs_make_is_not(sites: Deployed) -> None:
    """Closes BREACH: only what holds a secret beside a visitor's words could betray it."""
    seen = set()
    for member in sites.inventory.members:
        if member.site and member.site.kind != "redirect":
            # Of a static site a page that no other test of this folder writes anew.
            url = f"https://{member.site.main_name}/{'' if php.is_php(member) else 'mentions-legales.html'}"
            ask = ["-H", "Accept-Encoding: gzip, br, deflate", "--output", "/dev/null", "--dump-header", "-", url]
            code, head, err = sites.lab.curl(*ask)
            assert code == 0, err
            assert ("content-encoding: gzip" in head.lower()) == (not php.is_php(member)), url
            seen.add(member.site.kind)
    assert seen == {"static", "php"}


def test_certificates_are_from_the_inventorys_authority_and_live_three_months_at_most(sites: Deployed) -> None:
    """Closes revocation (a short life) and, as far as a server can, CAA (another authority's would be noticed)."""
    script = (
        "for name; do echo x | openssl s_client -connect $name:443 -servername $name -CAfile /lab/root.pem -no-CApath"
        " -no-CAstore -verify_return_error -verify_hostname $name 2>/dev/null"
        " | openssl x509 -noout -startdate -enddate -dateopt iso_8601 && echo $name; done"
    )
    names = [site.main_name for site in (member.site for member in sites.inventory.members) if site]
    code, out, err = sites.lab.exec("client", ["sh", "-c", script, "sh", *names])
    lines = out.splitlines()
    assert code == 0 and lines[2::3] == names, err
    for start, end in zip(lines[0::3], lines[1::3], strict=True):
        life = moment(end) - moment(start)
        assert timedelta(days=1) < life <= timedelta(days=90)


def moment(line: str) -> datetime:
    return datetime.fromisoformat(line.partition("=")[2])


def test_an_image_lists_the_packages_that_it_holds(sites: Deployed) -> None:
    """Closes unpinned packages: which versions a date brought can be read, and compared with another date's."""
    running = sites.sh("privas", "docker ps --format '{{.Names}} {{.Image}}'")
    for line in running.splitlines():
        name, image = line.split()
        ask = "docker run --rm --network none --entrypoint sh " + image + " -c "
        left = sites.sh("privas", f"{ask} 'find /var/lib/apt/lists /var/cache/apt -type f'")
        assert left == "", name
        listed = sites.sh("privas", f"{ask} 'cat /usr/share/numerian/packages'").splitlines()
        holds = sites.sh("privas", f"{ask} \"dpkg-query -W -f '\\${{Package}} \\${{Version}}\\n'\"").splitlines()
        assert sorted(listed) == sorted(holds) and len(listed) > 50, name
