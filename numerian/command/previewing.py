"""How a preview is shown: as text, as a merge request's comment, as a page, to a program; on stdout or into a file."""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from numerian.engine import faults
from numerian.engine.events import Log
from numerian.engine.report import Style, plain_style

FORMATS = ("text", "markdown", "html", "json")


@dataclass(frozen=True)
class Run:
    """A finished preview."""

    log: Log
    found: Sequence[faults.Fault]
    seconds: float
    failed: bool
    selection: str
    """Which members the stack has, when not all."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--format", choices=FORMATS, default="text", help="for a terminal, a comment, a page, a program"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it there, whole or not at all")


def show(run: Run, options: Namespace, style: Style) -> int:
    """Show a preview in the form that was asked for (`up`, which shows one first, asks for none); return exit code."""
    from numerian.review.build import build

    output: Path | None = getattr(options, "output", None)
    errors = [str(fault) for fault in run.found]
    review = build(run.log, errors, stack=options.stack, consulted=bool(options.refresh), selection=run.selection)
    form = getattr(options, "format", "text")
    if form == "markdown":
        from numerian.review.markdown import render as as_markdown

        content = as_markdown(review)
    elif form == "html":
        from numerian.review.page import render as as_page

        content = as_page(review)
    elif form == "json":
        import json

        from numerian.review.machine import render as as_machine

        content = json.dumps(as_machine(review), ensure_ascii=False, indent=2) + "\n"
    else:
        from numerian.review.text import render as as_text

        on_terminal = style if output is None else plain_style
        content = "".join(f"{line}\n" for line in as_text(review, on_terminal, seconds=run.seconds))
    if output is None:
        sys.stdout.write(content)
        sys.stdout.flush()
    else:
        write_whole(output, content)
    for hint in faults.hints(list(run.found), options.stack):
        print(hint, file=sys.stderr)
    return int(run.failed)


def write_whole(path: Path, content: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
