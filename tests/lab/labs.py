"""The labs of the tests, brought up once for all workers; left running for the next run (.ci/run takes them down)."""

from __future__ import annotations

from lab import Lab, cache, layout


def first() -> Lab:
    """The one that most tests share."""
    return _running(layout.for_tests()[0])


def second() -> Lab:
    """The one of tests that deploy on their own: they needn't wait for the others' servers."""
    return _running(layout.for_tests()[1])


def _running(name: str) -> Lab:
    machines = Lab(name)
    with cache.only_one(f"lab-{name}"):  # workers side by side want the same one
        machines.up()
    return machines
