"""What a step does to a server, in words: its base, who comes in, its services' images and containers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from numerian import images
from numerian.engine.changes import Change, Entry
from numerian.engine.events import Resource, Step
from numerian.review.model import Section, Severity, of_value, value
from numerian.wording import day, join, plural, some

SERVICES = {"front": "du frontal", "php": "de PHP", "sftp": "du dépôt de fichiers"}
_SAFE = {
    "allowagentforwarding": "no",
    "allowstreamlocalforwarding": "no",
    "allowtcpforwarding": "no",
    "gatewayports": "no",
    "hostbasedauthentication": "no",
    "kbdinteractiveauthentication": "no",
    "passwordauthentication": "no",
    "permitemptypasswords": "no",
    "permitrootlogin": "no",
    "permittunnel": "no",
    "permituserenvironment": "no",
    "permituserrc": "no",
    "strictmodes": "yes",
    "x11forwarding": "no",
}
"""Settings of sshd with the one word that opens nothing (sshd_config(5))."""
_GUARDS = ("numerian-firewall.service", "apt-daily-upgrade.timer", "apt-daily.timer", "ssh.service")
_MANY_PACKAGES = 12


def describe(section: Section, step: Step, entry: Entry) -> None:
    """Add to a server's section what one of its steps does; a step of which nobody needs to know adds nothing."""
    if entry.kind == "Host":
        _host(section, step)
    elif entry.kind == "RemoteImage":
        _image(section, step)
    elif entry.kind == "Container":
        _container(section, entry)
    elif entry.kind == "Files" and entry.op == "update":
        _files(section, entry)


def _host(section: Section, step: Step) -> None:
    if step.op == "create":
        section.add("server", "nouveau serveur, préparé et durci de zéro")
        return
    if step.op == "delete":
        section.add(
            "server",
            "n’est plus administré d’ici",
            Severity.DELETES,
            "il n’est plus dans l’inventaire ; il reste allumé tel qu’il est",
        )
        return
    old, new = _known(step.old), step.new.inputs if step.new else {}
    _accounts(section, old, new)
    _opened(section, old, new)
    _machine(section, old, new)


def _known(side: Resource | None) -> Mapping[str, Any]:
    return {**side.inputs, **side.outputs} if side else {}


