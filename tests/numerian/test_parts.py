"""The parts alone: every docstring's example holds, and what the models refuse by themselves."""

from __future__ import annotations

import doctest
import importlib

import pytest
from pydantic import ValidationError

from numerian.addressing import public_address
from numerian.fault import Fault, shown
from numerian.model import Member, Site, TownHall
from numerian.model.readers import ssh_key
from numerian.reference import reference
from numerian.suggest import nearest_names

MODULES = [
    "numerian.addressing",
    "numerian.capacity",
    "numerian.fault",
    "numerian.onboarding.formatting",
    "numerian.onboarding.language",
    "numerian.onboarding.proposal",
    "numerian.onboarding.search",
    "numerian.reference",
    "numerian.schema",
    "numerian.selection",
    "numerian.suggest",
    "numerian.model.french",
    "numerian.model.member",
    "numerian.model.readers",
    "numerian.model.shared",
    "numerian.rpnt.verdict",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    module = importlib.import_module(name)
    names = {**vars(module), **vars(importlib.import_module("numerian.model"))}
    failed, tried = doctest.testmod(module, extraglobs=names)
    assert (failed, tried > 0) == (0, True)


def test_models_are_frozen_and_refuse_unknown_keys() -> None:
    site = Site(domain="privas.test")
    with pytest.raises(ValidationError, match="frozen"):
        site.domain = "x.test"  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra"):
        Site(domain="privas.test", colour="red")  # type: ignore[call-arg]


def test_a_program_gets_the_same_checks_as_a_file() -> None:
    for wrong in ("a'.test", "a\n.test", "{{x}}.test", "../x"):
        with pytest.raises(ValidationError):
            Site(domain=wrong)
    with pytest.raises(ValidationError):
        TownHall(director="a\nb")


def test_uids_of_communes_epcis_and_departements_never_meet() -> None:
    facts = reference()
    uids = [
        Member.model_construct(code=place.code, kind=kind).uid
        for kind, places in (("commune", facts.communes), ("epci", facts.epcis), ("departement", facts.departements))
        for place in places.values()
    ]
    assert len(set(uids)) == len(uids)
    assert all(200_000 <= uid < 2**31 for uid in uids)


def test_the_reference_data_are_whole() -> None:
    facts = reference()
    assert len(facts.communes) == 1017
    assert facts.communes["07011"].former_codes == ("07016",)
    assert facts.successors["07016"].code == "07011"
    assert {place.code: place.name for place in facts.departements.values()} == {
        "07": "Ardèche",
        "26": "Drôme",
        "42": "Loire",
    }


def test_names_are_found_without_accents_articles_and_signs() -> None:
    facts = reference()
    for typed, code in (("poet laval", "26243"), ("vallon pont d arc", "07330"), ("St-Etienne de Fontbellon", "07231")):
        assert facts.named(typed)[0].code == code
    assert nearest_names("qqqqqq", ["Privas"]) == []


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "::1", "0.0.0.0", "224.0.0.1", "169.254.1.1", "fe80::1", "1.2.3", "::ffff:x"]
)
def test_domains_cannot_point_to_addresses_of_nobody(text: str) -> None:
    with pytest.raises(Fault):
        public_address(text)


def test_a_public_key_loses_its_comment_and_a_damaged_one_is_refused() -> None:
    body = "AAAAC3NzaC1lZDI1NTE5AAAAIDItW1LpWyxzXXG3xTtLOaUYKRyn9BrNOTOHHEyC0YDJ"
    assert ssh_key(f"ssh-ed25519 {body} prenom.nom@poste") == f"ssh-ed25519 {body}"
    with pytest.raises(Fault, match="damaged"):
        ssh_key(f"ssh-ed25519 {body[:40]}")
    with pytest.raises(Fault, match="damaged"):
        ssh_key(f"ecdsa-sha2-nistp256 {body}")


def test_a_shown_value_is_harmless_on_a_terminal() -> None:
    assert shown("\x1b[2J\u202e\n\u2028x") == '"\\x1b[2J\\u202e\\n\\u2028x"'
    assert len(shown("a" * 10_000_000)) < 80
