"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import Lab, layout

ROOT = Path(__file__).resolve().parent.parent
LAB = ROOT / "tests" / "lab"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker by which the slow half can be left out: `pytest -m "not lab"`."""
    config.addinivalue_line("markers", "lab: needs the lab's servers (`make test` starts them)")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in tests/lab, and run it last: cheap tests fail first."""
    for item in items:
        if LAB in item.path.parents:
            item.add_marker(pytest.mark.lab)
    items.sort(key=lambda item: item.get_closest_marker("lab") is not None)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A running lab of the tests' own; left running for the next run, since .ci/run takes it down.

    The names of a test are gone before the next one that asks for them sets its own: `lab.set_names`.
    """
    machines = Lab(layout.for_tests())
    machines.up()
    yield machines
    machines.set_names({})
