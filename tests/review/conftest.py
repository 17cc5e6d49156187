"""The checkout with servers of paper, deployed once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from paper_project import PaperProject


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> PaperProject:
    """Deploy it."""
    return PaperProject.make(tmp_path_factory.mktemp("paper") / "checkout")


@pytest.fixture
def paper(deployed: PaperProject) -> Iterator[PaperProject]:
    """Give the checkout as it was deployed."""
    deployed.put_back()
    yield deployed
