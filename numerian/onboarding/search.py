"""Find who is meant: a commune by its name, its postcode or its INSEE code, an EPCI by its SIREN, a département.

What people type is forgiving (accents, hyphens, `st`), what is found is exact: one place, or an error that names the
places that it may be, each with the words that mean it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from numerian.errors import NumerianError
from numerian.fault import shown
from numerian.model.member import Kind
from numerian.onboarding.language import ENGLISH, Say
from numerian.reference import Place, Reference
from numerian.suggest import nearest_names, plain

KEYS: dict[Kind, str] = {"commune": "insee", "epci": "siren", "departement": "departement"}
"""The key of a member's file that says who it is."""
NEAREST = 5


@dataclass(frozen=True)
class Found:
    """A place, what kind of member it would be, and the code that it was found by when that is no more."""

    place: Place
    kind: Kind
    former: str = ""  # the code of a commune that is part of this one now

    @property
    def words(self) -> str:
        """What to type to mean this place and no other."""
        return plain(self.phrase)

    @property
    def phrase(self) -> str:
        """What to type, with the accents and signs of the name."""
        return f"{self.place.name} {self.place.departement}" if self.kind == "commune" else self.place.code

    def __str__(self) -> str:
        """Say who it is: `Mars (07151, Ardèche)`."""
        return f"{self.place.name} ({self.place.code})"


class NotFoundError(NumerianError):
    """Nobody is called so, or several are. `choices` are those who may be meant, the likeliest first."""

    def __init__(self, message: str, choices: Sequence[Found]) -> None:
        super().__init__(message)
        self.choices = tuple(choices)


def find(facts: Reference, text: str, say: Say = ENGLISH) -> Found:
    """Return the one place that `text` means; `say` is the language of the error.

    >>> from numerian.reference import reference
    >>> print(find(reference(), "loriol sur drome"), find(reference(), "mars 42"), find(reference(), "07016"))
    Loriol-sur-Drôme (26166) Mars (42141) Vallées-d'Antraigues-Asperjoc (07011)

    Raises:
        NotFoundError: nobody is called so, or several are; the message says what to type.
    """
    found = _by_code(facts, "".join(text.split()).upper()) or _by_name(facts, text)
    if len(found) == 1:
        return found[0]
    if found:
        several = say(f"{shown(text)} : {len(found)} possibilités", f"{shown(text)} may be {len(found)}:")
        raise NotFoundError(f"{several}\n{_listed(facts, found)}", found)
    near = nearest(facts, text)
    held = ", ".join(sorted(place.name for place in facts.departements.values()))
    nobody = say(f"personne ne s’appelle {shown(text)} ({held})", f"nobody is called {shown(text)} ({held})")
    if not near:
        right = say("écrire son nom, son code postal ou son code INSEE", "write its name, its postcode or INSEE code")
        raise NotFoundError(f"{nobody}{say(' ;', ';')} {right}", ())
    mean = say(" ; plutôt :", "; did you mean")
    raise NotFoundError(f"{nobody}{mean}\n{_listed(facts, near)}", near)


def everybody(facts: Reference) -> list[Found]:
    """Return all who can be a member."""
    groups: tuple[tuple[Kind, dict[str, Place]], ...] = (
        ("commune", facts.communes),
        ("epci", facts.epcis),
        ("departement", facts.departements),
    )
    return [Found(place, kind) for kind, places in groups for place in places.values()]


def nearest(facts: Reference, text: str, limit: int = NEAREST) -> list[Found]:
    """Return those whose names hold these words, then those whose names, or beginnings of names, are nearest."""
    all_of_them = everybody(facts)
    words = plain(text).split()
    holding = [one for one in all_of_them if words and set(words) <= set(plain(one.place.name).split())]
    names = [one.place.name for one in all_of_them]
    # Who types `livrno` means Livron-sur-Drôme: few type a name to its end.
    beginnings = [" ".join(plain(name).split()[: len(words)]) for name in names]
    near = [all_of_them[at] for some in (names, beginnings) for at in nearest_names(text, some, limit)]
    return list(dict.fromkeys([*holding, *near]))[:limit]


def label(facts: Reference, found: Found) -> str:
    """Return what tells a place from all others in a list: `Mars (07151, Ardèche)`."""
    kind = {"commune": "", "epci": "EPCI, ", "departement": "département"}[found.kind]
    where = "" if found.kind == "departement" else facts.departement_name(found.place.departement)
    return f"{found.place.name} ({found.place.code}, {kind}{where})"


def _by_code(facts: Reference, code: str) -> list[Found]:
    """Return who has this code; an INSEE code may be another commune's postcode too."""
    found = [Found(facts.communes[code], "commune")] if code in facts.communes else []
    if code in facts.successors:
        now = facts.successors[code]
        found.append(Found(now, "commune", code))
    if code in facts.epcis:
        found.append(Found(facts.epcis[code], "epci"))
    if code in facts.departements:
        found.append(Found(facts.departements[code], "departement"))
    if code.isdigit():
        communes = (place for place in facts.communes.values() if code in (*place.postcodes, place.siren))
        found += [Found(place, "commune") for place in communes if place.code != code]
    return found


def _by_name(facts: Reference, text: str) -> list[Found]:
    """Return who is called so; after a name, a département's code or name settles homonyms."""
    name = plain(text)
    if found := _named(facts, name):
        return found
    for departement in facts.departements.values():
        for ending in (departement.code.lower(), plain(departement.name)):
            if name.endswith(f" {ending}"):
                mine = _named(facts, name.removesuffix(f" {ending}"))
                return [one for one in mine if one.place.departement == departement.code]
    return []


def _named(facts: Reference, name: str) -> list[Found]:
    return [one for one in everybody(facts) if name and plain(one.place.name) == name]


def _listed(facts: Reference, found: Iterable[Found]) -> str:
    return "\n".join(f"  numerian new {one.words:<30} {label(facts, one)}" for one in found)
