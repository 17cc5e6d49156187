"""What is accepted as inputs of `Host`: everything that is wrong, at once, each with its property path."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from provider.kinds.base import CheckFailure, Props, Unknown
from provider.plan.paths import keyed

_KNOWN = ("host", "packages", "accounts", "units", "sysctls", "ports", "rights")
_ACCOUNT = ("name", "uid", "gid", "groups", "shell", "keys")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+(:[a-z0-9]+)?")
_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]+\.(service|timer|socket|path|target|mount|slice)")
_SHELL = re.compile(r"/[A-Za-z0-9_./-]+")
_KEY = re.compile(r"(?:[a-z@-][^\s]* )?(?:ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+(?: [^\x00-\x1f\x7f]*)?")
_SYSCTL = re.compile(r"[a-z0-9_]+([./][A-Za-z0-9_:-]+)+")
_PORT = re.compile(r"(tcp|udp)/([1-9][0-9]{0,4})")
_LARGEST_PORT = 65535
_LARGEST_ID = 2**32 - 2


def check_host(news: Props) -> tuple[Props, list[CheckFailure]]:
    """Return the inputs with defaults, and their faults."""
    failures: list[CheckFailure] = [
        CheckFailure(name, f"isn't a property of Host; there are {', '.join(_KNOWN)}")
        for name in news
        if name not in _KNOWN
    ]
    host = news.get("host")
    if not isinstance(host, str | Unknown) or host == "":
        failures.append(CheckFailure("host", "is missing; name a host of the inventory"))
    inputs = {
        "host": host,
        "packages": _list(failures, news, "packages", _package_fault),
        "accounts": _list(failures, news, "accounts", lambda value: None),
        "units": news.get("units") if news.get("units") is not None else {},
        "sysctls": _sysctls(failures, news.get("sysctls")),
    }
    # Where nothing is said of these, nothing is looked for.
    for name, fault in (("ports", _port_fault), ("rights", _right_fault)):
        if news.get(name) is not None:
            inputs[name] = _list(failures, news, name, fault)
    _units(failures, inputs["units"])
    if isinstance(inputs["accounts"], list):
        inputs["accounts"] = [_account(failures, index, spec) for index, spec in enumerate(inputs["accounts"])]
        _twice(failures, inputs["accounts"])
    return inputs, failures


def _list(failures: list[CheckFailure], news: Props, name: str, fault: Any) -> Any:
    values = news.get(name)
    if values is None or isinstance(values, Unknown):
        return [] if values is None else values
    if not isinstance(values, list):
        failures.append(CheckFailure(name, "isn't a list"))
        return []
    for index, value in enumerate(values):
        if not isinstance(value, Unknown) and fault(value):
            failures.append(CheckFailure(f"{name}[{index}]", fault(value)))
    return values


def _package_fault(value: Any) -> str | None:
    fine = isinstance(value, str) and _PACKAGE.fullmatch(value)
    return None if fine else 'isn\'t the name of a Debian package such as "nginx"'


def _port_fault(value: Any) -> str | None:
    match = _PORT.fullmatch(value) if isinstance(value, str) else None
    return None if match and int(match[2]) <= _LARGEST_PORT else 'isn\'t a port such as "tcp/22" or "udp/123"'


def _right_fault(value: Any) -> str | None:
    return None if isinstance(value, str) and _NAME.fullmatch(value) else "isn't an account's name"


def _sysctls(failures: list[CheckFailure], sysctls: Any) -> Any:
    """Return kernel settings as their texts: the kernel shows no numbers, and tabs where people write blanks."""
    if sysctls is None or isinstance(sysctls, Unknown):
        return {} if sysctls is None else sysctls
    if not isinstance(sysctls, Mapping):
        failures.append(CheckFailure("sysctls", 'isn\'t a map such as {"net.ipv4.ip_forward": "1"}'))
        return {}
    texts = {}
    for key, value in sysctls.items():
        if not _SYSCTL.fullmatch(key):
            failures.append(CheckFailure(keyed("sysctls", key), "isn't a key such as `net.ipv4.ip_forward`"))
        whole = int(value) if _is_whole(value) else value
        if isinstance(value, Unknown | str) or _is_whole(value):
            texts[key] = value if isinstance(value, Unknown) else " ".join(str(whole).split())
        else:
            failures.append(CheckFailure(keyed("sysctls", key), "is neither a text nor a whole number"))
    return texts


def _units(failures: list[CheckFailure], units: Any) -> None:
    if isinstance(units, Unknown):
        return
    if not isinstance(units, Mapping):
        failures.append(CheckFailure("units", 'isn\'t a map such as {"docker.service": "enabled"}'))
        return
    for name, state in units.items():
        if not _UNIT.fullmatch(name):
            failures.append(CheckFailure(keyed("units", name), "isn't a unit's whole name such as `docker.service`"))
        if not isinstance(state, Unknown) and state not in ("enabled", "disabled", "masked"):
            failures.append(CheckFailure(keyed("units", name), 'is none of "enabled", "disabled" and "masked"'))


def _account(failures: list[CheckFailure], index: int, spec: Any) -> Any:
    prop = f"accounts[{index}]"
    if not isinstance(spec, Mapping):
        if not isinstance(spec, Unknown):
            failures.append(CheckFailure(prop, 'isn\'t a map such as {"name": "front", "uid": 601}'))
        return spec
    for field in spec:
        if field not in _ACCOUNT:
            failures.append(CheckFailure(f"{prop}.{field}", f"isn't known here; there are {', '.join(_ACCOUNT)}"))
    faults = {
        "name": _match(spec.get("name"), _NAME, "isn't an account's name: small letters, digits, `_` and `-`"),
        "uid": _id_fault(spec.get("uid")),
        "gid": _id_fault(spec.get("gid")),
        "shell": _optional(spec.get("shell"), _SHELL, "isn't an absolute path of a shell"),
    }
    failures += [CheckFailure(f"{prop}.{field}", fault) for field, fault in faults.items() if fault]
    _list_of(failures, f"{prop}.groups", spec.get("groups"), _NAME, "isn't a group's name")
    _list_of(failures, f"{prop}.keys", spec.get("keys"), _KEY, "isn't a public key of one line as in authorized_keys")
    whole = {field: int(spec[field]) for field in ("uid", "gid") if _is_whole(spec.get(field))}
    return {**{field: value for field, value in spec.items() if value is not None}, **whole}


def _twice(failures: list[CheckFailure], accounts: list[Any]) -> None:
    for field in ("name", "uid"):
        seen: dict[Any, int] = {}
        for index, spec in enumerate(accounts):
            value = spec.get(field) if isinstance(spec, Mapping) else None
            if not isinstance(value, str | int):
                continue
            if value in seen:
                text = f"`{value}` is that of accounts[{seen[value]}] already; each has its own"
                failures.append(CheckFailure(f"accounts[{index}].{field}", text))
            seen.setdefault(value, index)


def _match(value: Any, pattern: re.Pattern[str], fault: str) -> str | None:
    if isinstance(value, Unknown) or (isinstance(value, str) and pattern.fullmatch(value)):
        return None
    return fault


def _optional(value: Any, pattern: re.Pattern[str], fault: str) -> str | None:
    return None if value is None else _match(value, pattern, fault)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)


def _id_fault(value: Any) -> str | None:
    if value is None or isinstance(value, Unknown):
        return None
    fine = _is_whole(value) and 0 <= value <= _LARGEST_ID
    return None if fine else "isn't a whole number that a user or group can have"


def _list_of(failures: list[CheckFailure], prop: str, values: Any, pattern: re.Pattern[str], fault: str) -> None:
    if values is None or isinstance(values, Unknown):
        return
    if not isinstance(values, list):
        failures.append(CheckFailure(prop, "isn't a list"))
        return
    for index, value in enumerate(values):
        if problem := _match(value, pattern, fault):
            failures.append(CheckFailure(f"{prop}[{index}]", problem))
