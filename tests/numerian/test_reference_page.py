"""docs/inventory.md and the editors' schemas: of the models as they are, in both languages, with examples that load."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PLANS, PRIVAS, Make

from numerian import schema
from numerian.load import check
from numerian.model.french import FRENCH, in_french
from numerian.onboarding import reference_page

ALONE = {"member.json": FILE, "plans.json": "plans.yaml", "datacenters.json": "datacenters.yaml"}


def test_the_page_is_that_of_the_models() -> None:
    assert reference_page.PAGE.read_text(encoding="utf-8") == reference_page.page(), "run make docs"


def test_every_key_is_told_in_french_too_and_no_french_is_left_over() -> None:
    said = {}
    for name, model in schema.FILES.items():
        document = json.loads(schema.render()[name])
        for group, part in {model.__name__: document, **document.get("definitions", {})}.items():
            said.update({f"{group}.{key}": in_french(group, key) for key in part.get("properties", {})})
    assert [key for key, words in said.items() if words is None] == [], "add them to numerian/model/french.py"
    spoken = {words for words in said.values()}
    assert [key for key, words in FRENCH.items() if words not in spoken] == []


def test_every_key_has_a_row_once() -> None:
    for name, text in schema.render().items():
        document = json.loads(text)
        paths = [key.path for key in reference_page.keys(document, document)]
        assert len(paths) == len(set(paths)), name
    page = reference_page.page()
    for path in ("insee", "site.old_domains[].until", "site.webmasters[].keys", "plans.<name>.php.cpu"):
        assert re.search(rf"^\| (\*\*)?`{re.escape(path)}`", page, re.M), path
    assert "| 1 … 65 535 | `22` |" in page


@pytest.mark.parametrize("name", sorted(schema.FILES))
def test_each_example_loads(make: Make, name: str) -> None:
    plans = PLANS + "  ville:\n    label: Ville\n"
    files = {"plans.yaml": plans, "datacenters.yaml": DATACENTERS, FILE: PRIVAS}
    path = ALONE.get(name, f"{name.removesuffix('.json')}.yaml")
    folder = make({**files, path: reference_page.examples()[name]})
    assert check(folder) == []


def test_writing_it_again_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: object) -> None:
    monkeypatch.setattr(reference_page, "ROOT", tmp_path)
    monkeypatch.setattr(reference_page, "PAGE", tmp_path / "docs" / "inventory.md")
    (tmp_path / "docs").mkdir()
    (tmp_path / "inventory").mkdir()
    reference_page.main()
    assert len(capsys.readouterr().out.splitlines()) == len(schema.FILES) + 1  # type: ignore[attr-defined]
    reference_page.main()
    assert capsys.readouterr().out == ""  # type: ignore[attr-defined]
