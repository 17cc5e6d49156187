"""The base of a server: who may come in, by which ports, and what is in which file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian import host
from numerian.load import load
from numerian.model import Inventory

ROOT = Path(__file__).resolve().parents[2]
KEYS = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ/KOZnb548X2UCI",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM8mKdflZ0quTKIASlO4c1ea1nczgLeSraXT3q4oGGw",
]
STAFF = f"staff:\n  ops1:\n    keys: {KEYS[0]}\n"
WEBMASTER = f"  webmasters:\n    - name: accueil\n      keys: {KEYS[0]}\n"


@pytest.fixture
def inventory(make: Make) -> Inventory:
    """One datacenter with one operator."""
    return load(make({"staff.yaml": STAFF}))


def files(inventory: Inventory, name: str = "privas") -> dict[str, str]:
    """All texts of a server's base and access, by path."""
    server = inventory.servers[name]
    found = {**host.base_files(inventory, server), **host.access_files(inventory, server)}
    return {path: file.content for path, file in found.items()}


def test_only_sshd_and_the_web_are_open(inventory: Inventory) -> None:
    assert host.open_ports(inventory, inventory.servers["privas"]) == ("tcp/22", "tcp/80", "tcp/443")


def test_a_webmaster_opens_the_port_for_uploads(make: Make) -> None:
    inventory = load(make({FILE: PRIVAS + WEBMASTER}))
    assert host.open_ports(inventory, inventory.servers["privas"])[-1] == "tcp/2022"
    assert "tcp dport { 22, 80, 443, 2022, } accept" in files(inventory)["nftables.conf"]


def test_a_port_that_is_changed_on_the_way_is_not_the_one_to_open(make: Make) -> None:
    inventory = load(make({"datacenters.yaml": DATACENTERS + "    port: 2222\n"}))
    assert host.open_ports(inventory, inventory.servers["privas"])[0] == "tcp/2222"
    inventory = load(make({"datacenters.yaml": DATACENTERS + "    port: 2222\n    sshd_port: 22\n"}))
    assert host.open_ports(inventory, inventory.servers["privas"])[0] == "tcp/22"


def test_deploy_is_opened_by_the_keys_of_the_staff_and_of_the_platform(make: Make, tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(f"{KEYS[1]} somebody\n{KEYS[0]}\n# no key\n")
    deploy = f"  deploy:\n    keys_files: {tmp_path}/key.pub\n"
    inventory = load(
        make({"staff.yaml": STAFF, "datacenters.yaml": DATACENTERS.replace("  acme:", deploy + "  acme:")})
    )
    deploy_account, ops1 = host.people(inventory)
    assert deploy_account == host.Person("deploy", ("docker",), (KEYS[1], KEYS[0]))
    assert (ops1.name, ops1.keys) == ("ops1", (KEYS[0],))
    assert "docker" not in ops1.groups
    assert host.rights(inventory) == ("deploy", "ops1")


def test_who_is_in_the_inventory_comes_in_and_nobody_else(inventory: Inventory) -> None:
    found = files(inventory)
    assert "\nAllowUsers deploy ops1\n" in found["sshd.conf"]
    assert "\nPermitRootLogin no\n" in found["sshd.conf"]
    rules = [line for line in found["/etc/sudoers.d/numerian"].splitlines() if "NOPASSWD" in line]
    assert rules == [f"{name} ALL=(ALL:ALL) NOPASSWD: ALL" for name in ("deploy", "ops1")]


def test_sshd_shows_the_host_keys_that_are_pinned(make: Make) -> None:
    """Another one would be accepted by nobody: the change would lock everybody out."""
    kind = "ecdsa-sha2-nistp256"
    key = base64.b64encode(b"\0\0\0\x13" + kind.encode() + bytes(77)).decode()
    pinned = f"    host_keys: {kind} {key}\n"
    text = files(load(make({"datacenters.yaml": DATACENTERS + pinned})))["sshd.conf"]
    assert re.findall(r"^HostKey .*", text, re.M) == ["HostKey /etc/ssh/ssh_host_ecdsa_key"]
    assert "\nHostKeyAlgorithms ecdsa-sha2-nistp256\n" in text


def test_a_server_forwards_to_those_behind_it_only(make: Make) -> None:
    behind = "  drome:\n    datacenter: privas\n    address: 192.0.2.7\n    jump: privas\n"
    inventory = load(make({"datacenters.yaml": DATACENTERS + behind}))
    assert "\nAllowTcpForwarding local\nPermitOpen 192.0.2.7:22\n" in files(inventory)["sshd.conf"]
    assert "\nAllowTcpForwarding no\n" in files(inventory, "drome")["sshd.conf"]


def test_a_restart_waits_for_its_window(make: Make) -> None:
    window = DATACENTERS.replace("label: Privas\n", "label: Privas\n    reboot: jeudi 03:30\n")
    inventory = load(make({"datacenters.yaml": window}))
    timer = files(inventory)["/etc/systemd/system/numerian-reboot.timer"]
    assert "\nOnCalendar=Thu *-*-* 03:30:00\n" in timer
    assert host.units(inventory, inventory.servers["privas"])["numerian-reboot.timer"] == "enabled"


def test_without_a_window_nothing_restarts_by_itself(inventory: Inventory) -> None:
    assert host.units(inventory, inventory.servers["privas"])["numerian-reboot.timer"] == "disabled"


def test_datacenters_are_updated_one_after_the_other() -> None:
    inventory = load(ROOT / "inventory")
    drop_in = "/etc/systemd/system/apt-daily-upgrade.timer.d/numerian.conf"
    hours = [files(inventory, name)[drop_in] for name in inventory.servers]
    assert len(set(hours)) == len(hours)


def test_settings_of_the_whole_kernel_are_kept_apart() -> None:
    """A container would change its machine's."""
    server = load(ROOT / "inventory").servers["privas"]
    assert all(key.startswith(("net.ipv4.", "net.ipv6.")) for key in host.sysctls(server))
    own = host.sysctls(server.model_copy(update={"own_kernel": True}))
    assert own["kernel.dmesg_restrict"] == "1"
    assert own.items() > host.sysctls(server).items()


def test_rights_of_files(inventory: Inventory) -> None:
    base = host.base_files(inventory, inventory.servers["privas"])
    assert base["/etc/sudoers.d/numerian"].mode == "0440"
    assert base["/usr/local/sbin/numerian-access"].mode == "0755"
    assert {file.owner for file in base.values()} == {"root"}


def test_the_same_inventory_gives_the_same_bytes(inventory: Inventory) -> None:
    assert files(inventory) == files(inventory)


def test_every_rule_of_the_minimal_and_intermediary_levels_is_answered() -> None:
    """The rules of these levels in ANSSI-BP-028 v2.0."""
    minimal = {30, 31, 53, 54, 56, 58, 59, 61, 62, 68, 80}
    intermediary = {2, 3, 5, 8, 9, 11, 12, 13, 14, 28, 32, 33, 34, 35, 39, 40, 42, 43, 44, 50, 52, 55}
    intermediary |= {63, 67, 69, 70, 74, 75, 79}
    table = (ROOT / "docs" / "hardening.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (R[^|]*)\| ([MI]) \|", table, re.M)
    answered = {
        level: {int(n) for rule, its in cells if its == level for n in re.findall(r"R(\d+)", rule)} for level in "MI"
    }
    assert answered["M"] >= minimal
    assert answered["I"] | answered["M"] >= intermediary
