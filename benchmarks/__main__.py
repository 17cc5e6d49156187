"""`python -m benchmarks`: put everybody through the same work on servers alike, and print one table."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks import environment, table
from benchmarks.ansible import Mitogen
from benchmarks.contender import Case, Contender, ContenderError, Measure, run_cases
from benchmarks.engine_floor import EngineFloor
from benchmarks.product import NumerianCheck, NumerianPreview, NumerianUp, PulumiUp
from benchmarks.pyinfra_peer import Pyinfra
from benchmarks.server import OURS, PEERS, BenchServer
from benchmarks.tar_floor import TarFloor
from benchmarks.work import ROOT
from engine import install
from lab.errors import LabError
from numerian import front
from numerian.load import load

WORK = ROOT / ".work" / "bench" / "peers"
NAMES = ("tar", "engine", "tuned", "mitogen", "pyinfra", "numerian", "check", "preview", "pulumi")
MOST_APPLIED = 2000
"""More sites than that are only looked at: what an inventory of that size costs, not what its servers do."""
LOOKERS = ("engine", "check", "preview")


def main() -> int:
    """Run what the arguments ask for; return 1 when somebody failed."""
    options = _options()
    console = Console()
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.0f} s[/] {line}", highlight=False)

    try:
        contenders = _make(options.only, say)
    except (ContenderError, LabError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    failed = False
    for members in options.members:
        results: dict[str, dict[Case, Measure]] = {}
        for name, contender in contenders.items():
            if members > MOST_APPLIED and options.only is NAMES and name not in LOOKERS:
                continue
            say(f"{contender.name}, {members} sites")
            try:
                results[contender.name] = run_cases(contender, members)
            except ContenderError as error:
                console.print(f"{contender.name}: {error}", style="red", markup=False)
                results[contender.name] = {}
                failed = True
        table.show(console, members, results)
        table.show_targets(console, members, results)
    return int(failed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "members",
        type=int,
        nargs="*",
        default=[12, 438, 2000, 5000],
        metavar="N",
        help=f"how many sites (default: 12, 438, 2000, 5000); over {MOST_APPLIED} without --only: {', '.join(LOOKERS)}",
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="run these contenders")
    return parser.parse_args()


def _make(wanted: list[str], say: Callable[[str], None]) -> dict[str, Contender]:
    """Make ready what the wanted ones need, and only that; return them by name, in the order of `NAMES`."""
    binaries = install.ensure(ROOT, say)
    makers: dict[str, Callable[[], Contender]] = {
        "engine": lambda: EngineFloor(WORK / "engine", binaries),
        "tuned": lambda: EngineFloor(WORK / "tuned", binaries, tuned=True),
    }
    if set(wanted) <= set(makers):
        return {name: makers[name]() for name in NAMES if name in wanted}
    server, peers = BenchServer(OURS), BenchServer(PEERS)
    say("bringing up the benchmark's lab")
    server.up()
    product = NumerianUp(server)
    say("deploying the server's base and the front")
    product.make_base()
    inventory = load(product.inventory)
    peers.take_image(front.image(inventory.platform), server)
    peers.make_peers_front(inventory)
    programs = environment.ensure(say) if {"mitogen", "pyinfra"} & set(wanted) else Path()
    makers |= {
        "tar": lambda: TarFloor(peers, WORK / "tar"),
        "mitogen": lambda: Mitogen(peers, WORK / "mitogen", programs),
        "pyinfra": lambda: Pyinfra(peers, WORK / "pyinfra", programs),
        "numerian": lambda: NumerianUp(server),
        "check": lambda: NumerianCheck(server),
        "preview": lambda: NumerianPreview(server),
        "pulumi": lambda: PulumiUp(server),
    }
    return {name: makers[name]() for name in NAMES if name in wanted}


if __name__ == "__main__":
    sys.exit(main())
