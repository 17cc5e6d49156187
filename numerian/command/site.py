"""`numerian site …`: the kept states of a site's files, going back to one, who uses how much room.

Without an action it writes the static site that shows the service (`numerian.command.portrait`).
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from numerian.command import add_stack_option, portrait
from numerian.command.terminal import confirm, say, style, table
from numerian.errors import NumerianError

if TYPE_CHECKING:
    from numerian.command.remote import Servers
    from numerian.model import Inventory, Member

STATES = "/usr/local/sbin/numerian-states"
UPLOADS = "/usr/local/sbin/numerian-uploads"
_STAMP = "%Y%m%dT%H%M%SZ"
_SHOWN = 40
_PATIENCE = 1800.0
"""Seconds for a folder with very many files."""
_COLOURS = {"ok": "green", "warned": "yellow", "full": "red"}


class SiteError(NumerianError):
    """A state that isn't there, or a member for whom none is kept."""


@dataclass(frozen=True)
class State:
    """A kept state: its name on the server, and what it was kept for."""

    name: str
    changes: int
    why: str

    @property
    def taken(self) -> datetime:
        """When it was kept, in the operator's time zone."""
        return datetime.strptime(self.name[:16], _STAMP).replace(tzinfo=UTC).astimezone()


@dataclass(frozen=True)
class Room:
    """What a member uses. `held`: by what its limit is held (btrfs, quota, measured)."""

    code: str
    used_kb: int
    quota_mb: int
    standing: str
    held: str
    measured: datetime

    @property
    def percent(self) -> int:
        """Used of the quota, in whole percent."""
        return self.used_kb * 100 // (self.quota_mb * 1024)


def configure(parser: ArgumentParser) -> None:
    """Declare the actions and their arguments."""
    add_stack_option(parser)
    portrait.configure(parser)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", help="without one, the static site is written")
    states = actions.add_parser("states", help="list the kept states of a member's files")
    undo = actions.add_parser("undo", help="put back the state before the last change, after showing what changes")
    room = actions.add_parser("room", help="who uses how much of the room of the plan")
    for action in (states, undo, room):
        add_stack_option(action, again=True)
    for action in (states, undo):
        action.add_argument("member", metavar="MEMBER", help="its code, or its name")
    undo.add_argument("--to", metavar="STATE", help="another state, as `numerian site states` names it")
    undo.add_argument("--yes", action="store_true", help="don't ask")
    room.add_argument("--json", action="store_true", help="for programs")


def run(options: Namespace) -> int:
    """Do one action; exit code 1 when it wasn't done, or when somebody's room is used up."""
    from numerian.command.member import find
    from numerian.command.remote import connect
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    if options.action is None:
        return portrait.write(place, options.output, options.room)
    inventory = load(place.inventory, place.selection)
    write(inventory, place.folder)
    with connect(place) as servers:
        if options.action == "room":
            return _room(servers, inventory, as_json=options.json)
        member = _writing(find(inventory, options.member))
        if options.action == "states":
            return _states(servers, member)
        return _undo(servers, member, options.to, sure=options.yes)


def _writing(member: Member) -> Member:
    from numerian import uploads

    if not uploads.writing([member]):
        raise SiteError(f"{member.name} ({member.code}) has no webmaster and no PHP: nothing changes its files")
    return member


# --- states -----------------------------------------------------------------------------------------------------------


def states(servers: Servers, member: Member) -> list[State]:
    """Return the kept states, oldest first."""
    lines = servers.ask(member.server, [STATES, "list", member.code]).splitlines()
    found = []
    for line in lines:
        name, changes, why = line.split(" ", 2)
        found.append(State(name, int(changes), why))
    return found


def _states(servers: Servers, member: Member) -> int:
    found = states(servers, member)
    if not found:
        say(f"no state of {member.name} ({member.code}) is kept yet")
        return 0
    rows = [("state", "kept on", "changes", "why")]
    rows += [(one.name, f"{one.taken:%Y-%m-%d %H:%M:%S}", str(one.changes or ""), one.why) for one in reversed(found)]
    print(table(rows))
    return 0


# --- undo -------------------------------------------------------------------------------------------------------------


