"""The guard's rules: what is refused, in which words, and that the line in the words lets it pass."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from provider.kinds.base import Change, Context
from provider.kinds.guard import Guard
from provider.resources import folded
from provider.runtime import Runtime

RUNTIME = Runtime(hosts=None)  # type: ignore[arg-type]
CONTEXT = Context("numerian", "lab", "guard")
WEEK = date.today() + timedelta(days=7)

Members = dict[str, Any]


def member(status: str = "active", host: str = "privas", domain: str = "", **more: Any) -> dict[str, Any]:
    site = {"domain": domain, "old_domains": [{"domain": f"old-{domain}", "until": None}]} if domain else None
    return {"host": host, "kinds": ["site"], "status": status, "site": site, **more}


def many(count: int, host: str = "privas", status: str = "active") -> Members:
    return {f"{number:05d}": member(status, host) for number in range(count)}


def texts(members: Members) -> dict[str, str]:
    """The members as the program hands them over."""
    return {code: folded(one) for code, one in members.items()}


def refused(
    olds: Members, news: Members, *allow: tuple[str, str], left_out: tuple[str, ...] = (), settled: bool = False
) -> dict[str, str]:
    """What is refused: property and reason."""
    entries = [{"rule": rule, "what": what, "until": "2099-12-31", "why": "tried"} for rule, what in allow]
    inputs = {"members": texts(news), "allow": entries, "leftOut": list(left_out), "settled": settled}
    _, failures = asyncio.run(Guard(RUNTIME).check(CONTEXT, {"members": texts(olds)}, inputs))
    return {failure.property: failure.reason for failure in failures}


# --- a member's file vanished -----------------------------------------------------------------------------------------


def test_a_member_that_vanished_is_refused_with_the_line_that_lets_it_pass() -> None:
    olds = {"07186": member(name="Privas"), "07151": member("leaving"), "07016": member("merged"), "26161": member()}
    assert refused(olds, {"26161": member()}) == {
        'members["07186"]': (
            "file of 07186 Privas (site on privas) vanished; set `status: leaving` first, or write this into "
            f"inventory/allow.yaml to go on: - {{rule: vanished, what: 07186, until: {WEEK}, why: …}}"
        )
    }
    assert refused(olds, {"26161": member()}, ("vanished", "07186")) == {}
    assert list(refused(olds, {"26161": member()}, ("vanished", "07151"))) == ['members["07186"]']
    assert refused({}, {"07186": member()}) == {}


def test_who_is_left_out_of_the_selection_did_not_vanish() -> None:
    assert refused({"07186": member(), "07151": member()}, {"07151": member()}, left_out=("07186",)) == {}
    inputs = {"members": {}, "leftOut": ["07186"]}
    kept, failures = asyncio.run(Guard(RUNTIME).check(CONTEXT, {"members": texts({"07151": member()})}, inputs))
    assert [failure.property for failure in failures] == ['members["07151"]'] and kept["leftOut"] == ["07186"]


def test_a_member_without_a_status_is_refused() -> None:
    assert list(refused({}, {"07186": {"status": "gone"}})) == ['members["07186"].status']
    for text in ("x", "[]", 5, None):
        _, failures = asyncio.run(Guard(RUNTIME).check(CONTEXT, {}, {"members": {"1": text}}))
        assert [failure.property for failure in failures] == ['members["1"]']


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "going", "stops"), [(9, 9, False), (10, 3, False), (10, 4, True), (438, 132, True)]
)
def test_more_than_thirty_percent_may_not_move_at_once(members: int, going: int, stops: bool) -> None:
    olds = many(members)
    news = {**olds, **many(going, host="alixan")}
    assert bool(refused(olds, news)) == stops
    assert refused(olds, news, ("many", "site")) == {}


def test_removed_and_moved_count_together_and_are_told_apart() -> None:
    olds = {**many(10), **many(2, status="leaving")}
    gone = {code: one for code, one in olds.items() if code > "00001"}
    assert refused(olds, gone) == {}
    news = {**gone, "00008": member(host="alixan"), "00009": member(host="alixan")}
    assert refused(olds, news) == {
        "members": (
            "of 10 members with a site, 2 removed and 2 moved at once (00000, 00001, 00008, 00009), which is more than "
            "30 %; look whether files or the selection of members are as they should be, or write this into "
            f"inventory/allow.yaml to go on: - {{rule: many, what: site, until: {WEEK}, why: …}}"
        )
    }


def test_a_selection_that_shrinks_counts_unless_it_is_the_stacks_setting() -> None:
    """$NUMERIAN_MEMBERS is mistyped as easily as a file is lost: 426 sites don't go for it without a word."""
    olds, news = many(438), many(12)
    left_out = tuple(sorted(olds.keys() - news.keys()))
    (reason,) = refused(olds, news, left_out=left_out).values()
    assert "of 438 members with a site, 426 removed at once (00012, 00013, 00014, 00015, 00016 and 421 more)" in reason
    assert refused(olds, news, ("many", "site"), left_out=left_out) == {}
    assert refused(olds, news, left_out=left_out, settled=True) == {}
    moved = {**news, **many(4, host="alixan")}
    assert "of 12 members with a site, 4 moved" in refused(olds, moved, left_out=left_out, settled=True)["members"]


