"""hadolint on all recipes of images, the lab's machines included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from judges import hadolint_judge
from judges.exclusions import stale
from judges.judging import accept

Record = Callable[[str, object], None]


def test_hadolint_holds_nothing_against_our_recipes(root: Path, record_property: Record) -> None:
    recipes = sorted([*(root / "images").glob("*/Dockerfile"), *(root / "lab" / "images").glob("*/Dockerfile")])
    assert len(recipes) >= 4
    verdicts = [hadolint_judge.judge(root, recipe) for recipe in recipes]
    for verdict in verdicts:
        accept(verdict, record_property)
    assert stale(verdicts) == []


def test_hadolint_knows_a_bad_recipe_and_heeds_no_pragma(tmp_path: Path) -> None:
    recipe = tmp_path / "Dockerfile"
    recipe.write_text("FROM debian\n# hadolint ignore=DL3003\nRUN cd /tmp && sudo true\n")
    found = {finding.id for finding in hadolint_judge.judge(tmp_path.parent, recipe).findings}
    assert found >= {"DL3003", "DL3004", "DL3006"}
