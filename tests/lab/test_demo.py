"""What `make lab` does with the demonstration: whom it serves, and how it waits for what answers."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from lab import __main__ as command
from lab import demo, layout, table
from lab.table import Answer, Site

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "demonstration.md").read_text(encoding="utf-8")
TWELVE_AND_NEW = f"{', '.join(demo.TWELVE)}, new"


def site(code: str) -> Site:
    return Site(code, f"M{code}", "privas", "static", f"www.m{code}.test", (f"www.m{code}.test",), "", False)


def answers(sites: list[Site], status: int = 200, failure: int = 0) -> dict[str, Answer]:
    """What a visitor sees of them: all as it should be, or a failure."""
    https = {f"https://{one.main_name}/": Answer(status, failure, "") for one in sites}
    return https | {f"http://{one.main_name}/": Answer(301, 0, f"https://{one.main_name}/") for one in sites}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """What `numerian` is asked, for a stack whose file isn't there yet."""
    words: list[tuple[str, ...]] = []
    monkeypatch.setattr(demo, "STACK_FILE", layout.ROOT / tmp_path / "Pulumi.lab.yaml")
    monkeypatch.setattr(demo.layout, "ROOT", tmp_path)
    monkeypatch.setattr(demo, "_numerian", lambda *said: words.append(said) or "[]")
    return words


