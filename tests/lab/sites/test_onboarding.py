"""From a commune that nobody has heard of to its site over HTTPS: one command, one review, one `up`, timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from deployment import INVENTORY, STACK, Deployed

from numerian.load import load

CODE = "26166"
NAMES = ("www.loriol-sur-drome.test", "loriol-sur-drome.test")
MACHINE_SECONDS = 120


@pytest.fixture
def newcomer(sites: Deployed) -> Iterator[Deployed]:
    """The twelve; whoever came leaves again, so that the other tests find the twelve."""
    yield sites
    for file in (INVENTORY / "members").glob(f"{CODE}-*.yaml"):
        gone = f"status: leaving\nleaving_on: {date.today()}\n"
        file.write_text(file.read_text(encoding="utf-8") + gone, encoding="utf-8")
        sites.numerian("up", "--stack", STACK, "--yes")
        file.unlink()
        sites.numerian("up", "--stack", STACK, "--yes")
        sites.point(sites.inventory, but="www.ville-privas.test")


def test_from_nothing_to_a_served_site_in_two_minutes_of_machine_time(
    newcomer: Deployed, record_property: Callable[[str, object], None]
) -> None:
    sites, spent = newcomer, {}

    def timed(what: str, *words: str) -> str:
        started = time.monotonic()
        said = sites.numerian(*words)
        spent[what] = time.monotonic() - started
        return said

    assert "ensuite : `numerian check`" in timed("new", "new", "loriol", "sur", "drome", "--yes")
    assert "13 members" in timed("check", "check")
    assert "Loriol-sur-Drôme · site : nouveau site" in timed("preview", "preview", "--stack", STACK)
    sites.point(load(INVENTORY), but="www.ville-privas.test")  # a registrar's part in real life
    timed("up", "up", "--stack", STACK, "--yes")
    started = time.monotonic()
    _wait_until_it_answers(sites, started + MACHINE_SECONDS)
    spent["certificate"] = time.monotonic() - started
    status, _, body = sites.get(f"https://{NAMES[0]}/")
    assert status == 200
    assert "<h1>Mairie de Loriol-sur-Drôme</h1>" in body
    assert sites.get(f"http://{NAMES[1]}/")[1]["location"] == f"https://{NAMES[1]}/"
    told = ", ".join(f"{what} {seconds:.1f} s" for what, seconds in spent.items())
    line = f"from nothing to a served site: {sum(spent.values()):.1f} s of {MACHINE_SECONDS} allowed ({told})"
    print(line)
    record_property("judged", [line])
    assert sum(spent.values()) <= MACHINE_SECONDS, line


def _wait_until_it_answers(sites: Deployed, until: float) -> None:
    """Visit from outside, trusting the lab's root alone, until both names have their certificate."""
    waiting = list(NAMES)
    while waiting:
        assert time.monotonic() < until, waiting
        waiting = [name for name in waiting if sites.lab.curl("--output", "/dev/null", f"https://{name}/")[0]]
        time.sleep(0.5)
