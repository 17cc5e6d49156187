"""`numerian purge MEMBER`: delete for good what servers keep of a member who left, after naming all of it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from numerian.archives import PROGRAM, Archive
from numerian.command import add_stack_option
from numerian.command.archives import PATIENCE, ArchiveError, archives, code_of, rows
from numerian.command.terminal import confirm, say, style, table

if TYPE_CHECKING:
    from numerian.command.remote import Servers
    from numerian.model import Inventory


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("member", metavar="MEMBER", help="its code, or its name while it has a file")
    parser.add_argument("--yes", action="store_true", help="don't ask for the code")


def run(options: Namespace) -> int:
    """Delete it; exit code 1 when it wasn't done, or not everywhere."""
    from numerian.command.remote import connect
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    inventory = load(place.inventory)
    code = code_of(inventory, options.member)
    _refuse_served(inventory, code)
    write(inventory, place.folder)
    with connect(place) as servers:
        return _purge(servers, inventory, code, sure=options.yes)


def _refuse_served(inventory: Inventory, code: str) -> None:
    """Refuse a member that has its services still.

    Raises:
        ArchiveError: it has; the text says what comes first.
    """
    member = inventory.by_code.get(code)
    if member is None or not member.served:
        return
    if member.status == "active":
        raise ArchiveError(f"{member.name} ({code}) is served: set status: leaving and leaving_on: in {member.file}")
    last = member.merged.until if member.merged else member.leaving_on
    raise ArchiveError(f"{member.name} ({code}) is served still: its time ends with {last}")


def _purge(servers: Servers, inventory: Inventory, code: str, *, sure: bool) -> int:
    found, errors = archives(servers, inventory, code)
    for error in errors:
        say(style(error, "red"))
    if not found:
        say(f"nothing is kept of {code}")
        return 1 if errors else 0
    print("this is deleted for good:")
    print(table(rows(inventory, found)))
    files, kb = sum(one.files for one in found), sum(one.kb for one in found)
    if not sure and not confirm(f"{files} files, {kb} KB. Type {code} to delete them:", expected=code):
        say("nothing was deleted")
        return 1
    for server in sorted({one.server for one in found}):
        _delete(servers, server, code, [one for one in found if one.server == server])
    print(f"deleted: {files} files, {kb} KB; /var/lib/numerian/purges.log on the servers says who did, and when")
    return 1 if errors else 0


def _delete(servers: Servers, server: str, code: str, found: list[Archive]) -> None:
    from numerian.engine.turn import who

    servers.ask(server, [PROGRAM, "purge", code, who(), *(one.path for one in found)], timeout=PATIENCE)