@pytest.mark.parametrize("line", re.findall(r"^make lab.*?(?= +#|$)", PAGE, re.M))
def test_the_pages_commands_choose_whom_the_lab_serves(
    line: str, asked: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `make` runs them, up to the servers."""
    said = subprocess.run(["make", "-n", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=True)
    program, *words = shlex.split(said.stdout.splitlines()[-1])[1:]
    assert (program, words[0]) == ("-m", "lab")

    def up(lab: Any, members: str) -> int:
        demo.make_stack(members, lambda _line: None)
        return 0

    monkeypatch.setattr(command, "up", up)
    assert command.main(words[1:]) == 0
    given = line.partition("MEMBERS=")[2].strip('"')
    served = {"": TWELVE_AND_NEW, "twelve": TWELVE_AND_NEW}.get(given, given)
    assert asked == [("stack", "init", "lab", "--members", served)]


def test_without_a_word_the_lab_goes_on_serving_whom_it_served(asked: list[tuple[str, ...]]) -> None:
    demo.STACK_FILE.write_text("config:\n  numerian:members: all\n")
    demo.make_stack("", lambda _line: None)
    assert asked == [("stack", "init", "lab")]


def test_the_stack_comes_first_then_the_names_then_what_asks_for_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is served is the stack's; and an authority that is asked for a name that doesn't exist yet refuses it."""
    order: list[str] = []
    served = [site("07186")]
    monkeypatch.setattr(demo, "make_stack", lambda members, say: order.append(f"stack {members}") or "")
    monkeypatch.setattr(demo, "sites", lambda: served if order else pytest.fail("asked before the stack was made"))
    monkeypatch.setattr(demo, "set_names", lambda lab, found: order.append(f"names {len(found)}") or "")
    monkeypatch.setattr(demo, "deploy", lambda: order.append("deploy") or True)
    monkeypatch.setattr(demo, "wait_for_certificates", lambda lab, found, say: order.append("certificates") or "")
    monkeypatch.setattr(table, "show", lambda lab, found, out: True)
    assert command._demonstrate(object(), "all")  # type: ignore[arg-type]
    assert order == ["stack all", "names 1", "deploy", "certificates"]


class Settling:
    """The process that ends when nothing more is to be expected of the authority."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.ended = False

    def poll(self) -> int | None:
        self.rounds -= 1
        return 0 if self.rounds < 0 else None

    def terminate(self) -> None:
        self.ended = True

    def wait(self) -> None:
        assert self.ended


def waiting(monkeypatch: pytest.MonkeyPatch, ready_at: dict[str, int], rounds: int) -> tuple[str, list[str], list[int]]:
    """Wait for sites that answer from the visit on that is named; return the closing word, progress, visits' sizes."""
    visits: list[int] = []
    said: list[str] = []

    def visit(_lab: object, found: list[Site]) -> dict[str, Answer]:
        visits.append(len(found))
        ready = [one for one in found if ready_at[one.code] <= len(visits)]
        return answers(ready) | answers([one for one in found if one not in ready], 0, 60)

    patience: list[int] = []
    monkeypatch.setattr(table, "visit", visit)
    monkeypatch.setattr(demo.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(demo, "_settling", lambda seconds: patience.append(seconds) or Settling(rounds))
    last = demo.wait_for_certificates(object(), [site(code) for code in ready_at], said.append)  # type: ignore[arg-type]
    assert all(seconds >= demo.CERTIFICATES_SECONDS for seconds in patience)
    return last, said, visits


def test_progress_is_a_count_and_what_answers_is_not_visited_again(monkeypatch: pytest.MonkeyPatch) -> None:
    last, said, visits = waiting(monkeypatch, {"1": 1, "2": 2, "3": 2, "4": 4}, rounds=9)
    assert said == ["1 of 4 sites", "3 of 4 sites", "3 of 4 sites", "4 of 4 sites"]
    assert last == "4 of 4 sites"
    assert visits == [4, 3, 1, 1]


def test_it_ends_when_waiting_longer_brings_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    last, _, visits = waiting(monkeypatch, {"1": 1, "2": 99}, rounds=2)
    assert last == "1 of 2 sites"
    assert len(visits) < 6


def test_the_time_to_wait_grows_with_the_names(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(demo.time, "sleep", lambda _seconds: None)
    monkeypatch.setattr(table, "visit", lambda lab, found: answers(found, 0, 60))
    monkeypatch.setattr(demo, "_settling", lambda seconds: given.append(seconds) or Settling(0))
    for count in (1, 400):
        demo.wait_for_certificates(object(), [site(str(n)) for n in range(count)], lambda _line: None)  # type: ignore[arg-type]
    # Five seconds a name, sixteen members at once on each server; all may be on one.
    assert given[1] - given[0] > 399 * 5 / 16


@pytest.mark.parametrize(("count", "rows"), [(12, 12), (400, 0)])
def test_a_long_table_shows_only_what_is_wrong(count: int, rows: int) -> None:
    sites = [site(f"{n:05}") for n in range(count)]
    out = io.StringIO()
    assert table.tell(layout.layout("lab"), sites, answers(sites), out)
    assert out.getvalue().count("✓") == rows
    assert out.getvalue().endswith(f"{count} of {count} sites answer under all their names\n")
    out = io.StringIO()
    wrong = answers(sites[:-2]) | answers(sites[-2:], 0, 60)
    assert not table.tell(layout.layout("lab"), sites, wrong, out)
    assert out.getvalue().count("✗") == 2
    assert f"{count - 2} of {count} sites answer" in out.getvalue()


def test_no_visit_over_http_can_take_a_connection_that_speaks_tls() -> None:
    """Each run of curl has addresses of one scheme: it shares its connections among them."""
    runs: list[list[str]] = []

    class Machines:
        def exec(self, machine: str, argv: list[str], stdin: str, *, timeout: float) -> tuple[int, str, str]:
            assert (machine, argv[0]) == ("client", "curl")
            runs.append(re.findall(r'url = "(.*)"', stdin))
            return 0, "".join(f"{url} 301 0 https://elsewhere.test/\n" for url in runs[-1]), ""

    visited = table.visit(Machines(), [site("07186"), site("07151")])  # type: ignore[arg-type]
    assert [{url.partition(":")[0] for url in run} for run in runs] == [{"https"}, {"http"}]
    assert set(visited) == {*site("07186").urls, *site("07151").urls}
    assert table.visit(Machines(), []) == {}  # type: ignore[arg-type]
