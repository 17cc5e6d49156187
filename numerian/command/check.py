"""`numerian check`: everything that is wrong with the inventory, all at once, in under a second."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the inventory (default: inventory/)")


def run(options: Namespace) -> int:
    """Print `file:line:column: what is wrong; what would be right` for each fault."""
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.errors import InventoryError, near
    from numerian.load import load

    started = time.monotonic()
    place = find(os.environ.get("NUMERIAN_STACK", DEFAULT_STACK))
    folder = options.folder or place.inventory
    selection = None if options.folder else place.selection
    try:
        inventory = load(folder, selection)
    except InventoryError as error:
        print(error)
        count = len(error.problems)
        print(f"{count} problem{'s' if count > 1 else ''} in {near(folder)}")
        return 1
    for warning in inventory.warnings:
        print(f"{warning} (no fault)")
    spent = time.monotonic() - started
    members, servers = len(inventory.members) + len(inventory.left_out), len(inventory.servers)
    print(f"{near(folder)}: {members} members, {servers} servers, all right ({spent:.2f} s)")
    if selection is not None:
        print(f"{place.stack}: {selection}")
    return 0
