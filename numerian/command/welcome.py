"""`numerian welcome MEMBER`: the letter to a member's webmasters, with passwords only on a terminal and when asked."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from numerian.command import add_stack_option
from numerian.command.terminal import confirm, say


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("member", metavar="MEMBER", help="its code, or its name")


def run(options: Namespace) -> int:
    """Print the letter; exit code 1 when nobody may upload for the member."""
    from numerian import uploads, welcome
    from numerian.command.derived import derived
    from numerian.command.member import find
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    inventory = load(place.inventory, place.selection)
    member = find(inventory, options.member)
    if not uploads.webmasters(member):
        say(f"nobody may upload for {member.name} ({member.code}): add site.webmasters to {member.file}")
        return 1
    workspace.require_stack(place)
    secrets = derived(place)
    versions = {name: one.password for name, _, one in uploads.logins([member]) if one.password is not None}
    shown = {name: secrets.password(name, version) for name, version in versions.items() if _may_be_shown(name)}
    server = inventory.servers[member.server]
    fingerprint = secrets.host_key_fingerprint(server.name)
    print(welcome.letter(member, inventory.platform, server, fingerprint, shown), end="")
    if versions.keys() - shown.keys() and not sys.stdout.isatty():
        say("passwords are shown on a terminal only, where they stay in no file")
    return 0


def _may_be_shown(login: str) -> bool:
    """A password goes to a terminal, whose owner said yes; never to a file or a pipe."""
    return sys.stdout.isatty() and confirm(f"show the password of {login} here? [y/N]")
