"""A review's Markdown: whatever comes from a request is data, and can't become a mention, a command or a mark-up."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ci.errors import Refusal
from ci.tree import Facts

MOST = 65_000
"""Characters of all: GitHub takes 65,536. The preview's own Markdown has at most 60,000."""
_MOST_SAID = 30_000
_NAMED = 20
_INVISIBLE = "\u200b"
CUT = "\n… (la suite est coupée)\n"


def refused(refusals: Sequence[Refusal]) -> str:
    """Return the review of a request that isn't read.

    >>> print(refused([Refusal("inventory/members/x`.yaml", "un lien symbolique")]))
    ## Demande refusée
    <BLANKLINE>
    Rien n’en a été lu ni exécuté. À corriger :
    <BLANKLINE>
    - `inventory/members/x?.yaml` : un lien symbolique
    <BLANKLINE>
    """
    lines = [f"- {_code(refusal.path)} : {refusal.why}" if refusal.path else f"- {refusal.why}" for refusal in refusals]
    more = len(lines) - _NAMED
    lines = [*lines[:_NAMED], *([f"- … et {more} autres"] if more > 0 else [])]
    return harmless(
        "\n".join(["## Demande refusée", "", "Rien n’en a été lu ni exécuté. À corriger :", "", *lines, ""])
    )


def faulty(problems: str) -> str:
    """Return the review of an inventory in which `numerian check` finds problems."""
    return harmless(f"## L’inventaire ne peut pas être lu\n\n{fenced(problems)}\n")


def failed(said: str) -> str:
    """Return the review of a change that the preview refuses."""
    return harmless(f"## L’aperçu de ce changement échoue\n\n{fenced(said)}\n")


def framed(body: str, facts: Facts) -> str:
    """Return a review with what it was compared with, and what of the request it leaves out."""
    lines = [
        "",
        "---",
        "",
        f"Comparé à l’état déployé depuis `{_short(facts.deployed)}` et publié le {_plain(facts.published)}, "
        f"avec le code de la branche cible (`{_short(facts.target)}`). Serveurs non consultés.",
    ]
    if facts.deployed != facts.target:
        lines += ["", "La branche cible a changé depuis : ce qui n’y est pas encore appliqué est raconté ici aussi."]
    if facts.others:
        names = ", ".join(_code(path) for path in facts.others[:_NAMED])
        more = f" et {len(facts.others) - _NAMED} autres" if len(facts.others) > _NAMED else ""
        lines += ["", f"**Hors de cette revue** (ni lus ni exécutés ici, à relire à la main) : {names}{more}."]
    return body.rstrip("\n") + "\n" + harmless("\n".join([*lines, ""]))


def fenced(text: str) -> str:
    """Return a text in a block of code that it can't end.

    >>> print(fenced("a ``` b"))
    ````text
    a ``` b
    ````
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{cut(text, _MOST_SAID)}\n{fence}"


def cut(text: str, most: int) -> str:
    """Return at most so many characters of a text, whole lines, and a word where some are missing."""
    return text if len(text) <= most else text[:most].rpartition("\n")[0] + CUT


def harmless(text: str) -> str:
    r"""Return a Markdown text that calls nobody, names no other request and begins no line with a forge's command.

    >>> harmless("@maire\n/merge\n#12").replace("\u200b", "|")
    '@|maire\n|/merge\n#|12'
    """
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "?", text)
    text = re.sub(r"@(?=\w)", f"@{_INVISIBLE}", text)
    text = re.sub(r"(?<=[#!])(?=\d)", _INVISIBLE, text)
    return re.sub(r"(?m)^(\s*)/", rf"\1{_INVISIBLE}/", text)


def _code(path: str) -> str:
    return f"`{_plain(path)[:160]}`"


def _plain(text: str) -> str:
    return re.sub(r"[^\w./:+ -]", "?", text)


def _short(commit: str) -> str:
    return _plain(commit)[:10]
