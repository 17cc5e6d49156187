"""The host table: what it says when a host isn't there, and that it follows the file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from provider.errors import ProviderError, UnknownHostError
from provider.hosts import HostPool, HostTable, find_table
from provider.transport import HostSpec

PRIVAS = {"address": "127.0.1.1", "port": 2222, "user": "deploy", "host_keys": ["ssh-ed25519 AAAA"], "jump": None}


class Link:
    def __init__(self, spec: HostSpec, jump: Any) -> None:
        self.spec, self.jump = spec, jump
        self.closed = self.cancelled = False

    def close(self) -> None:
        self.closed = True

    def cancel(self) -> None:
        self.cancelled = True


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "hosts.json"
    monkeypatch.setenv("NUMERIAN_HOSTS", str(path))
    write(path, {"privas": PRIVAS, "alixan": {**PRIVAS, "address": "127.0.1.2", "jump": "privas"}})
    return path


def write(path: Path, hosts: dict[str, Any]) -> None:
    path.write_text(json.dumps(hosts))
    os.utime(path, ns=(path.stat().st_mtime_ns + 1_000_000,) * 2)


def test_a_host_is_read_as_it_stands(table: Path) -> None:
    spec = HostTable(table).get("privas")
    assert spec == HostSpec("privas", "127.0.1.1", 2222, "deploy", host_keys=("ssh-ed25519 AAAA",))


def test_an_unknown_host_lists_those_that_there_are(table: Path) -> None:
    with pytest.raises(UnknownHostError, match=r"lyon: no such host in .*; there are: alixan, privas"):
        HostTable(table).get("lyon")


def test_a_missing_table_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(UnknownHostError, match=r"there is no host table .*`numerian env` writes it"):
        HostTable(tmp_path / "none.json").get("privas")


@pytest.mark.parametrize("text", ["", "[]", '{"privas": {"adress": "x"}}', '{"privas": {}}', '{"privas": 5}'])
def test_a_broken_table_is_said(table: Path, text: str) -> None:
    table.write_text(text)
    with pytest.raises(ProviderError, match="is broken"):
        HostTable(table).get("privas")


def test_one_transport_a_host_until_its_entry_changes(table: Path) -> None:
    pool = HostPool(Link)
    first: Any = pool.transport("privas")
    assert pool.transport("privas") is first
    write(table, {"privas": {**PRIVAS, "port": 22}})
    second: Any = pool.transport("privas")
    assert (second.spec.port, first.closed, second.closed) == (22, True, False)


def test_a_jump_host_comes_from_the_same_pool(table: Path) -> None:
    pool = HostPool(Link)
    alixan: Any = pool.transport("alixan")
    assert alixan.jump("privas") is pool.transport("privas")


def test_jump_hosts_in_a_circle_are_refused(table: Path) -> None:
    write(table, {"a": {**PRIVAS, "jump": "b"}, "b": {**PRIVAS, "jump": "a"}})
    with pytest.raises(ProviderError, match="a → b → a"):
        HostPool(Link).transport("a")


def test_cancel_reaches_transports_there_are_and_those_to_come(table: Path) -> None:
    pool = HostPool(Link)
    first: Any = pool.transport("privas")
    pool.cancel()
    later: Any = pool.transport("alixan")
    assert first.cancelled and later.cancelled


def test_the_table_is_found_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").touch()
    (tmp_path / "deep").mkdir()
    expected = tmp_path / ".work" / "lab" / "hosts.json"
    assert find_table("lab", {}, tmp_path / "deep") == expected
    assert find_table("lab", {"NUMERIAN_HOSTS": "/x/hosts.json"}) == Path("/x/hosts.json")
