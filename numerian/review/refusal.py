"""What an error says in a review: the guard's refusals in French.

The guard (`provider/kinds/guard_rules.py`) knows no language but English, and its words also stand in a plain
`pulumi up`. What isn't recognised is told as it is: a review never hides an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from numerian.wording import of, plural, typographic

_ALLOW = r"or write this into inventory/allow\.yaml to go on: (?P<line>- \{.*\})"
_VANISHED = re.compile(
    rf"file of (?P<who>.+) \((?P<kinds>[^()]*) on (?P<host>\S*)\) vanished; set `status: leaving` first, {_ALLOW}"
)
_MANY = re.compile(
    r"of (?P<all>\d+) members with a (?P<kind>\w+), (?:(?P<removed>\d+) removed)?(?: and )?(?:(?P<moved>\d+) moved)? "
    r"at once \((?P<codes>.*?)(?: and (?P<more>\d+) more)?\), which is more than (?P<share>\d+) %; .*"
    rf"as they should be, {_ALLOW}"
)
_TAKEN = re.compile(
    rf"domain (?P<domain>\S+) is that of (?P<owner>.+), and (?P<taker>.+) would take it; give it back, {_ALLOW}"
)
RULES = {
    "vanished": "fichier disparu",
    "many": "beaucoup de membres à la fois",
    "domain": "domaine d’un autre membre",
    "capacity": "capacité d’un serveur",
}
"""What the guard watches over, as a review calls it."""


def told(error: str) -> str:
    """Return an error as a review tells it.

    >>> told("privas: no answer")
    'privas: no answer'
    """
    for pattern, words in _FRENCH:
        if found := pattern.fullmatch(error):
            return (
                f"{words(found)}\n"
                "Pour passer outre malgré tout, écrire dans inventory/allow.yaml, sous « allow: », avec le motif :\n"
                f"  {found['line']}"
            )
    return error


def _vanished(found: re.Match[str]) -> str:
    served = f"est servi par {found['host']}" if found["kinds"] != "nothing" else "n’a pas annoncé son départ"
    return (
        f"Le fichier {of(_who(found['who']))} a disparu, alors que ce membre {served}.\n"
        "Le remettre ; si le membre part, y écrire « status: leaving » et, sous « leaving_on: », le jour de son départ."
    )


def _many(found: re.Match[str]) -> str:
    parts = [("removed", "serait retiré", "seraient retirés"), ("moved", "déménagerait", "déménageraient")]
    counts = [f"{found[key]} {one if found[key] == '1' else many}" for key, one, many in parts if found[key]]
    others = f" et {plural(int(found['more']), 'autre')}" if found["more"] else ""
    return (
        f"Sur {plural(int(found['all']), 'membre')} avec un {found['kind']}, {' et '.join(counts)} d’un coup, plus de"
        f" {found['share']} % : {found['codes']}{others}.\n"
        "Regarder si les fichiers des membres et la sélection de ceux qui sont servis sont comme il faut."
    )


def _taken(found: re.Match[str]) -> str:
    return (
        f"Le domaine {found['domain']} est celui {of(_who(found['owner']))}, et {_who(found['taker'])} le prendrait.\n"
        "Le rendre au premier ; celui d’une commune réunie à une autre passe de lui-même."
    )


def _who(words: str) -> str:
    """Return a member that the guard names by code and name as people do.

    >>> _who("07151 Mars"), _who("07151")
    ('Mars (07151)', '07151')
    """
    code, _, name = words.partition(" ")
    return f"{typographic(name)} ({code})" if name else code


_FRENCH: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (_VANISHED, _vanished),
    (_MANY, _many),
    (_TAKEN, _taken),
)
