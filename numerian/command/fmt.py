"""`numerian fmt`: the inventory's files in their even form, or which of them aren't (`--check`)."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="which (default: the whole inventory)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file isn't even")


def run(options: Namespace) -> int:
    """Write the files that aren't even; a broken one is told with its place and left alone."""
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.errors import Problem
    from numerian.onboarding.formatting import files, formatted
    from numerian.onboarding.writing import replace

    paths = options.files or files(find(DEFAULT_STACK).inventory)
    problems: list[Problem] = []
    changed = []
    for path in paths:
        text = formatted(path, problems)
        if text is None or text.encode() == path.read_bytes():
            continue
        changed.append(path)
        if not options.check:
            replace(path, text)
    for problem in sorted(problems):
        print(problem)
    for path in changed:
        print(f"{path}: not laid out evenly; run `numerian fmt {path}`" if options.check else f"{path}: laid out")
    if not problems and not changed:
        print(f"{len(paths)} files, all even")
    return 1 if problems or (options.check and changed) else 0
