"""The servers of the tests: a lab of their own beside the demonstration's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import Lab


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A running lab; left running for the next run, since `make lab-down` or .ci/run takes it down.

    The names of a test are gone before the next one that asks for them sets its own: `lab.set_names`.
    """
    machines = Lab("test")
    machines.up()
    yield machines
    machines.set_names({})
