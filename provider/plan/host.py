"""What to do so that a server has the base that a `Host` declares. Pure; `diff`, preview and update share `plan`.

What is declared is made so; what isn't declared any more is left as it is, but for an account's access: a package
that is taken out of the list may be needed by something else, and a person's home is that person's. For what was never
declared see `provider.plan.strangers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from provider.errors import ResourceError
from provider.kinds.base import Change, Props, Unknown
from provider.plan.host_facts import Account, HostFacts
from provider.plan.paths import keyed
from provider.plan.strangers import NOLOGIN, Step, account_names, close, named_changes, take_rights

_APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300")
_KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
_WRITE_KEYS = (
    'umask 077; cd -- "$1" && mkdir -p .ssh && cat >.ssh/authorized_keys.new && sync .ssh/authorized_keys.new'
    " && mv -f .ssh/authorized_keys.new .ssh/authorized_keys"
)


@dataclass
class HostPlan:
    """Steps in their order, property paths that differ, and what stands in the way."""

    steps: list[Step] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    errors: list[ResourceError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def account(props: Props) -> Account:
    """Return a declared account.

    >>> account({"name": "front", "uid": 601, "groups": []}).groups
    frozenset()
    """
    groups, keys = props.get("groups"), props.get("keys")
    return Account(
        name=str(props.get("name")),
        uid=_number(props.get("uid")),
        gid=_number(props.get("gid")),
        groups=frozenset(groups) if isinstance(groups, list) else None,
        shell=props["shell"] if isinstance(props.get("shell"), str) else None,
        keys=tuple(keys) if isinstance(keys, list) and keys else None,
    )


def plan(facts: HostFacts, olds: Props | None, news: Props) -> HostPlan:
    """Return what brings a server from `facts` to `news`."""
    result = HostPlan()
    _packages(result, facts, news)
    _accounts(result, facts, olds or {}, news)
    _units(result, facts, news)
    _sysctls(result, facts, news)
    _rights(result, facts, olds or {}, news)
    _gone(result, olds or {}, news)
    return result


def assume(host: str, olds: Props) -> HostFacts:
    """Return the facts of a server that is exactly as the state says."""
    accounts = {a["name"]: account(a) for a in _accounts_of(olds)}
    return HostFacts(
        host,
        frozenset(olds.get("packages") or []),
        accounts,
        units=dict(olds.get("units") or {}),
        sysctls=dict(olds.get("sysctls") or {}),
    )


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _accounts_of(props: Props) -> list[Props]:
    accounts = props.get("accounts")
    return [a for a in accounts if isinstance(a, Mapping)] if isinstance(accounts, list) else []


def _packages(result: HostPlan, facts: HostFacts, news: Props) -> None:
    wanted = news.get("packages")
    if isinstance(wanted, Unknown):
        result.changes["packages"] = Change.UPDATE
        return
    missing = [name for name in wanted or [] if name not in facts.packages]
    if not missing:
        return
    for name in missing:
        result.changes[f"packages[{(wanted or []).index(name)}]"] = Change.ADD
    if "apt-get" not in facts.tools:
        result.errors.append(ResourceError(f"{facts.host} has no apt-get; packages are installed on Debian only"))
        return
    if facts.unfinished:
        # Of the two, the first may fail for want of what the second brings.
        configure = ("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--force-confdef", "--force-confold")
        why = "finishing what an installation that was cut left"
        result.steps.append(Step((*configure, "--configure", "-a"), why, packages=True, may_fail=True))
        result.steps.append(Step((*_APT, *_KEEP, "--fix-broken", "install"), why, packages=True))
    result.steps.append(Step((*_APT, "update"), "reading Debian's list of packages", packages=True))
    install = (*_APT, *_KEEP, "install", "--", *missing)
    result.steps.append(Step(install, f"installing {', '.join(missing)}", packages=True))


def _accounts(result: HostPlan, facts: HostFacts, olds: Props, news: Props) -> None:
    accounts = _accounts_of(news)
    if accounts and "useradd" not in facts.tools:
        result.errors.append(ResourceError(f"{facts.host} has no useradd; accounts are made on Debian only"))
        return
    for index, props in enumerate(accounts):
        _account(result, facts, f"accounts[{index}]", account(props))
    for name in sorted(account_names(olds) - account_names(news)):
        result.changes[keyed("accounts", name)] = Change.DELETE
        _close(result, facts, facts.accounts.get(name))


def _account(result: HostPlan, facts: HostFacts, prop: str, wanted: Account) -> None:
    there = facts.accounts.get(wanted.name)
    if there is None:
        result.changes[prop] = Change.ADD
        holder = facts.uids.get(wanted.uid) if wanted.uid is not None else None
        if holder:
            text = f"account `{wanted.name}` on {facts.host}: uid {wanted.uid} belongs to `{holder}` already"
            result.errors.append(ResourceError(f"{text}; declare another uid"))
            return
        result.steps += _create(wanted)
        there = Account(wanted.name, wanted.uid, wanted.gid, home=_home(wanted))
    else:
        _alter(result, facts, prop, wanted, there)
    if wanted.keys is not None and there.keys != wanted.keys:
        result.steps.append(_keys(there, wanted.keys))


def _create(wanted: Account) -> list[Step]:
    steps = []
    words = ["useradd"]
    if wanted.uid is not None:
        gid = str(wanted.uid if wanted.gid is None else wanted.gid)
        # -f: the group of that number or name may be there already, from a package.
        steps.append(Step(("groupadd", "-f", "--gid", gid, wanted.name), f"making the group of {wanted.name}"))
        words += ["--uid", str(wanted.uid), "--gid", wanted.name if wanted.gid is None else gid]
    if wanted.groups:
        words += ["--groups", ",".join(sorted(wanted.groups))]
    home = _home(wanted)
    words += ["--home-dir", home, "--create-home" if wanted.keys is not None else "--no-create-home"]
    words += ["--shell", wanted.shell or ("/bin/sh" if wanted.keys is not None else NOLOGIN), "--", wanted.name]
    return [*steps, Step(tuple(words), f"making the account {wanted.name}")]


def _home(wanted: Account) -> str:
    return f"/home/{wanted.name}" if wanted.keys is not None else "/nonexistent"


def _alter(result: HostPlan, facts: HostFacts, prop: str, wanted: Account, there: Account) -> None:
    for name in ("uid", "gid"):
        declared, actual = getattr(wanted, name), getattr(there, name)
        if declared is not None and actual is not None and declared != actual:
            result.changes[f"{prop}.{name}"] = Change.UPDATE
            text = f"account `{wanted.name}` on {facts.host} has {name} {actual}, declared is {declared}"
            result.errors.append(
                ResourceError(f"{text}; its files bear the old number, so it isn't changed: declare {actual}")
            )
    words: list[str] = []
    if wanted.groups is not None and wanted.groups != there.groups:
        result.changes[f"{prop}.groups"] = Change.UPDATE
        words += ["--groups", ",".join(sorted(wanted.groups))]
    if wanted.shell is not None and wanted.shell != there.shell:
        result.changes[f"{prop}.shell"] = Change.UPDATE
        words += ["--shell", wanted.shell]
    if there.expired:
        words += ["--expiredate", ""]
    if words:
        result.steps.append(Step(("usermod", *words, "--", wanted.name), f"changing the account {wanted.name}"))
    if wanted.keys is not None and wanted.keys != there.keys:
        result.changes[f"{prop}.keys"] = Change.UPDATE


def _keys(there: Account, keys: tuple[str, ...]) -> Step:
    """Write the keys under the account's own uid, so that links planted in its home lead nowhere that isn't its own."""
    user = ("--reuid", there.name, "--regid", there.name if there.gid is None else str(there.gid), "--clear-groups")
    argv = ("setpriv", *user, "--", "sh", "-c", _WRITE_KEYS, "sh", there.home or "/nonexistent")
    return Step(argv, f"writing the keys of {there.name}", "".join(f"{key}\n" for key in keys).encode())


def _close(result: HostPlan, facts: HostFacts, there: Account | None) -> None:
    if there is None or there.expired:
        return
    if there.name in facts.ours:
        result.warnings.append(f"{facts.host}: {there.name} stays open: it is who this toolkit logs in as")
    else:
        result.steps.append(close(there.name))


def _units(result: HostPlan, facts: HostFacts, news: Props) -> None:
    units = news.get("units")
    if isinstance(units, Unknown):
        result.changes["units"] = Change.UPDATE
        return
    for unit, wanted in sorted((units or {}).items()):
        actual = facts.units.get(unit, "")
        enabled = actual in ("enabled", "static", "alias", "indirect", "generated", "enabled-runtime")
        masked = actual in ("masked", "masked-runtime")
        if wanted == "masked" if masked else (wanted == "enabled") == enabled and actual and wanted != "masked":
            continue
        result.changes[keyed("units", unit)] = Change.UPDATE if actual else Change.ADD
        if "systemctl" not in facts.tools:
            result.errors.append(ResourceError(f"{facts.host} has no systemd, so `{unit}` can't be {wanted}"))
            continue
        if masked:
            result.steps.append(Step(("systemctl", "unmask", "--", unit), f"unmasking {unit}"))
        if wanted != "disabled" or enabled:
            verb = {"enabled": "enable", "disabled": "disable", "masked": "mask"}[wanted]
            result.steps.append(Step(("systemctl", verb, "--now", "--", unit), f"{verb.removesuffix('e')}ing {unit}"))


def _sysctls(result: HostPlan, facts: HostFacts, news: Props) -> None:
    sysctls = news.get("sysctls")
    if isinstance(sysctls, Unknown):
        result.changes["sysctls"] = Change.UPDATE
        return
    differing = [key for key, wanted in sorted((sysctls or {}).items()) if facts.sysctls.get(key) != wanted]
    for key in differing:
        result.changes[keyed("sysctls", key)] = Change.UPDATE if key in facts.sysctls else Change.ADD
    if differing:
        # The values come from files in /etc/sysctl.d; what can't be set (a container) is seen afterwards.
        why = f"setting {', '.join(differing)} as the server's files say"
        result.steps.append(Step(("sysctl", "--quiet", "--system"), why, may_fail=True))


def _rights(result: HostPlan, facts: HostFacts, olds: Props, news: Props) -> None:
    for name in ("rights", "ports"):
        if isinstance(news.get(name), Unknown):
            result.changes[name] = Change.UPDATE
            return
    result.changes |= named_changes(olds, news)
    steps, warnings = take_rights(facts, olds, news)
    # One that is closed by both its rights and its account is closed once.
    result.steps += [step for step in steps if step not in result.steps]
    result.warnings += warnings


def _gone(result: HostPlan, olds: Props, news: Props) -> None:
    for index, name in enumerate(olds.get("packages") or []):
        if isinstance(news.get("packages"), list) and name not in news["packages"]:
            result.changes.setdefault(f"packages[{index}]", Change.DELETE)
    for prop in ("units", "sysctls"):
        for key in olds.get(prop) or {}:
            if isinstance(news.get(prop), Mapping) and key not in news[prop]:
                result.changes[keyed(prop, key)] = Change.DELETE
