"""The State's criteria, told from what is kept of a member: each site that there is, and what a change does."""

from __future__ import annotations

from typing import Any

import pytest

from numerian.rpnt import RULES, Level, State, changes, evaluate, level

SITE = {"kind": "static", "domain": "privas.test", "canonical": "www", "to": None, "maintenance": False}
REDIRECT = {**SITE, "kind": "redirect", "to": "https://www.arche.example.test/lemps"}


def kept(site: dict[str, Any] | None = SITE, **more: Any) -> dict[str, Any]:
    return {"kinds": ["site"] if site else [], "site": site, **more}


def states(found: dict[str, Any] | None, service: str = "1.") -> dict[str, str]:
    return {one.rule.id: one.state for one in evaluate(found) if one.rule.id.startswith(service)}


def test_there_are_sixteen_in_the_references_order() -> None:
    assert [rule.id for rule in RULES] == [f"1.{n}" for n in range(1, 9)] + [f"2.{n}" for n in range(1, 9)]
    assert [one.rule for one in evaluate(kept())] == list(RULES)


@pytest.mark.parametrize("kind", ["static", "php"])
@pytest.mark.parametrize("canonical", ["www", "bare"])
def test_a_served_site_passes_all_of_the_sites(kind: str, canonical: str) -> None:
    found = evaluate(kept({**SITE, "kind": kind, "canonical": canonical}))
    assert level(found, "site") is Level.FULL
    name = "www.privas.test" if canonical == "www" else "privas.test"
    assert f"https://{name}" in found[0].reason.split()


@pytest.mark.parametrize(
    ("domain", "state"),
    [("a.fr", "passed"), ("a.eu", "passed"), ("a.bzh", "passed"), ("a.re", "passed"), ("a.com", "failed")],
)
def test_sovereign_extensions(domain: str, state: str) -> None:
    assert states(kept({**SITE, "domain": domain}))["1.2"] == state


def test_a_redirect_fails_by_choice_and_the_rest_is_its_targets() -> None:
    found = {one.rule.id: one for one in evaluate(kept(REDIRECT))}
    assert found["1.6"].state is State.FAILED
    assert found["1.6"].reason == "échoue par choix : le domaine mène à www.arche.example.test"
    assert [number for number, one in found.items() if one.state is State.PASSED] == ["1.1", "1.2", "1.8"]
    assert [found[number].state for number in ("1.3", "1.4", "1.5", "1.7")] == [State.UNKNOWN] * 4


def test_a_redirect_to_http_fails_more() -> None:
    found = states(kept({**REDIRECT, "to": "http://a.example.test/"}))
    assert [number for number, state in found.items() if state == "failed"] == ["1.4", "1.6", "1.7"]


def test_maintenance_takes_all_that_is_tested_with_it() -> None:
    found = states(kept({**SITE, "maintenance": True}))
    assert [number for number, state in found.items() if state == "failed"] == ["1.3", "1.4", "1.5", "1.6", "1.7"]


@pytest.mark.parametrize("found", [None, kept(None), kept(SITE) | {"kinds": []}], ids=["nobody", "none", "left"])
def test_without_a_site_here_nothing_is_claimed(found: dict[str, Any] | None) -> None:
    assert set(states(found).values()) == {"unknown"}
    assert level(evaluate(found), "site") is Level.UNKNOWN


def test_mail_is_not_measured_yet_and_says_so() -> None:
    mail = [one for one in evaluate(kept()) if one.rule.service == "mail"]
    assert {(one.state, one.reason) for one in mail} == {(State.UNKNOWN, "la messagerie n’est pas encore servie ici")}


def test_each_failure_says_what_to_change() -> None:
    bad = [{**REDIRECT, "to": "http://a.test"}, {**SITE, "maintenance": True}, {**SITE, "domain": "privas.com"}]
    failures = [one for site in bad for one in evaluate(kept(site)) if one.state is State.FAILED]
    assert len(failures) == 9
    assert all(one.reason and "`" in one.remedy for one in failures)


def test_levels() -> None:
    found = evaluate(kept())
    without = [one for one in found if one.rule.id != "1.7"]
    recommended = [one for one in evaluate(kept({**SITE, "maintenance": True})) if one.rule.id == "1.7"]
    assert level([*without, *recommended], "site") is Level.ESSENTIAL
    assert level(evaluate(kept(REDIRECT)), "site") is Level.BELOW
    assert level(found, "mail") is Level.UNKNOWN


def told(before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, str]:
    return {c.after.rule.id: "+" if c.gained else "-" if c.lost else "?" for c in changes(before, after)}


def test_what_a_change_does() -> None:
    assert told(kept(), kept()) == {}
    assert told(kept(), kept({**SITE, "domain": "privas.com"})) == {"1.2": "-"}
    assert told(kept({**SITE, "domain": "privas.com"}), kept()) == {"1.2": "+"}
    assert told(kept(), kept(REDIRECT)) == {"1.3": "-", "1.4": "-", "1.5": "-", "1.6": "-", "1.7": "-"}
    assert told(None, kept(REDIRECT)) == {"1.1": "+", "1.2": "+", "1.6": "-", "1.8": "+"}
    assert set(told(kept(), None).values()) == {"-"}
    assert told(kept({**SITE, "maintenance": True}), kept(REDIRECT)) == {"1.3": "?", "1.4": "?", "1.5": "?", "1.7": "?"}
