"""Tests that deploy on their own have servers of their own, so that they run beside those of `sites/`."""

from __future__ import annotations

import labs
import pytest

from lab import Lab


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The second lab of the tests."""
    return labs.second()
