"""One deployment of the twelve communes for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import labs
import pytest
from demonstration import write_inventory
from deployment import INVENTORY, STACK, Deployed, forget_what_servers_forgot, numerian

from lab import Lab
from numerian.load import load


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The first lab again: all tests of this folder share one deployment."""
    return labs.first()


@pytest.fixture(scope="package")
def sites(lab: Lab) -> Iterator[Deployed]:
    """All twelve, deployed; taken down at the end, so that other tests find empty servers."""
    forget_what_servers_forgot(lab, STACK)
    write_inventory(lab, INVENTORY)
    inventory = load(INVENTORY)
    deployed = Deployed(lab, inventory)
    deployed.point(inventory, but="www.ville-privas.test")
    numerian("stack", "init", STACK)
    numerian("up", "--stack", STACK, "--yes")
    # Where an earlier run was cut off, nothing changed just now, and the timer would come later only.
    for server in lab.layout.servers:
        deployed.sh(server.name, "systemctl start --no-block numerian-certificates.service")
    deployed.wait_for_certificates()
    yield deployed
    numerian("destroy", "--stack", STACK, "--yes", fails=True)
