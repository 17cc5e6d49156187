"""What a member's own words change for it: from what the state kept of it before and what it would keep after.

Both are the maps of `numerian.kept`; a key that an older state lacks is one that nobody says anything about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numerian.review.model import Section, Severity, value
from numerian.review.site import changed_site, main_name
from numerian.wording import day, join, megabytes

Kept = Mapping[str, Any]


def describe(section: Section, before: Kept | None, after: Kept | None, names: Mapping[str, str]) -> None:
    """Add to a member's section what is said of it; `names` are all members' by code."""
    if before is None and after is not None:
        _comes(section, after)
    elif after is None and before is not None:
        _goes(section, before)
    elif before is not None and after is not None:
        _changes(section, before, after, names)


def _comes(section: Section, after: Kept) -> None:
    section.add("member", f"nouveau membre, servi par {value(after.get('host', ''))}{_plan(after)}")
    changed_site(section, None, after.get("site"))


def _plan(kept: Kept) -> str:
    if "plan" not in kept:
        return ""
    return f" ; formule {value(kept['plan'])}, {megabytes(kept.get('quota_mb') or 0)} de place"


def _goes(section: Section, before: Kept) -> None:
    site = before.get("site") or {}
    where = f" : {value(main_name(site))} ne répond plus" if site.get("domain") else ""
    section.add(
        "life",
        f"quitte l’inventaire{where}",
        Severity.DELETES,
        "son fichier n’est plus là ; ce qui est gardé de ses données est aux archives du serveur",
    )


def _changes(section: Section, before: Kept, after: Kept, names: Mapping[str, str]) -> None:
    if "name" in before and before["name"] != after.get("name"):
        section.add(
            "member",
            f"nouveau nom : {value(after.get('name', ''))} (au lieu de {value(before['name'])}) ;"
            " même code, adresses et données inchangées",
        )
    _life(section, before, after)
    if before.get("host") != after.get("host"):
        section.add(
            "place",
            f"déménage du serveur {value(before.get('host', ''))} vers {value(after.get('host', ''))}",
            Severity.MOVES,
            "les fichiers sont copiés pendant que le site répond, puis le service bascule ;"
            " l’adresse du serveur change aussi dans le DNS",
        )
    _room(section, before, after)
    _merged(section, before.get("merged") or [], after.get("merged") or [], names)
    if "site" in before:  # an older state kept nothing of it
        changed_site(section, before.get("site"), after.get("site"))


def _life(section: Section, before: Kept, after: Kept) -> None:
    if (before.get("status"), before.get("leaving_on")) == (after.get("status"), after.get("leaving_on")):
        return
    if after.get("status") == "leaving":
        section.add(
            "life",
            f"quitte le service le {day(after.get('leaving_on'))}",
            Severity.INTERRUPTS,
            "à partir de ce jour le site ne répond plus ; ses données vont aux archives du serveur, rien n’est effacé",
        )
    elif before.get("status") == "leaving":
        section.add("life", "reste finalement dans le service")


def _room(section: Section, before: Kept, after: Kept) -> None:
    if "plan" in before and before["plan"] != after.get("plan"):
        section.add("plan", f"formule {value(after.get('plan'))} au lieu de {value(before['plan'])}")
    old, new = before.get("quota_mb"), after.get("quota_mb")
    if old is None or new is None or old == new:
        return
    if new > old:
        section.add("plan", f"place portée de {megabytes(old)} à {megabytes(new)}")
    else:
        section.add(
            "plan",
            f"place réduite de {megabytes(old)} à {megabytes(new)}",
            Severity.INTERRUPTS,
            "s’il occupe déjà davantage, plus personne ne peut déposer de fichiers (voir `numerian site room`)",
        )


def _merged(section: Section, before: Sequence[Any], after: Sequence[Any], names: Mapping[str, str]) -> None:
    old, new = {_code(one) for one in before}, [one for one in after if _code(one) not in {_code(b) for b in before}]
    for one in new:
        until = one.get("until") if isinstance(one, Mapping) else None
        limit = f", adresses gardées jusqu’au {day(until)}" if until else ""
        section.add("member", f"reprend la commune {_called(_code(one), names)} (fusion){limit}")
    if gone := sorted(old - {_code(one) for one in after}):
        section.add("member", f"n’est plus tenue pour la suite de {join(_called(code, names) for code in gone)}")


def _code(merged: Any) -> str:
    if isinstance(merged, Mapping):
        return str(merged.get("code") or merged.get("insee") or "")
    return str(merged)


def _called(code: str, names: Mapping[str, str]) -> str:
    return value(f"{names[code]} ({code})" if code in names else code)
