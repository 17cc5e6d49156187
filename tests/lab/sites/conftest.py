"""One deployment of the twelve communes for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import labs
import pytest
from deployment import STACK, Deployed, deployed

from lab import Lab


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The first lab again: all tests of this folder share one deployment."""
    return labs.first()


@pytest.fixture(scope="package")
def sites(lab: Lab) -> Iterator[Deployed]:
    """All twelve."""
    with deployed(lab, STACK) as found:
        yield found
