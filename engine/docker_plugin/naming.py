"""Names for resources whose program gives none: the logical name and a random end, as the official ones are."""

from __future__ import annotations

import hashlib
import secrets

LENGTH = 7


def name_of(urn: str) -> str:
    """Return the logical name in a URN."""
    return urn.rsplit("::", 1)[-1]


def automatic(urn: str, seed: bytes) -> str:
    """Return a name: the same for the same seed, which the engine keeps from the preview to the apply."""
    end = hashlib.sha256(seed + urn.encode()).hexdigest() if seed else secrets.token_hex(LENGTH)
    return f"{name_of(urn)}-{end[:LENGTH]}"
