"""What the tests of faults share: a small deployment, the runner of crash points, the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from report import Report
from runner import Runner
from world import STACK, World

from lab import Lab


@pytest.fixture(scope="session")
def table() -> Report:
    """The table of faults, in .work/faults/report.md."""
    return Report()


@pytest.fixture(scope="session")
def world(lab: Lab) -> Iterator[World]:
    """The deployment; taken down at the end, so that other tests find empty servers."""
    deployed = World(lab)
    deployed.deploy()
    yield deployed
    deployed.disarm()
    deployed.numerian("destroy", "--stack", STACK, "--yes")


@pytest.fixture(scope="session")
def runner(world: World) -> Runner:
    """The runner, once it has seen the change go well."""
    found = Runner(world)
    found.rehearse()
    return found
