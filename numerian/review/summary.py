"""The sentences that all forms of a review share."""

from __future__ import annotations

from numerian.review.model import Counts, Review, Severity
from numerian.wording import join, plural

NOT_CONSULTED = (
    "serveurs non consultés : l’inventaire est comparé à ce qui a été déployé la dernière fois"
    " (`--refresh` interroge les serveurs)"
)
CONSULTED = "serveurs consultés"
NOTHING = "rien à changer"
_ALERTS = {
    Severity.DELETES: "suppression",
    Severity.INTERRUPTS: "interruption",
    Severity.MOVES: "déplacement de données",
    Severity.WEAKENS: "point de sécurité",
    Severity.ALLOWS: "garde-fou levé",
}
_MANY = {
    Severity.MOVES: "déplacements de données",
    Severity.WEAKENS: "points de sécurité",
    Severity.ALLOWS: "garde-fous levés",
}


def members(counts: Counts) -> str:
    """Return how many members are concerned, "" when none is.

    >>> members(Counts(members_new=2, members_changed=1))
    '2 nouveaux membres, 1 membre changé'
    """
    parts = [
        (counts.members_new, "nouveau membre", "nouveaux membres"),
        (counts.members_changed, "membre changé", ""),
        (counts.members_leaving, "membre sur le départ", "membres sur le départ"),
        (counts.members_gone, "membre parti", ""),
    ]
    return ", ".join(plural(number, word, many) for number, word, many in parts if number)


def items(counts: Counts) -> str:
    """Return how many things are touched.

    >>> items(Counts(items_changed=2, items_unchanged=1200)), items(Counts(items_unchanged=1))
    ('2 à changer, 1\u202f200 inchangés', 'rien à changer, 1 inchangé')
    """
    parts = [
        (counts.items_created, "à créer"),
        (counts.items_changed, "à changer"),
        (counts.items_replaced, "à remplacer"),
        (counts.items_deleted, "à retirer"),
    ]
    told = [plural(number, word, word) for number, word in parts if number] or [NOTHING]
    return ", ".join([*told, plural(counts.items_unchanged, "inchangé")])


def balance(counts: Counts) -> str:
    """Return the one line of counts.

    >>> balance(Counts(members_changed=1, items_changed=1, items_unchanged=1))
    'Bilan : 1 membre changé ; éléments : 1 à changer, 1 inchangé'
    """
    told = members(counts)
    return f"Bilan : {told} ; éléments : {items(counts)}" if told else f"Bilan : {items(counts)}"


def tells_counts(review: Review) -> bool:
    """Tell whether the counts say anything: where all was refused at once nothing was counted."""
    return bool(review.counts.items_touched) or not review.errors


def alerts(review: Review) -> str:
    """Return how many alerts of each kind there are, "" when there is none."""
    numbers = {severity: 0 for severity in _ALERTS}
    for item, titles in review.alerts:
        numbers[item.severity] += len(titles)
    return join(plural(number, _ALERTS[s], _MANY.get(s, "")) for s, number in numbers.items() if number)


def consulted(review: Review) -> str:
    """Return whether the servers were asked."""
    return CONSULTED if review.consulted else NOT_CONSULTED
