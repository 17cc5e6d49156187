"""The words of each kind of change, as a terminal and a merge request show them. `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from kinds import KINDS, Kind
from paper_project import PaperProject

from numerian.review import machine, markdown, text

DOCUMENTED = "domain-beside"
"""The kind that docs/review.md shows, in the form for programs too."""
GOLDEN = Path(__file__).parent / "golden"
TERMS = re.compile(
    r"pulumi|(?-i:\bFiles\b|\bGuard\b)|\burn\b|\bresources?\b|\bproviders?\b|\bstacks?\b|\breplac|\bcomponent|\bdiff\b"
    r"|RemoteImage|\bKeyPair\b|04da6b54|\bcreate\b|\bupdate\b|\bdelete\b|<nil>|\bnone\b",
    re.IGNORECASE,
)
"""What nobody needs to have heard of."""


IN_EVERY_RUN = {
    *(
        "commune-added",
        "domain-beside",
        "domain-changed",
        "domain-exchanged",
        "static-to-php",
        "redirect-target-changed",
        "moved",
        "left",
    ),
    *("merged", "webmaster-password-changed", "template-changed", "php-image-with-packages", "staff-left"),
    *("access-weaker", "guard-refuses", "guard-allows"),
}
"""An engine's run each takes seconds: the others, which differ less, are for `make faults`."""


def _weighed(kind: Kind) -> object:
    return pytest.param(kind, id=kind.name, marks=() if kind.name in IN_EVERY_RUN else pytest.mark.faults)


@pytest.mark.parametrize("kind", map(_weighed, KINDS))
def test_a_change_is_told_in_these_words(kind: Kind, paper: PaperProject) -> None:
    kind.edit(paper)
    review = paper.preview(more=kind.more)
    forms = {"txt": "".join(f"{line}\n" for line in text.render(review)), "md": markdown.render(review)}
    if kind.name == DOCUMENTED:
        forms["json"] = json.dumps(machine.render(review), ensure_ascii=False, indent=2) + "\n"
    for ending, told in forms.items():
        # The guard proposes a day to come.
        told = re.sub(r"until: 20\d\d-\d\d-\d\d", "until: 2026-12-08", told)
        golden = GOLDEN / f"{kind.name}.{ending}"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.write_text(told, encoding="utf-8")
        assert told == golden.read_text(encoding="utf-8")


def test_every_golden_is_of_a_kind() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == {kind.name for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_no_word_is_the_engines(kind: Kind) -> None:
    """The changed lines are the servers' own files, and speak for themselves; all else is for everybody."""
    told = (GOLDEN / f"{kind.name}.txt").read_text(encoding="utf-8")
    assert TERMS.findall(re.sub(r"(?m)^      .*$", "", told)) == []
    comment = (GOLDEN / f"{kind.name}.md").read_text(encoding="utf-8")
    assert TERMS.findall(re.sub(r"(?ms)^(```+)(diff)?$.*?^\1$", "", comment)) == []
