"""`numerian certificates`: which members' certificates are issued, which wait for what, which the CA refused."""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from numerian.command import add_stack_option
from numerian.command.terminal import Progress, say, style, table

if TYPE_CHECKING:
    from numerian.command.remote import Servers
    from numerian.model import Member

STATUS_FOLDER = "/srv/certificates/status"
UNIT = "numerian-certificates.service"
_BUSY = "busy"
# One program for all files: it is asked every few seconds while hundreds of certificates are made.
_READ = f"""[ "$(systemctl is-active {UNIT})" != activating ] || echo {_BUSY}
cd {STATUS_FOLDER} 2>/dev/null && set -- * && [ -f "$1" ] || exit 0
awk '{{ print FILENAME, $0 }}' "$@"; exit 0"""
_POLL_SECONDS = 2.0
_ELSEWHERE = "doesn't point here"
_UNRENEWED = "the CA"
"""How a server's reasons begin that keep back a renewal too: the CA can't be asked, or limits our rate."""
AGAIN = f"`ssh {{server}} sudo systemctl start {UNIT}` asks the CA again at once"


@dataclass
class Standing:
    """How one member's certificate stands, from the lines that its server keeps."""

    issued: tuple[str, ...] = ()
    until: str = ""
    waiting: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take in one status line: `issued until DATE: names`, `waiting: why`, `refused: why`."""
        word, _, rest = line.partition(" ")
        if word == "issued":
            self.until, _, names = rest.removeprefix("until ").partition(": ")
            self.issued = tuple(names.split())
        elif word == "waiting:":
            self.waiting.append(rest)
        elif word == "refused:":
            self.refused.append(rest)

    @property
    def elsewhere(self) -> list[str]:
        """Return what is said of names that didn't point to the server when it looked."""
        return [line for line in self.waiting if _ELSEWHERE in line]

    def is_settled(self, names: Iterable[str]) -> bool:
        """Tell whether waiting longer brings nothing: each name is issued, refused, or points elsewhere."""
        told = " ".join([*self.refused, *self.elsewhere])
        return all(name in self.issued or name in told for name in names) or bool(self.refused)

    def concern(self, now: datetime) -> str:
        """Return what is wrong with the life of a certificate that is there: it is over, or isn't renewed; else ""."""
        if not self.issued:
            return ""
        left = datetime.fromisoformat(self.until) - now
        if left <= timedelta():
            return f"expired {_words(-left)} ago: browsers refuse the site"
        kept = [why for why in self.waiting if why.startswith(_UNRENEWED)]
        return f"ends in {_words(left)} and isn't renewed" if kept or self.refused else ""

    def lines(self, names: Iterable[str], now: datetime | None = None) -> list[str]:
        """Return what is told to an operator."""
        missing = [name for name in names if name not in self.issued]
        told = []
        if concern := self.concern(now or datetime.now(UTC)):
            told.append(concern)
        elif self.issued:
            told.append(f"issued until {self.until[:10]}" + (f" without {', '.join(missing)}" if missing else ""))
        told += [f"waiting: {line}" for line in self.waiting] + [f"refused: {line}" for line in self.refused]
        return told or ["waiting: not asked for yet"]


