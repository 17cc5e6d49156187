"""From the library's plain records of files and folders to what the `Files` resource takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from numerian.front import Folder, Managed


def as_inputs(things: Mapping[str, Managed | Folder]) -> dict[str, dict[str, Any]]:
    """Return files or folders by path, as plain values.

    >>> as_inputs({"/srv/sites": Folder()})
    {'/srv/sites': {'mode': '0755', 'owner': 'root', 'group': 'root'}}
    """
    return {path: asdict(thing) for path, thing in sorted(things.items())}
