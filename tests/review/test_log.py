"""`numerian log` tells of every run that applied or tried to: ours and a plain `pulumi up`, refused ones too."""

from __future__ import annotations

import csv
import io
import json
import subprocess

import pytest
from paper_project import STACK, PaperProject

from numerian.engine.turn import who


def git(project: PaperProject, *words: str) -> str:
    identity = ["-c", "user.name=ops1", "-c", "user.email=ops1@numerian.test"]
    done = subprocess.run(["git", *identity, *words], cwd=project.folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[PaperProject, str]:
    """A checkout in git: deployed, changed by `numerian up`, by a plain `pulumi up`, then refused."""
    project = PaperProject.make(tmp_path_factory.mktemp("log") / "checkout")
    (project.folder / ".gitignore").write_text(".work\n.venv\n__pycache__\n")
    project.member("07186", "domain: privas.test", "domain: privas.test\n  maintenance: true")
    git(project, "init", "-q")
    git(project, "add", ".")
    git(project, "commit", "-qm", "Privas en maintenance")
    done = project.numerian("up", "--stack", STACK, "--yes")
    assert done.returncode == 0, done.stderr
    project.member("42141", "domain: mars-loire.test", "domain: mars-en-loire.test")
    project.member("26114", "password: 1", "password: 2")
    plain = project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive")
    assert plain.returncode == 0, plain.stdout + plain.stderr
    project.file("07151").unlink()
    assert project.numerian("up", "--stack", STACK, "--yes").returncode == 1
    return project, git(project, "rev-parse", "HEAD")


def test_each_run_is_told_with_who_commit_members_and_result(history: tuple[PaperProject, str]) -> None:
    project, head = history
    refused, plain, ours, first = json.loads(project.numerian("log", "--stack", STACK, "--format", "json").stdout)
    assert [one["command"] for one in (refused, plain, ours, first)] == [
        "numerian up",
        "pulumi up",
        "numerian up",
        "numerian up",
    ]
    assert {one["who"] for one in (refused, plain, ours, first)} == {who()}
    assert [one["result"] for one in (refused, plain, ours)] == ["failed", "succeeded", "succeeded"]
    assert [(one["commit"], one["dirty"]) for one in (refused, plain, ours)] == [
        (head, True),
        (head, True),
        (head, False),
    ]
    assert first["commit"] is None
    assert (refused["members"], plain["members"], ours["members"]) == ([], ["26114", "42141"], ["07186"])
    assert len(first["members"]) == 6
    assert ours["counts"]["update"] == 2
    assert first["started"] <= ours["started"] <= plain["started"] <= refused["started"] <= refused["ended"]


def test_people_read_it_in_french(history: tuple[PaperProject, str]) -> None:
    project, head = history
    lines = project.numerian("log", "--stack", STACK).stdout.splitlines()
    assert lines[0].endswith(
        f"{who()} · numerian up · commit {head[:10]} avec des modifications non enregistrées · échoué ou refusé"
    )
    assert "    2 membres : Dieulefit (26114) et Mars (42141)" in lines
    assert "    1 membre : Privas (07186)" in lines
    assert f" · {who()} · pulumi up · commit {head[:10]} avec" in lines[2]


def test_one_member_is_asked_for(history: tuple[PaperProject, str]) -> None:
    project, _ = history
    told = json.loads(project.numerian("log", "--stack", STACK, "--member", "07186", "--format", "json").stdout)
    assert [one["command"] for one in told] == ["numerian up", "numerian up"]
    assert project.numerian("log", "--stack", STACK, "--member", "99999").stdout.startswith(
        "rien n’a encore été appliqué"
    )


def test_a_table_for_a_spreadsheet(history: tuple[PaperProject, str]) -> None:
    project, head = history
    rows = list(csv.DictReader(io.StringIO(project.numerian("log", "--stack", STACK, "--format", "csv").stdout)))
    assert len(rows) == 4
    assert (rows[1]["members"], rows[1]["commit"], rows[1]["who"]) == ("26114 42141", head, who())


def test_the_last_ones_only(history: tuple[PaperProject, str]) -> None:
    project, _ = history
    words = ("log", "--stack", STACK, "--format", "json", "--last")
    assert len(json.loads(project.numerian(*words, "1").stdout)) == 1
    assert len(json.loads(project.numerian(*words, "0").stdout)) == 4
