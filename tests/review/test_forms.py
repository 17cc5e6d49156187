"""The forms of a review, whatever it holds: short enough, harmless, readable without anything from elsewhere."""

from __future__ import annotations

import doctest
import re
from html.parser import HTMLParser
from importlib import import_module
from itertools import pairwise

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from numerian.review import machine, markdown, page, text
from numerian.review.model import Counts, Lines, Review, Section, Severity, value

EVIL = (
    "</details><script>alert(1)</script>",
    "@ops1 @numerian/ops",
    "[click](https://evil.test)",
    "![x](https://evil.test/x.png)",
    "https://evil.test www.evil.test a@evil.test",
    "```\n# heading\n<img src=x onerror=alert(1)>",
    "` <b> `` </code>",
    "closes #1 !2 $3 &4",
    "| a | b |\n|---|---|",
    "<!-- --> \x1b[31mred\u202e",
    "*a* _b_ ~c~ \\",
)


def hostile(evil: str) -> Review:
    """Return a review with a text in every place that a value can come to."""
    section = Section("07186", "member", evil)
    section.add("site", f"renvoie vers {value(evil)}", Severity.INTERRUPTS, f"motif : {evil}")
    section.add("site", f"nouvelle adresse {value(evil)}")
    lines = Lines("~", evil, (f"+{evil}", f"-{evil}"), (f"{evil} : sites/07186.conf",))
    return Review("lab", False, Counts(members_changed=1), (section,), (lines,), evil, (evil,), (evil,))


def large(members: int, words: str = "") -> Review:
    sections = []
    for number in range(members):
        section = Section(f"{number:05}", "member", f"Commune {number} {words}")
        section.add(
            "site", f"l’ancienne adresse {value(f'c{number}.test')} ne répond plus", Severity.INTERRUPTS, "motif"
        )
        sections.append(section)
    lines = tuple(Lines("~", "", tuple(f"+line {n} {k}" for k in range(20)), (f"c{n} : f",)) for n in range(members))
    return Review(
        "lab", True, Counts(members_changed=members), tuple(sections), lines, "", ("w" * 5000,) * 50, ("e" * 9000,) * 50
    )


@pytest.mark.parametrize("members", [0, 1, 438, 5000])
@pytest.mark.parametrize("words", ["", "é" * 900])
def test_a_comment_is_always_short_enough_and_its_summary_whole(members: int, words: str) -> None:
    told = markdown.render(large(members, words))
    assert len(told) < 60_000
    assert told.startswith("<!-- numerian-review -->\n")
    assert markdown.text(f"{members}" if members < 1000 else "5\u202f000") in told
    assert told.count("<details>") == told.count("</details>")
    if members > 400:
        assert "`numerian preview`" in told
        assert "interruptions" in told.split("###")[0]


def tokens(told: str) -> list[Token]:
    """Return what CommonMark sees in a comment, inline parts too."""
    found = MarkdownIt("commonmark").parse(told)
    return [one for token in found for one in (token, *(token.children or ()))]


@pytest.mark.parametrize("evil", EVIL)
def test_no_value_breaks_out_of_a_comment(evil: str) -> None:
    seen = tokens(markdown.render(hostile(evil)))
    assert not {"link_open", "image", "html_inline"} & {token.type for token in seen}
    assert [token.tag for token in seen if token.type == "heading_open"] == ["h2", "h3"]
    html = "".join(token.content for token in seen if token.type == "html_block")
    ours = re.sub(r"<summary><code>[^<>]*</code></summary>|</?details>|<!-- numerian-review -->|\s", "", html)
    assert ours == ""
    # What a forge makes of plain text by itself: mentions, links, addresses, numbers of issues.
    words = "".join(token.content for token in seen if token.type == "text")
    assert not re.search(r"@\w|www\.|://|[#!$&]\d", words), words
    assert "\x1b" not in words and "\u202e" not in words


class Tags(HTMLParser):
    """Keeps tags and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("evil", EVIL)
def test_a_page_is_whole_and_has_nothing_from_elsewhere(evil: str) -> None:
    found = Tags()
    found.feed(page.render(hostile(evil)))
    assert found.open == []
    assert not {"script", "img", "link", "iframe", "a", "form", "b"} & set(found.tags)
    assert {name for name, _ in found.attributes} <= {
        *("lang", "charset", "name", "content", "http-equiv", "class", "id", "aria-labelledby")
    }
    assert (found.tags.count("h1"), found.tags.count("main")) == (1, 1)
    assert ("lang", "fr") in found.attributes


def test_a_pages_headings_follow_one_another() -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", page.render(hostile("x")))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("evil", EVIL)
def test_nothing_in_a_text_obeys_a_terminal(evil: str) -> None:
    """What a value or a line holds was made visible when it was taken in; colours are ours alone."""
    section = Section("07186", "member", "Privas")
    section.add("site", f"renvoie vers {value(evil)}", Severity.ALLOWS, f"motif donné : {value(evil)}")
    told = "\n".join(text.render(Review("lab", False, Counts(), (section,))))
    assert "\x1b" not in told and "\u202e" not in told


def test_colours_are_where_they_are_asked_for() -> None:
    told = list(text.render(hostile("x"), lambda words, name: f"<{name}>{words}</>"))
    assert told[0].startswith("<red>À regarder d’abord : 1 interruption")
    assert "<red>" not in "".join(text.render(hostile("x")))


def test_what_is_the_same_in_many_members_is_told_once() -> None:
    sections = []
    for name in ("Aubenas", "Privas", "Le Teil"):
        section = Section(name, "member", name)
        section.add("site", "réglages du site mis à jour")
        sections.append(section)
    told = list(text.render(Review("lab", False, Counts(members_changed=3), tuple(sections))))
    assert told[0] == "Aubenas, Privas et Le Teil · site : réglages du site mis à jour"
    assert told[-2] == "Bilan : 3 membres changés ; éléments : rien à changer, 0 inchangé"


def test_alerts_stand_first_the_worst_before_all() -> None:
    section = Section("07186", "member", "Privas")
    section.add("site", "a", Severity.WEAKENS, "r")
    section.add("site", "b", Severity.DELETES, "s")
    told = list(text.render(Review("lab", False, Counts(), (section,))))
    assert told[:5] == [
        "À regarder d’abord : 1 suppression et 1 point de sécurité",
        "  supprime · Privas : b",
        "      s",
        "  touche à la sécurité · Privas : a",
        "      r",
    ]


def test_a_program_gets_values_without_marks() -> None:
    told = machine.render(hostile("a.test"))
    assert told["sections"][0]["items"][0]["text"] == "renvoie vers a.test"
    assert told["alerts"][0]["members"] == ["a.test"]


MODULES = ("markdown", "model", "page", "refusal", "server", "site", "summary")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_hold(name: str) -> None:
    found = doctest.testmod(import_module(f"numerian.review.{name}"))
    assert found.attempted and not found.failed
