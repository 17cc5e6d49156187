"""The format that an inventory is written in: `format:` in datacenters.yaml; without that key it is the first.

An inventory of another format is told so, with the command to run, and nothing else is said of it.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from numerian.errors import Problem
from numerian.load.across import scalar
from numerian.load.tree import Mapping
from numerian.model.shared import FORMAT


def written_in(root: Mapping) -> int | None:
    """Return the format of this datacenters.yaml, or None where its key says no number (the model will say it)."""
    if "format" not in root.entries:
        return 1
    node = scalar(root, "format")
    text = (node.text or "") if node else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def is_current(path: Path, root: Mapping, problems: list[Problem]) -> bool:
    """Tell whether the inventory can be read; add to `problems` which command to run when it can't."""
    found = written_in(root)
    if found is None or found == FORMAT:
        return True
    key = root.keys.get("format", root)
    message = f"this inventory is written in format {found}, and this numerian reads format {FORMAT}"
    right = f"run `numerian upgrade {shlex.quote(str(path.parent))}`"
    if found > FORMAT:
        right = "run `git pull` in the checkout of numerian, which is older than the inventory"
    problems.append(Problem(path, key.line, key.column, message, right))
    return False
