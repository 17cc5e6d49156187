"""The servers' base, as it shows from outside: who comes in, by which ports, and what becomes of what others change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from deployment import INVENTORY, STACK, Deployed

from numerian import host
from numerian.load import load

SERVER, OTHER = "privas", "alixan"
LISTENER = (
    "use Socket qw(:all); socket(S, PF_INET6, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);"
    "bind(S, pack_sockaddr_in6($ARGV[0], IN6ADDR_ANY)) or die; listen(S, 9); while (accept(C, S)) { close C }"
)
"""A program that takes connections, in what every Debian has."""


def log_in(sites: Deployed, user: str, command: str = "true") -> tuple[int, str]:
    """Log in from outside with the operator's key."""
    code, out, err = sites.lab.ssh(SERVER, command, user=user)
    return code, out + err


def reached(sites: Deployed, address: str, ports: Iterable[int], machine: str = "client", inside: str = "") -> set[int]:
    """Return those of the ports that take connections from another machine (or from a container in it)."""
    probe = 'for p; do (timeout 3 bash -c "exec 3<>/dev/tcp/$0/$p" 2>/dev/null && echo $p) & done; wait'
    enter = ["docker", "exec", inside] if inside else []
    words = [*enter, "bash", "-c", probe, address, *map(str, ports)]
    return {int(word) for word in sites.lab.exec(machine, words)[1].split()}


def up(sites: Deployed, *words: str, fails: bool = False) -> str:
    return sites.numerian("up", "--stack", STACK, "--yes", *words, fails=fails)


@pytest.fixture
def inventory_file() -> Iterator[Path]:
    """The file of datacenters, put back afterwards with that of the staff."""
    kept = {INVENTORY / name: (INVENTORY / name).read_bytes() for name in ("datacenters.yaml", "staff.yaml")}
    yield INVENTORY / "datacenters.yaml"
    for file, content in kept.items():
        file.write_bytes(content)


def test_root_is_not_let_in_and_deploy_is(sites: Deployed) -> None:
    code, said = log_in(sites, "root")
    assert code == 255
    assert "Permission denied (publickey)" in said
    assert log_in(sites, "deploy", "sudo -n id -un") == (0, "root\n")
    # The key of the hoster's first contact is still there: it opens nothing any more.
    assert "ssh-ed25519" in sites.sh(SERVER, "cat /root/.ssh/authorized_keys")


def test_what_a_person_does_as_root_is_logged(sites: Deployed) -> None:
    assert log_in(sites, "deploy", "sudo -n echo remember-this")[0] == 0
    assert "echo remember-this" in sites.sh(SERVER, "tail -n 20 /var/log/sudo.log")
    log_in(sites, "deploy", "script -qec 'sudo -n echo seen-at-a-terminal' /dev/null")
    assert "seen-at-a-terminal" in sites.sh(
        SERVER, "cat $(ls -td /var/log/sudo-io/deploy/*/ | head -1)/ttyout | gunzip"
    )
    kept = sites.sh(SERVER, "ls /var/log/sudo-io/deploy")
    assert log_in(sites, "deploy", "sudo -n sh -c true")[0] == 0
    assert sites.sh(SERVER, "ls /var/log/sudo-io/deploy") == kept, "the toolkit's scripts would bury what people did"


def test_staff_come_with_their_key_and_leave_with_it(sites: Deployed, inventory_file: Path) -> None:
    assert log_in(sites, "ops3")[0] == 255
    staff = INVENTORY / "staff.yaml"
    before = staff.read_text(encoding="utf-8")
    key = " ".join((sites.lab.folder / "id_ed25519.pub").read_text().split()[:2])
    staff.write_text(before + f"  ops3:\n    keys: {key}\n", encoding="utf-8")
    up(sites)
    assert log_in(sites, "ops3", "sudo -n id -un") == (0, "root\n")
    assert "docker" not in log_in(sites, "ops3", "id -Gn")[1]
    staff.write_text(before, encoding="utf-8")
    up(sites)
    assert log_in(sites, "ops3")[0] == 255
    assert "ops3" not in sites.sh(SERVER, "cat /etc/sudoers.d/*; sshd -T | grep allowusers")
    assert "/usr/sbin/nologin" in sites.sh(SERVER, "getent passwd ops3")


@pytest.fixture
def strangers(sites: Deployed) -> Iterator[dict[str, int]]:
    """Two ports that nobody declared: a program's, and one that somebody published by hand."""
    file = "/root/listen.pl"
    sites.lab.exec(SERVER, ["sh", "-c", f"cat > {file}"], LISTENER)
    sites.sh(SERVER, f"systemd-run --quiet --collect --unit stranger perl {file} 4444")
    options = f"--detach --name stranger --publish 8099:8099 --volume {file}:{file}:ro"
    sites.sh(SERVER, f"docker run {options} debian:trixie-slim perl {file} 8099; sleep 0.5")
    yield {"program": 4444, "container": 8099}
    sites.sh(SERVER, f"systemctl stop stranger; docker rm --force stranger; rm {file}")


def test_exactly_the_declared_ports_are_open(sites: Deployed, strangers: dict[str, int]) -> None:
    """On IPv4 and IPv6; what Docker publishes by hand and what listens without being declared stay closed."""
    inventory = load(INVENTORY)
    declared = {int(port.partition("/")[2]) for port in host.open_ports(inventory, inventory.servers[SERVER])}
    assert {22, 80, 443} <= declared
    assert reached(sites, "127.0.0.1", strangers.values(), SERVER) == set(strangers.values()), "they listen"
    for address in sites.lab.addresses(SERVER):
        tried = sorted({*declared, *strangers.values(), 25, 111, 2375, 8080})
        assert reached(sites, address, tried) == declared, address


