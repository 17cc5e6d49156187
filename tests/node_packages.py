"""Node packages that tests use: exactly what a folder's package-lock.json says, installed once into the cache.

A new set is a folder `tests/node/<name>/` with a package.json of exact versions and the lock file that
`npm install --package-lock-only --omit-lockfile-registry-resolved` makes beside it (it names no registry).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lab import cache, process

SETS = Path(__file__).resolve().parent / "node"
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")


def installed(name: str) -> Path:
    """Return the `node_modules` folder of a set (a folder of `tests/node`). `make test` has npm installed."""
    wanted = SETS / name
    folder = cache.folder() / "node" / f"{name}-{cache.recipe(wanted)}"
    modules = folder / "node_modules"
    done = folder / "complete"
    with cache.only_one(f"node-{name}"):  # workers side by side, and checkouts, want the same one
        if not done.is_file():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(wanted, folder)
            process.output(_INSTALL, cwd=folder, timeout=300)
            done.touch()
    return modules
