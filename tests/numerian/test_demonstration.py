"""The demonstration's 438 members: who they are, and that their files are what the documented rules say."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from lab import demo, demonstration
from numerian.load import load
from numerian.model import Inventory, Member
from numerian.reference import OURS, reference

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "demonstration.md"


@cache
def inventory() -> Inventory:
    """The whole of it."""
    return load(ROOT / "inventory")


def with_site() -> list[Member]:
    return [member for member in inventory().members if member.site]


def test_they_are_the_marked_communes_and_the_departement_of_ardeche() -> None:
    members = inventory().members
    communes = [member for member in members if member.kind == "commune"]
    assert {member.code for member in members} == reference().demonstration
    assert Counter(member.departement for member in communes) == {"07": 335, "26": 94, "42": 8}
    (ardeche,) = (member for member in members if member.kind != "commune")
    assert (ardeche.kind, ardeche.code, ardeche.siren) == ("departement", "07", "220700017")
    assert len({member.uid for member in members}) == len(members) == 438


def test_their_communes_have_the_published_number_of_inhabitants() -> None:
    """The département adds nobody: its inhabitants are its communes'."""
    assert sum(member.population for member in inventory().members if member.kind == "commune") == 468_957


def test_the_files_are_those_that_the_rules_give() -> None:
    folder = demonstration.MEMBERS
    stale = [name for name, text in demonstration.files() if (folder / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m lab.demonstration`, or name a member edited by hand in BY_HAND"
    there = {file.name for file in folder.iterdir()}
    by_hand = {name for name in there if name[:5] in demonstration.BY_HAND}
    assert there == by_hand | {name for name, _ in demonstration.files()}
    assert set(demo.TWELVE) <= demonstration.BY_HAND


def test_the_rules_plans_and_places_are_the_inventorys() -> None:
    plans = {name: plan.up_to or math.inf for name, plan in inventory().plans.items()}
    assert plans == demonstration.PLANS
    places = {name: (place.longitude, place.latitude) for name, place in inventory().datacenters.items()}
    assert places == demonstration.PLACES


def test_written_again_they_are_the_same(tmp_path: Path) -> None:
    assert len(demonstration.write(tmp_path)) == 438 - len(demonstration.BY_HAND)
    assert demonstration.write(tmp_path) == []
    (tmp_path / "07001-accons.yaml").write_text("by hand")
    assert demonstration.write(tmp_path) == [tmp_path / "07001-accons.yaml"]


def test_services_are_of_every_kind_and_plausibly_many() -> None:
    kinds = Counter(member.site.kind if member.site else "none" for member in inventory().members)
    assert 300 < kinds["static"] < 380
    assert 20 <= kinds["php"] <= 30
    assert 15 <= kinds["redirect"] <= 40
    assert 20 <= kinds["none"] <= 50
    assert {member.site.canonical for member in with_site() if member.site} == {"www", "bare"}
    assert 2 <= sum(member.site.maintenance for member in with_site() if member.site) <= 5
    assert 40 <= sum(bool(member.site.old_domains) for member in with_site() if member.site) <= 80
    assert 60 <= sum(bool(member.site.webmasters) for member in with_site() if member.site) <= 120
    assert {member.plan.name for member in inventory().members} == set(inventory().plans)


def test_both_servers_have_work_and_room_left() -> None:
    """The loader refuses more than the capacity; a new member must find room too."""
    for server in inventory().servers.values():
        here = [member for member in with_site() if member.server == server.name]
        assert len(here) > 100
        room = server.capacity
        assert room.sites and len(here) <= 0.8 * room.sites
        assert room.disk_gb and sum(member.plan.quota_mb for member in here) <= 800 * room.disk_gb
        php = [member.plan.php.memory_mb for member in here if member.site and member.site.kind == "php"]
        assert room.memory_mb and sum(php) <= 0.8 * room.memory_mb


def test_homonyms_have_domains_of_their_own() -> None:
    domains = Counter(domain for member in with_site() if member.site for domain in _domains(member))
    assert [domain for domain, times in domains.items() if times > 1] == []
    for name in ("Mars", "Lemps"):
        two = [member for member in with_site() if member.name == name]
        assert len({member.site.domain for member in two if member.site}) == len(two) == 2


def test_a_commune_of_a_merger_answers_to_the_domains_that_it_was() -> None:
    for code, old in (
        ("07011", "asperjoc.test"),
        *((code, f"{old[1]}.test") for code, old in demonstration.MERGED.items()),
    ):
        assert reference().communes[code].former_codes, code
        site = inventory().by_code[code].site
        assert site and old in {was.domain for was in site.old_domains}


def test_what_is_no_rule_of_size_has_its_reason_in_the_file() -> None:
    """Of any ten members one can tell why each differs."""
    keys = re.compile(r"^ *(canonical: bare|maintenance:|quota_mb:|memory_mb:|upload_mb:|processes:|old_domains:).*")
    for member in inventory().members:
        if member.code in demonstration.BY_HAND:
            continue
        text = member.file.read_text(encoding="utf-8")
        for line in filter(keys.match, text.splitlines()):
            assert "#" in line or f"old_domains: ville-{member.slug}.test" in line, f"{member.file}: {line}"
        if member.site is None:
            assert "# No site here: " in text
        elif member.site.kind == "redirect":
            assert re.search(r"^# .+\nsite:", text, re.M)
        elif member.site.kind == "php" and member.population < demonstration.PHP_FROM:
            assert "kind: php # " in text
        expected = "privas" if member.departement == "07" else "alixan"
        assert member.datacenter == expected or re.search(r"^datacenter: \w+ # \d+ km", text, re.M)


def test_a_telephone_number_is_one_members_only() -> None:
    numbers = Counter(member.town_hall.phone for member in inventory().members if member.town_hall)
    assert [number for number, times in numbers.items() if times > 1] == []


def test_the_outlines_are_those_of_the_communes() -> None:
    outlines = json.loads((OURS / "communes.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["code"] for feature in outlines} == set(reference().communes)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (r"(\d+) static", lambda member: member.site and member.site.kind == "static"),
        (r"(\d+) with PHP", lambda member: member.site and member.site.kind == "php"),
        (r"(\d+) that lead elsewhere", lambda member: member.site and member.site.kind == "redirect"),
        (r"(\d+) without a site here", lambda member: member.site is None),
        (r"(\d+) at Privas", lambda member: member.datacenter == "privas"),
        (r"(\d+) at Alixan", lambda member: member.datacenter == "alixan"),
    ],
)
def test_the_pages_numbers_are_right(words: str, count: object) -> None:
    found = re.search(words, PAGE.read_text(encoding="utf-8"))
    assert found and int(found[1]) == len(list(filter(count, inventory().members)))  # type: ignore[arg-type]


def _domains(member: Member) -> list[str]:
    return [member.site.domain, *member.site.old_domains] if member.site else []
