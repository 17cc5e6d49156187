"""A member's life by its dates: old domains that end, mergers, leaving; and what the guard is told to let pass."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian import front
from numerian.errors import InventoryError, NumerianError
from numerian.kept import kept
from numerian.load import load
from numerian.model import Inventory

ANTRAIGUES = "members/07011-vallees-d-antraigues-asperjoc.yaml"
ASPERJOC = "members/07016-asperjoc.yaml"
LAST = date(2027, 3, 31)
AFTER = date(2027, 4, 1)


def two(make: Make, merged: str) -> Inventory:
    """Asperjoc, which is part of Vallées-d'Antraigues-Asperjoc, on the last day of its addresses."""
    return load(merger(make, merged), today=LAST)


def merger(make: Make, merged: str) -> Path:
    return make(
        {
            FILE: None,
            ANTRAIGUES: PRIVAS.replace("07186", "07011").replace("privas.test", "antraigues.test"),
            ASPERJOC: PRIVAS.replace("07186", "07016").replace("privas.test", "asperjoc.test") + merged,
        }
    )


# --- domains ----------------------------------------------------------------------------------------------------------


def test_an_old_domain_leads_here_through_its_last_day(make: Make) -> None:
    domains = "  old_domains:\n    - always.test\n    - {domain: some-time.test, until: 2027-03-31}\n"
    folder = make({FILE: PRIVAS + domains})
    before, after = (load(folder, today=day).by_code["07186"] for day in (LAST, AFTER))
    assert before.site and after.site
    assert before.site.names[2:] == ("always.test", "www.always.test", "some-time.test", "www.some-time.test")
    assert after.site.names[2:] == ("always.test", "www.always.test")
    asked = (
        front.member_files(after)["certificates/07186"].content + front.member_files(after)["sites/07186.conf"].content
    )
    assert "some-time" not in asked and "always.test" in asked


def test_a_day_that_passed_is_a_warning_at_its_place(make: Make) -> None:
    domains = "  old_domains:\n    - {domain: some-time.test, until: 2027-03-31}\n"
    allow = "allow:\n  - {rule: vanished, what: 07186, until: 2027-03-31, why: tried}\n"
    folder = make({FILE: PRIVAS + domains, "allow.yaml": allow})
    assert load(folder, today=LAST).warnings == ()
    said = [
        f"{w.file.relative_to(folder)}:{w.line}:{w.column}: {w.message}" for w in load(folder, today=AFTER).warnings
    ]
    assert said == [
        "allow.yaml:2:28: this allowed vanished 07186 until 2027-03-31",
        "members/07186-privas.yaml:7:7: some-time.test leads here no more: its last day was 2027-03-31",
    ]


def test_another_day_shows_beforehand_what_a_date_changes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make({FILE: PRIVAS + "status: leaving\nleaving_on: 2027-04-01\n"})
    monkeypatch.setenv("NUMERIAN_TODAY", "2027-03-31")
    assert load(folder).members[0].served
    monkeypatch.setenv("NUMERIAN_TODAY", "2027-04-01")
    assert not load(folder).members[0].served
    monkeypatch.setenv("NUMERIAN_TODAY", "demain")
    with pytest.raises(NumerianError, match="NUMERIAN_TODAY is 'demain', which is no date"):
        load(folder)


# --- mergers ----------------------------------------------------------------------------------------------------------


def test_a_merged_communes_addresses_lead_to_the_new_site_and_its_folder_stays(make: Make) -> None:
    asperjoc = two(make, "merged: {into: 07011, until: 2027-03-31}\n").by_code["07016"]
    assert asperjoc.name == "Asperjoc" and asperjoc.status == "merged" and asperjoc.served
    assert asperjoc.site and asperjoc.site.kind == "redirect" and asperjoc.site.to == "https://www.antraigues.test/"
    assert f"{front.SITES}/07016/www" in front.member_folders(asperjoc)
    assert "www.asperjoc.test" in front.member_files(asperjoc)["certificates/07016"].content


