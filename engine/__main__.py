"""`python3 -m engine`: make the engine ready, saying what is done and how long it took."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine import install
from engine.errors import EngineError


def main() -> int:
    """Run `ensure` for this checkout; return the exit code."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:6.1f} s] {line}", flush=True)

    try:
        binaries = install.ensure(Path(__file__).resolve().parent.parent, say)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    kind = "ours" if install.is_ours(binaries) else "official"
    say(f"engine: {binaries / 'pulumi'} ({kind})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
