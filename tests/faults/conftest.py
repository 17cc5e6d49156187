"""What the tests of faults share: a small deployment, the runner of crash points, the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from net_stack import Stack, deploy
from report import Report
from runner import Runner
from world import STACK, World

from lab import Lab


@pytest.fixture(scope="session")
def table() -> Report:
    """The table of faults, in .work/faults/report.md."""
    return Report()


@pytest.fixture(scope="module")
def world(lab: Lab) -> Iterator[World]:
    """The deployment; taken down at the end of a module, for others deploy their own."""
    deployed = World(lab)
    deployed.deploy()
    yield deployed
    deployed.disarm()
    deployed.numerian("destroy", "--stack", STACK, "--yes")


@pytest.fixture(scope="module")
def runner(world: World) -> Runner:
    """The runner, once it has seen the change go well."""
    found = Runner(world)
    found.rehearse()
    return found


@pytest.fixture(scope="module")
def net(lab: Lab, table: Report) -> Iterator[Stack]:
    """Two communes of each datacenter, with a wire to one server that can fail."""
    stack = deploy(lab, "test-faults-net", table)
    yield stack
    stack.wire.mend()
    stack.numerian("destroy", "--stack", stack.name, "--yes")
    stack.wire.close()
