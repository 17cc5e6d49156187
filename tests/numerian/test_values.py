"""What YAML would mistype is taken as the text that its author meant."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path

import pytest
import yaml
from small_inventory import DATACENTERS, FILE, PLANS, PRIVAS, Make

from numerian.errors import InventoryError
from numerian.load import check, load
from numerian.model import Member

TODAY = date(2026, 7, 1)


def only(folder: Path) -> Member:
    (member,) = load(folder, today=TODAY).members
    return member


def test_the_traps_are_real() -> None:
    """What these tests are for: PyYAML's own constructor gives other values than the author's."""
    assert yaml.safe_load("{insee: 01004, at: 22:30, on: no}") == {"insee": 516, "at": 1350, True: False}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("hours: 22:30", ("22:30",)),
        ("hours: no", ("no",)),
        ("hours: 1_000", ("1_000",)),
        ("hours: 2026-07-01", ("2026-07-01",)),
        ("hours: 0x1F", ("0x1F",)),
        ("hours: 1e3", ("1e3",)),
        ("hours: 'null'", ("null",)),
        ("hours:", ()),
        ("hours: ~", ()),
        ("hours: null", ()),
        ("hours: [lundi, 8:30]", ("lundi", "8:30")),
        ("hours:\n    - Lundi : 9 h\n    - Mardi: 10 h", ("Lundi : 9 h", "Mardi : 10 h")),
        ("hours:\n    lundi: 8:30\n    mardi: no", ("lundi : 8:30", "mardi : no")),
        ("hours:\n    - Fermé :", ("Fermé :",)),
        ("hours:\n    dimanche:", ("dimanche :",)),
        ("hours: |\n    Lundi : 9 h\n\n    Mardi", ("Lundi : 9 h", "Mardi")),
        ("hours: |\n    Lundi\n", ("Lundi",)),
        ("address: 3 rue de l'Église", ()),
    ],
)
def test_a_line_of_text_stays_as_it_was_written(written: str, meant: tuple[str, ...], make: Make) -> None:
    town_hall = only(make({FILE: f"{PRIVAS}town_hall:\n  {written}\n"})).town_hall
    assert (town_hall.hours if town_hall else ()) == meant


@pytest.mark.parametrize(
    "written",
    ["04 65 71 00 01", "0465710001", "04.65.71.00.01", "+33 4 65 71 00 01", "+33465710001", "+33 (0)4 65 71 00 01"],
)
def test_a_telephone_number_is_a_text_in_any_of_its_forms(written: str, make: Make) -> None:
    town_hall = only(make({FILE: f"{PRIVAS}town_hall:\n  phone: {written}\n"})).town_hall
    assert town_hall is not None
    assert (town_hall.phone, town_hall.phone_link) == ("04 65 71 00 01", "+33465710001")


@pytest.mark.parametrize(
    ("written", "meant"), [("no", False), ("non", False), ("off", False), ("True", True), ("oui", True)]
)
def test_yes_and_no_in_any_of_their_forms(written: str, meant: bool, make: Make) -> None:
    site = only(make({FILE: f"{PRIVAS}  maintenance: {written}\n"})).site
    assert site is not None
    assert site.maintenance is meant


@pytest.mark.parametrize(("written", "meant"), [("0800", 800), ("'12'", 12), ("010", 10)])
def test_a_number_is_decimal_as_people_read_it(written: str, meant: int, make: Make) -> None:
    assert only(make({FILE: f"{PRIVAS}quota_mb: {written}\n"})).plan.quota_mb == meant


def test_a_code_keeps_its_zero_with_and_without_quotes(make: Make) -> None:
    assert only(make()).code == only(make({FILE: PRIVAS.replace("07186", '"07186"')})).code == "07186"


@pytest.mark.parametrize(
    "change", [("\n", "\r\n"), ("\n", "\r"), (": ", ":\t"), ("insee", "\ufeffinsee"), ("\n", "  \n")]
)
def test_what_editors_and_systems_do_to_a_file_changes_nothing(change: tuple[str, str], make: Make) -> None:
    assert only(make({FILE: PRIVAS.replace(*change)})) == only(make())


def test_decomposed_accents_are_composed(make: Make) -> None:
    folder = make({FILE: PRIVAS + unicodedata.normalize("NFD", "town_hall:\n  address: Hôtel de ville\n")})
    town_hall = only(folder).town_hall
    assert town_hall is not None
    assert town_hall.address == ("Hôtel de ville",)


def test_a_domain_with_accents_becomes_punycode(make: Make) -> None:
    site = only(make({FILE: PRIVAS.replace("privas.test", "Vallées-d'eau.test".replace("'", "-"))})).site
    assert site is not None
    assert site.names == ("www.xn--valles-d-eau-eeb.test", "xn--valles-d-eau-eeb.test")


@pytest.mark.parametrize(
    "text", ["l’été", "à 50 %", "{{ nom }}", "$(id)", "`id`", "../x", "<b>", "a;b", "\"'\\", "№ 1 — €", "عربي"]
)
def test_free_text_is_data_whatever_it_looks_like(text: str, make: Make) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    town_hall = only(make({FILE: f"{PRIVAS}town_hall:\n  address: [{quoted}]\n"})).town_hall
    assert town_hall is not None
    assert town_hall.address == (text,)


@pytest.mark.parametrize(("day", "served"), [("2026-06-30", False), ("2026-07-01", False), ("2026-07-02", True)])
def test_a_leaving_member_is_served_until_its_day(day: str, served: bool, make: Make) -> None:
    member = only(make({FILE: f"{PRIVAS}status: leaving\nleaving_on: {day}\n"}))
    assert (member.status, member.served) == ("leaving", served)


def test_the_reference_data_say_what_the_file_does_not(make: Make) -> None:
    member = only(make())
    assert (member.name, member.kind, member.departement_name) == ("Privas", "commune", "Ardèche")
    assert (member.epci, member.population, member.siren) == ("CA Privas Centre Ardèche", 8538, "210701868")


@pytest.mark.parametrize(
    ("file", "key", "name", "siren"),
    [
        ("07-ardeche.yaml", "departement: 07", "Ardèche", "220700017"),
        ("200071413-ca-privas-centre-ardeche.yaml", "siren: 200\u00a0071 413", "CA Privas Centre Ardèche", "200071413"),
    ],
)
def test_a_member_may_be_a_departement_or_an_epci(file: str, key: str, name: str, siren: str, make: Make) -> None:
    member = only(make({FILE: None, f"members/{file}": PRIVAS.replace("insee: 07186", key)}))
    assert (member.name, member.siren, member.kind) == (name, siren, "departement" if "07-" in file else "epci")
    assert member.population > 8538
    assert 200_000 <= member.uid < 2**31


def test_a_plan_says_what_the_member_does_not_and_defaults_what_the_plan_does_not(make: Make) -> None:
    plans = (
        "defaults:\n  quota_mb: 300\n  canonical: bare\n" + PLANS + "  ville:\n    label: Ville\n    quota_mb: 900\n"
    )
    small = only(make({"plans.yaml": plans}))
    assert (small.plan.quota_mb, small.plan.canonical) == (300, "bare")
    big = only(make({"plans.yaml": plans, FILE: PRIVAS.replace("village", "ville") + "  canonical: www\n"}))
    assert big.site is not None
    assert (big.plan.name, big.plan.quota_mb, big.site.main_name) == ("ville", 900, "www.privas.test")


def test_a_member_is_served_by_the_first_server_of_its_datacenter_or_by_the_one_it_names(make: Make) -> None:
    more = DATACENTERS + "  second:\n    datacenter: privas\n    address: 127.0.1.2\n"
    assert only(make({"datacenters.yaml": more})).server == "privas"
    assert only(make({"datacenters.yaml": more, FILE: PRIVAS + "server: second\n"})).server == "second"


def test_paths_of_keys_do_not_depend_on_where_the_program_starts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(
        {"datacenters.yaml": DATACENTERS + "    identity_files: ../keys/id\n    host_keys_file: ../keys/known\n"}
    )
    monkeypatch.chdir(folder.parent)
    server = load(Path(folder.name)).servers["privas"]
    assert server.identity_files == (folder.parent.resolve() / "keys/id",)
    assert server.known_host_keys() == ()
    (folder.parent / "keys").mkdir()
    (folder.parent / "keys/known").write_text(
        "# comment\nalixan ssh-ed25519 BBBB\nprivas ssh-ed25519 AAAA root@privas\n"
    )
    assert server.known_host_keys() == ("ssh-ed25519 AAAA",)


def test_files_that_editors_leave_are_passed_over(make: Make) -> None:
    left = {"members/.07186-privas.yaml.swp": "x", "members/07186-privas.yaml~": "x", "members/README.md": "x"}
    assert check(make(left)) == []


def test_a_folder_or_a_pipe_in_the_place_of_a_file_is_named_and_never_waited_for(make: Make) -> None:
    folder = make({"members/07151-mars.yaml/x": "y"})
    assert [problem.message for problem in check(folder)] == ["this is no regular file"]


def test_load_raises_all_problems_in_the_order_of_files_and_lines(make: Make) -> None:
    with pytest.raises(InventoryError) as caught:
        load(make({FILE: PRIVAS + "b: 1\na: 2\n", "plans.yaml": "x"}))
    assert [(p.file.name, p.line) for p in caught.value.problems] == [
        ("07186-privas.yaml", 6),
        ("07186-privas.yaml", 7),
        ("plans.yaml", 1),
    ]
    assert str(caught.value).count("\n") == 2


def test_a_folder_that_is_not_there_is_one_problem(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nowhere")
    assert str(problem) == f"{tmp_path}/nowhere:1:1: there is no such folder; name the folder that holds members/"
