"""`numerian check`: everything that is wrong with the inventory, all at once, in under a second."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the inventory (default: inventory/)")


def run(options: Namespace) -> int:
    """Print `file:line:column: what is wrong; what would be right` for each fault."""
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.errors import InventoryError
    from numerian.load import load

    started = time.monotonic()
    folder = options.folder or find(DEFAULT_STACK).inventory
    try:
        inventory = load(folder)
    except InventoryError as error:
        print(error)
        count = len(error.problems)
        print(f"{count} problem{'s' if count > 1 else ''} in {folder}")
        return 1
    for warning in inventory.warnings:
        print(f"{warning} (no fault)")
    spent = time.monotonic() - started
    print(f"{folder}: {len(inventory.members)} members, {len(inventory.servers)} servers, all right ({spent:.2f} s)")
    return 0
