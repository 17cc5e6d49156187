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
    from numerian.engine import environment, workspace

    session = environment.begin(workspace.find(options.stack), say)
    print(environment.exports(session.settings))
    return 0
