"""`numerian env`: the environment of an engine run, for a plain `pulumi` by hand."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from numerian.command import add_stack_option


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.epilog = 'Use it as: eval "$(numerian env --stack lab)"'


def run(options: Namespace) -> int:
    """Print `export KEY=value` lines, and keep them as `.work/<stack>/env`."""
    from numerian.command.terminal import say
    from numerian.connections import write
    from numerian.engine import environment, workspace
    from numerian.errors import NumerianError
    from numerian.load import load

    place = workspace.find(options.stack)
    session = environment.begin(place, say)
    if place.inventory.is_dir():
        try:
            # For `pulumi refresh`, ssh and docker, which run without the program that writes them.
            write(load(place.inventory), place.folder)
        except NumerianError as error:
            say(f"the connections are the last right ones, for the inventory isn't right now:\n{error}")
    print(environment.exports(session.settings))
    return 0
