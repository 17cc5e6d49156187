"""The demonstration inventory of this repository, and what a check of it costs."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from small_inventory import Make

from numerian import schema
from numerian.load import check, load
from numerian.reference import reference
from numerian.suggest import slug

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "inventory"


def test_it_has_no_fault() -> None:
    assert check(INVENTORY) == []


def test_it_holds_twelve_communes_on_both_servers_with_the_names_that_are_hard() -> None:
    members = load(INVENTORY).members
    assert [member.code for member in members] == sorted(member.code for member in members)
    assert len(members) == 12
    assert {member.server for member in members} == {"privas", "alixan"}
    names = [member.name for member in members]
    assert names.count("Mars") == names.count("Lemps") == 2
    for hard in ("Vallées-d'Antraigues-Asperjoc", "Saint-Étienne-de-Fontbellon", "Le Poët-Laval", "Vallon-Pont-d'Arc"):
        assert hard in names
    sites = [member.site for member in members if member.site]
    assert [site.kind for site in sites].count("redirect") == 2
    assert any(site.old_domains for site in sites)
    assert {site.canonical for site in sites} == {"www", "bare"}
    assert len({member.uid for member in members}) == 12


def test_names_addresses_and_numbers_are_nobodys() -> None:
    """Names end in .test; numbers are of the range that the regulator (ARCEP) reserves for fiction: 04 65 71 xx xx."""
    for path in [*INVENTORY.glob("*.yaml"), *(INVENTORY / "members").glob("*.yaml")]:
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"(?<=@)[\w.-]+|(?<=://)[\w.-]+|(?<=domain: )\S+", text):
            assert name.endswith(".test"), f"{path}: {name}"
        for number in re.findall(r"phone: (.*)", text):
            assert re.sub(r"\D", "", number.replace("+33 ", "0")).startswith("046571"), f"{path}: {number}"


def test_every_file_tells_editors_its_schema() -> None:
    for path in [*INVENTORY.glob("*.yaml"), *(INVENTORY / "members").glob("*.yaml")]:
        first = path.read_text(encoding="utf-8").splitlines()[0]
        found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
        assert found, path
        assert (path.parent / found[1]).is_file(), path


def test_the_schema_is_that_of_the_models() -> None:
    stale = [name for name, text in schema.render().items() if (INVENTORY / "schema" / name).read_text("utf-8") != text]
    assert stale == [], "write it again: python -m numerian.schema"


@pytest.mark.parametrize("name", sorted(schema.FILES))
def test_the_schema_speaks_draft_07_and_explains_every_key(name: str) -> None:
    text = schema.render()[name]
    document = json.loads(text)
    assert document["$schema"] == "http://json-schema.org/draft-07/schema#"
    for word in ("$defs", "prefixItems", "unevaluatedProperties", "dependentRequired", '"null"'):
        assert word not in text
    assert all(group["description"] for group in document.get("definitions", {}).values())
    groups = [document, *document.get("definitions", {}).values()]
    for group in groups:
        for key, part in group.get("properties", {}).items():
            assert part.get("description") or "$ref" in part, f"{key} has no description"
    for target in re.findall(r'"\$ref": "#/definitions/(\w+)"', text):
        assert target in document["definitions"]


def test_writing_the_schema_again_changes_nothing(tmp_path: Path) -> None:
    assert len(schema.write(tmp_path)) == len(schema.FILES)
    assert schema.write(tmp_path) == []


def test_a_check_of_twelve_members_takes_less_than_a_second_with_all_its_starts() -> None:
    assert _seconds(INVENTORY) < 1


def test_a_check_of_438_members_takes_at_most_a_second_and_a_half(make: Make) -> None:
    text = (INVENTORY / "members" / "07186-privas.yaml").read_text(encoding="utf-8")
    files = {}
    for commune in list(reference().communes.values())[:438]:
        mine = text.replace("07186", commune.code).replace("privas.test", f"c{commune.code}.test")
        files[f"members/{commune.code}-{slug(commune.name)}.yaml"] = mine.replace("plan: ville", "plan: village")
    folder = make({"members/07186-privas.yaml": None, **files})
    assert len(load(folder).members) == 438
    assert _seconds(folder) < 1.5


def _seconds(folder: Path) -> float:
    """Return the time of a whole process with all its starts, the best of three.

    It is the processor's time: a check waits for nothing, so an idle machine's clock shows the same.
    """
    program = "import sys, pathlib, numerian.load as n; sys.exit(bool(n.check(pathlib.Path(sys.argv[1]))))"
    best = 60.0
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program, str(folder)], check=True, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return best
