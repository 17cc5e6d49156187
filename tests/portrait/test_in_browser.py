"""The portrait of all members in a real browser, at the width of a desk and of a phone; axe-core judges the pages.

`NUMERIAN_SCREENSHOTS=folder` keeps pictures of what was looked at.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import node_packages
import pytest

from numerian.load import load
from numerian.portrait import folder
from numerian.portrait.pages import pages

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
CODES = ("07186", "07140")
"""A site that conforms, and a redirection that doesn't."""
Seen = dict[str, Any]


@pytest.fixture(scope="module", params=SIZES)
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    chromium = shutil.which("chromium")
    if chromium is None or shutil.which("node") is None:
        pytest.fail("Chromium or Node is missing: `make test` as root installs them (apt-get install chromium nodejs)")
    where = tmp_path_factory.mktemp("portrait") / "site"
    folder.write(where, pages(load(ROOT / "inventory"), ROOT / "inventory"))
    size = map(str, SIZES[request.param])
    done = subprocess.run(
        ["node", str(HERE / "look.cjs"), chromium, str(where), *size, *CODES],
        env={**os.environ, "NODE_PATH": str(node_packages.installed("browser"))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: Seen = json.loads(done.stdout)
    return told


def test_every_page_is_accessible_and_fits(seen: Seen) -> None:
    assert list(seen["pages"]) == ["index.html", *(f"membres/{code}.html" for code in CODES)]
    assert [(name, one) for name, page in seen["pages"].items() for one in page["violations"]] == []
    assert {page["overflow"] for page in seen["pages"].values()} == {0}


def test_nothing_comes_from_outside_and_nothing_fails(seen: Seen) -> None:
    assert seen["outside"] == []
    assert seen["errors"] == []


def test_the_search_finds(seen: Seen) -> None:
    assert "Privas" in seen["privas"]["rows"]
    assert len(seen["privas"]["rows"]) < seen["everybody"] == seen["back"] == 438
    assert seen["privas"]["told"].endswith("sur 438")
    assert seen["accents"] == ["Saint-Étienne-de-Fontbellon"]
    assert seen["nobody"] == {"rows": [], "told": "Aucun membre ne correspond."}
    assert seen["opened"] == "Privas"


def test_the_map_takes_other_colours(seen: Seen) -> None:
    fills = {mode: tuple(told["fills"]) for mode, told in seen["colours"].items()}
    assert len(set(fills.values())) == 3 and min(map(len, fills.values())) >= 2, fills
    assert {mode: told["keys"] for mode, told in seen["colours"].items()} == {
        mode: [f"key key-{mode}"] for mode in ("service", "datacenter", "level")
    }


def test_one_sees_where_the_keyboard_is(seen: Seen) -> None:
    assert [stop["what"] for stop in seen["keyboard"][:3]] == ["Aller au contenu", "Numérian", "mode-service"]
    assert all(stop["seen"] for stop in seen["keyboard"]), seen["keyboard"]
