"""The benchmark is fair and tells what it measured: the same work for all, every case checked, targets as agreed."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks import contender, table, work
from benchmarks.contender import Case, Contender, ContenderError, Counts, Measure, run_cases
from benchmarks.engine_floor import EngineFloor
from benchmarks.server import _front_script, counted
from engine import install
from numerian import front
from numerian.load import load

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def inventory(tmp_path: Path):
    """The benchmark's inventory of five members, as `numerian` loads it."""
    (tmp_path / "host_keys").write_text("privas ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ\n")
    (tmp_path / "key").touch()
    connection = {
        "address": "127.0.3.1",
        "public": "198.18.3.11",
        "identity": str(tmp_path / "key"),
        "host_keys": str(tmp_path / "host_keys"),
    }
    work.write_inventory(tmp_path / "inventory", 5, connection)
    return load(tmp_path / "inventory")


def test_the_generated_inventory_has_no_fault_and_all_its_members(inventory) -> None:
    assert [member.code for member in inventory.members] == [site.code for site in work.sites(5)]


def test_beyond_the_real_communes_there_are_invented_ones(tmp_path: Path) -> None:
    (tmp_path / "host_keys").write_text("privas ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ\n")
    (tmp_path / "key").touch()
    connection = {
        "address": "127.0.3.1",
        "public": "198.18.3.11",
        "identity": str(tmp_path / "key"),
        "host_keys": str(tmp_path / "host_keys"),
    }
    work.write_inventory(tmp_path / "inventory", 1100, connection)
    members = load(tmp_path / "inventory").members
    assert len(members) == 1100
    assert [member.code for member in members] == [site.code for site in work.sites(1100)]
    assert members[-1].code == str(work.FIRST_INVENTED + 1100 - 1017 - 1)


def test_what_needs_no_server_has_targets_of_its_own() -> None:
    def measured(check: float, preview: float, megabytes: int) -> dict[str, dict[Case, Measure]]:
        return {
            table.CHECK: {Case.AGAIN: Measure(check)},
            table.PREVIEW: {Case.AGAIN: Measure(preview, peaks={"engine": megabytes - 100, "program": 100})},
            table.FLOOR: {Case.AGAIN: Measure(10.0)},
        }

    assert [met for _, met in table.targets(5000, measured(15.0, 15.0, 1500))] == [True] * 3
    assert [met for _, met in table.targets(5000, measured(15.1, 15.1, 1501))] == [False] * 3
    assert not table.targets(438, measured(1.6, 1.0, 1))[0][1]


def test_peak_memory_is_seen_by_role() -> None:
    hog = "import time; kept = bytearray(120_000_000); time.sleep(1)"
    seen: dict[str, int] = {}
    words = ["sh", "-c", f"{sys.executable} -c '{hog}' -m provider; true"]
    contender.run(words, watch=seen.update)
    assert 110 < seen.pop("provider") < 200
    assert not seen


def test_peers_write_the_virtual_hosts_that_the_product_writes(inventory, tmp_path: Path) -> None:
    work.write_for_peers(tmp_path / "work", 5)
    for member in inventory.members:
        ours = front.member_files(member)[f"sites/{member.code}.conf"].content
        theirs = (tmp_path / "work/tree/config/current/sites" / f"{member.code}.conf").read_text(encoding="utf-8")
        assert theirs.split() == ours.split()


def test_every_peer_gets_the_same_members(tmp_path: Path) -> None:
    work.write_for_peers(tmp_path, 7)
    members = json.loads((tmp_path / "members.json").read_text())["members"]
    assert [member["code"] for member in members] == [site.code for site in work.sites(7)]
    assert len(list((tmp_path / "tree").rglob("*.conf"))) == len(list((tmp_path / "tree").rglob("index.html"))) == 7


