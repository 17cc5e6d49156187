"""Services: what differs, by case files, and what is accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from remote_hosts import Bench, Shell, run

from provider.plan.facts import Definition
from provider.plan.service import plan
from provider.remote.reading import definition_text, parse_definition

CASES = yaml.safe_load((Path(__file__).parent.parent / "cases/service/plan.yaml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"][:40])
def test_case(case: dict[str, Any]) -> None:
    assert {path: change.value for path, change in plan(case["olds"], case["news"]).items()} == case["changes"]


def check(news: dict[str, Any], olds: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    bench = Bench(Shell("privas", []))
    props, failures = run(bench.service.check(bench.context("s"), olds or {}, news))
    return dict(props), {failure.property: failure.reason for failure in failures}


def test_defaults_are_filled_in() -> None:
    props, failures = check({"host": "privas", "name": "front", "root": "/srv/front", "watchSeconds": 7.0})
    assert failures == {}
    assert props == {
        "host": "privas",
        "name": "front",
        "root": "/srv/front",
        "validate": [],
        "reload": [],
        "running": [],
        "watchSeconds": 7,
        "confirm": False,
    }
    assert check({"host": "privas", "name": "front", "root": "/srv/front"})[0]["watchSeconds"] == 5
    assert check({"host": "privas", "name": "a", "root": "/srv/a", "confirm": True})[0]["watchSeconds"] == 30


def test_all_faults_come_at_once() -> None:
    _, failures = check(
        {
            "name": "a/b",
            "root": "srv/../x",
            "validate": "nginx -t",
            "reload": [1],
            "watchSeconds": -1,
            "x": 1,
            "confirm": "yes",
        }
    )
    assert sorted(failures) == ["confirm", "host", "name", "reload", "root", "validate", "watchSeconds", "x"]


@pytest.mark.parametrize("seconds", [0, 4, 121])
def test_who_confirms_is_given_a_time_that_suffices_and_holds_nobody_up(seconds: int) -> None:
    props = {"host": "privas", "name": "a", "root": "/srv/a", "confirm": True, "watchSeconds": seconds}
    assert check(props)[1] == {"watchSeconds": "a reload that is confirmed is given 5 to 120 seconds"}


def test_a_root_cannot_change() -> None:
    props = {"host": "privas", "name": "front", "root": "/srv/a"}
    _, failures = check({**props, "root": "/srv/b"}, props)
    assert "can't change (it is /srv/a)" in failures["root"]


def test_a_definition_is_read_as_it_was_written() -> None:
    definition = Definition("front", "/srv/f", ("sh", "-c", "a\nb 'é' \\"), ("x",), (), 7, "numerian/lab", "front")
    assert definition_text(definition).count("\n") == 1
    assert parse_definition(definition_text(definition)) == definition
