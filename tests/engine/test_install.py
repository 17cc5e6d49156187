"""The engine: found, built once, kept; and it runs programs as the official one does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import build, install
from engine.errors import BuildError, DiskSpaceError, GoMissingError

ROOT = Path(__file__).resolve().parents[2]


def silent(_: str) -> None:
    """Say nothing."""


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(scope="module")
def binaries() -> Path:
    """The engine of this machine, from the cache or built now."""
    return install.ensure(ROOT, print)


@pytest.fixture
def run(binaries: Path, tmp_path: Path):
    """Run the engine in a folder, with a home and a backend of its own."""
    for name in ("home", "state"):
        (tmp_path / name).mkdir()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{binaries}:{os.environ['PATH']}",
        "PULUMI_HOME": str(tmp_path / "home"),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }

    def pulumi(folder: Path, *arguments: str, **extra: str) -> str:
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(
            command, cwd=folder, env={**environment, **extra}, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return pulumi


def test_a_trivial_program_previews(run, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: trivial\nruntime: python\n")
    (program / "__main__.py").write_text("import pulumi\npulumi.export('town', 'Vallées-d’Antraigues')\n")
    run(program, "stack", "init", "test")
    assert "Vallées-d’Antraigues" in run(program, "preview")


def test_stack_folder_and_a_provider_by_path_work(run, tmp_path: Path) -> None:
    program = tmp_path / "nothing"
    shutil.copytree(ROOT / "benchmarks" / "nothing", program, ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
    run(program, "stack", "init", "test")
    assert (program / "stacks" / "Pulumi.test.yaml").is_file()
    assert "7 created" in run(program, "up", "--yes", "--skip-preview", NOTHING_MEMBERS="3")
    assert "7 unchanged" in run(program, "preview", NOTHING_MEMBERS="3")


def test_the_virtualenv_option_does_not_disturb_the_older_language_host(run, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.mkdir()
    (program / "Pulumi.yaml").write_text("name: trivial\nruntime: {name: python, options: {virtualenv: .venv}}\n")
    (program / "__main__.py").write_text("import pulumi, sys\npulumi.export('python', sys.executable)\n")
    (program / ".venv").symlink_to(sys.prefix)
    run(program, "stack", "init", "test")
    assert "bin/python" in run(program, "preview")


def test_a_second_call_takes_well_under_a_second_and_says_nothing(binaries: Path) -> None:
    said: list[str] = []
    started = time.monotonic()
    assert install.ensure(ROOT, said.append) == binaries
    assert time.monotonic() - started < 0.5
    if install.is_ours(binaries):
        assert said == []


def test_the_docker_plugin_starts_this_checkouts_code(binaries: Path, tmp_path: Path) -> None:
    if not install.is_ours(binaries):  # the official engine keeps the official plugin
        assert not (tmp_path / ".work").exists()
        return
    install.ensure(tmp_path, silent)
    plugin = tmp_path / ".work/pulumi/plugins/resource-docker-v5.2.0/pulumi-resource-docker"
    executable(tmp_path / ".venv/bin/python", 'echo "$PYTHONPATH $@"')
    shown = subprocess.run([plugin, "127.0.0.1:1"], capture_output=True, text=True, check=True).stdout
    assert shown == f"{tmp_path} -P -m engine.docker_plugin 127.0.0.1:1\n"
    before = plugin.stat().st_ino
    install.ensure(tmp_path, silent)
    assert plugin.stat().st_ino == before, "a plugin that is in place is left alone"


def test_an_engine_of_ours_keeps_no_logs(binaries: Path, tmp_path: Path) -> None:
    if not install.is_ours(binaries):
        return
    install.ensure(tmp_path, silent)
    home = install.home(tmp_path)
    (home / "logs").unlink()
    environment = {**os.environ, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    subprocess.run([binaries / "pulumi", "plugin", "ls"], env=environment, check=True, capture_output=True)
    assert (home / "logs").is_dir(), "the engine left to itself makes the folder; else `keep_no_engine_logs` may go"
    install.ensure(tmp_path, silent)
    subprocess.run([binaries / "pulumi", "plugin", "ls"], env=environment, check=True, capture_output=True)
    assert (home / "logs").is_file()


def test_an_official_engine_that_is_new_enough_is_used_and_nothing_is_built(tmp_path: Path, monkeypatch) -> None:
    executable(tmp_path / "bin/pulumi", "echo v3.150.0")
    executable(tmp_path / "bin/pulumi-language-python", "true")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr(build, "build", pytest.fail)
    assert install.ensure(tmp_path, silent) == tmp_path / "bin"
    assert not (tmp_path / ".work").exists()


@pytest.mark.parametrize(
    ("version", "files"),
    [
        ("v3.149.9", ["pulumi-language-python"]),
        ("v3.200.0", []),
        ("v3.200.0", ["pulumi-language-python", build.MARKER]),
    ],
    ids=["too old", "no language host", "ours"],
)
def test_another_pulumi_on_path_is_not_taken_for_an_official_one(tmp_path, monkeypatch, version, files) -> None:
    executable(tmp_path / "pulumi", f"echo {version}")
    for name in files:
        (tmp_path / name).touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert install.find_official() is None


@pytest.fixture
def nothing_there(tmp_path: Path, monkeypatch) -> Path:
    """A machine with an empty cache and no Pulumi; its `bin` comes first on PATH."""
    monkeypatch.setenv("NUMERIAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path


def test_no_go_is_one_sentence_with_the_remedy(nothing_there: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(nothing_there / "bin"))
    with pytest.raises(GoMissingError, match=r"neither a Pulumi nor a Go .* install Go 1\.25\.11"):
        install.check(nothing_there)
    assert not (nothing_there / "cache").exists()


@pytest.mark.parametrize(
    "script", ["echo go version go1.19.8 linux/amd64", "echo 'go: download go1.25.11: no such host' >&2; exit 1"]
)
def test_an_old_go_that_cannot_fetch_a_newer_one_is_refused(nothing_there: Path, script: str) -> None:
    executable(nothing_there / "bin/go", script)
    with pytest.raises(GoMissingError, match=r"too old .* install Go 1\.25\.11"):
        install.ensure(nothing_there, silent)
    assert not (nothing_there / "cache").exists()


GO = """case "$1" in
  version) echo go version go1.26.0 linux/amd64 ;;
  env) echo; echo ;;
  list) echo {sdk} ;;
  build) echo build >>{log}; sleep 0.3; while [ $# -gt 1 ]; do [ "$1" = -o ] && echo binary >"$2"; shift; done; {end} ;;
esac"""


def test_too_little_disk_is_said_before_anything_is_changed(nothing_there: Path, monkeypatch) -> None:
    executable(nothing_there / "bin/go", GO.format(sdk="x", log="/dev/null", end="true"))
    monkeypatch.setattr(build, "DISK_BYTES", 2**60)
    with pytest.raises(DiskSpaceError, match="make room"):
        install.check(nothing_there)
    assert not (nothing_there / "cache").exists()


def test_two_at_once_build_once(nothing_there: Path) -> None:
    sdk, log = nothing_there / "sdk", nothing_there / "log"
    executable(sdk / "python/cmd/pulumi-language-python-exec", "true")
    executable(sdk / "python/dist/pulumi-resource-pulumi-python", "true")
    executable(nothing_there / "bin/go", GO.format(sdk=sdk, log=log, end="true"))
    program = "from engine import build; print(build.build(lambda line: None))"
    both = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    folders = {Path(process.communicate(timeout=30)[0].strip()) for process in both}
    assert len(folders) == 1
    names = sorted(path.name for path in folders.pop().iterdir())
    assert names == sorted(
        [
            build.MARKER,
            "pulumi",
            "pulumi-language-python",
            "pulumi-language-python-exec",
            "pulumi-resource-pulumi-python",
        ]
    )
    assert log.read_text().split() == ["build", "build"], "one build of each of the two modules"


def test_a_build_that_fails_leaves_nothing_and_shows_what_go_said(nothing_there: Path) -> None:
    executable(nothing_there / "bin/go", GO.format(sdk="x", log="/dev/null", end="echo no such module >&2; exit 1"))
    with pytest.raises(BuildError, match="no such module"):
        build.build(silent)
    assert not build.is_built()
    assert [path.suffix for path in build.folder().parent.iterdir()] == [".lock"]
