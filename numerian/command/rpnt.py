"""`numerian rpnt`: how each member stands with the State's sixteen criteria, and what to change."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerian.command import add_stack_option
from numerian.errors import NumerianError

if TYPE_CHECKING:
    from numerian.model import Inventory, Member
    from numerian.rpnt.criteria import Criterion
    from numerian.rpnt.report import Verdict


class LookError(NumerianError):
    """What was asked for can't be looked at so."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("members", nargs="*", metavar="MEMBER", help="codes or names; all of the inventory by default")
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="table by default")
    parser.add_argument("--summary", action="store_true", help="how many members stand how")
    parser.add_argument("--live", action="store_true", help="look at the sites from outside, as the State does")
    parser.add_argument("--cacert", type=Path, metavar="FILE", help="with --live: the only authority that is trusted")
    parser.add_argument(
        "--directly",
        action="store_true",
        help="with --live: reach the members' servers at their own addresses instead of asking the DNS",
    )


def run(options: Namespace) -> int:
    """Print it. With --live, exit code 1 when something fails although the inventory says that it passes."""
    from numerian.command.member import find
    from numerian.engine import workspace
    from numerian.kept import kept
    from numerian.load import load
    from numerian.rpnt import evaluate
    from numerian.rpnt.report import Verdict

    if not options.live and (options.cacert or options.directly):
        raise LookError("--cacert and --directly say how to look from outside: add --live")
    place = workspace.find(options.stack)
    # What the stack doesn't serve can't be looked at.
    inventory = load(place.inventory, place.selection if options.live else None)
    chosen = [find(inventory, word) for word in options.members] or list(inventory.members)
    promised = {member.code: evaluate(kept(member)) for member in chosen}
    found = _look(inventory, chosen, options) if options.live else promised
    verdicts = [Verdict(member, found[member.code]) for member in chosen]
    _print(verdicts, options)
    return _tell_worse(chosen, promised, found)


def _look(inventory: Inventory, members: list[Member], options: Namespace) -> dict[str, list[Criterion]]:
    import ssl

    from numerian.command.terminal import Progress
    from numerian.kept import kept
    from numerian.rpnt.live import Outside, measure

    if options.cacert and not options.cacert.is_file():
        raise LookError(f"{options.cacert} is no file; name a file of certificates in PEM form")
    addresses = {
        name: inventory.servers[member.server].address
        for member in members
        if options.directly and member.site is not None
        for name in member.site.names
    }
    progress = Progress()
    try:
        return measure(
            {member.code: kept(member) for member in members},
            Outside(options.cacert, addresses),
            lambda done: progress.show(f"sites: {done} of {len(members)}"),
        )
    except ssl.SSLError as error:  # of the authorities alone: a site's own is a verdict
        raise LookError(f"{options.cacert} holds no certificate; name a file in PEM form") from error
    finally:
        progress.clear()


def _tell_worse(
    members: Iterable[Member], promised: Mapping[str, list[Criterion]], found: Mapping[str, list[Criterion]]
) -> int:
    """Name what is worse than the inventory says; return the exit code."""
    from numerian.command.terminal import say, style
    from numerian.rpnt.live import worse

    bad = [(member, one) for member in members for one in worse(promised[member.code], found[member.code])]
    for member, one in bad:
        say(style(f"{member.code} {member.name} : {one.rule.id} {one.reason} → {one.remedy}", "red", sys.stderr))
    return 1 if bad else 0


def _print(verdicts: list[Verdict], options: Namespace) -> None:
    from numerian.rpnt import report

    if options.format == "json":
        import json

        told: Any = report.summary_facts(verdicts) if options.summary else report.facts(verdicts)
        print(json.dumps(told, ensure_ascii=False, indent=2))
    elif options.format == "csv":
        import csv

        rows = report.summary_rows(verdicts) if options.summary else report.rows(verdicts)
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
    else:
        _print_tables(verdicts, options)


def _print_tables(verdicts: list[Verdict], options: Namespace) -> None:
    from numerian.command.terminal import table
    from numerian.rpnt import report

    if options.summary:
        print("\n\n".join(map(table, report.summary(verdicts))))
    elif options.members:
        print("\n\n".join("\n".join(report.details(verdict)) for verdict in verdicts))
    else:
        print(table(report.overview(verdicts)))
