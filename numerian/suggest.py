"""The nearest right words for a wrong one: keys and names by difflib, names of communes by rapidfuzz."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from numerian.fault import shown


def nearest(word: str, choices: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """Return the choice that `word` was most likely meant to be, or None when none is near.

    >>> nearest("domian", ["domain", "canonical"])
    'domain'
    >>> nearest("zzz", ["domain"]) is None
    True
    """
    known = {choice.casefold(): choice for choice in choices}
    # Only the beginning: difflib's time grows with the square of the length, and no name of ours is that long.
    found = difflib.get_close_matches(word[:64].casefold(), list(known), n=1, cutoff=likeness)
    return known[found[0]] if found else None


def remedy(word: str, choices: Iterable[str]) -> str:
    """Return what to write instead of `word`: the nearest choice, else all of them.

    >>> print(remedy("alixna", ["privas", "alixan"]))
    did you mean "alixan"?
    >>> print(remedy("lyon", ["privas", "alixan"]))
    write one of: alixan, privas
    """
    names = sorted(choices)
    near = nearest(word, names)
    if near:
        return f"did you mean {shown(near)}?"
    return f"write one of: {', '.join(names)}" if names else "none is there yet: add it first"


def nearest_names(word: str, names: Sequence[str], limit: int = 3) -> list[int]:
    """Return the positions of the names of communes that are nearest to `word`, best first.

    Accents, case, hyphens and the order of words don't count; an article left out counts little.

    >>> nearest_names("st etienne de fontbellon", ["Privas", "Saint-Étienne-de-Fontbellon"])
    [1]
    """
    from rapidfuzz import fuzz, process

    found = process.extract(
        word[:80], names, scorer=fuzz.token_sort_ratio, processor=plain, limit=limit, score_cutoff=70
    )
    return [position for _, _, position in found]


def plain(name: str) -> str:
    """Return `name` in small letters without accents and signs, `st`/`ste` written out.

    >>> plain("Vallées-d'Antraigues-Asperjoc")
    'vallees d antraigues asperjoc'
    >>> plain("St Sauveur")
    'saint sauveur'
    """
    import unicodedata

    letters = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe").replace("æ", "ae"))
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split()
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def slug(name: str) -> str:
    """Return the name's form in file names.

    >>> slug("Le Poët-Laval")
    'le-poet-laval'
    """
    return plain(name).replace(" ", "-")
