"""What runs with the stack's passphrase: the drift check, and the apply from the tip of the target branch."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from ci_world import World

from ci import comment, git
from ci.errors import CiError

APPLY = ("ci", "apply", "--stack", "test", "--output", "../state.json")
CONTENT = "server {\n  root /srv/a;\n}\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory, root: Path) -> World:
    """A small project whose servers are files of this machine, in a repository with a remote."""
    world = World(tmp_path_factory.mktemp("deploy"))
    shutil.copytree(root / "tests/numerian/test_cli_project", world.path("project"))
    world.path("servers").mkdir()
    world.path("origin").mkdir()
    members = {"07186": {"host": "privas", "files": {"a.conf": {"content": CONTENT, "mode": "0644"}}}}
    world.path("project/members.json").write_text(json.dumps(members))
    world.path("project/.gitignore").write_text(".work/\n")
    world.git("origin", "init", "--quiet", "--bare", "-b", "main")
    world.git("project", "init", "--quiet", "-b", "main")
    world.git("project", "remote", "add", "origin", str(world.path("origin")))
    run(world, root, "numerian", "stack", "init", "test")
    commit(world)
    return world


def commit(world: World) -> None:
    world.git("project", "add", "--all")
    world.git("project", "commit", "--quiet", "--allow-empty", "-m", "A change")
    world.git("project", "push", "--quiet", "origin", "main")


def run(world: World, root: Path, *words: str, code: int = 0) -> str:
    there = {"PYTHONPATH": str(root), "TINY_SERVERS": str(world.path("servers"))}
    done = world.run("project", sys.executable, "-m", *words, code=code, **there)
    return done.stdout + done.stderr


def test_applied_is_the_tip_of_the_target_branch_alone(tiny: World, root: Path) -> None:
    tiny.git("project", "commit", "--quiet", "--allow-empty", "-m", "Not pushed")
    assert "isn't the tip of main" in run(tiny, root, *APPLY, code=1)
    tiny.git("project", "push", "--quiet", "origin", "main")
    members = tiny.path("project/members.json")
    kept = members.read_text()
    members.write_text(kept.replace("/srv/a", "/srv/b"))
    assert "the checkout holds edits: M members.json" in run(tiny, root, *APPLY, code=1)
    assert list(tiny.path("servers").iterdir()) == []
    assert not tiny.path("state.json").exists()
    members.write_text(kept)
    assert "isn't the tip of other" in run(tiny, root, *APPLY, "--branch", "other", code=1)


def test_from_apply_to_drift(tiny: World, root: Path) -> None:
    assert "1 created" in run(tiny, root, *APPLY)
    copy = json.loads(tiny.path("state.json").read_text())
    assert (copy["stack"], copy["commit"]) == ("test", tiny.git("project", "rev-parse", "HEAD"))
    assert "differing: 0, as the inventory says: 1" in run(tiny, root, "ci", "drift", "--stack", "test")
    (server,) = tiny.path("servers").iterdir()
    server.write_text(server.read_text().replace("/srv/a", "/by/hand"))
    told = run(tiny, root, "ci", "drift", "--stack", "test", code=1)
    assert "a.conf" in told
    assert "differing: 1, as the inventory says: 0" in told
    run(tiny, root, "ci", "blind", "--stack", "test", "--output", str(tiny.path("again.json")))
    assert json.loads(tiny.path("again.json").read_text())["state"]["deployment"]["resources"]
    assert "/by/hand" not in told


def test_a_token_goes_by_the_environment_and_not_beside_the_remote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(str(self.headers.get("Authorization")))
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{server.server_port}/stolen")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv(git.TOKEN, "canary")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    with pytest.raises(CiError) as caught:
        git.Repository(tmp_path).word("ls-remote", f"http://127.0.0.1:{server.server_port}/numerian.git")
    server.shutdown()
    server.server_close()
    assert seen == ["Basic eC1hY2Nlc3MtdG9rZW46Y2FuYXJ5"]
    assert "canary" not in str(caught.value)


def test_what_runs_beside_a_token_needs_no_package(root: Path, tmp_path: Path) -> None:
    payload = tmp_path / "payload.json"
    told = {"object_kind": "merge_request", "object_attributes": {"iid": 7, "target_branch": "main"}}
    payload.write_text(json.dumps(told))
    words = [sys.executable, "-S", "-m", "ci"]
    done = subprocess.run([*words, "number", str(payload)], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    for verb in (["comment", "--forge", "github", "--number", "7", str(payload)], ["publish", str(payload)]):
        done = subprocess.run([*words, *verb], cwd=root, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == 1
        assert "isn't set" in done.stderr or "no blinded state" in done.stderr


@pytest.mark.parametrize(
    "payload",
    [
        "x",
        "{}",
        '{"object_kind": "note", "object_attributes": {"iid": 7, "target_branch": "main"}}',
        '{"object_kind": "merge_request", "object_attributes": {"iid": "7; id", "target_branch": "main"}}',
        '{"object_kind": "merge_request", "object_attributes": {"iid": 7, "target_branch": "theirs"}}',
    ],
)
def test_a_webhook_that_tells_of_something_else_is_refused(payload: str) -> None:
    with pytest.raises(CiError):
        comment.number(payload, "main")
