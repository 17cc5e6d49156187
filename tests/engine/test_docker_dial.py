"""The ways to a daemon on a server: pinned keys for hosts of the table, the system's `ssh` for others."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest

from engine.docker_plugin.build import build
from engine.docker_plugin.connection import Daemon
from engine.docker_plugin.dial import MAX_CHANNELS, CommandDialer, PinnedDialer, dialer
from engine.docker_plugin.errors import UnreachableError
from engine.docker_plugin.kind import Work
from engine.docker_plugin.settings import Endpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Put a stub `ssh` first on PATH that runs a shell's line; what it was told is in the file returned."""

    def make(line: str) -> Path:
        told = tmp_path / "told"
        stub = tmp_path / "ssh"
        stub.write_text(f'#!/bin/sh\necho "$@" >> {told}\nwhile [ "$1" != -- ]; do shift; done; shift 2\n{line}\n')
        stub.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("NUMERIAN_HOSTS", raising=False)
        monkeypatch.chdir(tmp_path)
        return told

    return make


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An SSH server in this process, `privas` of the host table, whose commands run here."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command here")
    monkeypatch.syspath_prepend(ROOT / "tests" / "provider")
    ssh_servers = importlib.import_module("ssh_servers")
    key, host_key = ssh_servers.make_key(tmp_path / "id"), ssh_servers.make_key(tmp_path / "host_key")
    server = ssh_servers.StubServer(host_key, key)
    pin(tmp_path, server.spec(tmp_path / "id"))
    monkeypatch.setenv("NUMERIAN_HOSTS", str(tmp_path / "hosts.json"))
    yield server
    server.close()


def pin(folder: Path, spec: Any) -> None:
    entry = {k: v for k, v in dataclasses.asdict(spec).items() if k != "name"}
    (folder / "hosts.json").write_text(json.dumps({"privas": entry}))


def ask_from_many_threads(daemon: Daemon) -> None:
    def ask() -> None:
        for _ in range(3):
            with daemon.doing("listing containers") as client:
                client.containers()

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(ask) for _ in range(12)]:
            done.result()


def test_all_streams_to_a_server_share_one_connection_and_are_at_most_four(
    server: Any, daemon: docker.APIClient
) -> None:
    there = Daemon(Endpoint("ssh://deploy@privas"), "lab")
    there.ping()
    ask_from_many_threads(there)
    assert server.connections == 1
    assert 1 <= server.most_sessions <= MAX_CHANNELS
    assert set(server.commands) == {"docker system dial-stdio"}
    there.close()


def test_a_long_answer_streams_over_ssh(server: Any, daemon: docker.APIClient, image: str, tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(f"FROM {image}\nRUN for i in 1 2 3; do echo $i; done\n")
    there = Daemon(Endpoint("ssh://deploy@privas"), "lab")
    lines: list[str] = []
    build(Work(there, show=lines.append), f"{image}-ssh", {"context": str(tmp_path / "context")})
    daemon.remove_image(f"{image}-ssh", force=True)
    assert [line for line in lines if line[-2:] in (" 1", " 2", " 3")] == [f"Step 2/2: {n}" for n in (1, 2, 3)]
    there.close()


def test_a_connection_that_broke_is_made_anew(server: Any, daemon: docker.APIClient) -> None:
    there = Daemon(Endpoint("ssh://deploy@privas"), "lab")
    there.ping()
    server.drop_connections()
    there.ping()
    assert server.connections == 2
    there.close()


def test_another_host_key_than_the_pinned_is_refused(server: Any, tmp_path: Path) -> None:
    ssh_servers = importlib.import_module("ssh_servers")
    other = ssh_servers.public_line(ssh_servers.make_key(tmp_path / "other"))
    pin(tmp_path, server.spec(tmp_path / "id", host_keys=(other,)))
    with pytest.raises(UnreachableError) as caught:
        Daemon(Endpoint("ssh://deploy@privas"), "lab").ping()
    assert caught.value.reason.count("SHA256:") == 2
    assert server.commands == []


def test_ssh_opts_are_given_to_ssh() -> None:
    way = CommandDialer(Endpoint("ssh://deploy@privas.test:2222", ("-o", "BatchMode=yes")))
    assert way.argv() == [
        *("ssh", "-o", "BatchMode=yes", "-l", "deploy", "-p", "2222", "--", "privas.test"),
        *("docker", "system", "dial-stdio"),
    ]


def test_a_host_of_the_table_is_dialled_with_its_pinned_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "hosts.json"
    table.write_text('{"privas": {"address": "127.0.0.1", "port": 1, "host_keys": ["ssh-ed25519 AAAA"]}}')
    monkeypatch.setenv("NUMERIAN_HOSTS", str(table))
    assert isinstance(dialer(Endpoint("ssh://deploy@privas"), "lab"), PinnedDialer)
    assert isinstance(dialer(Endpoint("ssh://deploy@other"), "lab"), CommandDialer)
    assert isinstance(dialer(Endpoint("ssh://deploy@privas", ("-v",)), "lab"), CommandDialer)


def test_a_server_that_doesnt_answer_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "hosts.json"
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIANorL7EKvkD39sD7zzzzzzzzzzzzzzzzzzzzzzzzzzz"
    table.write_text(json.dumps({"privas": {"address": "127.0.0.1", "port": 1, "host_keys": [key]}}))
    monkeypatch.setenv("NUMERIAN_HOSTS", str(table))
    with pytest.raises(UnreachableError) as caught:
        Daemon(Endpoint("ssh://deploy@privas")).ping()
    assert str(caught.value).startswith("the Docker daemon of ssh://deploy@privas can't be reached: privas: ")
    assert "\n" not in str(caught.value)


def test_what_ssh_says_is_the_reason(ssh: Callable[[str], Path]) -> None:
    ssh("echo 'deploy@privas: Permission denied (publickey).' >&2; exit 255")
    daemon = Daemon(Endpoint("ssh://deploy@privas"))
    with pytest.raises(UnreachableError) as caught:
        daemon.ping()
    daemon.close()
    assert caught.value.reason == "deploy@privas: Permission denied (publickey)."


def test_a_daemon_behind_ssh_answers_over_at_most_four_streams(
    ssh: Callable[[str], Path], daemon: docker.APIClient
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("no docker command here")
    told = ssh('exec "$@"')
    there = Daemon(Endpoint("ssh://deploy@privas"))

    there.ping()
    ask_from_many_threads(there)
    there.close()
    assert 1 <= len(told.read_text().splitlines()) <= MAX_CHANNELS


@pytest.mark.parametrize("url", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_a_daemon_that_isnt_there_is_one_sentence(url: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        Daemon(Endpoint(url)).ping()
    assert caught.value.reason in ("there is no such socket; is the daemon running?", "Connection refused")
