"""`numerian upgrade`: an inventory of an older format becomes one of this format, comments and all."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="the inventory (default: inventory/)")
    parser.add_argument("--dry-run", action="store_true", help="show the changed lines, write nothing")


def run(options: Namespace) -> int:
    """Show the changed lines and write them."""
    from difflib import unified_diff

    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.model.shared import FORMAT
    from numerian.onboarding.upgrading import upgraded
    from numerian.onboarding.writing import replace

    folder = options.folder or find(DEFAULT_STACK).inventory
    texts = upgraded(folder)
    for path, text in texts.items():
        old = path.read_text(encoding="utf-8").splitlines()
        print("\n".join(unified_diff(old, text.splitlines(), str(path), str(path), lineterm="", n=1)))
        if not options.dry_run:
            replace(path, text)
    if not texts:
        print(f"{folder}: of format {FORMAT} already")
    elif options.dry_run:
        print("nothing was written (--dry-run)")
    else:
        print(f"{folder}: of format {FORMAT} now; look with `git diff`, then `numerian check`")
    return 0
