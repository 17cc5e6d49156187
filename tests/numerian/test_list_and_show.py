"""`numerian list` and `numerian show`: who the members are, in rows and in words."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PLANS, PRIVAS, Make

from numerian.__main__ import main

SERVER = '    public_addresses: [198.51.100.11, "2001:db8:100::11"]\n'
SECOND = "  alixan:\n    datacenter: alixan\n    address: 127.0.1.2\n"
TWO = DATACENTERS.replace("servers:", "  alixan:\n    label: Alixan\nservers:") + SERVER + SECOND
MORE = """\
  webmasters:
    - name: accueil
      password: 1
    - name: agence
      keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDItW1LpWyxzXXG3xTtLOaUYKRyn9BrNOTOHHEyC0YDJ
quota_mb: 20000
contact: mairie@privas.test
"""
MEMBERS = {
    "datacenters.yaml": TWO,
    "plans.yaml": PLANS + "  bourg:\n    label: Bourg\n",
    FILE: PRIVAS + MORE,
    "members/07151-mars.yaml": "insee: 07151\ndatacenter: privas\nplan: village\n",
    "members/42141-mars.yaml": "insee: 42141\ndatacenter: alixan\nplan: bourg\nsite:\n  kind: php\n"
    "  domain: mars.test\nstatus: leaving\nleaving_on: 2099-03-31\n",
    "members/26161-lemps.yaml": "insee: 26161\ndatacenter: alixan\nplan: village\nsite:\n  kind: redirect\n"
    "  domain: lemps.test\n  to: https://ailleurs.test/\n",
    "members/200071413-ca-privas-centre-ardeche.yaml": "siren: 200071413\ndatacenter: privas\nplan: village\n",
}


@pytest.fixture(autouse=True)
def folder(make: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five members of each kind of service."""
    found = make(MEMBERS)
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(found))
    return found


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("", ["07151", "07186", "200071413", "26161", "42141"]),
        ("--departement 07", ["07151", "07186", "200071413"]),
        ("--departement drome", ["26161"]),
        ("--datacenter alixan", ["26161", "42141"]),
        ("--service site", ["07186", "26161", "42141"]),
        ("--service static", ["07186"]),
        ("--service php", ["42141"]),
        ("--service redirect", ["26161"]),
        ("--plan bourg", ["42141"]),
        ("--status leaving", ["42141"]),
        ("--status active --datacenter privas --service site", ["07186"]),
        ("--epci 200071413", ["07186", "200071413"]),
        ("--epci privas", ["07186", "200071413"]),
        ("--epci privas --plan bourg", []),
    ],
)
def test_filters_let_through_who_is_all_of_it(words: str, codes: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", *words.split(), "--format", "json"]) == 0
    assert [row["code"] for row in json.loads(capsys.readouterr().out)] == codes


def test_the_three_forms_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    main(["list", "--format", "json"])
    rows = json.loads(capsys.readouterr().out)
    main(["list", "--format", "csv"])
    assert [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows] == list(
        csv.DictReader(io.StringIO(capsys.readouterr().out))
    )
    main(["list"])
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [row["code"] for row in rows]
    assert "https://www.privas.test/" in lines[2]
    assert "5 of 5 members" in captured.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--plan vilage", 'no plan is called "vilage"; did you mean "village"?'),
        ("--datacenter alixna", 'no datacenter is called "alixna"; did you mean "alixan"?'),
        ("--epci pryvas", "did you mean 200071413 (CA Privas Centre Ardèche)"),
        ("--departement 75", "write one of: 07 (Ardèche), 26 (Drôme), 42 (Loire)"),
    ],
)
def test_a_filter_that_names_nothing_is_answered_with_the_nearest(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", *words.split()]) == 1
    assert said in capsys.readouterr().err


def test_a_member_is_shown_in_french_by_default(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "07186"]) == 0
    assert (
        capsys.readouterr().out.replace("\u202f", " ")
        == f"""\
Privas (07186) — commune, Ardèche, CA Privas Centre Ardèche, 8 538 habitants
  Serveur            privas, au datacenter de Privas
                     adresses publiques : 198.51.100.11, 2001:db8:100::11
  Formule            Village : 20 000 Mo pour les fichiers du site
  Site               https://www.privas.test/ — des fichiers
                     y mènent aussi : privas.test
  Dépôt de fichiers  accueil — par SFTP, avec mot de passe
                     agence — par SFTP, avec clé
  Contact            mairie@privas.test
  Conformité (RPNT)  site : conforme ; messagerie : non mesuré
  Fichier            {folder / FILE}
"""
    )


def test_a_member_is_shown_in_english_when_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "42141", "--lang", "en"]) == 0
    assert (
        capsys.readouterr().out
        == f"""\
Mars (42141) — commune, Loire, CC Charlieu-Belmont, 555 inhabitants
  Status             leaving: its services stop on 2099-03-31
  Server             alixan, at Alixan
  Plan               Bourg: 500 MB for the site's files
                     PHP: 512 MB of memory, 4 visitors at a time
  Site               https://www.mars.test/ — files and PHP programs
                     these lead there too: mars.test
  Uploads            nobody
  Contact            no address
  Conformity (RPNT)  site: conforms; mail: unknown
  File               {folder / "members/42141-mars.yaml"}
"""
    )


def test_what_fails_says_what_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "lemps"]) == 0
    said = capsys.readouterr().out
    assert "mène à https://ailleurs.test/" in said
    assert "✗ 1.6 Pas de redirection vers un autre domaine — " in said
    assert main(["show", "ca", "privas", "centre", "ardeche"]) == 0
    said = capsys.readouterr().out
    assert "— EPCI, Ardèche, " in said and "aucun site n’est servi ici" in said


def test_homonyms_are_told_with_their_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "mars"]) == 1
    assert "write the code (07151 Mars, 42141 Mars)" in capsys.readouterr().err
