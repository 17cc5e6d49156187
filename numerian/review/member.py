"""What a member's own words change for it: from what the state kept of it before and what it would keep after.

Both are the maps of `numerian.kept`; a key that an older state lacks is one that nobody says anything about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numerian import rpnt
from numerian.engine.changes import visible
from numerian.review.model import Section, Severity, value
from numerian.review.site import changed_site, main_name
from numerian.wording import day, join, megabytes

Kept = Mapping[str, Any]


def describe(
    section: Section, before: Kept | None, after: Kept | None, names: Mapping[str, str], *, left_out: bool = False
) -> None:
    """Add to a member's section what is said of it.

    `names` are all members' by code; `left_out`: its file is there, but the stack doesn't serve it.
    """
    if before is None and after is not None:
        _comes(section, after)
    elif after is None and before is not None:
        _goes(section, before, left_out)
    elif before is not None and after is not None:
        _changes(section, before, after, names)


def _comes(section: Section, after: Kept) -> None:
    section.add("member", f"nouveau membre, servi par {value(after.get('host', ''))}{_plan(after)}")
    changed_site(section, None, after.get("site"))
    _conformity(section, None, after)


def _plan(kept: Kept) -> str:
    if "plan" not in kept:
        return ""
    return f" ; formule {value(kept['plan'])}, {megabytes(kept.get('quota_mb') or 0)} de place"


def _goes(section: Section, before: Kept, left_out: bool) -> None:
    site = before.get("site") or {}
    if not before.get("kinds"):
        section.add("life", "son fichier est retiré de l’inventaire ; il n’était plus servi")
        return
    where = f" : {value(main_name(site))} ne répond plus" if site.get("domain") else ""
    announced = before.get("status") == "leaving" and not left_out
    why = "la sélection des membres le laisse de côté" if left_out else "son fichier n’est plus là"
    section.add(
        "life",
        f"{'quitte le service' if announced else 'n’est plus parmi les membres servis'}{where}",
        Severity.DELETES,
        f"{why} ; ses données vont aux archives du serveur",
    )


def _changes(section: Section, before: Kept, after: Kept, names: Mapping[str, str]) -> None:
    if "name" in before and before["name"] != after.get("name"):
        section.add(
            "member",
            f"nouveau nom : {value(after.get('name', ''))} (au lieu de {value(before['name'])}) ;"
            " même code, adresses et données inchangées",
        )
    _life(section, before, after)
    _served(section, before, after)
    if before.get("host") != after.get("host"):
        section.add(
            "place",
            f"déménage du serveur {value(before.get('host', ''))} vers {value(after.get('host', ''))}",
            Severity.MOVES,
            "les fichiers sont copiés pendant que le site répond, puis le service bascule ;"
            " il reste ensuite à faire mener ses noms au nouveau serveur dans le DNS",
        )
        if (after.get("site") or {}).get("webmasters"):
            words = "le dépôt de fichiers change d’adresse et d’empreinte : lettre à renvoyer (`numerian welcome`)"
            section.add("webmasters", words)
    _room(section, before, after)
    _merged(section, before.get("merged") or [], after.get("merged") or [])
    _taken_over(section, before.get("merged_into"), after.get("merged_into"), names)
    if "site" in before:  # an older state kept nothing of it
        if (after.get("merged_into") or {}) == (before.get("merged_into") or {}):
            changed_site(section, before.get("site"), after.get("site"))
        if before.get("kinds") and after.get("kinds"):
            _conformity(section, before, after)


def _life(section: Section, before: Kept, after: Kept) -> None:
    if (before.get("status"), before.get("leaving_on")) == (after.get("status"), after.get("leaving_on")):
        return
    if before.get("kinds") and not after.get("kinds"):
        return  # `_served` says it
    if after.get("status") == "leaving":
        section.add(
            "life",
            f"quitte le service le {day(after.get('leaving_on'))}",
            Severity.INTERRUPTS,
            "à partir de ce jour le site ne répond plus ; ses données vont aux archives du serveur, rien n’est effacé",
        )
    elif before.get("status") == "leaving":
        section.add("life", "reste finalement dans le service")


def _served(section: Section, before: Kept, after: Kept) -> None:
    old, new = before.get("kinds"), after.get("kinds")
    if old and new == []:
        section.add(
            "life",
            "le jour est venu : ses services s’arrêtent",
            Severity.DELETES,
            "ses données vont aux archives du serveur (`numerian archives`), rien n’est effacé",
        )
    elif old == [] and new and after.get("status") == "active":
        section.add("life", "est de nouveau servi ; ses archives se remettent par `numerian archives restore`")


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


def _merged(section: Section, before: Sequence[Kept], after: Sequence[Kept]) -> None:
    known = {one.get("code") for one in before}
    for one in after:
        if one.get("code") not in known:
            whom = value(f"{one.get('name') or ''} ({one.get('code')})".strip())
            until = day(one.get("until"))
            section.add("member", f"reprend la commune {whom} (fusion), dont les adresses vivent jusqu’au {until}")


def _taken_over(section: Section, before: Kept | None, after: Kept | None, names: Mapping[str, str]) -> None:
    if after is None or before == after:
        return
    code = str(after.get("code") or "")
    whom, until = value(f"{names[code]} ({code})" if code in names else code), day(after.get("until"))
    if after.get("site") == "redirect":
        words = f"ses adresses mènent au site de celle-ci jusqu’au {until}"
        section.add(
            "life",
            f"fait désormais partie de {whom} ; {words}",
            Severity.INTERRUPTS,
            "son propre site n’est plus montré ; ses fichiers restent sur le serveur",
        )
    else:
        section.add("life", f"fait désormais partie de {whom} ; son site et ses adresses restent jusqu’au {until}")


def _conformity(section: Section, before: Kept | None, after: Kept) -> None:
    """Tell of the State's criteria that fail now and didn't, or pass again."""
    found = rpnt.changes(before, after)
    lost = [change.after for change in found if change.after.state is rpnt.State.FAILED]
    gained = [change.after for change in found if change.gained and change.before is rpnt.State.FAILED]
    for one in lost:
        section.add("conformity", f"ne remplit pas le critère {_criterion(one)} du RPNT : {visible(one.reason)}")
    if gained:
        section.add("conformity", f"remplit de nouveau, du RPNT, {join(map(_criterion, gained))}")


def _criterion(one: rpnt.Criterion) -> str:
    return f"{one.rule.id} « {one.rule.french} »"
