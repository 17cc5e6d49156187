"""What ssh, docker and the provider read about the servers."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from numerian import connections
from provider import hosts

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH"


def server(name: str, **facts: Any) -> Any:
    keys = facts.pop("keys", (f"{KEY}{name}",))
    defaults = {"address": "192.0.2.10", "port": 22, "user": "deploy", "identity_files": (), "jump": None}
    defaults |= {"first_user": None}
    return SimpleNamespace(name=name, known_host_keys=lambda: keys, **{**defaults, **facts})


@pytest.fixture
def inventory() -> Any:
    privas = server(
        "privas", address="127.0.1.1", port=2222, identity_files=(Path("/keys/with space/id"),), first_user="root"
    )
    alixan = server("alixan", address="2001:db8::2", jump="privas")
    return SimpleNamespace(servers={"privas": privas, "alixan": alixan})


def test_the_host_table_is_what_the_provider_reads(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path)
    table = hosts.parse((tmp_path / "hosts.json").read_text(), tmp_path / "hosts.json")
    assert list(table) == ["alixan", "privas"]
    assert (table["privas"].address, table["privas"].port, table["privas"].user) == ("127.0.1.1", 2222, "deploy")
    assert (table["privas"].first_user, table["alixan"].first_user) == ("root", None)
    assert table["privas"].identity_files == ("/keys/with space/id",)
    assert table["alixan"].jump == "privas"
    assert table["alixan"].host_keys == (f"{KEY}alixan",)


def test_ssh_reads_the_configuration_as_it_was_meant(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path)
    words = ["ssh", "-G", "-F", str(tmp_path / "ssh_config"), "privas"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    read = dict(line.split(" ", 1) for line in said.splitlines() if " " in line)
    assert (read["hostname"], read["port"], read["user"]) == ("127.0.1.1", "2222", "deploy")
    assert read["hostkeyalias"] == "privas"
    assert read["identityfile"] == "/keys/with space/id"
    assert read["stricthostkeychecking"] == "true"
    assert read["userknownhostsfile"] == str(tmp_path / "known_hosts")
    jump = subprocess.run([*words[:-1], "alixan"], capture_output=True, text=True, check=True).stdout
    assert "proxyjump privas" in jump


def test_golden(inventory: Any, root: Path) -> None:
    """The same inventory gives the same bytes; a change of them is seen here first."""
    servers = [inventory.servers[name] for name in sorted(inventory.servers)]
    rendered = "\n".join(
        [
            connections.host_table(servers),
            connections.known_hosts(servers),
            connections.ssh_config(servers, Path("/checkout/.work/lab")),
            json.dumps(connections.docker_contexts(servers), indent=2),
            "",
        ]
    )
    assert rendered == (root / "tests" / "golden" / "connections" / "two-servers.txt").read_text()


def test_docker_finds_a_context_for_each_server(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path)
    said = subprocess.run(
        ["docker", "--config", tmp_path / "docker", "context", "ls", "--format", "{{.Name}} {{.DockerEndpoint}}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    assert "privas ssh://deploy@privas" in said
    assert "alixan ssh://deploy@alixan" in said


def test_a_second_write_touches_nothing(inventory: Any, tmp_path: Path) -> None:
    assert len(connections.write(inventory, tmp_path)) == 7
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert connections.write(inventory, tmp_path) == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_moved_server_changes_only_the_files_that_say_where_it_is(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path)
    inventory.servers["privas"].address = "192.0.2.77"
    assert {path.name for path in connections.write(inventory, tmp_path)} == {"hosts.json", "ssh_config"}


def test_a_server_that_is_gone_leaves_no_context(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path)
    del inventory.servers["alixan"]
    connections.write(inventory, tmp_path)
    assert len(list((tmp_path / "docker" / "contexts" / "meta").iterdir())) == 1


def test_the_folder_is_for_its_owner_only(inventory: Any, tmp_path: Path) -> None:
    connections.write(inventory, tmp_path / "lab")
    assert (tmp_path / "lab").stat().st_mode & 0o777 == 0o700


def test_paths_are_absolute_whatever_folder_was_named(
    inventory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connections.write(inventory, Path("here"))
    assert f'UserKnownHostsFile "{tmp_path / "here" / "known_hosts"}"' in (tmp_path / "here" / "ssh_config").read_text()


def test_the_wrapper_runs_ssh_with_our_configuration(
    inventory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tmp_path / "programs" / "ssh"
    real.parent.mkdir()
    real.write_text('#!/bin/sh\necho "$@"\n')
    real.chmod(0o755)
    folder = tmp_path / "work"
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:{real.parent}:/bin:/usr/bin")
    connections.write(inventory, folder)
    connections.write(inventory, folder)
    said = subprocess.run([folder / "bin" / "ssh", "privas", "true"], capture_output=True, text=True, check=True).stdout
    assert said == f"-F {folder / 'ssh_config'} privas true\n"


def test_without_an_ssh_client_the_wrapper_says_so(
    inventory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    connections.write(inventory, tmp_path / "work")
    done = subprocess.run(["/bin/sh", tmp_path / "work" / "bin" / "ssh", "privas"], capture_output=True, text=True)
    assert (done.returncode, "openssh-client" in done.stderr) == (127, True)


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Each version is whole: written beside, then renamed."""
    path = tmp_path / "file"
    texts = [letter * 200_000 for letter in "ab"]
    connections.write_file(path, texts[0])
    stop = threading.Event()

    def write() -> None:
        for number in range(200):
            connections.write_file(path, texts[number % 2])
        stop.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not stop.is_set():
        assert path.read_text() in texts
    thread.join()
