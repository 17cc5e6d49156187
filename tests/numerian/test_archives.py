"""Archives of members who left: listed, put back over nothing, deleted when their code was typed. The servers' own
script answers, on folders laid out as theirs."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian.__main__ import main
from numerian.load import load
from numerian.start_page import seeds

SCRIPT = Path(__file__).resolve().parents[2] / "templates/host/usr/local/sbin/numerian-archives"
LEFT = PRIVAS + "status: leaving\nleaving_on: 2026-01-01\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="works as other users")


class Server:
    """Folders as on a server, and its script. As `Servers` it is the one that answers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("sites", "states", "archive"):
            (root / name).mkdir()
        self.environment = {
            **os.environ,
            "NUMERIAN_SITES": str(root / "sites"),
            "NUMERIAN_STATES": str(root / "states"),
            "NUMERIAN_ARCHIVE": str(root / "archive"),
            "NUMERIAN_PURGES": str(root / "purges.log"),
        }

    def put_away(self, code: str, stamp: str, *, beside: bool = False, **pages: str) -> Path:
        """Lay out what an `up` puts away: beside the folder where that is another file system."""
        place = self.root / ("sites/.numerian-archive" if beside else "archive") / f"{stamp}-{code}-site"
        home = place / code if beside else Path(f"{place}{self.root}/sites/{code}")
        self.fill(home / "www", code, pages)
        return place

    def serve(self, code: str, **pages: str) -> Path:
        home = self.root / "sites" / code
        self.fill(home / "www", code, pages)
        return home / "www"

    def fill(self, folder: Path, code: str, pages: dict[str, str]) -> None:
        folder.mkdir(parents=True)
        for name, text in pages.items():
            (folder / f"{name}.html").write_text(text)
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, 200_000 + int(code, 36), 200_000 + int(code, 36))

    def run(self, *words: str, stdin: bytes = b"", fails: bool = False) -> str:
        argv = ["sh", str(SCRIPT), *words]
        done = subprocess.run(argv, env=self.environment, input=stdin, capture_output=True, check=False, timeout=30)
        assert fails or done.returncode == 0, done.stderr
        return (done.stdout + done.stderr).decode()

    # --- what the command asks ---

    def ask(self, name: str, argv: list[str], *, stdin: bytes = b"", timeout: float = 0) -> str:
        assert name == "privas" and argv[0] == "/usr/local/sbin/numerian-archives"
        return self.run(*argv[1:], stdin=stdin)

    def ask_all(self, names: list[str], argv: list[str]) -> dict[str, Any]:
        return {name: self.ask(name, argv) for name in names}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[: -len(Path(gettempdir()).parts)]:  # pytest's own, which other users may not enter
        folder.chmod(0o755)
    server = Server(tmp_path)

    @contextmanager
    def connect(place: object) -> Iterator[Server]:
        yield server

    monkeypatch.setattr("numerian.command.remote.connect", connect)
    return server


@pytest.fixture
def inventory(make: Make, monkeypatch: pytest.MonkeyPatch) -> Make:
    def write(files: dict[str, str | bytes | None]) -> Path:
        folder = make({"datacenters.yaml": DATACENTERS, **files})
        monkeypatch.setenv("NUMERIAN_INVENTORY", str(folder))
        return folder

    return write


