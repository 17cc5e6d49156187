"""French words; the rules themselves stand as examples beside each function."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from numerian import wording


@pytest.mark.parametrize("name", ["numerian.wording"])
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.attempted > 10 and found.failed == 0


@pytest.mark.parametrize(
    ("count", "word", "said"),
    [
        (0, "membre changé", "0 membre changé"),
        (1, "membre changé", "1 membre changé"),
        (2, "membre changé", "2 membres changés"),
        (2, "nouvelle adresse", "2 nouvelles adresses"),
        (1_000_000, "fois", "1\u202f000\u202f000 fois"),
    ],
)
def test_from_two_on_every_word_has_its_s(count: int, word: str, said: str) -> None:
    assert wording.plural(count, word) == said


def test_nothing_is_listed_as_nothing() -> None:
    assert (wording.join([]), wording.some([]), wording.day(None)) == ("", "", "")


def test_one_more_than_the_most_is_still_named() -> None:
    assert wording.some(["a", "b", "c"], 2) == "a, b et c"
