"""Writes the demonstration's members: 437 communes and a département, with services that fit each one's size and place.

    .venv/bin/python -m lab.demonstration

The rules are those of docs/demonstration.md. The same reference data give the same files, byte for byte. They are
ordinary files: one that a person has edited is named in `BY_HAND`, and is written no more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from lab import demo
from numerian.reference import OURS, Place, Reference
from numerian.suggest import slug

MEMBERS = OURS.parent / "members"
BY_HAND = frozenset(demo.TWELVE)
MODELINE = "# yaml-language-server: $schema=../schema/member.json"

PLACES = {"privas": (4.59887, 44.73530), "alixan": (5.02615, 44.97506)}
"""Longitude and latitude of the datacenters (datacenters.yaml)."""
PLANS = {"hameau": 200, "village": 1000, "bourg": 5000, "ville": math.inf}
"""Each with the most inhabitants that it is for (plans.yaml)."""
TINY = 60
"""Fewer inhabitants than this keep no pages of their own."""
PHP_FROM = 3000
TOURISM = frozenset({"07034", "07126", "07201", "07304"})
"""Smaller communes where visitors book on the site: PHP too."""
HOST = "CA Valence Romans Agglo"
"""The intermunicipal body that has the sites of its communes with it, but for the towns'."""
PORTAL = "CC Montagne d'Ardèche"
"""The one that gives its hamlets a page of its portal."""
MERGED = {
    "07103": ("saint-julien-boutieres", "intres"),
    "07165": ("nonieres", "saint-julien-labrousse"),
    "07262": ("saint-laurent-les-bains", "laval-d-aurelle"),
    "26179": ("mercurol", "veaunes"),
}
"""Communes that others became: the domains of those lead to the new one."""
MAINTENANCE = {
    "07042": "the agency moves it from another system",
    "07138": "the new pages wait for the council's word",
    "07240": "the last pages were a hacker's",
}
PHP = {
    "07010": ("memory_mb: 1536", "the catalogue of the library"),
    "07019": ("upload_mb: 64", "deliberations are scanned"),
    "07201": ("processes: 8", "in July everybody books"),
}
"""Exceptions from the plan's PHP, with the reason."""
FIRST_NUMBER = 1000
"""Of the telephone numbers 04 65 71 xx xx, which the regulator (ARCEP) keeps for fiction."""


def files() -> Iterator[tuple[str, str]]:
    """Yield name and text of each member's file that isn't written by hand, by code."""
    facts = Reference(OURS)
    chosen = [place for code, place in sorted(facts.communes.items()) if code in facts.demonstration]
    ardeche = facts.departements["07"]
    yield _file(ardeche), departement(ardeche)
    for number, place in enumerate(chosen):
        if place.code not in BY_HAND:
            yield _file(place), commune(place, slug(place.name), FIRST_NUMBER + number)


def commune(place: Place, name: str, number: int) -> str:
    """Return a commune's file.

    Args:
        place: the commune.
        name: what its domain is called, without the ending.
        number: makes its telephone number nobody else's.
    """
    size, php = plan(place.population), place.population >= PHP_FROM or place.code in TOURISM
    domain = f"{name}.test"
    head = [MODELINE, f"insee: {place.code}", _datacenter(place), f"plan: {size}"]
    contact = f"contact: mairie@{domain}"
    if size == "hameau" and _one_in(6, place, "mail"):
        contact = f"contact: mairie.{name}@messagerie.example.test # the mailbox of a provider of mass mail"
    if reason := _elsewhere(place):
        return _text(*head, contact, f"# No site here: {reason}.")
    address, hours = _town_hall(place, size, number), _opening(place, size, domain)
    director = f"  director: {'la' if _one_in(3, place, 'director') else 'le'} maire"
    if leads := _leads_to(place, name):
        return _text(*head, contact, *_redirect(domain, *leads), *address, director)
    exceptions = [*_room(place, size), *_php(place)]
    site = [f"  domain: {domain}", *_names(place, name, size), *_maintenance(place), *_webmasters(place, size, php=php)]
    kind = ["  kind: php" + (" # visitors book on it" if place.population < PHP_FROM else "")] if php else []
    return _text(*head, *exceptions, contact, "site:", *kind, *site, *address, *hours, director)


