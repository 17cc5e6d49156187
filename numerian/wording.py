"""French words: plurals, numbers, lists, dates. The one place that knows how they are written.

Narrow no-break spaces stand where French typography wants them: between thousands, before `;`, `:` and units.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime

_ARTICLES = (("Les ", "des "), ("Le ", "du "))
NARROW = "\u202f"
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)


def number(value: float) -> str:
    """Return a number with its thousands apart and a decimal comma.

    >>> number(468957), number(1.5), number(12)
    ('468\u202f957', '1,5', '12')
    """
    whole, _, fraction = f"{value:,}".partition(".")
    whole = whole.replace(",", NARROW)
    return whole if not fraction or not int(fraction) else f"{whole},{fraction}"


def plural(count: int, word: str, many: str = "") -> str:
    """Return a number with its word; every word of it takes an `s` from two on, as French counts.

    >>> plural(0, "membre"), plural(1, "membre changé"), plural(1200, "membre changé")
    ('0 membre', '1 membre changé', '1\u202f200 membres changés')
    >>> plural(2, "nouveau membre", "nouveaux membres")
    '2 nouveaux membres'
    """
    return f"{number(count)} {word if count < 2 else many or _plural(word)}"


def _plural(word: str) -> str:
    return " ".join(part if part.endswith(("s", "x", "z")) or part in _FIXED else f"{part}s" for part in word.split())


_FIXED = frozenset({"à", "de", "en", "par", "retirer", "créer", "changer", "remplacer", "relire"})


def megabytes(value: float) -> str:
    """Return a size given in MB.

    >>> megabytes(20000), megabytes(500)
    ('20\u202f000\u202fMo', '500\u202fMo')
    """
    return f"{number(value)}{NARROW}Mo"


def join(words: Iterable[str], last: str = "et") -> str:
    """Return a list as it is said.

    >>> join(["a"]), join(["a", "b"]), join(["a", "b", "c"])
    ('a', 'a et b', 'a, b et c')
    """
    *first, end = list(words) or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def some(words: Sequence[str], most: int = 4) -> str:
    """Return a list of which no more than `most` are named.

    >>> some(["a", "b", "c", "d"], 2)
    'a, b et 2 autres'
    """
    if len(words) <= most + 1:
        return join(words)
    return f"{', '.join(words[:most])} et {number(len(words) - most)} autres"


def day(value: date | str | None) -> str:
    """Return a date as it is written; what is no ISO date comes back as it is.

    >>> day(date(2027, 3, 31)), day("2027-03-01"), day("soon")
    ('31 mars 2027', '1er mars 2027', 'soon')
    """
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return str(value)
    if value is None:
        return ""
    return f"{'1er' if value.day == 1 else value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Return a date with its time.

    >>> moment(datetime(2026, 11, 30, 9, 5))
    '30 novembre 2026 à 9 h 05'
    """
    return f"{day(value.date())} à {value.hour} h {value.minute:02}"


def typographic(name: str) -> str:
    """Return `name` with the apostrophe of print.

    >>> typographic("Vallon-Pont-d'Arc")
    'Vallon-Pont-d’Arc'
    """
    return name.replace("'", "’")


def of(name: str) -> str:
    """Return `name` after the preposition `de`, as French contracts and elides it.

    >>> [of(name) for name in ("Privas", "Aubenas", "Les Vans", "Le Teil", "La Voulte-sur-Rhône", "L'Escrinet")]
    ['de Privas', 'd’Aubenas', 'des Vans', 'du Teil', 'de La Voulte-sur-Rhône', 'de L’Escrinet']
    >>> [of(name) for name in ("Étables", "Hauterives", "Ythier", "Yenne", "Œuilly")]
    ['d’Étables', 'd’Hauterives', 'd’Ythier', 'de Yenne', 'd’Œuilly']
    """
    written = typographic(name)
    for article, contracted in _ARTICLES:
        if written.startswith(article):
            return contracted + written.removeprefix(article)
    return ("d’" if _elides(written) else "de ") + written


def _elides(name: str) -> bool:
    """A vowel or an h elides; a y does before a consonant only. An article (La, L’) keeps its capital and its `de`."""
    bare = unicodedata.normalize("NFD", name).lower().replace("œ", "oe").replace("æ", "ae")
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return re.match(r"[aeiouh]|y[^aeiouy]", letters) is not None
