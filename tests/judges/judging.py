"""How a test takes a verdict: shown at the end of the run, and held to its floor and to the list of exclusions."""

from __future__ import annotations

from collections.abc import Callable

from judges.exclusions import held_against
from judges.verdict import Verdict, lines

PROPERTY = "judged"
"""Under which a test's report carries a verdict's lines; tests/conftest.py shows them."""


def accept(verdict: Verdict, record: Callable[[str, object], None]) -> None:
    """Take a verdict, or fail with what is held against the subject.

    Args:
        verdict: what the judge said.
        record: pytest's `record_property`.
    """
    record(PROPERTY, lines(verdict))
    assert verdict.evaluated >= verdict.floor, f"{verdict}: too few to be an audit, {verdict.floor} are the least"
    assert held_against(verdict) == [], "\n".join(lines(verdict))
