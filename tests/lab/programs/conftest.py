"""A deployment of its own for what is done to PHP and its images, beside the tests of all the other services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from deployment import Deployed, deployed

from lab import Lab

MEMBERS = ("07186", "07231", "07330", "07334")
"""On one server two static sites and two with PHP."""


@pytest.fixture(scope="package")
def sites(lab: Lab) -> Iterator[Deployed]:
    """Those four."""
    with deployed(lab, "test-programs", MEMBERS) as found:
        yield found
