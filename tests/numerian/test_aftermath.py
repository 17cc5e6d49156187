"""What servers did after a run is told by the next one, and asked of those servers only that were changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from numerian.command import remote
from numerian.command.aftermath import Aftermath, falling
from numerian.engine.events import Log
from numerian.engine.workspace import Workspace, find
from provider.errors import HostError

NOTE = "2026-11-24T13:00:00Z\tfront\tgeneration 7 died 3 s after its reload; generation 6 is back\n"
PROVIDER = "urn:pulumi:lab::numerian::pulumi:providers:docker::privas"


class Servers:
    """Answer as told; remember who was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, str | HostError] = {"privas": NOTE, "alixan": ""}
        self.asked: list[list[str]] = []
        self.words: list[list[str]] = []

    def ask_all(self, names: Iterable[str], argv: list[str]) -> dict[str, str | HostError]:
        self.asked.append(list(names))
        self.words.append(argv[4:])
        return {name: self.answers[name] for name in self.asked[-1]}


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Servers:
    stand_in = Servers()

    @contextmanager
    def connect(place: Workspace) -> Iterator[Servers]:
        yield stand_in

    monkeypatch.setattr(remote, "connect", connect)
    return stand_in


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tmp_path / "Pulumi.yaml").write_text("name: numerian\nruntime: python\n")
    monkeypatch.chdir(tmp_path)
    found = find("lab")
    found.folder.mkdir(parents=True)
    return found


def test_a_run_that_changed_nothing_leaves_nothing_to_ask(place: Workspace, servers: Servers) -> None:
    first = Aftermath(place)
    assert first.lines() == []
    first.expect([])
    assert Aftermath(place).lines() == [] and servers.asked == []


def test_a_generation_that_was_taken_back_is_told_once_with_the_remedy(place: Workspace, servers: Servers) -> None:
    Aftermath(place).expect(["privas", "alixan"])
    (line,) = Aftermath(place).lines()
    assert line.startswith("privas: 2026-11-24T13:00:00Z front generation 7 died 3 s after its reload;")
    assert line.endswith("`numerian up --refresh` puts in again what went with it")
    assert Aftermath(place).lines() == [] and servers.asked == [["alixan", "privas"]]


def test_a_server_that_gives_no_answer_is_asked_again(place: Workspace, servers: Servers) -> None:
    servers.answers["privas"] = HostError("privas", "is down")
    Aftermath(place).expect(["privas", "alixan"])
    assert Aftermath(place).lines() == []
    servers.answers["privas"] = NOTE
    assert len(Aftermath(place).lines()) == 1
    assert servers.asked == [["alixan", "privas"], ["privas"]]


def test_a_container_that_keeps_dying_is_told_until_it_stays_up(place: Workspace, servers: Servers) -> None:
    servers.answers["privas"] = NOTE + "php-07186\n"
    Aftermath(place).expect(["privas", "alixan"])
    told = Aftermath(place).lines()
    assert told[1] == "privas: php-07186 dies again and again; see `docker logs php-07186` there"
    servers.answers["privas"] = "php-07186\n"
    assert len(Aftermath(place).lines()) == 1
    servers.answers["privas"] = ""
    assert Aftermath(place).lines() == []
    assert servers.asked == [["alixan", "privas"], ["privas"], ["privas"]]


def container(name: str, op: str = "create", **inputs: object) -> bytes:
    """Return the engine's event of a step with a container on privas."""
    side = {"id": "", "custom": True, "provider": f"{PROVIDER}::some-id", "inputs": {"name": name, **inputs}}
    urn = f"urn:pulumi:lab::numerian::docker:index/container:Container::{name}-privas"
    told = {"op": op, "urn": urn, "type": "docker:index/container:Container", "new": side, "old": side}
    return json.dumps({"resourcePreEvent": {"metadata": told}}).encode()


def test_only_containers_that_a_run_started_are_looked_at(place: Workspace, servers: Servers) -> None:
    log = Log()
    assert falling(place, log) == [] and servers.asked == []
    provider = {"op": "same", "urn": PROVIDER, "type": "pulumi:providers:docker"}
    provider["new"] = {"custom": True, "inputs": {"context": "privas"}}
    log.feed(json.dumps({"resourcePreEvent": {"metadata": provider}}).encode())
    log.feed(container("php-07186"))
    log.feed(container("once", mustRun=False))
    log.feed(container("gone", "delete"))
    servers.answers["privas"] = "php-07186\t78\t4\tno \x1b[31mluck\n"
    (fault,) = falling(place, log)
    words = "it doesn't stay up (exit code 78, started again 4 times); its last lines: no \\x1b[31mluck"
    assert str(fault) == f"privas: Container php-07186-privas: {words}"
    assert servers.words[-1] == ["php-07186"]
    servers.answers["privas"] = HostError("privas", "is down")
    assert falling(place, log) == []
    assert [one.text for one in log.messages] == ["privas: whether its new containers stay up isn't known: is down"]
