"""The peers' programs, in a virtual environment of their own in the cache: exactly what the lock file says."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.contender import run

LOCK = Path(__file__).parent / "peers" / "requirements.lock"


def ensure(say: Callable[[str], None]) -> Path:
    """Return the folder of the peers' programs, installed first if this lock file never was."""
    cache = Path(os.environ.get("NUMERIAN_CACHE") or Path.home() / ".cache" / "numerian").absolute()
    recipe = hashlib.sha256(f"{sys.version_info[:2]}".encode() + LOCK.read_bytes()).hexdigest()[:12]
    folder = cache / "peers" / recipe
    stamp = folder / "complete"
    if not stamp.is_file():
        say("installing the peers (ansible-core, mitogen, pyinfra)")
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", folder])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        run([*pip, "--no-input", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)])
        stamp.touch()
    return folder / "bin"
