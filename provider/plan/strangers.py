"""What is on a server beyond the declared: rights to be root, accounts that may log in, programs that listen.

A refresh puts them into the state, so that the next diff names them by path, and the next `up` takes away what the
state names: rights and log-ins. What came since is warned of and waits for the `up` after. People's files stay as they
are, and nothing is ever taken from an account that this toolkit logs in as.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from provider.kinds.base import Change, Props
from provider.plan.host_facts import Account, HostFacts, Listener, Right
from provider.plan.paths import keyed

NOLOGIN = "/usr/sbin/nologin"
ARCHIVE = "/var/lib/numerian/archive"
# Nothing that sudo could read before may be unreadable to it afterwards (an alias that another file needs).
_PUT_AWAY = """
to=$1/$(date -u +%Y%m%dT%H%M%SZ)-rights$2
well=0 && visudo -cq >/dev/null 2>&1 && well=1
mkdir -p -m 700 -- "${to%/*}" && mv -T -- "$2" "$to" || exit 1
[ $well = 0 ] || visudo -cq || { mv -T -- "$to" "$2"; exit 1; }
"""


@dataclass(frozen=True)
class Step:
    """A command, what it gets on standard input, and what it is for.

    `packages`: it needs the package tools' locks. `may_fail`: what it leaves undone is seen afterwards.
    """

    argv: tuple[str, ...]
    why: str
    stdin: bytes = b""
    packages: bool = False
    may_fail: bool = False


@dataclass
class Strangers:
    """What isn't declared. Empty where the declaration says nothing of it."""

    rights: dict[str, list[Right]] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)

    @classmethod
    def of(cls, facts: HostFacts, news: Props) -> Strangers:
        """Return what `facts` hold beyond what `news` declare."""
        found = cls()
        rights, ports = _names(news, "rights"), _names(news, "ports")
        if rights is not None:
            known = {account["name"] for account in news.get("accounts") or [] if isinstance(account, Mapping)}
            for right in facts.rights:
                if right.account not in rights and right.account not in facts.ours:
                    found.rights.setdefault(right.account, []).append(right)
            found.accounts = {
                name: there for name, there in facts.logins.items() if name not in known and name not in facts.ours
            }
        if ports is not None:
            found.listeners = {one.port: one for one in facts.listeners if one.port not in ports}
        return found

    def words(self, host: str, told: Props) -> list[str]:
        """Return a warning for each that `told` (a state) doesn't name yet, and for every listener."""
        rights, accounts = _names(told, "rights") or set(), account_names(told)
        return [
            *(
                f"{host}: {name} may become root ({', '.join(ways)}), which isn't declared"
                for name, ways in sorted(self._ways().items())
                if name not in rights
            ),
            *(
                f"{host}: {name} (uid {there.uid}, {there.shell}) may log in and isn't declared"
                for name, there in sorted(self.accounts.items())
                if name not in accounts
            ),
            *(f"{host}: {one} listens on {one.port}, which isn't declared" for one in self.listeners.values()),
        ]

    def _ways(self) -> dict[str, dict[str, None]]:
        return {name: {right.way: None for right in rights} for name, rights in self.rights.items()}

    def beyond(self, told: Props, news: Props) -> dict[str, Any]:
        """Return the properties that hold those of them that `told` doesn't name: the next `up` takes them away."""
        rights = sorted(self.rights.keys() - (_names(told, "rights") or set()))
        accounts = [described(self.accounts[name]) for name in sorted(self.accounts.keys() - account_names(told))]
        more: dict[str, Any] = {}
        if rights:
            more["rights"] = [*news["rights"], *rights]
        if accounts:
            more["accounts"] = [*(news.get("accounts") or []), *accounts]
        return more


def described(there: Account) -> dict[str, Any]:
    """Return an account that isn't declared as the state holds it."""
    return {"name": there.name, "uid": there.uid, "shell": there.shell}


def account_names(props: Props) -> set[str]:
    """Return the names of the accounts of a resource's properties."""
    accounts = props.get("accounts")
    return {a["name"] for a in accounts if isinstance(a, Mapping)} if isinstance(accounts, list) else set()


def named_changes(olds: Props, news: Props) -> dict[str, Change]:
    """Return the paths of rights and ports that come or go.

    >>> named_changes({"ports": ["tcp/22", "tcp/4444"]}, {"ports": ["tcp/22"]})
    {'ports["tcp/4444"]': <Change.DELETE: 'delete'>}
    """
    changes: dict[str, Change] = {}
    for name in ("rights", "ports"):
        before, after = _names(olds, name) or set(), _names(news, name)
        if after is None:
            # Nothing is said of them any more: they are left as they are.
            changes |= {name: Change.DELETE} if before else {}
            continue
        changes |= {keyed(name, key): Change.ADD for key in sorted(after - before)}
        changes |= {keyed(name, key): Change.DELETE for key in sorted(before - after)}
    return changes


def take_rights(facts: HostFacts, olds: Props, news: Props) -> tuple[list[Step], list[str]]:
    """Return what takes away the rights that the state names and the declaration doesn't, and what can't be taken."""
    wanted = _names(news, "rights")
    if wanted is None:
        return [], []
    gone = (_names(olds, "rights") or set()) - wanted - facts.ours
    steps: dict[Step, None] = {}
    words: dict[str, None] = {}
    for right in facts.rights:
        if right.account not in gone:
            continue
        if right.group is not None and right.primary:
            words[f"{right.group} is the own group of {right.account}: give it another by `usermod --gid`"] = None
        elif right.group is not None:
            argv = ("gpasswd", "--delete", right.account, right.group)
            steps[Step(argv, f"taking {right.account} out of the group {right.group}")] = None
        elif right.file is not None:
            _file(right, facts, gone, steps, words)
        else:
            steps[close(right.account)] = None
    return list(steps), [f"{facts.host}: {word}" for word in words]


def _file(right: Right, facts: HostFacts, gone: set[str], steps: dict[Step, None], words: dict[str, None]) -> None:
    """Put a sudoers file away if it names nobody else; what else names them is for a person to judge."""
    path = right.file or ""
    others = sorted({other.account for other in facts.rights if other.file == path} - gone)
    if path.startswith("/etc/sudoers.d/") and not others:
        argv = ("sh", "-c", _PUT_AWAY, "numerian", ARCHIVE, path)
        steps[Step(argv, f"putting {path} away, which lets {right.account} be root")] = None
    elif path.startswith("/etc/sudoers.d/"):
        words[f"{path} lets {right.account} be root, and {', '.join(others)} too: take the line out by `visudo`"] = None
    else:
        words[f"a line of {path} lets {right.account} be root: take it out by `visudo`"] = None


def close(name: str) -> Step:
    """Return what takes an account's log-in away: expired, it logs in neither by key nor by password."""
    words = ("usermod", "--expiredate", "1", "--lock", "--shell", NOLOGIN, "--", name)
    return Step(words, f"closing the account {name}")


def _names(props: Props, name: str) -> set[str] | None:
    values: Iterable[Any] | None = props.get(name)
    return {value for value in values if isinstance(value, str)} if isinstance(values, list) else None
