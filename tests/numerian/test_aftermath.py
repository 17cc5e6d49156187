"""What servers did after a run is told by the next one, and asked of those servers only that were changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from numerian.command import remote
from numerian.command.aftermath import Aftermath
from numerian.engine.workspace import Workspace, find
from provider.errors import HostError

NOTE = "2026-11-24T13:00:00Z\tfront\tgeneration 7 died 3 s after its reload; generation 6 is back\n"


class Servers:
    """Answer as told; remember who was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, str | HostError] = {"privas": NOTE, "alixan": ""}
        self.asked: list[list[str]] = []

    def ask_all(self, names: Iterable[str], argv: list[str]) -> dict[str, str | HostError]:
        self.asked.append(list(names))
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
