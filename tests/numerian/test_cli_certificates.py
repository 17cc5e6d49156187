"""A member's certificate, from the lines that its server keeps."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_inventory import Make

from numerian.command import certificates
from numerian.command.certificates import Standing
from numerian.load import load

NAMES = ("privas.test", "www.privas.test")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ISSUED = "issued until 2026-12-01T10:00:00Z: privas.test www.privas.test"


def standing(*lines: str) -> Standing:
    found = Standing()
    for line in lines:
        found.add(line)
    return found


@pytest.mark.parametrize(
    ("lines", "settled", "told"),
    [
        ([ISSUED], True, ["issued until 2026-12-01"]),
        ([], False, ["waiting: not asked for yet"]),
        (["waiting: the front doesn't answer for privas.test on port 80"], False, None),
        (
            [
                "issued until 2026-12-01T10:00:00Z: privas.test",
                "waiting: www.privas.test doesn't point here (resolves to 198.51.100.99)",
            ],
            True,
            [
                "issued until 2026-12-01 without www.privas.test",
                "waiting: www.privas.test doesn't point here (resolves to 198.51.100.99)",
            ],
        ),
        (["refused: www.privas.test: caa: CAA forbids it"], True, ["refused: www.privas.test: caa: CAA forbids it"]),
        (
            ["issued until 2026-12-01T10:00:00Z: privas.test"],
            False,
            ["issued until 2026-12-01 without www.privas.test"],
        ),
    ],
)
def test_how_it_stands(lines: list[str], settled: bool, told: list[str] | None) -> None:
    found = standing(*lines)
    assert found.is_settled(NAMES) is settled
    assert found.lines(NAMES, NOW) == (told if told is not None else lines)


AWAY = "waiting: the CA can't be asked (acme.lab.test: connection refused)"


@pytest.mark.parametrize(
    ("lines", "now", "concern"),
    [
        ([ISSUED], "2026-11-30T10:00:00Z", ""),
        ([ISSUED, AWAY], "2026-11-30T10:00:00Z", "ends in 24 h 0 min and isn't renewed"),
        ([ISSUED, AWAY], "2026-11-20T10:00:00Z", "ends in 11 days and isn't renewed"),
        ([ISSUED, AWAY], "2026-12-01T12:30:00Z", "expired 2 h 30 min ago: browsers refuse the site"),
        ([ISSUED], "2026-12-09T10:00:00Z", "expired 8 days ago: browsers refuse the site"),
        ([AWAY], "2026-12-09T10:00:00Z", ""),
        ([ISSUED, "waiting: new.test doesn't point here (no address)"], "2026-11-30T10:00:00Z", ""),
    ],
)
def test_a_certificate_that_is_over_or_isnt_renewed_is_a_concern(lines: list[str], now: str, concern: str) -> None:
    found = standing(*lines)
    assert found.concern(datetime.fromisoformat(now)) == concern
    if concern:
        assert found.lines(NAMES, datetime.fromisoformat(now))[0] == concern


def test_a_server_tells_all_its_members_lines_with_their_codes(tmp_path: Path) -> None:
    """By its script, run here: no folder and an empty one say nothing."""

    class Servers:
        def ask_all(self, names: list[str], command: list[str]) -> dict[str, str]:
            here = [word.replace(certificates.STATUS_FOLDER, str(tmp_path / "status")) for word in command]
            path = f"{tmp_path}:/usr/bin:/bin"
            done = subprocess.run(here, capture_output=True, text=True, check=True, env={"PATH": path})
            return {names[0]: done.stdout}

    def read() -> dict[str, Standing]:
        standings, busy, _ = certificates.read(Servers(), ["privas"])  # type: ignore[arg-type]
        assert busy == ({"privas"} if "activating" in systemctl.read_text() else set())
        return standings

    systemctl = tmp_path / "systemctl"
    systemctl.write_text("#!/bin/sh\necho activating\n")
    systemctl.chmod(0o755)
    assert read() == {}
    systemctl.write_text("#!/bin/sh\necho inactive\nexit 3\n")
    (tmp_path / "status").mkdir()
    assert read() == {}
    (tmp_path / "status" / "07186").write_text(f"{ISSUED}\nwaiting: why")
    (tmp_path / "status" / "07").write_text("refused: no\n")
    assert read() == {"07186": standing(ISSUED, "waiting: why"), "07": standing("refused: no")}


@pytest.mark.parametrize("told_to_the_dns", [True, False])
def test_who_waits_has_the_names_looked_at_again(
    told_to_the_dns: bool, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The names were told to the DNS after the server had looked: it would look again in some minutes only."""
    away = (
        "07186 waiting: privas.test doesn't point here (no address)\n07186 waiting: www.privas.test doesn't point here"
    )
    answers = [away, f"busy\n{away}", f"busy\n{away}", f"07186 {ISSUED}" if told_to_the_dns else away]
    started = []

    class Servers:
        def ask_all(self, names: list[str], command: list[str]) -> dict[str, str]:
            if command[0] == "systemctl":
                started.append((names, command[-1]))
                return dict.fromkeys(names, "")
            return {"privas": answers.pop(0)}

    monkeypatch.setattr(certificates, "_POLL_SECONDS", 0)
    members = load(make({})).members
    standings, errors = certificates.wait(Servers(), ["privas"], members, 60)  # type: ignore[arg-type]
    assert started == [(["privas"], certificates.UNIT)]
    assert (answers, errors) == ([], [])
    assert bool(standings["07186"].issued) == told_to_the_dns


def test_who_only_looks_starts_nothing(make: Make) -> None:
    class Servers:
        def ask_all(self, names: list[str], command: list[str]) -> dict[str, str]:
            assert command[0] == "sh"
            return {"privas": "07186 waiting: privas.test doesn't point here (no address)"}

    standings, _ = certificates.wait(Servers(), ["privas"], load(make({})).members, 0)  # type: ignore[arg-type]
    assert standings["07186"].elsewhere
