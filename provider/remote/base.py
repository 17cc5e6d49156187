"""A server's base: read in one round trip, changed step by step."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from provider.errors import CommandError
from provider.plan.host_facts import Account, HostFacts, HostNeed, Listener
from provider.plan.strangers import Step
from provider.plan.sudoers import group_rights, sudoers_rights
from provider.remote import command, pad, script
from provider.remote.dpkg import await_locks, lost_race
from provider.remote.reading import failed
from provider.transport import Transport
from provider.transport.command import shown

_SILENCE = 900.0
"""Seconds of silence after which a step is given up: apt waits up to 300 for another apt."""
_RACES = 5
_NO_SHELLS = ("nologin", "false", "sync")
_LEAST_PERSON = 1000
"""The least uid of people's accounts (Debian Policy 9.2.2); system accounts are below."""
_OWNER = re.compile(r'users:\(\("([^"]*)",pid=(\d+)')


def read_base(transport: Transport, need: HostNeed) -> HostFacts:
    """Return what is there of what is asked for, whatever its number in one round trip."""
    wanted = [
        ("p", need.packages),
        ("a", need.accounts),
        ("i", map(str, need.uids)),
        ("u", need.units),
        ("s", need.sysctls),
        ("o", [*(["strangers"] if need.strangers else []), *(["ports"] if need.ports else [])]),
    ]
    lines = "".join(f"{key} {name}\n" for key, names in wanted for name in sorted(names))
    argv, stdin = command(script("host"), sections=(pad(lines.encode()),))
    result = transport.run(argv, stdin=stdin, timeout=120)
    text = result.stdout.decode("utf-8", "replace")
    if result.exit_code != 0 or not text.endswith("end\n"):
        raise failed(transport.host, "reading the server's base failed", result)
    answer = _Answer()
    for line in text.splitlines():
        answer.take(line)
    return answer.facts(transport.host, transport.accounts)


def take(transport: Transport, steps: Iterable[Step], say: Callable[[str], None]) -> None:
    """Run the steps one after the other; the first that fails ends it, unless it may."""
    for step in steps:
        say(step.why)
        result = transport.run(list(step.argv), stdin=step.stdin, timeout=_SILENCE) if not step.packages else None
        for _ in range(_RACES):
            if result is not None and not lost_race(result.stderr + result.stdout):
                break
            await_locks(transport, say)
            result = transport.run(list(step.argv), stdin=step.stdin, timeout=_SILENCE)
        if result is not None and result.exit_code != 0 and not step.may_fail:
            output = (result.stderr + result.stdout).decode("utf-8", "replace").strip()
            last = "\n".join(output.splitlines()[-20:])
            message = f"{step.why} failed: {shown(list(step.argv))} ended with exit code {result.exit_code}: {last}"
            raise CommandError(
                transport.host, message, command=" ".join(step.argv), exit_code=result.exit_code, output=last
            )


@dataclass
class _Answer:
    """The lines of the script, gathered."""

    tools: frozenset[str] = frozenset()
    me: str = "root"
    packages: set[str] = field(default_factory=set)
    unfinished: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)
    uids: dict[int, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    sysctls: dict[str, str] = field(default_factory=dict)
    today: int = 0
    everybody: dict[str, Account] = field(default_factory=dict)
    groups: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    sudoers: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)

    def take(self, line: str) -> None:
        """Read one line. What follows the first word is split only where it can hold no blank."""
        kind, _, rest = line.partition(" ")
        match kind:
            case "passwd" | "expires" | "group":
                getattr(self, f"_{kind}")(rest.split(":"))
            case "listen":
                self._listen(rest)
            case "sudoers":
                path, content = (base64.b64decode(word).decode("utf-8", "surrogateescape") for word in rest.split(" "))
                self.sudoers[path] = content
            case "sysctl":
                key, _, value = rest.partition(" ")
                self.sysctls[key] = value.strip()
            case _:
                self._words(kind, rest.split(" "))

    def facts(self, host: str, ours: frozenset[str]) -> HostFacts:
        """Return all as facts; `ours` are the accounts that we log in as."""
        rights = [*group_rights(self.everybody, self.groups)]
        rights += sudoers_rights(self.sudoers, self.everybody, self.groups)
        return HostFacts(
            host,
            frozenset(self.packages),
            self.accounts,
            self.uids,
            self.units,
            self.tools,
            sysctls=self.sysctls,
            unfinished=self.unfinished,
            logins={name: account for name, account in self.everybody.items() if _may_log_in(account)},
            rights=tuple(rights),
            listeners=tuple(self.listeners.values()),
            ours=ours | {"root", self.me},
        )

    def _words(self, kind: str, words: list[str]) -> None:
        match [kind, *words]:
            case ["tools", *names]:
                self.tools = frozenset(names)
            case ["me", name]:
                self.me = name
            case ["package", name, "installed"]:
                self.packages.add(name)
            case ["unfinished", _]:
                self.unfinished = True
            case ["account", *fields]:
                self.accounts[fields[0]] = _account(fields, self.today)
            case ["keys", name, encoded]:
                text = base64.b64decode(encoded).decode("utf-8", "replace")
                keys = tuple(key for key in map(str.strip, text.splitlines()) if key and key[0] != "#")
                self.accounts[name] = replace(self.accounts[name], keys=keys)
            case ["uid", uid, name]:
                self.uids[int(uid)] = name
            case ["unit", name, state]:
                self.units[name] = state
            case ["today", day]:
                self.today = int(day)

    def _passwd(self, fields: list[str]) -> None:
        name, _, uid, gid, *_, home, shell = fields
        self.everybody[name] = Account(name, int(uid), int(gid), shell=shell or "/bin/sh", home=home)

    def _expires(self, fields: list[str]) -> None:
        name, day = fields
        if name in self.everybody and day:
            self.everybody[name] = replace(self.everybody[name], expired=int(day) <= self.today)

    def _group(self, fields: list[str]) -> None:
        name, _, gid, members = fields
        self.groups[name] = (int(gid), frozenset(members.split(",")) - {""})

    def _listen(self, line: str) -> None:
        """Read a line of ss(8): kind, state, two queues, own address and port, the peer's, who."""
        words = line.split()
        address, _, port = words[4].rpartition(":")
        if _loopback(address.partition("%")[0].strip("[]")):
            return
        owner = _OWNER.search(line)
        key = f"{words[0]}/{port}"
        self.listeners.setdefault(key, Listener(key, owner[1], int(owner[2])) if owner else Listener(key))


def _loopback(address: str) -> bool:
    return address.removeprefix("::ffff:").startswith("127.") or address == "::1"


def _may_log_in(account: Account) -> bool:
    shell = (account.shell or "").rpartition("/")[2]
    person = account.uid == 0 or (account.uid or 0) >= _LEAST_PERSON
    return person and shell not in _NO_SHELLS and not account.expired


def _account(fields: list[str], today: int) -> Account:
    name, uid, gid, primary, groups, home, shell, expires = fields
    return Account(
        name=name,
        uid=int(uid),
        gid=int(gid),
        groups=frozenset(groups.split(",")) - {primary, "-"},
        shell=shell,
        home=home,
        expired=expires not in ("-", "") and int(expires) <= today,
    )
