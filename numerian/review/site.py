"""What changes of a member's site, as its visitors and webmasters will notice it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numerian.review.model import Section, Severity, value
from numerian.wording import day, join

Kept = Mapping[str, Any]


def main_name(site: Kept) -> str:
    """Return the host name where visitors end.

    >>> main_name({"domain": "a.test", "canonical": "www"}), main_name({"domain": "a.test", "canonical": "bare"})
    ('www.a.test', 'a.test')
    """
    domain = str(site.get("domain", ""))
    return domain if site.get("canonical") == "bare" else f"www.{domain}"


def changed_site(section: Section, before: Kept | None, after: Kept | None) -> None:
    """Add what is said of a site that came, went or changed."""
    if before is None and after is None:
        return
    if before is None and after is not None:
        _new(section, after)
    elif after is None and before is not None:
        section.add(
            "site",
            f"le site {value(main_name(before))} est retiré",
            Severity.DELETES,
            "l’inventaire n’a plus de site pour ce membre ; les fichiers vont aux archives du serveur",
        )
    elif before is not None and after is not None:
        _names(section, before, after)
        _kind(section, before, after)
        _maintenance(section, before, after)
        _webmasters(section, before, after)


def _new(section: Section, site: Kept) -> None:
    where = value(main_name(site))
    if site.get("kind") == "redirect":
        section.add("site", f"{where} renvoie vers {value(site.get('to', ''))}, certificat à obtenir")
    else:
        with_php = " (PHP)" if site.get("kind") == "php" else ""
        section.add("site", f"nouveau site {where}{with_php}, certificat à obtenir")
    if site.get("maintenance"):
        section.add("site", "commence par la page de maintenance")
    if names := sorted(site.get("webmasters") or ()):
        section.add("webmasters", f"accès au dépôt de fichiers pour {join(map(value, names))}")


def _names(section: Section, before: Kept, after: Kept) -> None:
    old, new = _old_domains(before), _old_domains(after)
    if before.get("domain") != after.get("domain"):
        former, is_there = str(before.get("domain")), str(after.get("domain")) in old
        if is_there:
            section.add("site", f"les visiteurs arrivent désormais sur {value(main_name(after))}")
        else:
            section.add(
                "site",
                f"nouvelle adresse {value(main_name(after))}, certificat à obtenir",
                Severity.INTERRUPTS,
                "jusque-là les navigateurs avertissent les visiteurs ; pour l’éviter, l’écrire d’abord parmi les"
                " `old_domains`, et en faire le domaine une fois le certificat obtenu",
            )
        if former in new:
            section.add("site", f"l’ancienne adresse {value(former)} y mène encore{_until(new[former])}")
        else:
            section.add(
                "site",
                f"l’ancienne adresse {value(former)} ne répond plus",
                Severity.INTERRUPTS,
                "elle n’est pas parmi les `old_domains` : liens et favoris ne mènent plus nulle part",
            )
    elif before.get("canonical") != after.get("canonical"):
        section.add("site", f"les visiteurs arrivent désormais sur {value(main_name(after))}")
    current = {before.get("domain"), after.get("domain")}
    for domain in sorted(new.keys() - old.keys() - current):
        section.add(
            "site", f"nouvelle adresse {value(domain)} qui mène au site{_until(new[domain])}, certificat à obtenir"
        )
    for domain in sorted(old.keys() - new.keys() - current):
        section.add(
            "site",
            f"l’ancienne adresse {value(domain)} ne mène plus au site",
            Severity.INTERRUPTS,
            "elle n’est plus parmi les `old_domains` : liens et favoris ne mènent plus nulle part",
        )
    for domain in sorted(domain for domain in old.keys() & new.keys() if old[domain] != new[domain]):
        end = f"jusqu’au {day(new[domain])}" if new[domain] else "sans date de fin"
        section.add("site", f"l’ancienne adresse {value(domain)} mène au site {end}")


def _old_domains(site: Kept) -> dict[str, str]:
    """Return old domains with the day of their end ("" for none)."""
    found = {}
    for one in site.get("old_domains") or ():
        if isinstance(one, Mapping):
            found[str(one.get("domain"))] = str(one.get("until") or "")
        else:
            found[str(one)] = ""
    return found


def _until(end: str) -> str:
    return f" jusqu’au {day(end)}" if end else ""


def _kind(section: Section, before: Kept, after: Kept) -> None:
    old, new = before.get("kind"), after.get("kind")
    to = value(after.get("to") or "")
    if old == new:
        if new == "redirect" and before.get("to") != after.get("to"):
            section.add("site", f"renvoie désormais vers {to} (au lieu de {value(before.get('to') or '')})")
    elif new == "redirect":
        section.add(
            "site",
            f"les visiteurs sont renvoyés vers {to}",
            Severity.INTERRUPTS,
            "le site d’ici n’est plus montré ; ses fichiers restent sur le serveur",
        )
    elif new == "php":
        section.add("php", "le site peut contenir des programmes PHP ; pages et fichiers restent")
    elif old == "php":
        section.add(
            "php",
            "les programmes PHP du site ne tournent plus",
            Severity.INTERRUPTS,
            "le site devient statique ; ses fichiers restent sur le serveur",
        )
    else:
        section.add("site", f"le site {value(main_name(after))} est de nouveau montré ici, sans renvoi")


def _maintenance(section: Section, before: Kept, after: Kept) -> None:
    if bool(before.get("maintenance")) == bool(after.get("maintenance")):
        return
    if after.get("maintenance"):
        section.add(
            "site",
            "les visiteurs voient la page de maintenance au lieu du site",
            Severity.INTERRUPTS,
            "`maintenance: true` dans l’inventaire",
        )
    else:
        section.add("site", "le site est de nouveau montré, fin de la maintenance")


def _webmasters(section: Section, before: Kept, after: Kept) -> None:
    old, new = set(before.get("webmasters") or ()), set(after.get("webmasters") or ())
    if came := sorted(new - old):
        section.add("webmasters", f"accès au dépôt de fichiers pour {join(map(value, came))}")
    if left := sorted(old - new):
        section.add("webmasters", f"plus d’accès au dépôt de fichiers pour {join(map(value, left))}")
