"""Reference data of communes, EPCI and départements: what a member's file needn't say.

The source is `inventory/reference/` (its README names the publishers and the licence), read once, when first asked.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from numerian.suggest import nearest_names, plain

OURS = Path(__file__).resolve().parent.parent / "inventory" / "reference"


@dataclass(frozen=True, slots=True)
class Place:
    """A commune, an EPCI or a département, as the State's publications name it.

    `population` of an EPCI or a département is the sum of its communes in the reference data, and its place is
    the middle of their town halls.
    """

    code: str
    name: str
    departement: str
    epci: str
    population: int
    siren: str
    longitude: float
    latitude: float
    former_codes: tuple[str, ...] = ()
    epci_code: str = ""
    postcodes: tuple[str, ...] = ()


class Reference:
    """The reference data of one folder."""

    def __init__(self, folder: Path) -> None:
        with (folder / "communes.csv").open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            self.communes: dict[str, Place] = {}
            marked: list[str] = []
            for row in rows:
                self.communes[row[0]] = _commune(row)
                marked += [row[0]] if row[11:] == ["yes"] else []
        with (folder / "departements.csv").open(encoding="utf-8", newline="") as file:
            self._departements = {row["code"]: row for row in csv.DictReader(file)}
        marked += [code for code, row in self._departements.items() if row.get("demo_member") == "yes"]
        self.demonstration = frozenset(marked)
        """Codes of the members of the demonstration's inventory."""

    @cached_property
    def successors(self) -> dict[str, Place]:
        """Codes of communes that were merged, each with the commune that they are part of now."""
        return {old: commune for commune in self.communes.values() for old in commune.former_codes}

    @cached_property
    def epcis(self) -> dict[str, Place]:
        """EPCI by SIREN."""
        groups: dict[str, list[Place]] = {}
        for commune in self.communes.values():
            if commune.epci_code:
                groups.setdefault(commune.epci_code, []).append(commune)
        return {code: _sum(code, group[0].epci, code, group) for code, group in groups.items()}

    @cached_property
    def departements(self) -> dict[str, Place]:
        """Départements by code."""
        groups: dict[str, list[Place]] = {code: [] for code in self._departements}
        for commune in self.communes.values():
            groups[commune.departement].append(commune)
        facts = self._departements
        return {code: _sum(code, facts[code]["name"], facts[code]["siren"], group) for code, group in groups.items()}

    def departement_name(self, code: str) -> str:
        """Return the département's name ("Ardèche" for "07")."""
        return self._departements[code]["name"]

    def named(self, name: str, limit: int = 3) -> list[Place]:
        """Return the communes of that name (homonyms: all), else those with the nearest names.

        >>> [c.code for c in reference().named("mars")]
        ['07151', '42141']
        >>> [c.name for c in reference().named("Valée d'Antraigues Asperjoc", limit=1)]
        ["Vallées-d'Antraigues-Asperjoc"]
        """
        communes = list(self.communes.values())
        same = [commune for commune in communes if plain(commune.name) == plain(name)]
        if same or not plain(name):
            return same
        return [communes[i] for i in nearest_names(name, [commune.name for commune in communes], limit)]


def _commune(row: list[str]) -> Place:
    code, name, departement, epci_code, epci, population, siren, posts, former, longitude, latitude = row[:11]
    return Place(
        code=code,
        name=name,
        departement=departement,
        epci=epci,
        population=int(population or 0),
        siren=siren,
        longitude=float(longitude or 0),
        latitude=float(latitude or 0),
        former_codes=tuple(former.split()),
        epci_code=epci_code,
        postcodes=tuple(posts.split()),
    )


def _sum(code: str, name: str, siren: str, communes: list[Place]) -> Place:
    """Return the place that these communes make together."""
    home = [commune.departement for commune in communes]
    return Place(
        code=code,
        name=name,
        departement=max(sorted(set(home)), key=home.count),
        epci="",
        population=sum(commune.population for commune in communes),
        siren=siren,
        longitude=round(sum(commune.longitude for commune in communes) / len(communes), 5),
        latitude=round(sum(commune.latitude for commune in communes) / len(communes), 5),
    )


def reference(inventory: Path | None = None) -> Reference:
    """Return the reference data of an inventory, or this repository's when it brings none."""
    folder = (inventory / "reference").resolve() if inventory else OURS
    return _read(folder if (folder / "communes.csv").is_file() else OURS)


_read = lru_cache(maxsize=4)(Reference)
