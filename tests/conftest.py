"""What all tests share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import labs
import pytest

from lab import Lab

ROOT = Path(__file__).resolve().parent.parent
ON_SERVERS = (ROOT / "tests" / "lab", ROOT / "tests" / "faults")
SHARED = (ROOT / "tests" / "lab" / "sites", ROOT / "tests" / "faults")
"""On the first lab; the others deploy on their own, to the second."""
LONG = ("lab", "provider", "review", "ci", "engine", "portrait")
"""Rooms whose files take minutes: side by side they begin first, so that no worker begins a long one at the end."""


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker by which the slow half can be left out: `pytest -m "not lab"`."""
    config.addinivalue_line("markers", "lab: needs the lab's servers (`make test` starts them)")
    config.addinivalue_line("markers", "faults: takes long; left out but by `make faults` (`pytest -m faults`)")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs the lab."""
    if any(folder in item.path.parents for folder in ON_SERVERS):
        item.add_marker(pytest.mark.lab)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep on one worker what shares something: a module, and all that uses the same servers."""
    from xdist.scheduler import LoadScopeScheduling

    class BySubject(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            folders = (ROOT / file).parents
            if any(folder in folders for folder in ON_SERVERS):
                return "sites" if any(folder in folders for folder in SHARED) else "own deployments"
            return file

    return BySubject(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the servers' tests last, since cheap tests fail first; side by side the longest first."""
    items.sort(key=_length if hasattr(config, "workerinput") else _needs_servers)


def _length(item: pytest.Item) -> tuple[int, int]:
    room = item.path.relative_to(ROOT / "tests").parts[0]
    return LONG.index(room) if room in LONG else len(LONG), _depth(item)


def _needs_servers(item: pytest.Item) -> tuple[bool, int]:
    return item.get_closest_marker("lab") is not None, _depth(item)


def _depth(item: pytest.Item) -> int:
    """What looks at the lab itself comes before what deploys to it for a whole folder of tests."""
    return len(item.path.parts) if any(folder in item.path.parents for folder in ON_SERVERS) else 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what outside judges said, as reports carry it (from other workers too)."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    calls = [report for report in reports if getattr(report, "when", "") == "call"]
    lines = [line for call in calls for name, value in call.user_properties if name == "judged" for line in value]
    if lines:
        terminalreporter.write_sep("=", "outside judges")
        terminalreporter.write("".join(f"{line}\n" for line in lines))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def lab() -> Lab:
    """A running lab of the tests' own. Who needs names sets them, and so replaces those of the test before."""
    return labs.first()
