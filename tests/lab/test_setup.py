"""What the set-up says before it changes anything, and how it gets an engine: on machines that lack things."""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab import (
    LabError,
    acme,
    base,
    bridges,
    cache,
    docker_engine,
    kept,
    layout,
    names,
    preflight,
    process,
    steps,
    venv,
)
from lab.layout import Layout

LAB = replace(layout.layout("test"), name="nowhere", loopback="127.0.9", prefix="198.18.9")


def put(folder: Path, name: str, script: str) -> Path:
    """Write a stub program."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose only programs are the ones that a test puts there; nobody is root, the cache is empty."""
    programs = tmp_path / "bin"
    programs.mkdir()
    put(programs, "ssh-keygen", "exit 0")
    put(programs, "go", "echo go1.26.0; echo auto")
    for name in ("sh", "sleep", "touch"):
        (programs / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(process, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("NUMERIAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(preflight.engine_install, "check", lambda _root: None)
    return programs


def problems(lab: Layout = LAB) -> str:
    with pytest.raises(LabError, match="nothing was changed") as caught:
        preflight.check(lab)
    return str(caught.value)


def lines(text: str) -> int:
    return text.count("\n  - ")


def test_no_docker_and_no_root_is_one_sentence(machine: Path) -> None:
    text = problems()
    assert lines(text) == 1
    assert "there is no Docker and the user isn't root; install Docker (Debian: docker.io), or run as root" in text


def test_a_docker_that_refuses_this_user_is_another(machine: Path) -> None:
    put(machine, "docker", "echo permission denied >&2; exit 1")
    text = problems()
    assert lines(text) == 1
    assert "no Docker engine answers to this user" in text


def test_no_go_and_an_old_go_are_told_with_the_remedy(machine: Path) -> None:
    put(machine, "docker", "exit 0")
    put(machine, "go", "echo go1.19.8; echo")
    assert "Go 1.19.8 is too old; install Go 1.25.11 or newer" in problems()
    (machine / "go").unlink()
    assert "there is no Go on PATH; install Go 1.25.11 or newer" in problems()


def test_go_is_not_asked_for_when_everything_is_built(machine: Path) -> None:
    put(machine, "docker", "exit 1")
    (machine / "go").unlink()
    cache.folder().mkdir(parents=True)
    acme.binary().write_text("")
    assert "Go" not in problems()


def test_a_port_that_is_taken_is_told_with_its_holder(machine: Path) -> None:
    put(machine, "docker", "exit 1")
    with socket.socket() as taken:
        taken.bind(("127.0.9.1", 2222))
        taken.listen()
        text = problems()
    assert "port 2222 of 127.0.9.1 is taken by" in text
    assert f"(process {os.getpid()})" in text
    assert lines(text) == 2


def test_too_little_disk_is_told_once_a_disk(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, "docker", "exit 1")
    full = type("Usage", (), {"free": 1e9})
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: full)
    text = problems()
    assert "only 1.0 GB are free at" in text
    assert "8 GB are needed" in text


def test_a_network_that_hides_the_machines_dns_is_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(machine, "docker", "exit 1")
    monkeypatch.setattr(preflight, "_nameservers", lambda: ["198.18.9.53"])
    assert "reaches its DNS at 198.18.9.53, in the lab's network 198.18.9.0/24" in problems()


def test_a_bridge_that_a_killed_engine_left_is_no_obstacle_and_another_is(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    range_ = ipaddress.IPv4Network("198.18.9.0/24")
    put(machine, "docker", "exit 1")
    put(machine, "ip", f'echo "$@" >> {machine}/asked')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(bridges, "routes", lambda: iter([(range_, "br-0123456789ab")]))
    assert not list(preflight._network(LAB))
    bridges.remove_left_behind(range_, lambda _line: None)
    assert (machine / "asked").read_text() == "link delete br-0123456789ab\n"

    put(machine, "docker", "[ $1 = network ] && [ $2 = inspect ] && exit 1; echo 0123456789abcdef")
    bridges.remove_left_behind(range_, lambda _line: None)
    assert (machine / "asked").read_text().count("\n") == 1, "it belongs to a network"
    assert "overlaps 198.18.9.0/24 of br-0123456789ab" in "".join(preflight._network(LAB))


def test_root_without_docker_gets_debians(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    put(machine, "apt-get", "exit 0")
    wanted = preflight.check(LAB)
    assert wanted[:2] == ["docker.io", "debootstrap"]


def test_a_dockerd_is_started_waited_for_and_stopped(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(docker_engine, "LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(docker_engine, "PID", tmp_path / "dockerd.pid")
    monkeypatch.setattr(docker_engine, "SYSTEMD", tmp_path / "none")
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    up = tmp_path / "up"
    put(machine, "docker", f'test -e {up} || exit 1; [ "$1" = version ] && echo 20.10; exit 0')
    put(machine, "dockerd", f"sleep 0.3; touch {up}; trap 'exit 0' TERM; while :; do sleep 0.1; done")
    assert docker_engine.ensure(lambda _line: None).startswith("20.10 started here")
    assert docker_engine.ensure(lambda _line: None) == "20.10 answers"
    pid = int(docker_engine.PID.read_text())
    assert docker_engine.stop_own()
    assert not docker_engine._is_dockerd(pid)
    assert not docker_engine.stop_own()


def test_a_dockerd_that_dies_is_an_error_with_its_last_words(
    machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(docker_engine, "LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(docker_engine, "PID", tmp_path / "dockerd.pid")
    monkeypatch.setattr(docker_engine, "SYSTEMD", tmp_path / "none")
    put(machine, "docker", "exit 1")
    put(machine, "dockerd", "echo no iptables here >&2; exit 1")
    with pytest.raises(LabError, match="dockerd ended at its start:\n    no iptables here"):
        docker_engine.ensure(lambda _line: None)


def test_the_mirror_is_the_machines_own(tmp_path: Path) -> None:
    sources = tmp_path / "sources.list.d"
    sources.mkdir()
    assert base.machine_mirror(tmp_path) == ""
    (sources / "a.list").write_text("deb https://secure.test/debian trixie main\n")
    assert base.machine_mirror(tmp_path) == ""
    (sources / "b.sources").write_text("Types: deb\nURIs: http://mirror.test/debian/\nSuites: trixie\n")
    assert base.machine_mirror(tmp_path) == "http://mirror.test/debian"


def test_a_recipe_changes_with_content_mode_and_name(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    seen = [cache.recipe(tmp_path)]
    file.write_text("2")
    seen.append(cache.recipe(tmp_path))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    seen.append(cache.recipe(tmp_path))
    file.rename(tmp_path / "b")
    seen.append(cache.recipe(tmp_path))
    assert len(set(seen)) == 4


def test_names_render_sorted_and_refuse_what_is_no_name() -> None:
    assert names.hosts({"b.test": ["198.18.2.1", "2001:db8::1"], "a.test": "198.18.2.2"}) == (
        "198.18.2.2 a.test\n198.18.2.1 b.test\n2001:db8::1 b.test\n"
    )
    with pytest.raises(LabError, match="is no host name"):
        names.hosts({"a.test\n198.18.2.2 b.test": "198.18.2.2"})


def test_a_long_step_gives_a_sign_of_life_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "HEARTBEAT_SECONDS", 0.2)

    def work(say: steps.Say) -> str:
        say("half way")
        time.sleep(0.7)
        return "done"

    steps.run([steps.Step("slow", work)])
    out = capsys.readouterr().out
    assert "… slow: 0 s  half way" in out
    assert out.rstrip().endswith("done")


def test_the_number_of_an_engine_that_was_killed_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has the number by chance keeps a new dockerd from starting; a real dockerd keeps its file."""
    stale = tmp_path / "docker.pid"
    stale.write_text(f"{os.getpid()}\n")
    started = []
    monkeypatch.setattr(docker_engine, "LEFT_BY", {"dockerd": stale})
    monkeypatch.setattr(docker_engine.layout, "WORK", tmp_path)
    monkeypatch.setattr(docker_engine, "LOG", tmp_path / "dockerd.log")
    monkeypatch.setattr(docker_engine, "PID", tmp_path / "dockerd.pid")
    monkeypatch.setattr(
        docker_engine.subprocess, "Popen", lambda *words, **options: started.append(words) or type("P", (), {"pid": 1})
    )
    docker_engine._start()
    assert started and not stale.exists()


def test_the_command_of_the_environment_ends_with_its_exit_code() -> None:
    command = Path(sys.executable).parent / "numerian"
    assert subprocess.run([command, "nonsense"], capture_output=True, check=False).returncode == 2
    assert subprocess.run([command, "--version"], capture_output=True, check=False).returncode == 0


def test_an_image_is_made_once_and_then_comes_from_the_cache(machine: Path, tmp_path: Path) -> None:
    """The engine forgets it with the last lab: `docker load` brings it back; an older recipe's file goes."""
    there = tmp_path / "there"
    engine = f"""case "$1" in
    image) test -e {there} ;;
    save) echo packed > "$3" ;;
    load) test -s "$4" && touch {there} ;;
    esac"""
    put(machine, "docker", engine)
    folder = cache.folder()
    folder.mkdir()
    (folder / "image-server-old.tar").touch()
    made = []

    def make() -> str:
        made.append(there.touch())
        return "built"

    file = folder / "image-server-new.tar"
    assert kept.ensure("server:new", file, make) == "built"
    assert [path.name for path in folder.iterdir()] == [file.name]
    assert kept.ensure("server:new", file, make) == "already there"
    there.unlink()
    assert kept.ensure("server:new", file, make) == "from the cache"
    assert there.exists() and len(made) == 1


def test_a_checkouts_environment_is_a_copy_whose_programs_are_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one checkout changes in its packages changes nobody else's."""
    monkeypatch.setenv("NUMERIAN_CACHE", str(tmp_path / "cache"))
    installed = []

    def install(there: Path, _say: object) -> None:
        installed.append(there)
        (there / venv.PACKAGES).mkdir(parents=True)
        (there / venv.PACKAGES / "greeting.py").write_text("WORD = 'hello'\n")
        (there / "bin").mkdir()
        script = f"#!{there.with_suffix('.new')}/bin/python\nimport greeting\nprint(greeting.WORD)\n"
        put(there / "bin", "greet", "").write_text(script)

    monkeypatch.setattr(venv, "_install", install)
    for name in ("one", "two"):
        folder = tmp_path / name / ".venv"
        monkeypatch.setattr(venv, "FOLDER", folder)
        monkeypatch.setattr(venv, "PYTHON", folder / "bin" / "python")
        monkeypatch.setattr(venv, "STAMP", folder / "numerian.lock-hash")
        assert venv.ensure(lambda _line: None) == ("installed" if name == "one" else "from the cache")
        assert venv.ensure(lambda _line: None) == "up to date"
        assert subprocess.run([folder / "bin" / "greet"], capture_output=True, text=True).stdout == "hello\n"
        (folder / venv.PACKAGES / "greeting.py").write_text("WORD = 'changed'\n")
    assert len(installed) == 1