def _undo(servers: Servers, member: Member, wanted: str | None, *, sure: bool) -> int:
    state = _chosen(servers, member, wanted)
    if state is None:
        say(f"{member.name} ({member.code}) is as in every state that is kept: there is nothing to undo")
        return 0
    itemized = servers.ask(member.server, [STATES, "compare", member.code, state.name], timeout=_PATIENCE)
    changes = list(changed(itemized.splitlines()))
    if not changes:
        say(f"{member.name} ({member.code}) is as it was in {state.name}: there is nothing to undo")
        return 0
    print(f"{member.name} ({member.code}) goes back to {state.name}, kept on {state.taken:%Y-%m-%d %H:%M:%S}:")
    for sign, path in changes[:_SHOWN]:
        print(style(f"  {sign} {path}", {"+": "green", "-": "red"}.get(sign, "yellow")))
    if len(changes) > _SHOWN:
        print(f"  … and {len(changes) - _SHOWN} more")
    if not sure and not confirm("put it back? The present state is kept first. [y/N]"):
        say("nothing was changed")
        return 1
    servers.ask(member.server, [STATES, "put", member.code, state.name], timeout=_PATIENCE)
    print(f"done: {_count(changes)}; `numerian site undo {member.code}` would undo this too")
    servers.ask(member.server, [UPLOADS, "measure", member.code], timeout=_PATIENCE)
    return 0


def _chosen(servers: Servers, member: Member, wanted: str | None) -> State | None:
    found = {one.name: one for one in states(servers, member)}
    if wanted is None:
        before = servers.ask(member.server, [STATES, "before", member.code], timeout=_PATIENCE).strip()
        return found.get(before)
    if wanted not in found:
        known = ", ".join(sorted(found)) or "none"
        raise SiteError(f"{member.name} ({member.code}) has no state {wanted!r}; it has: {known}")
    return found[wanted]


def changed(itemized: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return what rsync would do, as signs and paths: `+` comes back, `-` goes, `~` becomes what it was.

    >>> list(changed(["*deleting   new.html", ">f+++++++++ gone.html", ">f.st...... index.html", ".d..t...... ./"]))
    [('-', 'new.html'), ('+', 'gone.html'), ('~', 'index.html')]
    """
    for line in itemized:
        what, _, path = line.partition(" ")
        path = path.strip()
        if what == "*deleting":
            yield "-", path
        elif what[2:].startswith("++"):
            yield "+", path
        elif path and path != "./":
            yield "~", path


def _count(changes: list[tuple[str, str]]) -> str:
    words = {"+": "came back", "-": "went", "~": "became what they were"}
    signs = [sign for sign, _ in changes]
    return ", ".join(f"{signs.count(sign)} {word}" for sign, word in words.items() if sign in signs)


# --- room -------------------------------------------------------------------------------------------------------------


def room_of(line: str) -> Room:
    """Return what a server says of one member.

    >>> room_of("07186 2048 4 ok measured 1795000000 0").percent
    50
    """
    code, used, quota, standing, held, when, _took = line.split()
    return Room(code, int(used), int(quota), standing, held, datetime.fromtimestamp(int(when), UTC).astimezone())


def _room(servers: Servers, inventory: Inventory, *, as_json: bool) -> int:
    from numerian import uploads

    members = uploads.writing(inventory.members)
    answers = servers.ask_all(sorted({member.server for member in members}), [UPLOADS, "status"])
    errors = [str(answer) for answer in answers.values() if not isinstance(answer, str)]
    lines = [line for answer in answers.values() if isinstance(answer, str) for line in answer.splitlines()]
    rooms = {room.code: room for room in map(room_of, lines)}
    if as_json:
        _print_json(members, rooms, errors)
    else:
        _print_rooms(members, rooms)
    for error in errors:
        say(style(error, "red"))
    return 1 if errors or any(room.standing == "full" for room in rooms.values()) else 0


def _print_rooms(members: Iterable[Member], rooms: dict[str, Room]) -> None:
    rows = [("code", "member", "server", "used", "of MB", "held by", "standing")]
    for member in members:
        room = rooms.get(member.code)
        if room is None:
            rows.append(
                (member.code, member.name, member.server, "", str(member.plan.quota_mb), "", "not measured yet")
            )
            continue
        standing = {"ok": "", "warned": "over 80 %", "full": "full: uploads are stopped"}[room.standing]
        numbers = (f"{room.used_kb // 1024} ({room.percent} %)", str(room.quota_mb))
        told = style(standing, _COLOURS[room.standing])
        rows.append((member.code, member.name, member.server, *numbers, room.held, told))
    print(table(rows))


def _print_json(members: Iterable[Member], rooms: dict[str, Room], errors: list[str]) -> None:
    import json

    told = {
        member.code: {
            "name": member.name,
            "server": member.server,
            "used_kb": room.used_kb,
            "quota_mb": room.quota_mb,
            "standing": room.standing,
            "held": room.held,
            "measured": room.measured.isoformat(),
        }
        for member in members
        if (room := rooms.get(member.code)) is not None
    }
    print(json.dumps({"members": told, "errors": errors}, ensure_ascii=False, indent=2))