def numerian(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main([*words, "--stack", "test-archives"])
    out, err = capsys.readouterr()
    return code, out + err


def test_both_places_of_archives_are_listed_and_states_of_who_is_gone(
    server: Server, inventory: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory({FILE: LEFT})
    server.put_away("07186", "20261101T080000Z", index="a")
    server.put_away("07330", "20261102T080000Z", beside=True, index="abc", contact="x")
    (server.root / "states/07330").mkdir()
    server.serve("07151", index="lives")
    (server.root / "states/07151").mkdir()
    (server.root / "archive/20261101T080000Z-privas-front").mkdir()
    Path(f"{server.root}/archive/20261103T080000Z-07186-site{server.root}/sites/07186/php").mkdir(parents=True)
    code, said = numerian(capsys, "archives", "list", "--json")
    found = [(one["code"], one["kind"], one["files"]) for one in json.loads(said)]
    wanted = [("07186", "archive", 1), ("07186", "rest", 0), ("07330", "archive", 2), ("07330", "states", 0)]
    assert code == 0 and sorted(found) == wanted
    code, said = numerian(capsys, "archives", "list", "privas")
    assert "Privas" in said and "20261101T080000Z" in said and "07330" not in said
    assert "nothing is kept" in numerian(capsys, "archives", "list", "26161")[1]


@needs_root
def test_what_was_put_away_comes_back_over_nothing_but_our_own_untouched_pages(
    server: Server, inventory: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = inventory({})
    read = load(folder)
    ours = seeds(read.members[0], read.platform)["index.html"]
    server.put_away("07186", "20251101T080000Z", beside=True, index="older")
    away = server.put_away("07186", "20261101T080000Z", index="theirs", news="of last year", contact="old")
    live = server.serve("07186", index=ours, contact="new")
    code, said = numerian(capsys, "archives", "restore", "07186", "--yes")
    assert code == 0, said
    assert {path.name: path.read_text() for path in live.iterdir()} == {
        "index.html": "theirs",
        "news.html": "of last year",
        "contact.html": "new",
    }
    assert {path.stat().st_uid for path in live.rglob("*")} == {read.members[0].uid}
    assert "2 files came back" in said and "1 were there already" in said and "  contact.html" in said
    assert away.is_dir(), "the archive is kept"
    code, said = numerian(capsys, "archives", "restore", "07186", "--archive", "20200101T000000Z", "--yes")
    assert code == 1 and "no archive '20200101T000000Z'" in said and "20251101T080000Z" in said


@needs_root
def test_a_link_in_the_members_folder_leads_a_restore_nowhere(server: Server, inventory: Make) -> None:
    inventory({})
    uid = 200_000 + int("07186", 36)
    other = server.serve("07151", index="theirs")
    away = server.put_away("07186", "20261101T080000Z", index="x")
    planted = Path(f"{away}{server.root}/sites/07186/www/in")
    planted.mkdir()
    (planted / "evil.html").write_text("evil")
    live = server.serve("07186")
    (live / "in").symlink_to(other)
    server.run("restore", "07186", str(uid), str(away), fails=True)
    assert [path.name for path in other.iterdir()] == ["index.html"]


def test_a_purge_names_everything_and_deletes_it_when_the_code_was_typed(
    server: Server, inventory: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory({FILE: LEFT})
    away = server.put_away("07186", "20261101T080000Z", index="a")
    beside = server.put_away("07186", "20261102T080000Z", beside=True, index="a", news="b")
    another = server.put_away("07330", "20261102T080000Z", index="a")
    states = server.root / "states/07186"
    states.mkdir()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "07330")
    code, said = numerian(capsys, "purge", "07186")
    assert code == 1 and "nothing was deleted" in said and away.is_dir()
    asked: list[str] = []
    monkeypatch.setattr("builtins.input", lambda question: asked.append(question) or "07186")
    code, said = numerian(capsys, "purge", "privas")
    assert code == 0 and "3 files" in asked[0]
    for path in (away, beside, states):
        assert str(path) in said and not path.exists()
    assert another.is_dir()
    lines = (server.root / "purges.log").read_text().splitlines()
    assert len(lines) == 3 and all("purge 07186 by " in line for line in lines)
    assert any(f"{beside} (" in line and "2 files, of 20261102T080000Z" in line for line in lines)


def test_who_is_served_is_not_purged(server: Server, inventory: Make, capsys: pytest.CaptureFixture[str]) -> None:
    away = server.put_away("07186", "20261101T080000Z", index="a")
    inventory({})
    code, said = numerian(capsys, "purge", "07186", "--yes")
    assert code == 1 and "Privas (07186) is served: set status: leaving" in said
    inventory({FILE: PRIVAS + "status: leaving\nleaving_on: 2099-01-01\n"})
    code, said = numerian(capsys, "purge", "07186", "--yes")
    assert code == 1 and "is served still: its time ends with 2099-01-01" in said
    server.serve("07186", index="a")
    inventory({FILE: None})
    assert "`numerian up` hasn't run since" in server.run("purge", "07186", "me", str(away), fails=True)
    assert away.is_dir()


def test_a_purge_touches_nothing_that_the_list_does_not_name(server: Server) -> None:
    away = server.put_away("07186", "20261101T080000Z", index="a")
    another = server.put_away("07330", "20261101T080000Z", index="a")
    for path in (another, server.root, f"{away}/..", "/"):
        assert "is nothing that is kept of 07186" in server.run("purge", "07186", "me", str(path), fails=True)
    assert "isn't the code of a member" in server.run("list", "../x", fails=True)
    assert away.is_dir() and another.is_dir()
