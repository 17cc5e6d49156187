"""The questions of `numerian new` on a terminal: who it is, completed as one types, then each thing proposed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numerian.onboarding.language import Say
from numerian.onboarding.proposal import KINDS, Proposal, Wishes
from numerian.onboarding.search import Found, NotFoundError, everybody, find, label
from numerian.suggest import plain
from numerian.wording import megabytes

if TYPE_CHECKING:
    from numerian.model import Inventory
    from numerian.reference import Reference

_SHOWN = 12
_KINDS = {
    "static": ("des fichiers, servis tels quels", "files, served as they are"),
    "php": ("aussi des programmes (SPIP, WordPress), dans leur conteneur", "programs too, in a container of their own"),
    "redirect": ("les visiteurs sont envoyés vers un autre site", "visitors are sent to another site"),
}


def whom(facts: Reference, say: Say) -> Found:
    """Ask who joins, until it is one place. Ctrl-C ends it."""
    import questionary

    answer = questionary.autocomplete(
        say("Commune, EPCI ou département (nom, code postal ou code) :", "Commune, EPCI or département (name, code):"),
        choices=[""],
        completer=_completer(facts),
        validate=lambda text: bool(text.strip()) or say("écrire un nom ou un code", "write a name or a code"),
    ).unsafe_ask()
    try:
        return find(facts, answer, say)
    except NotFoundError as error:
        if not error.choices:
            print(error)
            return whom(facts, say)
        return which(facts, error.choices, say)


def which(facts: Reference, choices: Sequence[Found], say: Say) -> Found:
    """Ask which of several places is meant."""
    import questionary

    answers = [questionary.Choice(label(facts, found), value=found) for found in choices]
    chosen: Found = questionary.select(say("Laquelle ou lequel ?", "Which one?"), choices=answers).unsafe_ask()
    return chosen


def wishes(inventory: Inventory, proposal: Proposal, given: Wishes, say: Say) -> Wishes:
    """Ask what wasn't given already; Enter takes what is proposed."""
    import questionary

    def select(question: str, words: dict[str, str], default: str) -> str:
        choices = [questionary.Choice(f"{word}  ({told})", value=word) for word, told in words.items()]
        answer: str = questionary.select(question, choices=choices, default=default).unsafe_ask()
        return answer

    def domain() -> str:
        question = say("Son domaine, sans www. :", "Its domain, without www.:")
        return str(questionary.text(question, default=proposal.domain).unsafe_ask())

    kind = given.kind or select(
        say("Quelle sorte de site ?", "What kind of site?"), {kind: say(*_KINDS[kind]) for kind in KINDS}, "static"
    )
    to = given.to
    if kind == "redirect" and to is None:
        to = questionary.text(say("Où mène-t-il ? (https://…)", "Where does it lead? (https://…)")).unsafe_ask()
    options = {name: option.told(say) for name, option in proposal.options.items()}
    plans = {
        name: f"{plan.label}, {say(megabytes(plan.quota_mb), f'{plan.quota_mb:,} MB')}"
        for name, plan in inventory.plans.items()
    }
    return replace(
        given,
        kind=kind,
        to=to,
        datacenter=given.datacenter
        or select(say("Quel datacenter ?", "Which datacenter?"), options, proposal.datacenter),
        plan=given.plan or select(say("Quelle formule ?", "Which plan?"), plans, proposal.plan.name),
        domain=given.domain or domain(),
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
