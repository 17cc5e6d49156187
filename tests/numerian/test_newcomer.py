"""A newcomer's typing errors: each is answered with file, line and column, what is wrong, and what to write instead.

The answers are followed to the letter, one after the other, until `numerian check` has nothing to say.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_inventory import PRIVAS, Make
from test_new import BOTH

from numerian.__main__ import main

OTHER = "members/07319-le-teil.yaml"
RIGHT = """\
# yaml-language-server: $schema=../schema/member.json
insee: 07319
datacenter: privas
plan: bourg
site:
  domain: le-teil.test
  old_domains:
    - vieux-teil.test
"""


@pytest.mark.parametrize(
    ("right", "typed", "answer"),
    [
        ("plan: bourg", "paln: bourg", 'le-teil.yaml:4:1: unknown key "paln"; did you mean "plan"?'),
        ("plan: bourg", "plan: burg", 'le-teil.yaml:4:7: no plan is called "burg"; did you mean "bourg"?'),
        (
            "datacenter: privas",
            "datacenter: alixna",
            'le-teil.yaml:3:13: no datacenter is called "alixna"; did you mean "alixan"?',
        ),
        (
            "domain: le-teil.test",
            "domain: privas.test",
            'le-teil.yaml:6:11: domain "privas.test" is taken at ',
        ),
        (
            "  old_domains",
            "   old_domains",
            "le-teil.yaml:7:15: this line is indented deeper than its group; indent it like the other keys",
        ),
        (
            "insee: 07319",
            "insee: 7319",
            "zero is missing; write 07319",
        ),
        ("insee: 07319", "insee: 07319\ninsee: 07319", 'le-teil.yaml:3:1: key "insee" is there twice'),
    ],
    ids=["key", "plan", "datacenter", "domain", "indentation", "code", "twice"],
)
def test_a_typing_error_is_answered_with_its_place_and_its_remedy(
    make: Make, right: str, typed: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert RIGHT.count(right) == 1
    folder = make({**BOTH, OTHER: RIGHT.replace(right, typed)})
    assert main(["check", str(folder)]) == 1
    said = capsys.readouterr().out
    assert answer in said
    make({**BOTH, OTHER: RIGHT})
    assert main(["check", str(folder)]) == 0


def test_all_of_them_at_once_are_mended_by_what_is_said(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    """Who does nothing but what the answers say is done after a few rounds."""
    wrong = RIGHT.replace("plan: bourg", "paln: burg").replace("privas", "prvias").replace("07319", "7319")
    file = make({**BOTH, OTHER: wrong}) / OTHER
    for _ in range(4):
        if main(["check", str(file.parents[1])]) == 0:
            break
        for line in capsys.readouterr().out.splitlines():
            _do_as_told(file, line)
    assert file.read_text() == RIGHT


def _do_as_told(file: Path, said: str) -> None:
    """Put the word that an answer proposes in the place of the one that it names."""
    place = re.match(rf"{re.escape(str(file))}:(\d+):(\d+): (.*)", said)
    meant = re.search(r'did you mean "([^"]+)"\?|; write ([\w-]+)$', said)
    if not place or not meant:
        return
    lines = file.read_text().split("\n")
    line, column = int(place[1]) - 1, int(place[2]) - 1
    lines[line] = lines[line][:column] + re.sub(r"^[\w-]+", meant[1] or meant[2], lines[line][column:])
    file.write_text("\n".join(lines))


def test_who_forgot_the_zero_and_more_is_told_all_at_once(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    text = RIGHT.replace("paln", "plan").replace("privas", "prvias").replace("bourg", "burg")
    folder = make({**BOTH, OTHER: text, "members/07151-mars.yaml": PRIVAS.replace("07186", "07151")})
    assert main(["check", str(folder)]) == 1
    said = capsys.readouterr().out
    assert said.count("le-teil.yaml:") == 2
    assert "mars.yaml:" in said or "privas.yaml:" in said
    assert "3 problems in" in said
