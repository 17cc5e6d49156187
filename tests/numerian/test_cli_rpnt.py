"""`numerian rpnt`: tables for people, CSV and JSON for programs, sums, and what it refuses."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import pytest
from small_inventory import FILE, PRIVAS, Make

from numerian.__main__ import main
from numerian.rpnt import RULES
from numerian.rpnt.criteria import SOVEREIGN

LEMPS = """\
insee: 07140
datacenter: privas
plan: village
site:
  kind: redirect
  domain: lemps.test
  to: https://www.arche.example.test/lemps
"""
MARS = "insee: 07151\ndatacenter: privas\nplan: village\n"


@pytest.fixture(autouse=True)
def inventory(make: Make, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {FILE: PRIVAS, "members/07140-lemps.yaml": LEMPS, "members/07151-mars.yaml": MARS}
    folder: Path = make(files)
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(folder))
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert main(["rpnt", *words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def test_a_line_for_each_member(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys).splitlines()
    assert [line.split()[0] for line in lines] == ["code", "07140", "07151", "07186"]
    assert lines[1].endswith("1.6 échoue par choix : le domaine mène à www.arche.example.test")
    assert "à corriger" in lines[1]
    assert lines[3].split()[2:11] == ["conforme", *"✓" * 8]


def test_one_member_is_told_what_to_change(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "lemps")
    assert told.startswith("07140 Lemps — site : à corriger, messagerie : non mesuré\n")
    assert "→ servir un site sous lemps.test (`kind: static`)" in told
    assert len([line for line in told.splitlines() if line.startswith(("  ✓", "  ✗", "  ·"))]) == 16


def test_csv_has_a_line_for_each_member_and_criterion(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(csv.DictReader(said(capsys, "--format", "csv").splitlines()))
    assert len(rows) == 3 * 16
    bad = [row for row in rows if row["state"] == "failed"]
    assert [(row["code"], row["criterion"], row["level"]) for row in bad] == [("07140", "1.6", "essential")]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(said(capsys, "--format", "json", "07140", "privas"))
    assert list(told["members"]) == ["07140", "07186"]
    assert told["members"]["07140"]["levels"] == {"site": "below", "mail": "unknown"}
    assert told["members"]["07186"]["criteria"]["1.6"]["state"] == "passed"


def test_sums(capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "--summary")
    assert ["site", "1", "0", "1", "1"] in [line.split() for line in told.splitlines()]
    rows = {row["criterion"]: row for row in csv.DictReader(said(capsys, "--summary", "--format", "csv").splitlines())}
    assert [rows["1.6"][state] for state in ("passed", "failed", "unknown")] == ["1", "1", "1"]
    facts = json.loads(said(capsys, "--summary", "--format", "json"))
    assert facts["members"] == 3
    assert facts["levels"]["site"] == {"full": 1, "essential": 0, "below": 1, "unknown": 1}
    assert facts["criteria"]["1.6"] == {"level": "essential", "passed": 1, "failed": 1, "unknown": 1}


def test_what_it_refuses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "add --live" in said(capsys, "--directly", code=1)
    assert "is no file" in said(capsys, "--live", "--cacert", str(tmp_path / "none.pem"), code=1)
    (tmp_path / "empty.pem").touch()
    assert "holds no certificate" in said(capsys, "--live", "--cacert", str(tmp_path / "empty.pem"), code=1)
    assert "no member is called" in said(capsys, "prvias", code=1)


ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "conformity.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"(?s)```sh\n(.*?)```", PAGE) for line in block.splitlines()]


@pytest.mark.parametrize("line", COMMANDS)
def test_the_docs_commands_run(line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("NUMERIAN_INVENTORY", str(ROOT / "inventory"))
    program, *words = shlex.split(line, comments=True)
    assert program == "numerian"
    assert main(words) == 0
    assert "1." in capsys.readouterr().out


def test_the_docs_name_every_extension_and_level() -> None:
    assert set(re.findall(r"\.([a-z]{2,7})\b", PAGE.partition("- **Sovereign**")[2].partition("\n- ")[0])) == SOVEREIGN
    for rule in (rule for rule in RULES if rule.service == "site"):
        level = "essential" if rule.essential else "recommended"
        assert re.search(rf"(?m)^\| {re.escape(rule.id)} \|[^|]+\| {level} \|", PAGE), rule.id
