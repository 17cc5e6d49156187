"""What one read of a server's base found, as plain frozen values, and what that read was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOOLS = frozenset({"apt-get", "dpkg-query", "useradd", "systemctl", "setpriv"})


@dataclass(frozen=True)
class Account:
    """An account. As a declaration, None is "as it comes"; `keys` None: nobody's business."""

    name: str
    uid: int | None = None
    gid: int | None = None
    groups: frozenset[str] | None = None
    shell: str | None = None
    keys: tuple[str, ...] | None = None
    home: str | None = None
    expired: bool = False


@dataclass(frozen=True)
class Right:
    """One way in which an account may become root.

    `way` says it in words; `group` and `file` are set where it is a group's or a sudoers file's. `primary`: the group
    is the account's own, so it can't be left.
    """

    account: str
    way: str
    group: str | None = None
    file: str | None = None
    primary: bool = False


@dataclass(frozen=True)
class Listener:
    """A program that listens on an address that isn't loopback. `port` is such as `tcp/22`."""

    port: str
    program: str = ""
    pid: int = 0

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})" if self.program else "a program that can't be seen"


@dataclass(frozen=True)
class HostNeed:
    """What a read is asked for, by name; `strangers` and `ports`: what there is beyond the declared."""

    packages: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    uids: frozenset[int] = frozenset()
    units: frozenset[str] = frozenset()
    sysctls: frozenset[str] = frozenset()
    strangers: bool = False
    ports: bool = False


@dataclass(frozen=True)
class HostFacts:
    """What a server's base is."""

    host: str
    packages: frozenset[str] = frozenset()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    uids: Mapping[int, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    tools: frozenset[str] = TOOLS
    sysctls: Mapping[str, str] = field(default_factory=dict)
    """Key to value, with single spaces; a key that the kernel doesn't have is missing."""
    unfinished: bool = False
    """Whether packages are unpacked and not configured: apt refuses all work then."""
    logins: Mapping[str, Account] = field(default_factory=dict)
    """Who may log in: a shell, not expired, and people's uid or root's."""
    rights: tuple[Right, ...] = ()
    listeners: tuple[Listener, ...] = ()
    ours: frozenset[str] = frozenset({"root"})
    """The accounts that this toolkit logs in as, and root: nothing is taken from them."""
