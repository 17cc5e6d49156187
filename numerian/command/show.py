"""`numerian show`: one member in plain words."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from numerian.onboarding.language import LANGUAGES


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("member", nargs="+", metavar="MEMBER", help="its code, or its name")
    parser.add_argument("--lang", choices=LANGUAGES, default="fr", help="French by default")


def run(options: Namespace) -> int:
    """Print it, a title before each part."""
    from numerian.command.member import find as find_member
    from numerian.command.terminal import style
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.load import load
    from numerian.onboarding.description import describe

    inventory = load(find(DEFAULT_STACK).inventory)
    first, *parts = describe(inventory, find_member(inventory, " ".join(options.member)), options.lang)
    print(style(first.lines[0], "bold"))
    width = max(len(part.title) for part in parts)
    for part in parts:
        for number, line in enumerate(part.lines):
            print(f"  {'' if number else part.title:<{width}}  {line}")
    return 0
