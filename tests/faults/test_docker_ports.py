"""The front's ports are somebody else's when the first deployment comes: named with program and process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from demonstration import write_inventory
from net_stack import Stack
from report import Report
from wire import Wire

from lab import Lab

pytestmark = pytest.mark.faults

SQUAT = "use IO::Socket::INET; our $port = IO::Socket::INET->new(Listen => 5, LocalPort => 80) or die; sleep 600"


@pytest.fixture
def bare(lab: Lab, table: Report) -> Iterator[Stack]:
    stack = Stack(lab, "test-faults-ports", Wire((lab.layout.server("privas").loopback, 2222)), table)
    write_inventory(lab, stack.inventory, ("07186",))
    stack.numerian("stack", "init", stack.name)
    yield stack
    stack.numerian("destroy", "--stack", stack.name, "--yes")


def test_another_program_has_port_80_before_the_first_deployment(bare: Stack) -> None:
    perl = bare.sh(
        "privas", f"systemd-run --quiet --unit=squatter perl -e '{SQUAT}'; systemctl show -P MainPID squatter"
    )
    try:
        run = bare.up()
    finally:
        bare.sh("privas", "systemctl stop squatter")
    assert run.code != 0
    assert "privas: " in run.errors and f"are taken, by perl (process {perl.strip()}); stop that" in run.errors
    again = bare.up()
    assert again.code == 0, again.text
    assert "nothing to change" in bare.up().text
    bare.tell("docker", "port 80 is taken before the first deployment", "perl listens there", "", run, again)
    assert "front" in bare.sh("privas", "docker ps --format {{.Names}}").split()
