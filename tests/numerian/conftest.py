"""A small inventory without a fault, for tests to break."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_inventory import DATACENTERS, FILE, PLANS, PRIVAS, Make


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return a function that writes an inventory: `make({FILE: "…"})`; None leaves a file out."""

    def write(files: dict[str, str | bytes | None] | None = None) -> Path:
        wanted: dict[str, str | bytes | None] = {
            "datacenters.yaml": DATACENTERS,
            "plans.yaml": PLANS,
            FILE: PRIVAS,
            **(files or {}),
        }
        folder = tmp_path / "inventory"
        for name, content in wanted.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is not None:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder

    return write