def test_a_member_whose_day_has_come_counts_as_removed() -> None:
    olds = many(10, status="leaving")
    news = {**olds, **{code: {**one, "kinds": []} for code, one in many(4, status="leaving").items()}}
    assert list(refused(olds, news)) == ["members"]


# --- domains ----------------------------------------------------------------------------------------------------------


def test_a_domain_taken_from_another_member_is_refused() -> None:
    olds = {"07186": member(domain="privas.test", name="Privas"), "07140": member(domain="lemps.test", name="Lemps")}
    news = {"07186": member(domain="new.test", name="Privas"), "07140": member(domain="privas.test", name="Lemps")}
    told = refused(olds, news)
    assert told == {
        'members["07140"].site': (
            f"domain old-privas.test is that of 07186 Privas, and 07140 Lemps would take it; give it back, or write "
            f"this into inventory/allow.yaml to go on: - {{rule: domain, what: old-privas.test, until: {WEEK}, why: …}}"
        )
    }
    assert refused(olds, news, ("domain", "privas.test"), ("domain", "old-privas.test")) == {}
    assert len(refused(olds, news, ("domain", "privas.test"))) == 1


def test_a_domain_may_change_within_a_member_and_be_new() -> None:
    olds = {"07186": member(domain="privas.test")}
    assert refused(olds, {"07186": member(domain="old-privas.test"), "07140": member(domain="new.test")}) == {}


def test_who_took_a_commune_over_may_have_its_domain() -> None:
    absorbed = member("merged", domain="asperjoc.test", merged_into={"code": "07011", "until": "2026-12-31"})
    olds = {"07016": absorbed, "07011": member(domain="antraigues.test")}
    heir = member(domain="asperjoc.test")
    assert refused(olds, {"07011": heir}) == {}
    olds["07016"] = member("leaving", domain="asperjoc.test")
    assert list(refused(olds, {"07011": heir})) == ['members["07011"].site']
    assert refused(olds, {"07011": {**heir, "merged": [{"code": "07016"}]}}) == {}


# --- what it says of itself -------------------------------------------------------------------------------------------


def test_the_guard_names_members_that_come_go_and_change() -> None:
    entry = {"rule": "vanished", "what": "1", "until": "2026-12-31", "why": "tried"}
    olds = {"members": texts({"1": member(), "2": member()}), "allow": []}
    news = {"members": texts({"2": member("leaving"), "3": member()}), "allow": [entry]}
    assert asyncio.run(Guard(RUNTIME).diff(CONTEXT, "g", olds, news)).changes == {
        'members["1"]': Change.DELETE,
        'members["2"]': Change.UPDATE,
        'members["3"]': Change.ADD,
        "allow": Change.UPDATE,
    }
    assert asyncio.run(Guard(RUNTIME).diff(CONTEXT, "g", olds, {**olds, "leftOut": ["4"]})).changes == {}


def test_a_list_of_codes_is_no_allow_any_more() -> None:
    _, failures = asyncio.run(Guard(RUNTIME).check(CONTEXT, {}, {"members": {}, "allow": ["07186"]}))
    assert [failure.property for failure in failures] == ["allow"]
