"""The list of exclusions holds what is needed, each closed by a test that is there; and judges can be unhappy."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from judges import lynis_judge, port_judge, ssh_audit_judge, testssl_judge
from judges.exclusions import EXCLUSIONS, Exclusion, held_against, stale
from judges.judging import accept
from judges.verdict import Finding, Verdict

FOUND = Verdict("lynis", "privas", 250, 200, (Finding("A-1", "warning", "bad"), Finding("B-2", "warning", "worse")))
A = Exclusion("lynis", "A-1", "why", "tests/x.py::test_a")
C = Exclusion("lynis", "C-3", "why", "tests/x.py::test_c")
OTHER = Exclusion("testssl", "A-1", "why", "tests/x.py::test_a")


@pytest.mark.parametrize("exclusion", EXCLUSIONS, ids=lambda exclusion: f"{exclusion.judge}-{exclusion.finding}")
def test_an_exclusion_says_why_and_names_a_test_that_is_there(root: Path, exclusion: Exclusion) -> None:
    file, _, name = exclusion.closed_by.partition("::")
    tree = ast.parse((root / file).read_text(encoding="utf-8"))
    assert name.startswith("test_") and name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert len(exclusion.reason) > 60


def test_no_finding_is_excluded_twice() -> None:
    named = [(exclusion.judge, exclusion.finding) for exclusion in EXCLUSIONS]
    assert len(named) == len(set(named))


def test_only_what_an_exclusion_of_the_same_judge_names_is_not_held_against_us() -> None:
    assert [finding.id for finding in held_against(FOUND, [A])] == ["B-2"]
    assert [finding.id for finding in held_against(FOUND, [OTHER])] == ["A-1", "B-2"]


def test_an_exclusion_that_nothing_needs_any_more_is_stale() -> None:
    assert stale([FOUND], [A, C, OTHER]) == [C]


def test_an_audit_that_looked_at_almost_nothing_is_refused() -> None:
    with pytest.raises(AssertionError, match="too few to be an audit"):
        accept(Verdict("lynis", "privas", 12, 200, ()), lambda name, value: None)


def test_a_finding_is_refused_and_shown() -> None:
    shown: list[object] = []
    with pytest.raises(AssertionError, match="warning A-1: bad"):
        accept(FOUND, lambda name, value: shown.append(value))
    assert shown == [[str(FOUND), "    warning A-1: bad", "    warning B-2: worse"]]


def test_lynis_holds_a_low_index_and_a_warning_against_a_server() -> None:
    counts = "lynis_tests_done=250\nhardening_index=79\n"
    verdict = lynis_judge.read(f"{counts}warning[]=PKGS-7392|Vulnerable packages|-|-|\nsuggestion[]=X|y|-|-|", "privas")
    assert [finding.id for finding in verdict.findings] == ["PKGS-7392", "hardening-index"]
    assert [remark.id for remark in verdict.remarks] == ["X"]


def test_a_report_of_lynis_that_is_empty_looked_at_nothing() -> None:
    assert lynis_judge.read("", "privas").evaluated == 0


def test_ssh_audit_holds_weak_algorithms_and_its_own_exit_code_against_a_server() -> None:
    weak = {"algorithm": "hmac-sha1", "notes": {"fail": ["broken"], "info": ["old"]}}
    verdict = ssh_audit_judge.read({"mac": [weak], "kex": [{"algorithm": "x", "notes": {}}]}, "privas", 3)
    assert [str(finding) for finding in verdict.findings] == ["fail hmac-sha1: broken"]
    assert verdict.evaluated == 2
    assert [finding.id for finding in ssh_audit_judge.read({}, "privas", 2).findings] == ["exit-code"]


def test_testssl_holds_a_scan_that_broke_off_against_a_site() -> None:
    said = [{"id": "scanProblem", "severity": "FATAL", "finding": "Can't connect"}]
    assert [finding.id for finding in testssl_judge.read(said, "www.privas.test", 1).findings] == ["scanProblem"]


def test_a_port_too_many_and_a_port_too_few_are_both_found() -> None:
    report = port_judge.parse(
        '<nmaprun><host><ports><extraports state="closed" count="65533"/>'
        '<port portid="22"><state state="open"/></port><port portid="4444"><state state="open"/></port>'
        "</ports></host></nmaprun>"
    )
    verdict = port_judge.judge(report, "privas", ("tcp/22", "tcp/80", "udp/53"))
    assert verdict.evaluated == 65535
    assert [str(finding) for finding in verdict.findings] == ["open tcp/4444: not declared", "closed tcp/80: declared"]