def test_a_merged_communes_site_may_be_served_on(make: Make) -> None:
    inventory = two(make, "merged: {into: 07011, until: 2027-03-31, site: keep}\n")
    asperjoc = inventory.by_code["07016"]
    assert asperjoc.site and asperjoc.site.kind == "static" and asperjoc.served
    assert kept(asperjoc)["merged_into"] == {"code": "07011", "until": "2027-03-31", "site": "keep"}
    assert kept(inventory.by_code["07011"])["merged"] == [
        {"code": "07016", "name": "Asperjoc", "until": "2027-03-31", "site": "keep"}
    ]


def test_after_its_last_day_a_merged_commune_is_served_no_more(make: Make) -> None:
    folder = merger(make, "merged: {into: 07011, until: 2027-03-31}\n")
    after = load(folder, today=AFTER).by_code["07016"]
    assert not after.served and kept(after)["kinds"] == []


def test_a_code_of_before_is_taken_only_where_it_became_part(make: Make) -> None:
    folder = merger(make, "merged: {into: 07186, until: 2027-03-31}\n")
    with pytest.raises(InventoryError, match="commune 07016 is part of Vallées-d'Antraigues-Asperjoc now"):
        load(folder, today=LAST)


# --- what the guard lets pass -----------------------------------------------------------------------------------------


def test_a_full_server_passes_while_it_is_allowed(make: Make) -> None:
    full = DATACENTERS + "    capacity:\n      disk_gb: 1\n"
    allow = "allow:\n  - {rule: capacity, what: privas, until: 2027-03-31, why: the new disk comes in March}\n"
    folder = make({"datacenters.yaml": full, FILE: PRIVAS + "quota_mb: 2000\n", "allow.yaml": allow})
    assert [entry.why for entry in load(folder, today=LAST).allow] == ["the new disk comes in March"]
    with pytest.raises(InventoryError, match=r"- \{rule: capacity, what: privas, until: 2027-04-08, why: …\}"):
        load(folder, today=AFTER)


def test_what_is_kept_is_plain_and_holds_no_key(make: Make) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHdYiL2kp1ByUZvmYAeFuIGO35WMqQ7FdeKCWT1djK71"
    folder = make({FILE: PRIVAS + f"  webmasters:\n    - name: accueil\n      keys: {key}\n  old_domains: a.test\n"})
    assert kept(load(folder, today=LAST).members[0]) == {
        "name": "Privas",
        "kind": "commune",
        "datacenter": "privas",
        "host": "privas",
        "plan": "village",
        "quota_mb": 500,
        "status": "active",
        "leaving_on": None,
        "kinds": ["site"],
        "site": {
            "kind": "static",
            "domain": "privas.test",
            "canonical": "www",
            "old_domains": [{"domain": "a.test", "until": None}],
            "to": None,
            "maintenance": False,
            "webmasters": ["accueil"],
        },
        "merged": [],
        "merged_into": None,
    }


# --- the page of the docs ---------------------------------------------------------------------------------------------


def test_the_pages_examples_are_read_as_they_stand(make: Make) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/life.md").read_text(encoding="utf-8")
    domains, merged, leaving, allow = re.findall(r"^```yaml\n(.*?)^```", page, re.M | re.S)
    common = "datacenter: privas\nplan: village\n"
    site = "site:\n  domain: privas.test\n"
    folder = make(
        {
            FILE: f"insee: 07186\n{common}{domains}",
            ANTRAIGUES: f"insee: 07011\n{common}{site}".replace("privas.test", "antraigues.test"),
            ASPERJOC: f"{merged}{common}{site}".replace("privas.test", "asperjoc.test"),
            "members/07330-vallon-pont-d-arc.yaml": f"insee: 07330\n{common}{leaving}",
            "allow.yaml": allow,
        }
    )
    inventory = load(folder, today=date(2026, 12, 1))
    assert [member.status for member in inventory.members] == ["active", "merged", "active", "leaving"]
    assert [entry.rule for entry in inventory.allow] == ["many"]
