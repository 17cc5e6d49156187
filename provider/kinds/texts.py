"""Inputs that are the JSON text of a map.

A map that is only handed on goes through program, engine and provider as one text: each nested value costs every run
(decision 0007).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def unfolded(text: object) -> Mapping[str, Any] | None:
    """Return the map that a text is, or None where it is none.

    >>> unfolded('{"host": "privas"}')
    {'host': 'privas'}
    >>> unfolded("[]") is unfolded(5) is None
    True
    """
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return value if isinstance(value, Mapping) else None
