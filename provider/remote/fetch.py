"""Contents of files that drifted, in one round trip."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable

from provider.remote import command, pad, script
from provider.transport import Transport

LARGEST = 1_000_000
"""Bytes of the largest content that is taken into the state."""


def fetch(transport: Transport, paths: Iterable[str]) -> dict[str, bytes]:
    """Return the contents of regular files by path; what isn't there any more is left out."""
    wanted = sorted(paths)
    if not wanted:
        return {}
    listing = pad("".join(f"{path.lstrip('/')}\n" for path in wanted).encode())
    argv, stdin = command(script("fetch"), sections=(listing,))
    result = transport.run(argv, stdin=stdin, timeout=120)
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(result.stdout), mode="r:", ignore_zeros=True) as tar:
        for member in tar:
            data = tar.extractfile(member) if member.isreg() and member.size <= LARGEST else None
            if data is not None:
                found["/" + member.name.lstrip("/")] = data.read()
    return found
