"""`numerian archives …`: what is kept of members who left, and how it comes back. `numerian purge` deletes it."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from numerian.archives import PROGRAM, Archive, archive_of, untouched
from numerian.command import add_stack_option
from numerian.command.terminal import confirm, say, style, table
from numerian.errors import NumerianError

if TYPE_CHECKING:
    from numerian.command.remote import Servers
    from numerian.model import Inventory, Member

PATIENCE = 1800.0
"""Seconds for an archive with very many files."""
_KINDS = {"archive": "pages", "rest": "what its PHP kept", "states": "states of its pages"}


class ArchiveError(NumerianError):
    """An archive that isn't there, or isn't where it is needed."""


def configure(parser: ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list what is kept, on all servers")
    listing.add_argument("member", metavar="MEMBER", nargs="?", help="only this one's: its code, or its name")
    listing.add_argument("--json", action="store_true", help="for programs")
    restoring = actions.add_parser("restore", help="put the pages of an archive back, over nothing that is there")
    restoring.add_argument("member", metavar="MEMBER", help="its code, or its name")
    restoring.add_argument("--archive", metavar="NAME", help="another than the newest, as the list names it")
    restoring.add_argument("--yes", action="store_true", help="don't ask")
    for action in (listing, restoring):
        add_stack_option(action)


def run(options: Namespace) -> int:
    """Do one action; exit code 1 when it wasn't done, or when a server couldn't be asked."""
    from numerian.command.member import find
    from numerian.command.remote import connect
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    inventory = load(place.inventory)
    write(inventory, place.folder)
    with connect(place) as servers:
        if options.action == "restore":
            return _restore(servers, inventory, find(inventory, options.member), options.archive, sure=options.yes)
        code = code_of(inventory, options.member) if options.member else None
        found, errors = archives(servers, inventory, code)
    _print(inventory, found, as_json=options.json)
    for error in errors:
        say(style(error, "red"))
    return 1 if errors else 0


def code_of(inventory: Inventory, word: str) -> str:
    """Return the code of a member; one whose file is gone is known by its code only."""
    from numerian.command.member import find

    if re.fullmatch(r"[0-9][0-9ABab][0-9]{3}|[0-9]{9}|[0-9]{2,3}", word):
        return word.upper()
    return find(inventory, word).code


def archives(servers: Servers, inventory: Inventory, code: str | None) -> tuple[list[Archive], list[str]]:
    """Return what all servers keep, by member and date, and what kept servers from answering."""
    names = sorted(inventory.servers)
    answers = servers.ask_all(names, [PROGRAM, "list", *([code] if code else [])])
    texts = {name: answer for name, answer in answers.items() if isinstance(answer, str)}
    found = [archive_of(name, line) for name, text in texts.items() for line in text.splitlines()]
    return sorted(found), [str(answers[name]) for name in names if name not in texts]


def rows(inventory: Inventory, found: list[Archive]) -> list[tuple[str, ...]]:
    """Return a table of what is kept."""
    names = {code: member.name for code, member in inventory.by_code.items()}
    told: list[tuple[str, ...]] = [("code", "member", "name", "kept on", "what", "size", "files", "server", "path")]
    for one in found:
        what = _KINDS.get(one.kind, one.kind)
        when = f"{one.when:%Y-%m-%d %H:%M}"
        size = (one.size, str(one.files))
        told.append((one.code, names.get(one.code, ""), one.name, when, what, *size, one.server, one.path))
    return told


def _print(inventory: Inventory, found: list[Archive], *, as_json: bool) -> None:
    if as_json:
        import json

        fields = ("code", "server", "name", "kind", "kb", "files", "path")
        print(json.dumps([{field: getattr(one, field) for field in fields} for one in found], indent=2))
    elif found:
        print(table(rows(inventory, found)))
    else:
        say("nothing is kept of members who left")


def _restore(servers: Servers, inventory: Inventory, member: Member, name: str | None, *, sure: bool) -> int:
    found, errors = archives(servers, inventory, member.code)
    chosen = _chosen(member, [one for one in found if one.kind == "archive"], name, errors)
    if chosen.server != member.server:
        raise ArchiveError(
            f"the archive {chosen.name} lies on {chosen.server}, and {member.name} ({member.code}) is served by "
            f"{member.server}: let {chosen.server} serve it first (server:), restore, then move it back with all it has"
        )
    print(table(rows(inventory, [chosen])))
    if not sure and not confirm(f"put it back into the folder of {member.name}? Nothing is written over. [y/N]"):
        say("nothing was changed")
        return 1
    from numerian.start_page import seeds

    ours = untouched(seeds(member, inventory.platform).items())
    argv = [PROGRAM, "restore", member.code, str(member.uid), chosen.path]
    answer = servers.ask(member.server, argv, timeout=PATIENCE, stdin=ours.encode())
    lines = [line.split("\t") for line in answer.splitlines()]
    there = [path for word, path in lines if word != "restored"]
    print(f"{next(count for word, count in lines if word == 'restored')} files came back; the archive is kept")
    if there:
        say(style(f"{len(there)} were there already and were left as they are:", "yellow"))
        for path in there[:40]:
            say(f"  {path}")
    return 0


def _chosen(member: Member, found: list[Archive], name: str | None, errors: list[str]) -> Archive:
    wanted = [one for one in found if name in (None, one.name)]
    if wanted:
        return wanted[-1]
    known = ", ".join(one.name for one in found) or "none"
    unheard = "".join(f"; {error}" for error in errors)
    missing = f"no archive {name!r}" if name else "no archive"
    raise ArchiveError(f"there is {missing} of {member.name} ({member.code}); there are: {known}{unheard}")
