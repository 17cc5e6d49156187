"""The ways to a daemon on a server: pinned keys for hosts of the table, the system's `ssh` for others."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from engine.docker_plugin.connection import Daemon
from engine.docker_plugin.dial import MAX_CHANNELS, CommandDialer, PinnedDialer, dialer
from engine.docker_plugin.errors import UnreachableError
from engine.docker_plugin.settings import Endpoint


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

    def ask() -> None:
        for _ in range(3):
            with there.doing("listing containers") as client:
                client.containers()

    there.ping()
    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there.close()
    assert 1 <= len(told.read_text().splitlines()) <= MAX_CHANNELS


@pytest.mark.parametrize("url", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_a_daemon_that_isnt_there_is_one_sentence(url: str) -> None:
    with pytest.raises(UnreachableError) as caught:
        Daemon(Endpoint(url)).ping()
    assert caught.value.reason in ("there is no such socket; is the daemon running?", "Connection refused")
