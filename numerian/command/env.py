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
    from numerian import engine_run
    from numerian.command.terminal import say
    from numerian.engine import environment, workspace

    place = workspace.find(options.stack)
    settings = environment.variables(place, engine_run.find(place.root, say))
    environment.write(place, settings)
    print(environment.exports(settings))
    return 0
