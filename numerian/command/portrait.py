"""`numerian site` without an action: the service as a static site to look at, in French."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

from numerian.engine.workspace import Workspace
from numerian.errors import NumerianError

FOLDER = "portrait"


class RoomError(NumerianError):
    """A file that isn't what `numerian site room --json` prints."""


def configure(parser: ArgumentParser) -> None:
    """Declare its arguments."""
    parser.add_argument("--output", type=Path, metavar="FOLDER", help=f"default: .work/<stack>/{FOLDER}")
    parser.add_argument(
        "--room", type=Path, metavar="FILE", help="what `numerian site room --json` printed: the room that is used"
    )


def write(place: Workspace, output: Path | None, room: Path | None) -> int:
    """Write the site of the whole inventory; tell where it begins."""
    from numerian.load import load
    from numerian.portrait import folder
    from numerian.portrait.pages import pages

    where = output or place.folder / FOLDER
    files = pages(load(place.inventory), place.inventory, _used(room) if room else {})
    written, removed = folder.write(where, files)
    gone = f", {removed} old removed" if removed else ""
    print(f"{where / 'index.html'}: {len(files)} files, {written} written{gone}")
    return 0


def _used(file: Path) -> dict[str, int]:
    try:
        members = json.loads(file.read_text(encoding="utf-8"))["members"]
        return {str(code): int(facts["used_kb"]) for code, facts in members.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RoomError(f"{file} isn't what `numerian site room --json` prints; write it anew") from error
