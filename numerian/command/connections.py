"""`numerian connections`: how ssh, docker and the provider reach the servers."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from numerian.command import add_stack_option


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.epilog = "Afterwards, with `numerian env`: ssh privas, docker --context privas ps."


def run(options: Namespace) -> int:
    """Write what changed; tell which files."""
    from numerian.connections import write
    from numerian.engine import workspace
    from numerian.load import load

    place = workspace.find(options.stack)
    place.make_folder()
    inventory = load(place.inventory)
    changed = write(inventory, place.folder)
    for path in changed:
        print(path.relative_to(place.root))
    print(f"{len(inventory.servers)} servers, {len(changed)} files written in {place.folder.relative_to(place.root)}")
    return 0
