"""The `numerian` command: one module a subcommand, imported only when it is the one that runs.

argparse, not typer: what an operator waits for most is a command with nothing to do, and typer with rich costs 80 ms
of imports at each start, argparse 10 ms.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import Protocol


class Subcommand(Protocol):
    """What each module of this package offers."""

    def configure(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        ...

    def run(self, options: Namespace) -> int:
        """Do it; return the exit code."""
        ...


@dataclass(frozen=True)
class Entry:
    """One line of `numerian --help`; `module` is the module's name in this package."""

    name: str
    module: str
    help: str


COMMANDS = (
    Entry("check", "check", "read the inventory and tell everything that is wrong with it"),
    Entry("new", "new", "write the file of a new member: asks, proposes, shows, never overwrites"),
    Entry("fmt", "fmt", "lay out the inventory's files evenly; comments and order stay"),
    Entry("list", "list", "list the members, by EPCI, département, datacenter, service, plan or status"),
    Entry("show", "show", "say in plain words what a member has, where, and how it stands"),
    Entry("upgrade", "upgrade", "bring an inventory of an older format up to this one"),
    Entry("preview", "deploy", "show what `up` would change, without asking the servers"),
    Entry("up", "deploy", "make the servers as the inventory says"),
    Entry("log", "log", "tell who applied what, when, from which commit"),
    Entry("refresh", "deploy", "find what changed on the servers behind our back"),
    Entry("destroy", "deploy", "take everything of a stack off the servers (people's data is archived)"),
    Entry("sites", "sites", "list the members' sites and their names"),
    Entry("site", "site", "write a static site that shows the service; undo what was done to a site's files; room"),
    Entry("archives", "archives", "list what is kept of members who left, and put it back"),
    Entry("purge", "purge", "delete for good what is kept of a member who left, after naming it"),
    Entry("welcome", "welcome", "print how a member's webmasters connect, in French"),
    Entry("certificates", "certificates", "list the certificates: issued, waiting, refused and why"),
    Entry("rpnt", "rpnt", "tell how each member stands with the State's criteria (RPNT), and what to change"),
    Entry("images", "images", "list the packages that an image of today will hold, and what that changes"),
    Entry("doctor", "doctor", "tell which engine, plugins, servers and keys are used, and what is wrong"),
    Entry("adopt", "adopt", "print how to take Docker's things back into a state that was lost"),
    Entry("stack", "stack", "make a stack: its state, its passphrase, its root secret"),
    Entry("connections", "connections", "write the files by which ssh, docker and the provider reach the servers"),
    Entry("env", "env", "print the environment for a plain `pulumi` by hand"),
)


def add_stack_option(parser: ArgumentParser, *, again: bool = False) -> None:
    """Declare `--stack`. `again`: the parser above has it too, and what was said there holds."""
    import argparse
    import os

    from numerian.engine.workspace import DEFAULT_STACK

    default = os.environ.get("NUMERIAN_STACK", DEFAULT_STACK)
    told = f"which stack (now: {default}; $NUMERIAN_STACK)"
    parser.add_argument("--stack", "-s", default=argparse.SUPPRESS if again else default, help=told)