def _accounts(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    before, after = _by_name(old.get("accounts")), _by_name(new.get("accounts"))
    rights = set(_texts(new.get("rights")))
    for name in sorted(after.keys() - before.keys()):
        root = name in rights
        section.add(
            "accounts",
            f"le compte {value(name)} est créé",
            Severity.WEAKENS if root or after[name].get("keys") else Severity.INFO,
            "il peut se connecter et devenir administrateur" if root else "",
        )
    for name in sorted(before.keys() - after.keys()):
        section.add("accounts", f"le compte {value(name)} ne peut plus se connecter et perd ses droits")
    for name in sorted(before.keys() & after.keys()):
        came = set(_texts(after[name].get("keys"))) - set(_texts(before[name].get("keys")))
        gone = set(_texts(before[name].get("keys"))) - set(_texts(after[name].get("keys")))
        if came:
            more = plural(len(came), "clé SSH de plus ouvre", "clés SSH de plus ouvrent")
            reason = f"qui la détient peut se connecter en tant que {value(name)}"
            section.add("accounts", f"{more} le compte {value(name)}", Severity.WEAKENS, reason)
        if gone:
            less = plural(len(gone), "clé SSH n’ouvre plus", "clés SSH n’ouvrent plus")
            section.add("accounts", f"{less} le compte {value(name)}")
    more_rights = sorted(rights - set(_texts(old.get("rights"))) - (after.keys() - before.keys()))
    if more_rights and old.get("rights") is not None:
        words = join(map(value, more_rights))
        section.add("accounts", f"droits d’administrateur pour {words}", Severity.WEAKENS, "pouvoir tout faire")


def _opened(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    before, after = set(_texts(old.get("ports"))), set(_texts(new.get("ports")))
    if opened := sorted(after - before):
        words, reason = join(map(value, opened)), "joignable depuis tout l’internet"
        section.add("access", f"port ouvert : {words}", Severity.WEAKENS, reason)
    if closed := sorted(before - after):
        section.add("access", f"port fermé : {join(map(value, closed))}")


def _machine(section: Section, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    before, after = set(_texts(old.get("packages"))), set(_texts(new.get("packages")))
    if came := sorted(after - before):
        section.add("settings", f"paquets installés : {some([value(name) for name in came], _MANY_PACKAGES)}")
    if gone := sorted(before - after):
        section.add("settings", f"paquets qui ne sont plus demandés : {some([value(name) for name in gone])}")
    units, now = old.get("units") or {}, new.get("units") or {}
    for unit in sorted(name for name in {*units, *now} if units.get(name) != now.get(name)):
        off = unit in _GUARDS and now.get(unit) != "enabled"
        section.add(
            "settings",
            f"{value(unit)} : {value(now.get(unit, 'non géré'))}",
            Severity.WEAKENS if off else Severity.INFO,
            "ce service protège le serveur" if off else "",
        )
    kernel, wanted = old.get("sysctls") or {}, new.get("sysctls") or {}
    if changed := sorted(key for key in {*kernel, *wanted} if kernel.get(key) != wanted.get(key)):
        words = some([value(f"{key} = {wanted.get(key, '—')}") for key in changed])
        reason = "réglages de durcissement : à relire"
        section.add("settings", f"réglages du noyau : {words}", Severity.WEAKENS, reason)


def _image(section: Section, step: Step) -> None:
    old, new = (side.inputs if side else {} for side in (step.old, step.new))
    name = str(new.get("name") or old.get("name") or "")
    service, _, date = name.rpartition("/")[2].partition(":")
    called = SERVICES.get(service, f"de {value(service)}")
    if not old:
        section.add("image", f"image {called} du {day(date)} à construire")
    elif not new:
        section.add("image", f"l’image {called} n’est plus utilisée")
    elif old.get("name") != name:
        former = day(str(old.get("name", "")).rpartition(":")[2])
        section.add("image", f"image {called} du {day(date)} au lieu du {former}{_packages(old, new)}")
    else:
        section.add("image", f"l’image {called} du {day(date)} est reconstruite (recette changée){_packages(old, new)}")


def _packages(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, after = (images.versions(_list_of_packages(side)) for side in (old, new))
    if not before or not after:
        return " ; paquets : ceux de ce jour-là (pas de liste à comparer)"
    told = images.differences(before, after)
    if not told:
        return " ; mêmes paquets"
    number = plural(len(told), "paquet change", "paquets changent")
    return f" ; {number} : {some([value(line) for line in told], _MANY_PACKAGES)}"


def _list_of_packages(inputs: Mapping[str, Any]) -> str:
    build = inputs.get("build") or {}
    return str((build.get("buildArgs") or {}).get("PACKAGES") or "") if isinstance(build, Mapping) else ""


_SHARED = {
    "front": "réglages communs du frontal, pour tous les sites",
    "uploads": "liste des comptes du dépôt de fichiers (sans interruption)",
    "watch": "suivi de la place occupée et des états gardés",
}
WHY = {
    "image": "nouvelle image",
    "ports": "autres ports",
    "volumes": "autres dossiers",
    "capabilities": "autres droits",
    "user": "autre utilisateur",
}


def reason_of(entry: Entry) -> str:
    """Return why a container is made anew."""
    causes = {WHY.get(re.split(r"[.\[ ]", change.label)[0], "nouveaux réglages") for change in entry.changes}
    return join(sorted(causes)) or "nouveaux réglages"


def _container(section: Section, entry: Entry) -> None:
    if entry.name.endswith("-front-container"):
        if entry.op == "replace":
            section.add(
                "front",
                f"le frontal {of_value(section.key)} est remplacé : les visiteurs attendent quelques secondes",
                Severity.INTERRUPTS,
                f"{reason_of(entry)} ; les nouvelles connexions sont retenues, pas perdues",
            )
        elif entry.op == "create":
            section.add("front", "le frontal démarre")
    elif entry.name.endswith("-sftp-container"):
        if entry.op == "replace":
            section.add(
                "webmasters",
                "le dépôt de fichiers est coupé quelques secondes",
                Severity.INTERRUPTS,
                f"{reason_of(entry)} ; un envoi en cours est à refaire",
            )
        elif entry.op == "create":
            section.add("webmasters", "le dépôt de fichiers démarre")
        elif entry.op == "delete":
            section.add(
                "webmasters",
                "le dépôt de fichiers s’arrête",
                Severity.INTERRUPTS,
                "plus aucun membre de ce serveur n’a de webmestre",
            )


def _files(section: Section, entry: Entry) -> None:
    name = entry.name.removeprefix(f"{section.key}-")
    if name == "access":
        for change in entry.changes:
            _access(section, change.label, change.lines)
    elif name == "base":
        _base(section, entry.changes)
    elif name in _SHARED and entry.changes:
        section.add("settings", _SHARED[name])


def _access(section: Section, label: str, lines: Iterable[str]) -> None:
    changed = [line for line in lines if line[:1] in "+-" and line[1:].strip() and not line[1:].strip().startswith("#")]
    if label.startswith("nftables"):
        if _accepted(changed, "+") - _accepted(changed, "-"):
            section.add("access", "le pare-feu laisse passer davantage, ou autre chose", Severity.WEAKENS, "à relire")
        else:
            section.add("access", "règles du pare-feu changées")
        return
    words = {line[1:].split()[0].lower(): line[1:].split()[1:] for line in changed if line.startswith("+")}
    dropped = {line[1:].split()[0].lower() for line in changed if line.startswith("-")} - words.keys()
    unsafe = [key for key, said in words.items() if key in _SAFE and said != [_SAFE[key]]]
    unsafe += [key for key in dropped if key in _SAFE]
    others = sorted(key for key in words.keys() - _SAFE.keys() if key != "allowusers")
    if unsafe:
        names = join(map(value, sorted(unsafe)))
        section.add(
            "access", f"la connexion au serveur est moins protégée : {names}", Severity.WEAKENS, "réglage de sshd"
        )
    if others:
        names = join(map(value, others))
        section.add("access", f"réglages de connexion changés : {names}", Severity.WEAKENS, "à relire")
    if "allowusers" in words:
        section.add("access", "la liste des comptes qui peuvent se connecter change")


def _accepted(changed: Iterable[str], sign: str) -> set[str]:
    """Return what changed lines of the firewall let in: ports one by one, other rules as they stand.

    >>> sorted(_accepted(["+ tcp dport { 22, 80, } accept", "- tcp dport { 22, } accept"], "+"))
    ['tcp 22', 'tcp 80']
    """
    found: set[str] = set()
    for line in changed:
        rule = line[1:].strip()
        if line.startswith(sign) and rule.endswith("accept"):
            ports = re.fullmatch(r"(\w+) dport (\S+|\{.*\}) accept", rule)
            found |= {f"{ports[1]} {port}" for port in re.findall(r"[\w-]+", ports[2])} if ports else {rule}
    return found


def _base(section: Section, changed: Sequence[Change]) -> None:
    paths = [change.label for change in changed]
    sudo = [change.label for change in changed if "/sudoers" in change.label and _adds(change)]
    if less := [change.label for change in changed if "/sudoers" in change.label and change.label not in sudo]:
        section.add("accounts", f"droits d’administrateur retirés : {join(map(value, less))}")
    if sudo:
        words = join(map(value, sudo))
        section.add(
            "accounts", f"règles d’administrateur changées : {words}", Severity.WEAKENS, "qui peut devenir root"
        )
    if others := [path for path in paths if "/sudoers" not in path]:
        section.add("settings", f"réglages de base : {some([value(path) for path in others])}")


def _adds(change: Change) -> bool:
    return change.sign == "+" or any(line.startswith("+") for line in change.lines)


def _by_name(accounts: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(accounts, list):
        return {}
    return {str(one.get("name")): one for one in accounts if isinstance(one, Mapping)}


def _texts(values: Any) -> list[str]:
    return [str(one) for one in values] if isinstance(values, list) else []