def _words(span: timedelta) -> str:
    """Return a span of time in days, or in hours and minutes when it is shorter than two days.

    >>> _words(timedelta(hours=50)), _words(timedelta(minutes=61))
    ('2 days', '1 h 1 min')
    """
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 1440} days" if minutes >= 2880 else f"{minutes // 60} h {minutes % 60} min"


def read(servers: Servers, names: list[str]) -> tuple[dict[str, Standing], set[str], list[str]]:
    """Read the members' standings, by code, from servers.

    Returns:
        The standings, the servers that are asking for certificates now, the errors of those that don't answer.
    """
    standings: dict[str, Standing] = {}
    busy, errors = set(), []
    for server, answer in servers.ask_all(names, ["sh", "-c", _READ]).items():
        if not isinstance(answer, str):
            errors.append(str(answer))
            continue
        for line in answer.splitlines():
            code, _, words = line.partition(" ")
            if line == _BUSY:
                busy.add(server)
            else:
                standings.setdefault(code, Standing()).add(words)
    return standings, busy, errors


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument(
        "--wait",
        type=float,
        default=0,
        metavar="SECONDS",
        help="have names looked at again, and wait until all are settled",
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(options: Namespace) -> int:
    """Print a table; exit code 1 when a certificate is refused, missing, over or can't be renewed or read.

    A name that points elsewhere is no error.
    """
    from numerian.command.remote import connect
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    inventory = load(place.inventory, place.selection)
    write(inventory, place.folder)
    members = [member for member in inventory.members if member.site is not None and member.status == "active"]
    with connect(place) as servers:
        standings, errors = wait(servers, sorted(inventory.servers), members, options.wait)
    if options.json:
        _print_json(members, standings, errors)
    else:
        _print_table(members, standings)
        for server in sorted({m.server for m in members if m.code in standings and _concern(standings[m.code])}):
            say(style(AGAIN.format(server=server), "yellow"))
    for error in errors:
        say(style(error, "red"))
    bad = [member for member in members if not _is_good(standings.get(member.code), _names(member))]
    return 1 if errors or bad else 0


def _names(member: Member) -> tuple[str, ...]:
    return member.site.names if member.site is not None else ()


def _is_good(standing: Standing | None, names: tuple[str, ...]) -> bool:
    return standing is not None and standing.is_settled(names) and not standing.refused and not _concern(standing)


def _concern(standing: Standing) -> str:
    return standing.concern(datetime.now(UTC))


def wait(
    servers: Servers, names: list[str], members: Sequence[Member], seconds: float
) -> tuple[dict[str, Standing], list[str]]:
    """Read the standings until all are settled or the time is over.

    A server looks at names that didn't point to it every few minutes; here it is told to look again at once, for the
    names may have been told to the DNS since.
    """
    end = time.monotonic() + seconds
    progress = Progress()
    told: set[str] = set()
    while True:
        standings, busy, errors = read(servers, names)
        over = time.monotonic() >= end
        elsewhere = {m.code for m in members if m.code in standings and standings[m.code].elsewhere}
        again = {m.server for m in members if m.code in elsewhere} - busy - told
        if again and not over:
            servers.ask_all(sorted(again), ["systemctl", "start", "--no-block", UNIT])
            told |= again
            busy |= again
        open_ones = [
            m
            for m in members
            if m.code not in standings
            or not standings[m.code].is_settled(_names(m))
            or (m.code in elsewhere and m.server in busy)
        ]
        if not open_ones or over:
            progress.clear()
            return standings, errors
        first = ", ".join(member.name for member in open_ones[:3])
        progress.show(f"certificates: {len(members) - len(open_ones)} of {len(members)}; waiting for {first}")
        time.sleep(_POLL_SECONDS)


def _print_table(members: list[Member], standings: dict[str, Standing]) -> None:
    rows = [("code", "member", "server", "certificate")]
    for member in members:
        first, *rest = standings.get(member.code, Standing()).lines(_names(member))
        rows.append((member.code, member.name, member.server, first))
        rows += [("", "", "", line) for line in rest]
    print(table(rows))


def _print_json(members: list[Member], standings: dict[str, Standing], errors: list[str]) -> None:
    import json

    told = {}
    for member in members:
        standing = standings.get(member.code, Standing())
        told[member.code] = {
            "name": member.name,
            "server": member.server,
            "names": list(_names(member)),
            "issued": list(standing.issued),
            "until": standing.until or None,
            "waiting": standing.waiting,
            "refused": standing.refused,
        }
    print(json.dumps({"members": told, "errors": errors}, ensure_ascii=False, indent=2))
