"""What the front's templates give, compared with the texts in tests/golden; the same input gives the same bytes."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import jinja2
import pytest

from numerian import front, rendering, start_page
from numerian.model import Acme, HostIdentity, Images, Logs, Member, Plan, Platform, Server, Site, TownHall
from numerian.rendering import Target, UnsafeValueError, render

GOLDEN = Path(__file__).parent.parent / "golden" / "front"

PLATFORM = Platform(
    host_identity=HostIdentity(name="Numérian (démonstration)", address=("1 rue de l'Exemple", "07000 Privas")),
    acme=Acme(directory="https://acme.lab.test:14000/dir", email="certificats@numerian.test"),
    noindex=True,
    images=Images(front=date(2026, 7, 1)),
    logs=Logs(visits_days=390, security_days=30),
    security_contact="securite@numerian.test",
)
SERVER = Server(
    name="privas",
    datacenter="privas",
    address="127.0.1.1",
    public_addresses=("198.51.100.11", "2001:db8::11"),
)
OTHER = Server(
    name="alixan",
    datacenter="alixan",
    address="127.0.1.2",
    public_addresses=("198.51.100.12", "2001:db8::12"),
)
HALL = TownHall(
    address=("Hôtel de ville", "07400 Le Teil"),
    phone="04 65 71 00 07",
    email="mairie@le-teil.test",
    hours=("Du lundi au vendredi : de 8 h 30 à 12 h",),
    director="le maire",
)


def member(site: Site | None, *, name: str = "Le Teil", hall: TownHall | None = HALL, **other: object) -> Member:
    values: dict[str, object] = {
        "code": "07319",
        "name": name,
        "kind": "commune",
        "departement": "07",
        "departement_name": "Ardèche",
        "epci": "CC Ardèche Rhône Coiron",
        "population": 8700,
        "siren": "210703195",
        "longitude": 4.68,
        "latitude": 44.54,
        "file": Path("07319-le-teil.yaml"),
        "datacenter": "privas",
        "server": "privas",
        "contact": "mairie@le-teil.test",
        "plan": Plan(name="ville", label="Ville", quota_mb=1000, canonical="www"),
        "site": site,
        "town_hall": hall,
    }
    return Member.model_validate(values | other)


STATIC = member(Site(domain="le-teil.test", old_domains=("vieux-teil.test",)))
BARE = member(Site(domain="le-teil.test", canonical="bare"))
CLOSED = member(Site(domain="le-teil.test", maintenance=True))
PHP = member(Site(kind="php", domain="le-teil.test"))
AWAY = member(Site(kind="redirect", domain="le-teil.test", to="https://ailleurs.example.test/le-teil?a=1"))


def golden_texts() -> dict[str, str]:
    texts = {
        "static.conf": front.member_files(STATIC)["sites/07319.conf"].content,
        "static.names": front.member_files(STATIC)["certificates/07319"].content,
        "bare.conf": front.member_files(BARE)["sites/07319.conf"].content,
        "maintenance.conf": front.member_files(CLOSED)["sites/07319.conf"].content,
        "php.conf": front.member_files(PHP)["sites/07319.conf"].content,
        "redirect.conf": front.member_files(AWAY)["sites/07319.conf"].content,
        **{path: file.content for path, file in front.passage(PHP, PHP.site or Site(domain="x.test")).items()},
    }
    texts |= start_page.seeds(PHP, PLATFORM)
    texts |= {
        f"base/{path}": file.content for path, file in front.base_files(PLATFORM, SERVER, (SERVER, OTHER)).items()
    }
    texts |= {f"host{path}": file.content for path, file in front.host_files(PLATFORM, SERVER).items()}
    # What takes no values is its own reference.
    return {path: text for path, text in texts.items() if not path.startswith(("host/usr", "host/etc/systemd"))}


def test_renders_are_the_golden_ones() -> None:
    """With UPDATE_GOLDEN=1 they are written anew, for a look at the difference in git."""
    texts = golden_texts()
    if os.environ.get("UPDATE_GOLDEN"):
        for path, text in texts.items():
            (GOLDEN / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / path).write_text(text, encoding="utf-8")
    there = {str(p.relative_to(GOLDEN)): p.read_text(encoding="utf-8") for p in GOLDEN.rglob("*") if p.is_file()}
    assert sorted(there) == sorted(texts)
    for path, text in texts.items():
        assert text == there[path], path


def test_the_same_input_gives_the_same_bytes() -> None:
    rendering._environment.cache_clear()
    first = golden_texts()
    rendering._environment.cache_clear()
    assert golden_texts() == first


def test_no_render_ends_without_a_line_break_or_holds_trailing_space() -> None:
    for path, text in golden_texts().items():
        if path != "host/etc/numerian/acme-account.pem":
            assert text.endswith("\n"), path
            assert all(line == line.rstrip() for line in text.splitlines()), path


def test_every_name_is_served_or_redirected_once_on_each_port() -> None:
    text = front.member_files(STATIC)["sites/07319.conf"].content
    assert STATIC.site
    for server in ("listen 8080;", "listen 8443 ssl;"):
        blocks = [block for block in text.split("server {\n") if server in block]
        named = [
            word
            for block in blocks
            for line in block.splitlines()
            if line.strip().startswith("server_name ")
            for word in line.strip(" ;").split()[1:]
        ]
        assert sorted(named) == sorted(STATIC.site.names)


def test_the_certificate_is_asked_for_the_main_name_first() -> None:
    assert front.member_files(STATIC)["certificates/07319"].content.splitlines()[0] == "www.le-teil.test"


def test_a_member_without_a_site_has_nothing_on_the_front() -> None:
    assert front.member_files(member(None)) == {}
    assert start_page.seeds(member(None), PLATFORM) == {}


def test_outside_of_lab_and_rehearsal_search_engines_are_welcome() -> None:
    open_platform = PLATFORM.model_copy(update={"noindex": False})
    files = front.base_files(open_platform, SERVER)
    assert "pages/robots.txt" not in files
    assert "X-Robots-Tag" not in files["snippets/headers.conf"].content
    assert "robots.txt" not in files["snippets/common.conf"].content


def test_pages_without_a_town_hall_say_what_is_missing() -> None:
    pages = start_page.seeds(member(Site(domain="le-teil.test"), hall=None, contact=None), PLATFORM)
    assert "À compléter par l’éditeur : adresse postale, numéro de téléphone." in pages["mentions-legales.html"]
    assert "adressez-vous à l’éditeur du site" in pages["accessibilite.html"]
    assert "mailto:" not in "".join(pages.values())


@pytest.mark.parametrize(
    ("name", "title", "subject"),
    [
        ("Privas", "Mairie de Privas", "La commune de Privas"),
        ("Aubenas", "Mairie d’Aubenas", "La commune d’Aubenas"),
        ("Les Vans", "Mairie des Vans", "La commune des Vans"),
        ("Le Teil", "Mairie du Teil", "La commune du Teil"),
        ("Le Poët-Laval", "Mairie du Poët-Laval", "La commune du Poët-Laval"),
        ("La Voulte-sur-Rhône", "Mairie de La Voulte-sur-Rhône", "La commune de La Voulte-sur-Rhône"),
        ("Étables", "Mairie d’Étables", "La commune d’Étables"),
        ("Vallon-Pont-d'Arc", "Mairie de Vallon-Pont-d’Arc", "La commune de Vallon-Pont-d’Arc"),
    ],
)
def test_articles_and_elisions(name: str, title: str, subject: str) -> None:
    page = start_page.page(member(Site(domain="x.test"), name=name))
    assert (page.title, page.member_subject) == (title, subject)


@pytest.mark.parametrize(
    ("kind", "name", "title", "subject"),
    [
        ("epci", "CC du Bassin d'Aubenas", "Communauté de communes du Bassin d’Aubenas", "La communauté de communes"),
        ("epci", "CA Privas Centre Ardèche", "Communauté d’agglomération Privas Centre Ardèche", "La communauté"),
        ("departement", "Ardèche", "Département de l’Ardèche", "Le département de l’Ardèche"),
    ],
)
def test_other_members_than_communes(kind: str, name: str, title: str, subject: str) -> None:
    page = start_page.page(member(Site(domain="x.test"), name=name, kind=kind))
    assert page.title == title
    assert page.member_subject.startswith(subject)


def test_pages_need_nothing_from_outside() -> None:
    """No script, no resource, no tracker: the page is one file."""
    for name, text in start_page.seeds(STATIC, PLATFORM).items():
        assert not any(mark in text for mark in ("<script", "<link", "<img", "<iframe", "url(", "@import")), name
        assert len(text.encode()) < 8000, name


def test_a_site_with_php_begins_with_the_pages_of_a_static_one() -> None:
    """So that a change of kind changes no page that is there."""
    pages = start_page.seeds(PHP, PLATFORM)
    assert pages.pop("index.php").startswith("<?php\n")
    assert pages == start_page.seeds(STATIC, PLATFORM)


def test_a_template_that_names_what_it_was_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("front/srv/front/config/sites/redirect.conf.j2", Target.NGINX, code="07319", label="x")


@pytest.mark.parametrize("name", ["~.*", "*.privas.test", ".privas.test", "a b.test", "a.test;", "_", "é.test", ""])
def test_a_host_name_is_never_a_pattern(name: str) -> None:
    with pytest.raises(UnsafeValueError):
        rendering.host_name(name)
