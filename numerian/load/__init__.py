"""The inventory, read: `load` returns the whole of it or says everything that is wrong with it, all at once.

The way: bytes → text (`source`) → tree with places (`tree`) → models (`validate`) → what only shows across files
(`across`) → members with their reference data (`resolve`). No network, no secret, no engine.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from numerian.errors import InventoryError, Problem
from numerian.model import Inventory
from numerian.selection import Selection


def load(folder: Path, selection: Selection | None = None, *, today: date | None = None) -> Inventory:
    """Return the inventory in `folder`, all of it checked, with the selected members. `today` decides who has left.

    Raises:
        InventoryError: something is wrong; it holds every problem of every file.
        SelectionError: the selection names somebody whom the inventory doesn't hold.
    """
    from numerian.load.resolve import read

    problems: list[Problem] = []
    inventory = read(folder, today or date.today(), problems)
    if problems or inventory is None:
        raise InventoryError(problems)
    if selection is None:
        return inventory
    from numerian.reference import reference

    return selection.apply(inventory, reference(folder))


def check(folder: Path) -> list[Problem]:
    """Return everything that is wrong with the inventory in `folder`, in the order of files and lines."""
    try:
        load(folder)
    except InventoryError as error:
        return error.problems
    return []
