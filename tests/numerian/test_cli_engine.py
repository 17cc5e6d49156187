"""The command on a real engine, with a program and a provider of a page each (`test_cli_project/`).

The provider's servers are files of this machine: editing one is a drift, removing one a loss.
"""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

Run = subprocess.CompletedProcess[str]
CONTENT = "server {\n  listen 80;\n  root /srv/a;\n}\n"


class Project:
    """A small checkout with a stack of its own."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.servers = folder / "servers"
        self.servers.mkdir()
        self.environment = {**os.environ, "PYTHONPATH": str(root), "TINY_SERVERS": str(self.servers)}
        self.environment.pop("NUMERIAN_INVENTORY", None)
        self.environment.pop("NUMERIAN_MEMBERS", None)
        self.members: dict[str, dict[str, Any]] = {}
        for code, host in (("07186", "privas"), ("26161", "alixan")):
            file = {"content": CONTENT, "mode": "0644"}
            self.members[code] = {"host": host, "files": {f"sites/{code}.conf": file}}

    def declare(self) -> None:
        (self.folder / "members.json").write_text(json.dumps(self.members))

    def edit(self, code: str, old: str, new: str) -> None:
        file = self.members[code]["files"][f"sites/{code}.conf"]
        file["content"] = file["content"].replace(old, new)
        self.declare()

    def start(self, *words: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "numerian", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> Run:
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        assert "Traceback" not in out + err
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def locks(self) -> list[Path]:
        return list((self.folder / ".work" / "test" / "state" / ".pulumi" / "locks").rglob("*.json"))

    def wait_for_slow(self) -> None:
        """Wait until the provider is at a content that takes seconds."""
        deadline = time.monotonic() + 180
        while not (self.folder / "slow-begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Project:
    """A project with its stack, deployed once."""
    folder = tmp_path_factory.mktemp("engine") / "project"
    shutil.copytree(root / "tests" / "numerian" / "test_cli_project", folder)
    project = Project(folder, root)
    project.declare()
    for words in (["stack", "init", "test"], ["up", "--stack", "test", "--yes"]):
        done = project.run(*words)
        assert done.returncode == 0, done.stderr
    for name in ("servers", ".work/test/state"):
        shutil.copytree(folder / name, folder / "first" / name)
    return project


@pytest.fixture
def project(made: Project) -> Project:
    """The project as it was after its first deployment."""
    for code, member in made.members.items():
        member["files"] = {f"sites/{code}.conf": {"content": CONTENT, "mode": "0644"}}
        member.pop("secrets", None)
    made.declare()
    for name in ("servers", ".work/test/state"):
        shutil.rmtree(made.folder / name)
        shutil.copytree(made.folder / "first" / name, made.folder / name)
    (made.folder / "slow-begun").unlink(missing_ok=True)
    return made


def test_a_stack_is_made_once(made: Project) -> None:
    secret = made.folder / ".work" / "test" / "passphrase"
    config = made.folder / "stacks" / "Pulumi.test.yaml"
    before = secret.read_text(), config.read_text()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert "numerian:rootSecret:\n    secure: v1:" in config.read_text()
    assert made.run("stack", "init", "test").returncode == 0
    assert (secret.read_text(), config.read_text()) == before


def test_a_lost_passphrase_is_no_reason_to_make_another(made: Project) -> None:
    secret = made.folder / ".work" / "test" / "passphrase"
    kept = secret.rename(secret.with_name("kept"))
    try:
        done = made.run("stack", "init", "test")
        assert done.returncode == 1
        assert "was encrypted with a passphrase that isn't on this machine" in done.stderr
        assert "passphrase" in made.run("preview", "--stack", "test").stderr
    finally:
        kept.rename(secret)


def test_a_preview_names_server_file_and_lines_and_says_whom_it_asked(project: Project) -> None:
    project.edit("07186", "/srv/a", "/srv/b")
    done = project.run("preview", "--stack", "test")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Serveur privas · réglages : 07186 est mis à jour"
    assert "  ~ Serveur privas : sites/07186.conf" in lines
    assert "      -  root /srv/a;" in lines
    assert "      +  root /srv/b;" in lines
    assert any(line.startswith("Bilan : 1 à changer, 1 inchangé") for line in lines)
    assert any(line.startswith("serveurs non consultés") for line in lines)


def test_a_run_for_some_of_the_members_says_so(project: Project) -> None:
    project.environment["NUMERIAN_MEMBERS"] = "07186, new"
    try:
        preview, up = project.run("preview", "--stack", "test"), project.run("up", "--yes", "--stack", "test")
    finally:
        del project.environment["NUMERIAN_MEMBERS"]
    words = "only 1 member and new ones are served ($NUMERIAN_MEMBERS)"
    assert preview.stdout.splitlines()[-1] == "seuls sont servis 1 membre et les nouveaux ($NUMERIAN_MEMBERS)"
    assert (up.stderr.splitlines()[0], words in up.stdout) == (words, False)


def test_a_second_up_changes_nothing(project: Project) -> None:
    project.edit("07186", "/srv/a", "/srv/b")
    assert "1 changed, 1 unchanged" in project.run("up", "--stack", "test", "--yes").stdout
    assert "nothing to change, 2 unchanged" in project.run("up", "--stack", "test", "--yes").stdout


def test_drift_is_found_and_mended(project: Project) -> None:
    file = project.servers / "07186.json"
    file.write_text(file.read_text().replace("/srv/a", "/by/hand"))
    (project.servers / "26161.json").unlink()
    preview = project.run("preview", "--stack", "test", "--refresh").stdout
    assert "      -  root /by/hand;" in preview
    assert "écart : modifié à la main sur le serveur : sites/07186.conf" in preview
    assert "serveurs consultés" in preview
    found = project.run("refresh", "--stack", "test", "--yes").stdout
    assert "          +  root /by/hand;" in found
    assert "1 found changed on the server, 1 found gone from the server" in found
    assert "1 created, 1 changed" in project.run("up", "--stack", "test", "--yes").stdout
    assert "/srv/a" in file.read_text()


def test_one_failure_stops_no_other_and_is_told_last(project: Project) -> None:
    project.edit("07186", "/srv/a", "refuse")
    project.edit("26161", "/srv/a", "/srv/c")
    done = project.run("up", "--stack", "test", "--yes")
    assert done.returncode == 1
    assert "1 changed, 1 failed, 0 unchanged" in done.stdout
    assert done.stderr.splitlines() == [
        "1 error:",
        "  privas: Files 07186: sites/07186.conf: the validator refused it; mend line 1",
    ]
    assert "/srv/c" in (project.servers / "26161.json").read_text()


def test_a_program_that_fails_is_told_in_its_own_words(project: Project) -> None:
    (project.folder / "members.json").write_text(json.dumps("two members have one domain"))
    done = project.run("up", "--stack", "test", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["1 error:", "  two members have one domain"]


def test_a_secret_is_never_told(project: Project) -> None:
    project.members["07186"]["secrets"] = {"key": "s3cret-value"}
    project.edit("07186", "/srv/a", "${secret:key}")
    forms = [["preview", "--format", form] for form in ("text", "markdown", "html", "json")]
    for words in (*forms, ["up", "--yes"]):
        done = project.run(*words, "--stack", "test")
        assert "s3cret-value" not in done.stdout + done.stderr
        assert "${secret:key}" in done.stdout


def test_json_is_one_object(project: Project) -> None:
    project.edit("07186", "/srv/a", "/srv/b")
    told = json.loads(project.run("up", "--stack", "test", "--yes", "--json").stdout)
    (change,) = told["changes"]
    assert (change["op"], change["host"], change["name"]) == ("update", "privas", "07186")
    assert "+  root /srv/b;" in change["changes"][0]["diff"]
    assert (told["unchanged"], told["failed"], told["servers_consulted"]) == (1, False, True)


def test_without_a_terminal_nothing_is_asked_and_nothing_done(project: Project) -> None:
    for verb in ("up", "refresh", "destroy"):
        done = project.run(verb, "--stack", "test")
        assert (done.returncode, "say --yes" in done.stderr) == (1, True)


@pytest.mark.parametrize(("answer", "code", "done"), [("y", 0, True), ("", 1, False), ("n", 1, False)])
def test_at_a_terminal_it_is_shown_first_and_asked(answer: str, code: int, done: bool, project: Project) -> None:
    project.edit("07186", "/srv/a", "/srv/b")
    terminal, theirs = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    process = project.start("up", "--stack", "test", stdin=theirs)
    out, err = process.communicate(timeout=180)
    os.close(terminal)
    os.close(theirs)
    assert (process.returncode, "nothing was changed" in err) == (code, not done), err
    assert out.index("Bilan : 1 à changer") < out.index("Go on? [y/N]")
    assert ("/srv/b" in (project.servers / "07186.json").read_text()) is done


def test_an_interrupt_finishes_what_is_under_way_and_keeps_the_state(project: Project) -> None:
    project.edit("07186", "/srv/a", "slow")
    process = project.start("up", "--stack", "test", "--yes")
    project.wait_for_slow()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=180)
    assert "stopping" in err
    assert "Traceback" not in out + err
    assert project.locks() == []
    assert "nothing to change" in project.run("up", "--stack", "test", "--yes").stdout


def test_a_killed_engine_costs_a_re_run(project: Project) -> None:
    """Killed outright: the lock stays behind, and the next run removes it and does the rest."""
    project.edit("07186", "/srv/a", "slow")
    process = project.start("up", "--stack", "test", "--yes")
    project.wait_for_slow()
    (lock,) = project.locks()
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    process.communicate(timeout=180)
    assert (process.returncode, project.locks()) == (1, [lock])
    done = project.run("up", "--stack", "test", "--yes")
    assert (done.returncode, "died here" in done.stderr) == (0, True)
    assert "an earlier run was cut (`numerian up` by " in done.stderr
    again = project.run("up", "--stack", "test", "--yes")
    assert ("was cut" in again.stderr, "nothing to change" in again.stdout) == (False, True)


def test_what_a_killed_run_made_is_found_by_the_next_one(project: Project) -> None:
    """Its state was never saved: the servers are ahead of it, and are asked first."""
    project.edit("26161", "/srv/a", "/srv/b")
    project.edit("07186", "/srv/a", "slow")
    process = project.start("up", "--stack", "test", "--yes")
    project.wait_for_slow()
    made = project.servers / "26161.json"
    deadline = time.monotonic() + 60
    while "/srv/b" not in made.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    (lock,) = project.locks()
    os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=180)
    done = project.run("up", "--stack", "test", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["servers_consulted"]
    assert "26161" not in [change["name"] for change in json.loads(done.stdout)["changes"]]
    assert "nothing to change" in project.run("up", "--stack", "test", "--yes").stdout


def test_a_state_that_is_damaged_between_its_ends_is_told_with_the_way_back(project: Project) -> None:
    (state,) = (project.folder / ".work/test/state/.pulumi/stacks").rglob("test.json")
    good = state.read_bytes()
    state.with_name("test.json.bak").write_bytes(good)
    state.write_bytes(good.replace(b'"resources"', b"\0" * 11, 1))
    for words in (["preview"], ["up", "--yes"]):
        done = project.run(words[0], "--stack", "test", *words[1:])
        assert done.returncode == 1
        assert "the state of test is damaged" in done.stderr and "run `cp " in done.stderr
    state.write_bytes(good)
    done = project.run("up", "--stack", "test", "--yes")
    assert done.returncode == 0 and "nothing to change" in done.stdout


def test_the_environment_runs_a_plain_engine(project: Project) -> None:
    script = f'eval "$({sys.executable} -m numerian env --stack test)" && pulumi preview --non-interactive'
    done = subprocess.run(
        ["sh", "-c", script], cwd=project.folder, env=project.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "3 unchanged" in done.stdout  # with the stack itself


def test_what_changed_when_and_by_whom_is_kept(project: Project) -> None:
    project.edit("07186", "/srv/a", "/srv/b")
    project.run("up", "--stack", "test", "--yes")
    script = f'eval "$({sys.executable} -m numerian env --stack test)" && pulumi stack history --json --page-size 1'
    done = subprocess.run(
        ["sh", "-c", script], cwd=project.folder, env=project.environment, capture_output=True, text=True, check=True
    )
    (last,) = json.loads(done.stdout)
    assert last["message"].startswith("numerian up, by ")
    assert last["result"] == "succeeded"


def test_destroy_takes_everything_away(project: Project) -> None:
    done = project.run("destroy", "--stack", "test", "--yes")
    assert done.returncode == 0, done.stderr
    assert "2 deleted" in done.stdout
    assert list(project.servers.iterdir()) == []
