"""The one table, the server's own counts under it, and the product's targets with what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from benchmarks.contender import Case, Measure

Results = Mapping[str, Mapping[Case, Measure]]

OURS, MITOGEN, FLOOR = "numerian up", "ansible-core + mitogen", "engine's own floor"
CHECK, PREVIEW = "numerian check", "numerian preview"

SHARES = {Case.FIRST: 4, Case.AGAIN: 5, Case.ONE: 5, Case.DRIFT: 4}
"""Ours may take this part of mitogen's time: a quarter, a fifth, …"""
FLOOR_FACTOR = 1.5
WRITE_BATCHES = 5
MEMORY_MB = 400
"""What program and provider may take together, up to 2,000 members."""
CHECK_SECONDS = {438: 1.5, 5000: 15.0}
"""How long a check of so many members may take at most."""
PREVIEW_MB = 1500
"""What all processes of a preview may take together, engine and command too."""


def show(console: Console, members: int, results: Results) -> None:
    """Print what was measured for this many members."""
    times = Table(title=f"{members} sites on one server: seconds of wall-clock time, whole process")
    times.add_column("")
    for case in Case:
        times.add_column(case.value, justify="right")
    for name, measures in results.items():
        times.add_row(name, *(_seconds(measures.get(case)) for case in Case))
    console.print(times)
    counted = {name: m for name, m in results.items() if any(cell.counts for cell in m.values())}
    if counted:
        console.print(_counts(members, counted))

    watched = {name: m for name, m in results.items() if any(cell.peaks for cell in m.values())}
    if watched:
        console.print(_memory(members, watched))


def _memory(members: int, results: Results) -> Table:
    table = Table(title=f"{members} sites: peak memory in MB, program + provider (engine, our command)")
    table.add_column("")
    for case in Case:
        table.add_column(case.value, justify="right")
    for name, measures in results.items():
        cells = []
        for case in Case:
            peaks = measures[case].peaks if case in measures else {}
            cells.append(
                f"{ours(peaks)} ({peaks.get('engine', 0)}, {peaks.get('command', 0)})" if peaks else "–",
            )
        table.add_row(name, *cells)
    return table


def ours(peaks: Mapping[str, int]) -> int:
    """Return what the program and the provider took at most, in MB.

    >>> ours({"program": 120, "provider": 90, "engine": 400})
    210
    """
    return peaks.get("program", 0) + peaks.get("provider", 0)


def _seconds(measure: Measure | None) -> str:
    return f"{measure.seconds:.2f}" if measure else "failed"


def _counts(members: int, results: Results) -> Table:
    table = Table(title=f"{members} sites: round trips (read batches, write batches, reloads), counted by the server")
    table.add_column("")
    for case in Case:
        table.add_column(case.value, justify="right")
    for name, measures in results.items():
        cells = []
        for case in Case:
            counts = measures[case].counts if case in measures else None
            cells.append(
                f"{counts.round_trips} ({counts.read_batches}, {counts.write_batches}, {counts.reloads})"
                if counts
                else "–"
            )
        table.add_row(name, *cells)
    return table


def targets(members: int, results: Results) -> list[tuple[str, bool]]:
    """Return each target as a sentence, and whether it was met; nothing for contenders that weren't run."""
    found = [*_without_servers(members, results)]
    mine_all, mitogen, floor = (results.get(name, {}) for name in (OURS, MITOGEN, FLOOR))
    for case in Case:
        if case not in mine_all:
            continue
        mine = mine_all[case].seconds
        if case in mitogen:
            limit = mitogen[case].seconds / SHARES[case]
            found.append(
                (f"{OURS}, {case.value}: {mine:.2f} s, 1/{SHARES[case]} of mitogen is {limit:.2f} s", mine <= limit)
            )
        if case in floor:
            limit = floor[case].seconds * FLOOR_FACTOR
            found.append(
                (f"{OURS}, {case.value}: {mine:.2f} s, 1.5 × the engine's floor is {limit:.2f} s", mine <= limit)
            )
    first = mine_all[Case.FIRST].counts if Case.FIRST in mine_all else None
    if first:
        text = f"{OURS}, first: {first.write_batches} write batches, at most {WRITE_BATCHES}"
        found.append((text, first.write_batches <= WRITE_BATCHES))
    most = max((ours(measure.peaks) for measure in mine_all.values()), default=0)
    if most:
        found.append((f"{OURS}: program and provider {most} MB, at most {MEMORY_MB}", most <= MEMORY_MB))
    return found


def _without_servers(members: int, results: Results) -> Iterator[tuple[str, bool]]:
    """Yield the targets of what needs no server."""
    check, preview, floor = (results.get(name, {}) for name in (CHECK, PREVIEW, FLOOR))
    limit = next((limit for count, limit in sorted(CHECK_SECONDS.items()) if members <= count), None)
    if check and limit:
        slowest = max(measure.seconds for measure in check.values())
        yield f"{CHECK}: {slowest:.2f} s, at most {limit} s", slowest <= limit
    if Case.AGAIN in preview and Case.AGAIN in floor:
        mine, most = preview[Case.AGAIN].seconds, floor[Case.AGAIN].seconds * FLOOR_FACTOR
        yield f"{PREVIEW}, nothing to do: {mine:.2f} s, 1.5 × the engine's floor is {most:.2f} s", mine <= most
    memory = max((sum(measure.peaks.values()) for measure in preview.values()), default=0)
    if memory:
        yield f"{PREVIEW}: all processes {memory} MB, at most {PREVIEW_MB}", memory <= PREVIEW_MB


def show_targets(console: Console, members: int, results: Results) -> None:
    """Print the targets, met or not."""
    for text, met in targets(members, results):
        console.print(f"{'met    ' if met else 'NOT MET'}  {text}", highlight=False)
