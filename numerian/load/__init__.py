"""The inventory, read: `load` returns the whole of it or says everything that is wrong with it, all at once.

The way: bytes → text (`source`) → tree with places (`tree`) → models (`validate`) → what only shows across files
(`across`) → members with their reference data (`resolve`). No network, no secret, no engine.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from numerian.errors import InventoryError, NumerianError, Problem
from numerian.model import Inventory
from numerian.selection import Selection


def load(folder: Path, selection: Selection | None = None, *, today: date | None = None) -> Inventory:
    """Return the inventory in `folder`, all of it checked, with the selected members.

    `today` decides what has ended already; $NUMERIAN_TODAY stands in for it.

    Raises:
        InventoryError: something is wrong; it holds every problem of every file.
        SelectionError: the selection names somebody whom the inventory doesn't hold.
    """
    from numerian.load.resolve import read

    problems: list[Problem] = []
    inventory = read(folder, today or _today(), problems)
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


def _today() -> date:
    """Return the day by which dates are judged: another one shows beforehand what a date will change.

    Raises:
        NumerianError: $NUMERIAN_TODAY is no date.
    """
    said = os.environ.get("NUMERIAN_TODAY")
    try:
        return date.fromisoformat(said) if said else date.today()
    except ValueError:
        raise NumerianError(f"NUMERIAN_TODAY is {said!r}, which is no date; write one like 2027-03-31") from None
