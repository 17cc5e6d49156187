"""A review's words: whatever a request puts into them stays text."""

from __future__ import annotations

import doctest
import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ci import tree, words
from ci.errors import Refusal
from numerian import uploads

FACTS = tree.Facts("c0ffee" * 6, "decade" * 6, "2026-11-30 12:00 UTC", ())
PARTS = [
    "@maire",
    "\n/merge",
    "\r/close",
    "#12",
    "!7",
    "```",
    "~~~",
    "`",
    "<img>",
    "<!--",
    "\u202e",
    "\x1b[31m",
    "\n",
    " ",
    "é",
]
TEXT = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=5)), max_size=12).map("".join)


def test_examples_in_docstrings_hold() -> None:
    for module in (words, tree, uploads):
        failed, tried = doctest.testmod(module)
        assert (failed, tried > 0) == (0, True)


@given(TEXT)
def test_nobody_is_called_and_nothing_commanded(text: str) -> None:
    told = words.framed(words.faulty(text), FACTS)
    assert not re.search(r"@\w|[#!]\d|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", told)
    assert not re.search(r"^\s*/", told, re.M)


@given(TEXT)
def test_a_block_ends_where_we_end_it(text: str) -> None:
    lines = words.fenced(text).split("\n")
    fence = lines[0].removesuffix("text")
    assert lines[-1] == fence
    assert [line for line in lines[1:-1] if line.strip().startswith(fence)] == []


@given(TEXT)
def test_a_path_is_one_span_of_code(path: str) -> None:
    told = words.refused([Refusal(path or "x", "why")])
    assert told.count("\n- ") == 1
    assert re.search(r"(?m)^- `[^`\n]+` : why$", told)


def test_a_review_is_never_longer_than_a_comment() -> None:
    many = tree.Facts(FACTS.target, FACTS.deployed, FACTS.published, tuple(f"{'x' * 400}{n}" for n in range(5000)))
    told = words.framed(words.faulty("a line of the review\n" * 20_000), many)
    assert len(told) <= words.MOST
    assert words.CUT.strip() in told
    assert "et 4980 autres" in told
    assert len(words.refused([Refusal("x" * 400, "why")] * 5000)) < words.MOST


def test_a_review_says_when_it_tells_more_than_the_request() -> None:
    """What the target holds and nobody applied yet is in the preview too."""
    told = "La branche cible a changé depuis"
    assert told in words.framed("", FACTS)
    assert told not in words.framed("", replace(FACTS, deployed=FACTS.target))