def test_no_route_leads_to_a_container(sites: Deployed, strangers: dict[str, int]) -> None:
    """A neighbour could send packets for a container's own address to the server, which forwards."""
    form = "{{.NetworkSettings.IPAddress}}"
    inside = sites.sh(SERVER, f"docker inspect --format '{form}' stranger").strip()
    via = sites.lab.layout.server(SERVER).address
    sites.sh(OTHER, f"ip route add {inside}/32 via {via}")
    try:
        assert not reached(sites, inside, [strangers["container"]], OTHER)
    finally:
        sites.sh(OTHER, f"ip route del {inside}/32 via {via}")


def test_a_container_reaches_the_world_and_not_its_server(sites: Deployed, strangers: dict[str, int]) -> None:
    own, other = (sites.lab.layout.server(name).address for name in (SERVER, OTHER))
    assert reached(sites, other, [443], SERVER, "stranger") == {443}
    assert not reached(sites, own, [22, 80, 443, 4444], SERVER, "stranger")


def test_dockers_own_tables_are_left_alone(sites: Deployed) -> None:
    before = sites.sh(SERVER, "nft -s list table ip nat; nft -s list table ip filter")
    sites.sh(SERVER, "numerian-access reload")
    assert sites.sh(SERVER, "nft -s list table ip nat; nft -s list table ip filter") == before
    assert "hook prerouting" in sites.sh(SERVER, "nft list table inet numerian")


def test_the_firewall_is_there_before_the_network_and_docker(sites: Deployed) -> None:
    order = sites.sh(SERVER, "systemctl show -p Before numerian-firewall.service")
    assert "network-pre.target" in order and "docker.service" in order
    sites.sh(SERVER, "nft delete table inet numerian; systemctl restart numerian-firewall.service")
    assert "tcp dport { 22, 80, 443" in sites.sh(SERVER, "nft list table inet numerian")


def test_a_change_that_locks_out_is_put_back_by_the_server(sites: Deployed, inventory_file: Path) -> None:
    """Somebody writes another port than sshd listens on: the firewall would close the one that it does."""
    text = inventory_file.read_text(encoding="utf-8")
    inventory_file.write_text(text.replace("sshd_port: 22\n", "sshd_port: 2299\n", 1), encoding="utf-8")
    said = up(sites, fails=True)
    assert re.search(rf"{SERVER}.*-access", said)
    assert "new connection" in said
    assert log_in(sites, "deploy")[0] == 0
    inventory_file.write_text(text, encoding="utf-8")
    up(sites)
    assert "nothing to change" in up(sites)


def test_a_restart_is_only_made_when_an_update_asks_for_it(sites: Deployed) -> None:
    assert "no restart is needed" in sites.sh(SERVER, "numerian-reboot --dry-run")
    sites.sh(SERVER, "touch /run/reboot-required; echo linux-image-amd64 > /run/reboot-required.pkgs")
    try:
        assert "asked for by linux-image-amd64" in sites.sh(SERVER, "numerian-reboot --dry-run")
    finally:
        sites.sh(SERVER, "rm /run/reboot-required /run/reboot-required.pkgs")
    days = {sites.sh(name, "systemctl cat numerian-reboot.timer | grep ^OnCalendar") for name in (SERVER, OTHER)}
    assert len(days) == 2


def test_security_updates_come_from_trixie_security_alone(sites: Deployed) -> None:
    said = sites.sh(SERVER, "unattended-upgrade --dry-run --verbose 2>&1 | grep -i 'allowed origins'")
    assert said.count("origin=") == 1
    assert "codename=trixie-security" in said


def test_the_settings_are_in_force(sites: Deployed) -> None:
    inventory = load(INVENTORY)
    wanted = host.sysctls(inventory.servers[SERVER])
    found = dict(
        line.split(" = ", 1) for line in sites.sh(SERVER, f"sysctl {' '.join(wanted)}").splitlines() if " = " in line
    )
    assert {key: " ".join(value.split()) for key, value in found.items()} == wanted
    assert "noexec" in sites.sh(SERVER, "findmnt -no OPTIONS /tmp")
    security = sites.sh(SERVER, "docker info --format '{{.LiveRestoreEnabled}} {{.SecurityOptions}}'")
    assert security.startswith("true") and "no-new-privileges" in security


def test_what_somebody_changed_by_hand_is_named_and_put_back(sites: Deployed, strangers: dict[str, int]) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL1n2kYyhqQF0vq7l0Y8pJ0l3v3o9o3G0p5p5qk8l6mJ"
    changes = f"""
    useradd --create-home --groups sudo eve
    echo '{key} eve' >> /home/deploy/.ssh/authorized_keys
    systemctl disable --now logrotate.timer
    sysctl -q net.ipv4.conf.all.rp_filter=0
    """
    sites.sh(SERVER, changes)
    try:
        said = sites.numerian("preview", "--refresh", "--stack", STACK)
        for named in ("rights.eve", "accounts.eve", ".keys", "units logrotate.timer", "rp_filter", "ports tcp/4444"):
            assert named in said, said
        said = up(sites, "--refresh")
        assert re.search(r"perl .*listens on tcp/4444", said), said
        assert sites.sh(SERVER, "id -Gn eve").split() == ["eve"]
        assert "not allowed to run sudo" in sites.sh(SERVER, "sudo -l -U eve")
        assert key not in sites.sh(SERVER, "cat /home/deploy/.ssh/authorized_keys")
        assert sites.sh(SERVER, "systemctl is-active logrotate.timer; sysctl -n net.ipv4.conf.all.rp_filter") == (
            "active\n1\n"
        )
    finally:
        sites.sh(SERVER, "userdel --remove eve")