def departement(place: Place) -> str:
    """Return the département's file."""
    return _text(
        MODELINE,
        f"departement: {place.code} # a code of two digits: the communes' have five",
        "datacenter: privas",
        "plan: ville",
        f"contact: informatique@{slug(place.name)}.test",
        "# Its main site is with a provider of its own; this is the one of its archives.",
        "site:",
        f"  domain: archives-{slug(place.name)}.test",
        "  webmasters:",
        "    - name: archives",
        "      password: 1",
        "town_hall:",
        "  address: [Hôtel du Département, Quartier de l’Exemple, 07000 Privas]",
        "  phone: 04 65 71 09 99",
        f"  email: archives@{slug(place.name)}.test",
        "  director: le président du conseil départemental",
    )


def plan(population: int) -> str:
    """Return the plan for a number of inhabitants.

    >>> plan(200), plan(201), plan(5000), plan(17274)
    ('hameau', 'village', 'bourg', 'ville')
    """
    return next(name for name, most in PLANS.items() if population <= most)


def write(folder: Path = MEMBERS) -> list[Path]:
    """Write the files that aren't as they should be into `folder`; return them."""
    changed = []
    for name, text in files():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


# --- what each gets, and why ------------------------------------------------------------------------------------------


def _datacenter(place: Place) -> str:
    """The nearer of the two; its distance is said where another one was to be expected."""
    far = {name: _kilometres(place, *where) for name, where in PLACES.items()}
    name = min(far, key=lambda datacenter: far[datacenter])
    expected = "privas" if place.departement == "07" else "alixan"
    why = "" if name == expected else f" # {far[name]:.0f} km away; {expected.capitalize()} is {far[expected]:.0f}"
    return f"datacenter: {name}{why}"


def _elsewhere(place: Place) -> str:
    """Why a commune has no site here, or ""."""
    size = plan(place.population)
    if place.epci == HOST and size != "ville":
        return "its intermunicipal body has the sites of its communes"
    if place.population < TINY and _one_in(2, place, "site"):
        return f"its {place.population} inhabitants read the notice board"
    if size == "village" and place.code not in MERGED and _one_in(17, place, "site"):
        return "its agency keeps it until the contract ends"
    return ""


def _leads_to(place: Place, name: str) -> tuple[str, str] | None:
    """Where the commune's own domain leads to, and why; None where there is a site."""
    if place.epci == PORTAL and plan(place.population) == "hameau" and place.code not in MERGED:
        why = "The commune keeps its pages on its intermunicipal body's portal."
        return f"https://www.montagne-d-ardeche.example.test/communes/{name}", why
    if place.population < TINY:
        why = f"{place.population} inhabitants and no pages of their own: it leads to those of the public services."
        return f"https://lannuaire.service-public.example.test/mairie-{place.code}-{name}", why
    return None


def _redirect(domain: str, target: str, why: str) -> list[str]:
    return [f"# {why}", "site:", "  kind: redirect", f"  domain: {domain}", f"  to: {target}"]


def _room(place: Place, size: str) -> list[str]:
    if size in ("village", "bourg") and _one_in(40, place, "room"):
        return ["quota_mb: 5000 # the bulletins since 1950, scanned"]
    return []


def _php(place: Place) -> list[str]:
    if place.code not in PHP:
        return []
    setting, why = PHP[place.code]
    return ["php:", f"  {setting} # {why}"]