def test_one_member_more_or_less_is_one_file(tmp_path: Path) -> None:
    connection = {"address": "127.0.3.1", "public": "198.18.3.11", "identity": "k", "host_keys": "h"}
    work.write_inventory(tmp_path, 3, connection)
    before = set((tmp_path / "members").iterdir())
    work.write_inventory(tmp_path, 4, connection)
    after = set((tmp_path / "members").iterdir())
    assert before < after and len(after) == 4
    work.write_inventory(tmp_path, 3, connection)
    assert set((tmp_path / "members").iterdir()) == before


def test_the_peers_front_is_reloaded_by_the_products_script() -> None:
    script = _front_script()
    assert script.count("peers-front") == 3
    assert front.LOGS not in script


def test_batches_are_counted_by_kind() -> None:
    log = (
        "2026-07-01T10:00:00Z read resources=438\n"
        "2026-07-01T10:00:01Z write resources=438 files=876 reloads=1\n"
        "2026-07-01T10:00:02Z try resources=219 files=438 reloads=0\n"
        "2026-07-01T10:00:03Z write resources=1 files=2 reloads=1\n"
    )
    assert counted(log) == Counts(read_batches=1, write_batches=2, reloads=2, tries=1)
    assert counted(log).round_trips == 1 + 2 * 2 + 1
    assert counted("") == Counts()


class Fake(Contender):
    """Writes down what it is asked."""

    name = "fake"

    def __init__(self) -> None:
        self.asked: list[object] = []

    def reset(self, members: int) -> None:
        self.asked.append(("reset", members))

    def apply(self, case: Case, members: int) -> None:
        self.asked.append((case, members))

    def tamper(self) -> None:
        self.asked.append("tamper")

    def verify(self, members: int) -> None:
        self.asked.append(("verify", members))

    def counts(self) -> Counts:
        return Counts(
            write_batches=sum(isinstance(entry, tuple) and isinstance(entry[0], Case) for entry in self.asked)
        )


def test_a_contender_goes_through_the_four_cases_and_each_is_verified() -> None:
    fake = Fake()
    measures = run_cases(fake, 12)
    assert fake.asked == [
        ("reset", 12),
        (Case.FIRST, 12),
        ("verify", 12),
        (Case.AGAIN, 12),
        ("verify", 12),
        (Case.ONE, 13),
        ("verify", 13),
        "tamper",
        (Case.DRIFT, 13),
        ("verify", 13),
    ]
    assert [measures[case].counts for case in Case] == [Counts(write_batches=1)] * 4


def test_a_failed_command_tells_its_last_lines() -> None:
    with pytest.raises(ContenderError, match=r"ended with 3:\n.*no such site"):
        contender.run(["sh", "-c", "echo no such site >&2; exit 3"])


def results(first: float, counts: Counts) -> table.Results:
    other = {case: Measure(10.0) for case in Case}
    ours = {case: Measure(first if case is Case.FIRST else 1.0, counts) for case in Case}
    return {table.OURS: ours, table.MITOGEN: {**other, Case.FIRST: Measure(20.0)}, table.FLOOR: other}


def test_targets_are_parts_of_the_peers_time_in_the_same_run() -> None:
    met = table.targets(438, results(5.0, Counts(write_batches=5)))
    assert len(met) == 9 and all(ok for _, ok in met)
    missed = [text for text, ok in table.targets(438, results(5.1, Counts(write_batches=6))) if not ok]
    assert missed == [
        "numerian up, first: 5.10 s, 1/4 of mitogen is 5.00 s",
        "numerian up, first: 6 write batches, at most 5",
    ]


def test_the_engines_floor_is_measured_for_real(tmp_path: Path) -> None:
    measures = run_cases(EngineFloor(tmp_path / "engine", install.ensure(ROOT, print)), 2)
    assert all(measures[case].seconds > 0 for case in Case)


def test_the_table_shows_who_failed() -> None:
    console = Console(record=True, width=100)
    table.show(console, 12, {**results(5.0, Counts(2, 1, 1)), "pyinfra": {}})
    shown = console.export_text()
    assert "12 sites on one server" in shown
    assert shown.count("failed") == 4
    assert "4 (2, 1, 1)" in shown
