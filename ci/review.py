"""Check and preview in a prepared tree, as Markdown for people."""

from __future__ import annotations

from pathlib import Path

from ci import tree, words
from ci.errors import Refusal
from numerian.errors import InventoryError, near
from numerian.load import load
from numerian.model import Inventory


def review(folder: Path, stack: str) -> tuple[bool, str]:
    """Return whether the change may be applied as far as a preview can tell, and the review's Markdown.

    Raises:
        CiError: the stack to preview in can't be made.
    """
    good, body = _reviewed(folder, stack)
    return good, words.framed(body, tree.facts(folder))


def _reviewed(folder: Path, stack: str) -> tuple[bool, str]:
    try:
        inventory = load(folder / "inventory")
    except InventoryError as error:
        return False, words.faulty(_short(str(error), folder))
    if outside := foreign_files(inventory, folder):
        why = "un fichier hors du dépôt ; une demande ne fait rien lire d’autre"
        return False, words.refused([Refusal(path, why) for path in outside])
    tree.make_stack(folder, stack)
    output = folder / ".work" / "preview.md"
    form = ("--format", "markdown", "--output", str(output))
    done = tree.numerian(folder, "preview", "--stack", stack, *form)
    if not output.is_file():
        return False, words.failed(_short(done.stderr + done.stdout, folder))
    return done.returncode == 0, _short(output.read_text(encoding="utf-8"), folder)


def foreign_files(inventory: Inventory, folder: Path) -> list[str]:
    """Return the files outside of `folder` that the inventory names.

    Their text would go into the review: a key's file may be any file of the machine.
    """
    named = {*inventory.platform.deploy.keys_files}
    for server in inventory.servers.values():
        named |= {*server.identity_files, *([server.host_keys_file] if server.host_keys_file else [])}
    root = folder.resolve()
    return sorted(str(path) for path in named if not path.resolve().is_relative_to(root))


def _short(text: str, folder: Path) -> str:
    told = text.replace(f"{folder}/", "")
    shown = near(folder)  # how a problem's place is told
    return (told if shown == Path() else told.replace(f"{shown}/", "")).strip()
