"""Whatever stands in a field or a file: problems at places, or a model that holds it as data. Never a traceback."""

# ruff: noqa: E501 (the words and cases stand in rows)

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from small_inventory import DATACENTERS, PLANS, PRIVAS

from numerian.errors import InventoryError
from numerian.load import load
from numerian.model import Inventory
from numerian.model.readers import hidden

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDItW1LpWyxzXXG3xTtLOaUYKRyn9BrNOTOHHEyC0YDJ"
FILES = {
    "members/07186-privas.yaml": PRIVAS
    + """\
server: privas
quota_mb: 5
status: leaving
leaving_on: 2999-01-01
contact: mairie@privas.test
town_hall:
  address: [a]
  phone: 04 65 71 00 01
  email: mairie@privas.test
  hours: [b]
  director: le maire
""".replace("2999", "2099"),
    "members/07151-mars.yaml": PRIVAS.replace("07186", "07151").replace("privas.test", "mars.test")
    + "  kind: redirect\n  to: https://a.test/\n  canonical: bare\n  old_domains: [b.test]\n  maintenance: no\n",
    "datacenters.yaml": DATACENTERS.replace("name: Numérian", "name: Numérian\n    phone: 04 65 71 00 01")
    + f"    port: 22\n    user: deploy\n    identity_files: [a]\n    host_keys: ['{KEY}']\n    host_keys_file: b\n"
    + "    public_addresses: [192.0.2.1]\n",
    "plans.yaml": "defaults:\n  quota_mb: 5\n  canonical: www\n" + PLANS,
    "staff.yaml": f"staff:\n  ops1:\n    keys: ['{KEY}']\n",
}
VALUE = re.compile(r"(?m)(?<=: )[^\n\[{][^\n]*$|(?<=\[)[^\]\n]+(?=\])")
FIELDS = [(name, match.span()) for name, text in FILES.items() for match in VALUE.finditer(text)]
WORDS = [
    "'", '"', "\n", "\r\n", "\t", "{{ 7*7 }}", "{% include %}", "{#", "$(id)", "`id`", "${secret:x}", "../../etc/passwd", "/etc/passwd",
    "\0", "\x1b[31m", "\u202e", "\u200f", "\ufeff", "\u2028", "\u0085", "\ud7ff", "<script>", ";", "|", "&", "&a", "*a", "!!python/name:x", "---",
    "...", "# ", ": ", "- ", "{", "}", "[", "]", "\\", "%0a", "%s", "null", "~", "no", "01004", "22:30", "1e999", "0x", "-1", "9" * 400, "é", "e\u0301",
    "а", "٣", "²", "🙂", "𝒜", "xn--", "www.", "https://", "@", "a" * 300, " ", "\u00a0", "ssh-ed25519 ", "-----BEGIN PRIVATE KEY-----", "2026-02-30",
]  # fmt: skip
HOSTILE = st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), min_size=1, max_size=5).map("".join)


def outcome(files: dict[str, bytes]) -> Inventory | None:
    """Load these files; None when problems were told, each with a place that is in a file and in words on one line."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_bytes(content)
        try:
            inventory = load(folder)
            assert len(inventory.members) == 2  # nobody is left out in silence
            return inventory
        except InventoryError as error:
            assert error.problems
            for problem in error.problems:
                assert problem.line >= 1 and problem.column >= 1
                lines = problem.file.read_bytes().replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n") + 1
                assert problem.line <= lines
                assert hidden(problem.message + problem.remedy) is None
                assert len(str(problem)) < 1000
                assert "pydantic" not in str(problem) and "Input should" not in str(problem)
            return None


def with_value(field: int, value: str) -> dict[str, bytes]:
    name, (start, end) = FIELDS[field]
    text = FILES[name][:start] + value + FILES[name][end:]
    return {**{key: other.encode() for key, other in FILES.items()}, name: text.encode("utf-8", "surrogatepass")}


def test_the_inventory_that_is_attacked_is_sound_and_whole() -> None:
    assert outcome({name: text.encode() for name, text in FILES.items()}) is not None
    assert len(FIELDS) > 40


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(FIELDS) - 1), HOSTILE)
def test_a_quoted_hostile_value_is_refused_or_kept_as_data(field: int, value: str) -> None:
    inventory = outcome(with_value(field, json.dumps(value)))
    if inventory is not None:
        no_hidden_character_is_in(inventory)


@settings(max_examples=250, deadline=None)
@given(st.integers(0, len(FIELDS) - 1), HOSTILE)
def test_an_unquoted_hostile_value_is_refused_or_kept_as_data(field: int, value: str) -> None:
    inventory = outcome(with_value(field, value))
    if inventory is not None:
        no_hidden_character_is_in(inventory)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(FIELDS) - 1),
    st.recursive(
        HOSTILE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3), max_leaves=4
    ),
)
def test_any_structure_in_the_place_of_a_value_is_refused_or_kept_as_data(field: int, value: object) -> None:
    outcome(with_value(field, json.dumps(value)))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200) | HOSTILE.map(str.encode), st.integers(0, 400))
@example("plans.yaml", b"\xff\xfe", 0)
@example("datacenters.yaml", b"? ? ? [", 10)
def test_any_bytes_anywhere_in_a_file_end_in_problems_or_a_model(name: str, inserted: bytes, place: int) -> None:
    content = FILES[name].encode()
    outcome({**{key: text.encode() for key, text in FILES.items()}, name: content[:place] + inserted + content[place:]})


@pytest.mark.parametrize("field", range(len(FIELDS)))
@pytest.mark.parametrize(
    "value", ["[" * 100_000, "x\0y", "x\u202ey", "*bomb", "&a [*a, *a]", "'${secret:x}'"], ids=lambda v: v[:5]
)
def test_what_is_never_right_is_refused_in_every_field(field: int, value: str) -> None:
    assert outcome(with_value(field, value)) is None


@pytest.mark.parametrize("field", [0, len(FIELDS) - 1])
def test_ten_megabytes_are_refused_without_being_read(field: int) -> None:
    assert outcome(with_value(field, "a" * 10_000_000)) is None


@pytest.mark.parametrize("field", range(len(FIELDS)))
def test_values_with_a_shape_take_nothing_that_configuration_could_run(field: int) -> None:
    """Only free text (addresses, labels, hours, functions) may hold such signs: as data, which templates render inert."""
    free = {"a", "b", "le maire", "Village", "Privas", "Numérian", "1 rue de l’Exemple"}
    name, (start, end) = FIELDS[field]
    written = FILES[name][start:end]
    key = FILES[name][:start].rstrip("[ ").rpartition("\n")[2].strip()
    inert = written in free and key not in ("identity_files:", "host_keys_file:")
    for value in ("{{ x }}", "$(id)", "'; id;'", '"', "../x; y", "<b>", "a b\\c"):
        assert (outcome(with_value(field, json.dumps(value))) is not None) is inert, (key, value)


def no_hidden_character_is_in(inventory: Inventory) -> None:
    def texts(value: object) -> None:
        if isinstance(value, str):
            assert hidden(value) is None
        elif isinstance(value, dict):
            for item in (*value, *value.values()):
                texts(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                texts(item)

    texts(inventory.model_dump(exclude={"members": {"__all__": {"file"}}}))
