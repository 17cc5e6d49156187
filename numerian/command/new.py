"""`numerian new`: who joins, what is proposed, the file, the question; then it is written, over nothing else."""

from __future__ import annotations

import shlex
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from numerian.command.terminal import confirm, say, style
from numerian.errors import NumerianError, near
from numerian.onboarding.language import LANGUAGES, Say, speaker

if TYPE_CHECKING:
    from numerian.model import Inventory
    from numerian.onboarding.proposal import Proposal, Wishes
    from numerian.onboarding.search import Found
    from numerian.reference import Reference


class NobodyNamedError(NumerianError):
    """Nothing says who joins, and there is no terminal to ask on."""


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("words", nargs="*", metavar="WHO", help="name, postcode or INSEE code; SIREN of an EPCI")
    parser.add_argument("--datacenter", metavar="NAME", help="instead of the one that is near and has room")
    parser.add_argument("--plan", metavar="NAME", help="instead of the one for its size")
    parser.add_argument("--domain", metavar="NAME", help="instead of one made from its name")
    parser.add_argument("--kind", choices=("static", "php", "redirect"), help="of its site (default: static)")
    parser.add_argument("--to", metavar="URL", help="where a redirect leads")
    parser.add_argument("--lang", choices=LANGUAGES, default="fr", help="of the questions; French by default")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--dry-run", action="store_true", help="show the file, write nothing")


def run(options: Namespace) -> int:
    """Propose, show, ask, write; say what to do next."""
    from numerian.engine.workspace import DEFAULT_STACK, find
    from numerian.load import load
    from numerian.onboarding.proposal import Wishes, propose
    from numerian.reference import reference

    folder = find(DEFAULT_STACK).inventory
    inventory, facts = load(folder), reference(folder)
    at_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    words = speaker(options.lang)
    found = _whom(facts, " ".join(options.words), words, at_terminal=at_terminal)
    if found.former:
        say(words(f"{found.former} fait maintenant partie de {found}", f"{found.former} is part of {found} now"))
    given = Wishes(options.datacenter, options.plan, options.domain, options.kind, options.to)
    if at_terminal and not options.words:
        given = _asked(inventory, facts, found, given, words)
    proposal = propose(inventory, facts, found, given, words)
    file = near(folder / "members" / proposal.file_name)
    _show(facts, proposal, file, words)
    if options.dry_run:
        say(words("rien n’a été écrit (--dry-run)", "nothing was written (--dry-run)"))
        return 0
    if not options.yes and not confirm(words("écrire ce fichier ? [o/N]", "write this file? [y/N]")):
        say(words("rien n’a été écrit ; --yes écrit sans demander", "nothing was written; --yes writes without asking"))
        return 1
    return _write(proposal, file, words)


def _whom(facts: Reference, text: str, words: Say, *, at_terminal: bool) -> Found:
    from numerian.onboarding import asking
    from numerian.onboarding.search import NotFoundError, find

    if not text.strip():
        if not at_terminal:
            raise NobodyNamedError(
                words(
                    "qui adhère ? écrire un nom, un code postal ou un code : `numerian new loriol sur drome`",
                    "who joins? write a name, a postcode or a code: `numerian new loriol sur drome`",
                )
            )
        return asking.whom(facts, words)
    try:
        return find(facts, text, words)
    except NotFoundError as error:
        if at_terminal and error.choices:
            return asking.which(facts, error.choices, words)
        raise


def _asked(inventory: Inventory, facts: Reference, found: Found, given: Wishes, words: Say) -> Wishes:
    from dataclasses import replace

    from numerian.onboarding import asking
    from numerian.onboarding.proposal import propose

    first = propose(inventory, facts, found, replace(given, kind=None, to=None), words)
    return asking.wishes(inventory, first, given, words)


def _show(facts: Reference, proposal: Proposal, file: Path, words: Say) -> None:
    from numerian.onboarding.search import label
    from numerian.wording import megabytes, number

    place = proposal.found.place
    more = f", {place.epci}" if place.epci else ""
    people = words(f"{number(place.population)} habitants", f"{place.population:,} inhabitants")
    colon = words(" :", ":")
    print(style(f"{label(facts, proposal.found)}{more}, {people}", "bold"))
    for name, option in proposal.options.items():
        print(f"  {'→' if name == proposal.datacenter else ' '} datacenter {name}{colon} {option.told(words)}")
    plan = proposal.plan
    size = words("la plus grande", "the largest")
    if plan.up_to is not None:
        size = words(f"jusqu’à {number(plan.up_to)} habitants", f"up to {plan.up_to:,} inhabitants")
    room = words(megabytes(plan.quota_mb), f"{plan.quota_mb:,} MB")
    print(f"  → {words('formule', 'plan')} {plan.name}{colon} {size}, {room}")
    print(f"\n{style(str(file), 'bold')}\n{proposal.text}")


def _write(proposal: Proposal, file: Path, words: Say) -> int:
    from numerian.onboarding.writing import create

    create(file, proposal.text)
    print(f"{words('écrit :', 'written:')} {shlex.quote(str(file))}")
    steps = "`numerian check`, `numerian preview`, {} `numerian up`"
    print(words("ensuite : " + steps.format("puis"), "next: " + steps.format("then")))
    return 0
