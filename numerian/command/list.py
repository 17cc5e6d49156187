"""`numerian list`: the members, all or those that the filters let through, for people and for programs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from numerian.onboarding.listing import SERVICES, STATUSES

_COLUMNS = ("code", "name", "epci", "population", "datacenter", "plan", "service", "status", "address")


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--epci", metavar="WORDS", help="a SIREN, or words of a name")
    parser.add_argument("--departement", metavar="CODE", help="its code or its name")
    parser.add_argument("--datacenter", metavar="NAME")
    parser.add_argument("--service", choices=SERVICES, help="with a site, or a site of this kind")
    parser.add_argument("--plan", metavar="NAME")
    parser.add_argument("--status", choices=STATUSES)
    parser.add_argument("--format", choices=("table", "csv", "json"), default="table", help="table by default")


def run(options: Namespace) -> int:
    """Print the members, sorted by code."""
    from dataclasses import fields

    from numerian.command.terminal import say
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.load import load
    from numerian.onboarding.listing import Filters, row, select
    from numerian.reference import reference

    folder = find(DEFAULT_STACK).inventory
    inventory = load(folder)
    filters = Filters(**{field.name: getattr(options, field.name) for field in fields(Filters)})
    rows = [row(member) for member in select(inventory, reference(folder), filters)]
    if options.format == "json":
        import json

        print(json.dumps(rows, ensure_ascii=False, indent=2))
    elif options.format == "csv":
        import csv

        names = list(row(inventory.members[0])) if inventory.members else []
        writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        from numerian.command.terminal import table

        print(table([_COLUMNS, *(tuple(str(one[name] or "") for name in _COLUMNS) for one in rows)]))
        say(f"{len(rows)} of {len(inventory.members)} members")
    return 0
