"""A server's base: read in one round trip, changed step by step."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable

from provider.errors import CommandError
from provider.plan.host import Account, HostFacts, Step
from provider.remote import command, pad, script
from provider.remote.reading import failed
from provider.transport import Transport

_SILENCE = 900.0
"""Seconds of silence after which a step is given up: apt waits up to 300 for another apt."""


def read_base(
    transport: Transport, packages: Iterable[str], accounts: Iterable[str], uids: Iterable[int], units: Iterable[str]
) -> HostFacts:
    """Return what is there of the named packages, accounts and units."""
    wanted = [("p", packages), ("a", accounts), ("i", map(str, uids)), ("u", units)]
    lines = "".join(f"{key} {name}\n" for key, names in wanted for name in names)
    argv, stdin = command(script("host"), sections=(pad(lines.encode()),))
    result = transport.run(argv, stdin=stdin, timeout=120)
    text = result.stdout.decode("utf-8", "replace")
    if result.exit_code != 0 or not text.endswith("end\n"):
        raise failed(transport.host, "reading the server's base failed", result)
    return _parse(transport.host, [line.split(" ") for line in text.splitlines()])


def take(transport: Transport, steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Run the steps one after the other; the first that fails ends it."""
    for step in steps:
        say(step.why)
        result = transport.run(list(step.argv), stdin=step.stdin, timeout=_SILENCE)
        if result.exit_code != 0:
            output = (result.stderr + result.stdout).decode("utf-8", "replace").strip()
            last = "\n".join(output.splitlines()[-20:])
            line = " ".join(step.argv)
            message = f"{step.why} failed: `{line}` ended with exit code {result.exit_code}: {last}"
            raise CommandError(transport.host, message, command=line, exit_code=result.exit_code, output=last)


def _parse(host: str, lines: list[list[str]]) -> HostFacts:
    accounts: dict[str, Account] = {}
    keys: dict[str, tuple[str, ...]] = {}
    units: dict[str, str] = {}
    uids: dict[int, str] = {}
    packages: set[str] = set()
    tools: frozenset[str] = frozenset()
    for line in lines:
        match line:
            case ["tools", *names]:
                tools = frozenset(names)
            case ["package", name, "installed"]:
                packages.add(name)
            case ["account", *fields]:
                accounts[fields[0]] = _account(fields)
            case ["keys", name, encoded]:
                text = base64.b64decode(encoded).decode("utf-8", "replace")
                keys[name] = tuple(key for key in map(str.strip, text.splitlines()) if key and key[0] != "#")
            case ["uid", uid, name]:
                uids[int(uid)] = name
            case ["unit", name, state]:
                units[name] = state
    for name, found in keys.items():
        accounts[name] = _with_keys(accounts[name], found)
    return HostFacts(host, frozenset(packages), accounts, uids, units, tools)


def _account(fields: list[str]) -> Account:
    name, uid, gid, primary, groups, home, shell, expires = fields
    return Account(
        name=name,
        uid=int(uid),
        gid=int(gid),
        groups=frozenset(groups.split(",")) - {primary, "-"},
        shell=shell,
        home=home,
        expired=expires not in ("-", ""),
    )


def _with_keys(account: Account, keys: tuple[str, ...]) -> Account:
    return Account(
        account.name, account.uid, account.gid, account.groups, account.shell, keys, account.home, account.expired
    )
