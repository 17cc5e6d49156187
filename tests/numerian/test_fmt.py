"""`numerian fmt`: even files, whose comments, order and values are their author's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_inventory import FILE, Make

from numerian.__main__ import main
from numerian.errors import Problem
from numerian.load.tree import plain, read_tree
from numerian.onboarding import formatting
from numerian.onboarding.formatting import layout

ROOT = Path(__file__).resolve().parents[2]
UNEVEN = """\
# about this member


site:   # its site
    domain:   privas.test     # main
    old_domains:
    - '22:30.test'
    # between two
    -  "b.test"

        # of the webmasters
    webmasters:
    -   name: x
        # inner
        keys: [a,   b]
    # password: 1
insee: 01004\x20\x20
phone: 0465710001
when: 22:30
no: no
empty:
note: 'it''s "so"'
town_hall:
      hours:
      - Lundi : 9 h # every week
      - Mardi: 9 h
      address: |
        Mairie  \x20
        # no comment

        Le Village


# the end
"""
EVEN = """\
# yaml-language-server: $schema=../schema/member.json
# about this member

site: # its site
  domain: privas.test # main
  old_domains:
    - "22:30.test"
    # between two
    - "b.test"

  # of the webmasters
  webmasters:
    - name: x
      # inner
      keys: [a, b]
  # password: 1
insee: 01004
phone: 0465710001
when: 22:30
no: no
empty:
note: 'it''s "so"'
town_hall:
  hours:
    - Lundi : 9 h # every week
    - Mardi: 9 h
  address: |
    Mairie  \x20
    # no comment

    Le Village

# the end
"""


def test_what_is_uneven_becomes_even_and_stays_so() -> None:
    line = formatting.modeline(Path("members/x.yaml"))
    assert layout(UNEVEN, line) == EVEN
    assert layout(EVEN, line) == EVEN


def test_the_inventory_is_even() -> None:
    problems: list[Problem] = []
    paths = formatting.files(ROOT / "inventory")
    uneven = [path for path in paths if formatting.formatted(path, problems) != path.read_text(encoding="utf-8")]
    assert uneven == [], "run bin/numerian fmt"
    assert problems == []


def test_a_wrong_or_late_modeline_is_put_right() -> None:
    right = "# yaml-language-server: $schema=schema/plans.json"
    text = "a: 1\n# yaml-language-server: $schema=elsewhere.json\nb: 2\n"
    assert layout(text, right) == f"{right}\na: 1\nb: 2\n"


words = st.text(alphabet="abé07:-#'\"\\ .{}[],&*!|>%@`?", max_size=12)
values = st.recursive(
    words, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(words, values, min_size=1, max_size=4))
@settings(max_examples=80, deadline=None)
def test_what_a_file_says_is_never_changed(said: dict[str, object]) -> None:
    """Whatever it holds: either the same, laid out for good, or left alone."""
    import yaml

    text = yaml.safe_dump(said, allow_unicode=True, sort_keys=False, default_flow_style=None)
    problems: list[Problem] = []
    before = read_tree(Path("x"), text, problems)
    if before is None or problems:
        return
    even = layout(text, None)
    if even is None:
        return
    after = read_tree(Path("x"), even, problems)
    assert after is not None
    assert plain(after) == plain(before)
    assert layout(even, None) == even


def test_the_command_writes_what_was_uneven_and_check_only_names_it(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make({FILE: UNEVEN}) / FILE
    file.chmod(0o640)
    assert main(["fmt", "--check", str(file)]) == 1
    assert f"{file}: not laid out evenly; run `numerian fmt {file}`" in capsys.readouterr().out
    assert file.read_text() == UNEVEN
    assert main(["fmt", str(file)]) == 0
    assert file.read_text() == EVEN
    assert file.stat().st_mode & 0o777 == 0o640
    assert main(["fmt", "--check", str(file)]) == 0
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_a_broken_file_is_told_with_its_place_and_the_others_are_written(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make({FILE: "insee: 07186\n   plan: village\n", "members/07140-lemps.yaml": "insee:   07140\n"})
    broken, other = folder / FILE, folder / "members" / "07140-lemps.yaml"
    assert main(["fmt", str(broken), str(other)]) == 1
    said = capsys.readouterr().out
    assert f"{broken}:2:" in said and "indent" in said
    assert broken.read_text() == "insee: 07186\n   plan: village\n"
    assert other.read_text() == "# yaml-language-server: $schema=../schema/member.json\ninsee: 07140\n"


def test_without_files_the_whole_inventory_is_meant(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make({FILE: "insee:   07186\n"})
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(folder))
    assert main(["fmt"]) == 0
    assert capsys.readouterr().out.count("laid out") == 3
    assert main(["fmt", "--check"]) == 0
    assert "3 files, all even" in capsys.readouterr().out


def test_a_write_that_fails_leaves_the_old_file(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make({FILE: UNEVEN}) / FILE

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(os, "fsync", full)
    assert main(["fmt", str(file)]) == 1
    assert file.read_text() == UNEVEN
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