def _names(place: Place, name: str, size: str) -> list[str]:
    """Its address as the commune writes it, and the domains that it had before."""
    lines = []
    if _one_in(11, place, "canonical"):
        lines.append("  canonical: bare # so it stands on the bulletin")
    if place.code in MERGED:
        lines += ["  old_domains: # of the communes that it was", *(f"    - {old}.test" for old in MERGED[place.code])]
    elif size == "ville":
        lines.append(f"  old_domains: ville-{name}.test")
    elif size != "hameau" and _one_in(9, place, "old"):
        lines.append(f"  old_domains: mairie-{name}.test # on signs and letters still")
    return lines


def _maintenance(place: Place) -> list[str]:
    return [f"  maintenance: true # {MAINTENANCE[place.code]}"] if place.code in MAINTENANCE else []


def _webmasters(place: Place, size: str, *, php: bool) -> list[str]:
    """Who uploads: towns and PHP sites always; of the others those who asked for it, the fewer the smaller."""
    asked = {"hameau": 40, "village": 10, "bourg": 2, "ville": 1}[size]
    if not php and not _one_in(asked, place, "webmaster"):
        return []  # the syndicate puts their pages up
    name = {"ville": "communication", "bourg": "mairie"}.get(size, "secretariat")
    return ["  webmasters:", f"    - name: {name}", "      password: 1"]


def _town_hall(place: Place, size: str, number: int) -> list[str]:
    """Invented: its address and its telephone number."""
    town = place.name.replace("'", "’")
    streets = {
        "hameau": ("Le Village", "Le Bourg", "Le Chef-lieu"),
        "village": ("Le Village", "Place de l’Église", "Route du Village", "Place de la Fontaine"),
        "bourg": ("1 place de la Mairie", "2 rue de la République", "1 place du Marché", "3 avenue de la Gare"),
        "ville": ("Place de l’Hôtel-de-Ville", "1 place de la Liberté", "2 place de la République"),
    }[size]
    digits = f"{number:04}"
    return [
        "town_hall:",
        "  address:",
        f"    - {'Hôtel de ville' if size == 'ville' else 'Mairie'}",
        f"    - {streets[_draw(place, 'street') % len(streets)]}",
        f"    - {place.postcodes[0]} {town}",
        f"  phone: 04 65 71 {digits[:2]} {digits[2:]}",
    ]


def _opening(place: Place, size: str, domain: str) -> list[str]:
    """Invented: its mail address and its opening hours."""
    days = ("lundi", "mardi", "jeudi", "vendredi")
    first = _draw(place, "days") % 4
    one, two = days[first], days[min(first + 2, 3)] if first < 2 else "samedi"
    hours = {
        "hameau": [f"{one.capitalize()} : de 14 h à 17 h"],
        "village": [f"{one.capitalize()} et {two} : de 9 h à 12 h", "Mercredi : de 14 h à 17 h"],
        "bourg": ["Du lundi au vendredi : de 9 h à 12 h", f"{one.capitalize()} et {two} : de 14 h à 17 h"],
        "ville": ["Du lundi au vendredi : de 8 h 30 à 12 h et de 13 h 30 à 17 h", "Samedi : de 9 h à 12 h"],
    }[size]
    return [f"  email: mairie@{domain}", "  hours:", *(f"    - {line}" for line in hours)]


# --- by which means ---------------------------------------------------------------------------------------------------


def _draw(place: Place, what: str) -> int:
    """Return a number that is always the same for a member and a question, and another for others."""
    return crc32(f"{place.code} {what}".encode())


def _one_in(many: int, place: Place, what: str) -> bool:
    return _draw(place, what) % many == 0


def _kilometres(place: Place, longitude: float, latitude: float) -> float:
    """Return the distance as the crow flies; within a département or two the earth is flat."""
    east = (place.longitude - longitude) * math.cos(math.radians(latitude))
    return 111.2 * math.hypot(place.latitude - latitude, east)


def _file(place: Place) -> str:
    return f"{place.code}-{slug(place.name)}.yaml"


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path in write():
        print(path)
