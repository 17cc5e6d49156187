"""A member's first pages, in French: what they say about the member, with its articles and elisions.

They are seeded once; then they are the member's. Wording lives in `templates/front/srv/sites/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from numerian.model import Member, Platform, TownHall
from numerian.rendering import Target, host_name, render
from numerian.wording import of, typographic

_FULL_WORDS = {
    "CC ": "Communauté de communes ",
    "CA ": "Communauté d’agglomération ",
    "CU ": "Communauté urbaine ",
}
_DEPARTEMENTS = {"07": "de l’Ardèche", "26": "de la Drôme", "42": "de la Loire"}


@dataclass(frozen=True)
class Page:
    """What the templates of a member's pages print."""

    title: str
    """What the page is called: `Mairie du Teil`."""
    member: str
    """The legal person: `Commune du Teil`."""
    member_subject: str
    """The legal person where a sentence begins: `La commune du Teil`."""
    of_member: str
    """The legal person after `de`: `de la commune du Teil`."""
    departement: str
    place_heading: str
    siren: str
    director: str
    address: tuple[str, ...]
    phone: str
    phone_link: str
    email: str
    hours: tuple[str, ...]
    missing_identity: str
    """What the law wants in the legal notice and the inventory doesn't say; empty when nothing is missing."""


def page(member: Member) -> Page:
    """Return what a member's pages say."""
    title, legal, director, place = _identity(member)
    hall = member.town_hall or TownHall()
    missing = [] if hall.address else ["adresse postale"]
    missing += [] if hall.phone else ["numéro de téléphone"]
    return Page(
        title=title,
        member=legal,
        member_subject=f"{'Le' if member.kind == 'departement' else 'La'} {legal[0].lower()}{legal[1:]}",
        of_member=f"{'du' if member.kind == 'departement' else 'de la'} {legal[0].lower()}{legal[1:]}",
        departement="" if member.kind == "departement" else typographic(member.departement_name),
        place_heading=place,
        siren=" ".join(member.siren[at : at + 3] for at in range(0, len(member.siren), 3)),
        director=typographic(hall.director or director),
        address=tuple(map(typographic, hall.address)),
        phone=hall.phone or "",
        phone_link=hall.phone_link or "",
        email=hall.email or member.contact or "",
        hours=tuple(map(typographic, hall.hours)),
        missing_identity=", ".join(missing),
    )


def _identity(member: Member) -> tuple[str, str, str, str]:
    """Return the title, the legal person, the usual publication director and the place, by kind of member."""
    if member.kind == "commune":
        return f"Mairie {of(member.name)}", f"Commune {of(member.name)}", "le maire", "Mairie"
    if member.kind == "departement":
        name = f"Département {_DEPARTEMENTS.get(member.departement) or of(member.name)}"
        return name, name, "la présidence du conseil départemental", "Hôtel du Département"
    name = typographic(member.name)
    for short, full in _FULL_WORDS.items():
        if name.startswith(short):
            name = full + name.removeprefix(short)
    if not name.startswith("Communauté"):
        name = f"Communauté {of(member.name)}"
    return name, name, "la présidence de la communauté", "Siège"


def seeds(member: Member, platform: Platform) -> dict[str, str]:
    """Return the first pages of a member's site by file name."""
    if member.site is None:
        return {}
    identity = platform.host_identity
    host = [typographic(identity.name), *map(typographic, identity.address)]
    if identity.phone:
        host.append(f"Téléphone : {identity.phone}")
    values = {
        "page": page(member),
        "host": host,
        "main_name": host_name(member.site.main_name),
        "security_days": platform.logs.security_days,
    }
    names = ("index.html", "mentions-legales.html", "accessibilite.html")
    pages = {name: render(f"front/srv/sites/{name}.j2", Target.HTML, **values) for name in names}
    if member.site.kind == "php":
        # It shows index.html, whoever wrote that: a site that was static looks the same on its first day with PHP.
        pages["index.php"] = render("front/srv/sites/index.php.j2", Target.PLAIN)
    return pages
