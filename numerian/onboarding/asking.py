"""The questions of `numerian new` on a terminal: who it is, completed as one types, then each thing proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numerian.onboarding.proposal import KINDS, Proposal, Wishes
from numerian.onboarding.search import Found, NotFoundError, everybody, find, label
from numerian.suggest import plain

if TYPE_CHECKING:
    from numerian.model import Inventory
    from numerian.reference import Reference

_SHOWN = 12
_KINDS = {
    "static": "files, served as they are",
    "php": "programs too (SPIP, WordPress), in a container of their own",
    "redirect": "visitors are sent to another site",
}


def whom(facts: Reference) -> Found:
    """Ask who joins, until it is one place. Ctrl-C ends it."""
    import questionary

    answer = questionary.autocomplete(
        "Commune, EPCI or département (name, postcode or code):",
        choices=[""],
        completer=_completer(facts),
        validate=lambda text: bool(text.strip()) or "write a name or a code",
    ).unsafe_ask()
    try:
        return find(facts, answer)
    except NotFoundError as error:
        if not error.choices:
            print(error)
            return whom(facts)
        return which(facts, error.choices)


def which(facts: Reference, choices: Sequence[Found]) -> Found:
    """Ask which of several places is meant."""
    import questionary

    answers = [questionary.Choice(label(facts, found), value=found) for found in choices]
    chosen: Found = questionary.select("Which one?", choices=answers).unsafe_ask()
    return chosen


def wishes(inventory: Inventory, proposal: Proposal, given: Wishes) -> Wishes:
    """Ask what wasn't given already; Enter takes what is proposed."""
    import questionary

    def select(question: str, words: dict[str, str], default: str) -> str:
        choices = [questionary.Choice(f"{word}  ({told})", value=word) for word, told in words.items()]
        answer: str = questionary.select(question, choices=choices, default=default).unsafe_ask()
        return answer

    kind = given.kind or select("What kind of site?", {kind: _KINDS[kind] for kind in KINDS}, "static")
    to = given.to
    if kind == "redirect" and to is None:
        to = questionary.text("Where does it lead? (https://…)").unsafe_ask()
    options = {name: str(option) for name, option in proposal.options.items()}
    plans = {name: f"{plan.label}, {plan.quota_mb} MB" for name, plan in inventory.plans.items()}
    return replace(
        given,
        kind=kind,
        to=to,
        datacenter=given.datacenter or select("Which datacenter?", options, proposal.datacenter),
        plan=given.plan or select("Which plan?", plans, proposal.plan.name),
        domain=given.domain or questionary.text("Its domain, without www.:", default=proposal.domain).unsafe_ask(),
    )


def _completer(facts: Reference) -> Any:
    """Return what offers the places whose names hold the words typed so far, accents or not."""
    from prompt_toolkit.completion import Completer, Completion
    from prompt_toolkit.document import Document

    known = [(f" {plain(found.place.name)} {found.place.code.lower()}", found) for found in everybody(facts)]

    class Places(Completer):
        def get_completions(self, document: Document, complete_event: object) -> Iterable[Completion]:
            words = plain(document.text).split()
            if not words:
                return
            matching = [found for name, found in known if all(f" {word}" in name for word in words)]
            for found in matching[:_SHOWN]:
                yield Completion(found.phrase, start_position=-len(document.text), display=label(facts, found))

    return Places()
