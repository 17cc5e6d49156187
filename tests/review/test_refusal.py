"""What the guard refuses, as a review tells it: in French, whole, with the very line that lets it pass."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from numerian.review.refusal import told
from provider.kinds.guard_rules import refusals

ENGLISH = re.compile(r"\b(of|the|with|vanished|removed|moved|would|more|member|write|this|and)\b")


def member(host: str = "privas", domain: str = "", **more: Any) -> Mapping[str, Any]:
    site = {"domain": domain, "old_domains": []} if domain else None
    return {"host": host, "kinds": ["site"], "status": "active", "site": site, **more}


def many(count: int, host: str = "privas") -> dict[str, Mapping[str, Any]]:
    return {f"{number:05d}": member(host) for number in range(count)}


TWELVE = many(12)
FOUR_MOVE = {**TWELVE, **many(4, "alixan")}
PRIVAS = member(name="Privas", domain="privas.test")
WORDS = {
    "a file is gone": (
        {"07330": member(name="Vallon-Pont-d'Arc")},
        {},
        "Le fichier de Vallon-Pont-d’Arc (07330) a disparu, alors que ce membre est servi par privas.",
    ),
    "one of nobody's name, without a service": (
        {"07330": member(kinds=[])},
        {},
        "Le fichier de 07330 a disparu, alors que ce membre n’a pas annoncé son départ.",
    ),
    "many move": (
        TWELVE,
        FOUR_MOVE,
        "Sur 12 membres avec un site, 4 déménageraient d’un coup, plus de 30 % : 00000, 00001, 00002, 00003.",
    ),
    "many go": (
        TWELVE,
        {**many(4)},
        "Sur 12 membres avec un site, 8 seraient retirés d’un coup, plus de 30 % :"
        " 00004, 00005, 00006, 00007, 00008 et 3 autres.",
    ),
    "one goes, many move": (
        TWELVE,
        {code: one for code, one in FOUR_MOVE.items() if code != "00011"},
        "Sur 12 membres avec un site, 1 serait retiré et 4 déménageraient d’un coup, plus de 30 % :"
        " 00000, 00001, 00002, 00003, 00011.",
    ),
    "a domain is taken": (
        {"07186": PRIVAS},
        {"07186": {**PRIVAS, "site": None}, "07140": member(name="Lemps", domain="privas.test")},
        "Le domaine privas.test est celui de Privas (07186), et Lemps (07140) le prendrait.",
    ),
}


@pytest.mark.parametrize("what", WORDS)
def test_a_refusal_is_told_in_french_with_the_line_to_write(what: str) -> None:
    before, after, words = WORDS[what]
    left_out = tuple(before.keys() - after.keys()) if "many" in what or "many" in words else ()
    (refusal,) = refusals(before, after, (), left_out)
    first, remedy, pass_on, line = told(refusal.reason).splitlines()
    assert first == words
    assert not ENGLISH.search(remedy + pass_on)
    assert line.strip() == refusal.reason[refusal.reason.index("- {rule: ") :]
