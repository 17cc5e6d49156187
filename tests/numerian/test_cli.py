"""The command line: exit codes, one readable sentence for whatever goes wrong, no traceback, a quick start."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from numerian.__main__ import main
from numerian.command import COMMANDS
from numerian.engine import workspace
from numerian.engine.workspace import Workspace, WorkspaceError

Run = subprocess.CompletedProcess[str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout, and the current folder."""
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(root: Path, *words: str) -> Run:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        [sys.executable, "-m", "numerian", *words], cwd=root, env=environment, capture_output=True, text=True
    )


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {entry.name} " in said for entry in COMMANDS)


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_each_command_explains_itself(
    entry: object, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = entry.name  # type: ignore[attr-defined]
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: numerian {name}" in capsys.readouterr().out


def test_a_mistyped_command_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chek"]) == 2
    assert "did you mean `numerian check`?" in capsys.readouterr().err


def test_no_command_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: numerian COMMAND" in capsys.readouterr().out


@pytest.mark.parametrize("verb", ["up", "preview", "refresh", "destroy"])
def test_without_a_stack_the_way_to_one_is_told(verb: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--stack", "lab"]) == 1
    assert "run `numerian stack init lab`" in capsys.readouterr().err


def test_outside_of_a_checkout_the_commands_own_is_used(tmp_path: Path, root: Path) -> None:
    assert workspace.find("lab", tmp_path) == Workspace(root, "lab")


@pytest.mark.parametrize("name", ["../x", "a/b", "", "-x", "a b"])
def test_a_name_that_no_stack_can_have_is_refused(name: str, project: Path) -> None:
    with pytest.raises(WorkspaceError, match="can't be a stack's name"):
        workspace.find(name)


def test_what_nobody_foresaw_is_one_sentence_and_a_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / ".work").mkdir()
    monkeypatch.setattr(workspace, "find", lambda stack: 1 / 0)
    assert main(["sites"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "ZeroDivisionError" in said
    (kept,) = (project / ".work").glob("numerian-error-*.txt")
    assert "Traceback" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_missing_file_is_named_without_python_words(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workspace, "find", lambda stack: Path("/nowhere/at/all").read_text())
    assert main(["sites"]) == 1
    assert capsys.readouterr().err == "/nowhere/at/all: no such file or directory\n"


def test_check_says_each_problem_at_its_place(root: Path, make: object) -> None:
    folder = make({"members/07186-privas.yaml": "insee: 07186\ndatacenter: nowhere\nplan: village\nsize: 3\n"})  # type: ignore[operator]
    done = run(root, "check", str(folder))
    assert done.returncode == 1
    problems = [line for line in done.stdout.splitlines() if "07186-privas.yaml:" in line]
    assert any(":2:" in line for line in problems)
    assert any(":4:" in line for line in problems)
    assert done.stdout.splitlines()[-1].startswith(f"{len(problems)} problems in")


def test_check_of_a_right_inventory_is_one_line_and_quick(root: Path, make: object) -> None:
    folder = make()  # type: ignore[operator]
    run(root, "check", str(folder))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(root, "check", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 members, 1 servers, all right" in done.stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # The processor's time: a busy machine is nobody's fault.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


@pytest.mark.parametrize("words", [["check"], ["--help"], ["sites"], ["list"], ["show", "07186"]])
def test_a_start_imports_nothing_heavy(words: list[str], root: Path) -> None:
    script = (
        "import sys; from numerian.__main__ import main; main(sys.argv[1:]);"
        "heavy = {'pulumi', 'paramiko', 'rich', 'typer', 'grpc', 'docker', 'ruamel', 'questionary'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_launcher_works_from_anywhere(root: Path, tmp_path: Path) -> None:
    link = tmp_path / "numerian"
    link.symlink_to(root / "bin" / "numerian")
    done = subprocess.run([link, "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.split()[0]) == (0, "numerian")


def test_a_reader_that_leaves_is_no_error(root: Path) -> None:
    line = f"{sys.executable} -m numerian --help | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=root, capture_output=True, text=True)
    assert done.stderr == ""


def test_the_inventory_is_the_environments_or_the_stacks_or_the_checkouts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Workspace(project, "test-x")
    monkeypatch.delenv("NUMERIAN_INVENTORY", raising=False)
    assert place.inventory == project / "inventory"
    place.config_file.parent.mkdir()
    place.config_file.write_text("config:\n  tiny:inventory: elsewhere/inventory\n")
    assert place.inventory == project / "elsewhere" / "inventory"
    monkeypatch.setenv("NUMERIAN_INVENTORY", "/some/inventory")
    assert place.inventory == Path("/some/inventory")


def test_a_real_stacks_passphrase_lies_in_the_operators_home(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/ops1/.config")
    assert Workspace(project, "production").passphrase_file == Path("/home/ops1/.config/numerian/production.passphrase")
    assert Workspace(project, "lab").passphrase_file == project / ".work" / "lab" / "passphrase"


def test_a_states_address_is_a_line_of_the_repository(project: Path) -> None:
    place = Workspace(project, "production")
    assert place.backend_url == f"file://{project}/.work/production/state"
    (project / "stacks").mkdir()
    (project / "stacks" / "production.backend").write_text("s3://numerian-state/production?region=fr-par\n")
    assert place.backend_url == "s3://numerian-state/production?region=fr-par"
    (project / "stacks" / "production.backend").write_text("somewhere\n")
    with pytest.raises(WorkspaceError, match="s3://"):
        _ = place.backend_url
