"""A server comes by one edit of the inventory, and one that is installed anew is made again."""

from __future__ import annotations

import re
import time

import pytest
from demonstration import write_inventory
from reader import ask
from world import INVENTORY, MEMBERS, STACK, World

from numerian.load import load

pytestmark = pytest.mark.faults

OTHER = "alixan"
THERE = "26114"
"""A member of the other server."""


def edit_servers(pattern: str, new: str) -> None:
    file = INVENTORY / "datacenters.yaml"
    text = file.read_text(encoding="utf-8")
    edited = re.sub(pattern, new, text, flags=re.S)
    assert edited != text
    file.write_text(edited, encoding="utf-8")


def put_member_there(world: World) -> str:
    """Add the member to the inventory and its names to the DNS; return its main name."""
    write_inventory(world.lab, INVENTORY, (*MEMBERS, THERE))
    inventory = load(INVENTORY)
    addresses = {server.name: world.lab.addresses(server.name) for server in world.lab.layout.servers}
    sites = [(member.site, addresses[member.server]) for member in inventory.members if member.site]
    world.lab.set_names({name: where for site, where in sites for name in site.names})
    site = inventory.by_code[THERE].site
    assert site is not None
    return site.main_name


def wait_until_answered(world: World, name: str) -> None:
    deadline = time.monotonic() + 180
    while (answer := ask(name, world.lab.layout.server(OTHER).loopback))[:1] != "2":
        assert time.monotonic() < deadline, answer
        time.sleep(1)


def test_a_bare_server_comes_by_one_edit(world: World) -> None:
    world.must("destroy", "--stack", STACK, "--yes")
    edit_servers(r"\n  alixan:\n    label:[^\n]*\n    reboot:[^\n]*\n", "\n")
    edit_servers(r"\n  alixan:\n    datacenter: alixan.*$", "\n")
    alone = world.must("up", "--stack", STACK, "--yes")
    assert OTHER not in alone

    world.lab.renew(OTHER)
    name = put_member_there(world)
    come = world.must("up", "--stack", STACK, "--yes")
    assert "first contact as root" in come
    assert not re.search(r"^ +[-~±] .*privas-(host|front|access)", come, re.M), come
    wait_until_answered(world, name)
    assert "nothing to change" in world.must("up", "--stack", STACK, "--yes")


def test_a_server_installed_anew_is_made_again(world: World) -> None:
    """Disks died: the machine is bare again, with another host key, which is the one edit."""
    name = put_member_there(world)
    world.must("up", "--stack", STACK, "--yes")
    world.lab.renew(OTHER)
    world.must("up", "--stack", STACK, "--yes", "--refresh")
    wait_until_answered(world, name)
    assert "nothing to change" in world.must("up", "--stack", STACK, "--yes")
    assert world.lab.exec(OTHER, ["id", "deploy"])[0] == 0
