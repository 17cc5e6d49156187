"""What one read of a host found, as plain frozen values; a plan sees nothing else of a host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property


@dataclass(frozen=True)
class Entry:
    """One name in a folder of the host. `sha256` is None for what isn't a regular file or wasn't hashed."""

    kind: str
    """`file`, `folder`, `symbolic link`, or `pipe or a device`."""
    mode: str
    uid: int
    gid: int
    owner: str
    group: str
    size: int = 0
    sha256: str | None = None
    device: str = ""

    def owned_by(self, owner: str, group: str) -> bool:
        """Whether it belongs to `owner` and `group`, each a name or a number."""
        return owner in (self.owner, str(self.uid)) and group in (self.group, str(self.gid))


@dataclass(frozen=True, order=True)
class Target:
    """A place that a resource can own: an absolute path, or (`service` set) a path in a service's generation."""

    path: str
    service: str | None = None

    def __str__(self) -> str:
        return f"{self.service}:{self.path}" if self.service else self.path


@dataclass(frozen=True)
class Claim:
    """An entry of the ledger: `owner` (project/stack) and resource `name` have `target`.

    `kind` is `file`, `folder`, `found` (a folder that was there before the resource) or `seed`. `holder` tells
    resources of one name apart: one that got another parent is another one to the engine, and takes over from its old
    self.
    """

    owner: str
    name: str
    kind: str
    target: Target
    holder: str = ""

    @property
    def who(self) -> str:
        """Return whose it is, for messages."""
        return f"`{self.name}` of {self.owner}"


@dataclass(frozen=True)
class Definition:
    """A service as it is declared. In argv words `{generation}` and `{root}` are filled in."""

    name: str
    root: str
    validate: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    watch_seconds: int = 5
    confirm: bool = False
    """Whether a reload has to be confirmed by a new connection."""
    owner: str = ""
    resource: str = ""

    def argv(self, words: tuple[str, ...], generation: int) -> list[str]:
        """Return `words` with `{generation}` (relative to the root) and `{root}` filled in.

        >>> Definition("front", "/srv/f").argv(("nginx", "-c", "{root}/{generation}/a"), 7)
        ['nginx', '-c', '/srv/f/generations/7/a']
        """
        names = {"{generation}": f"generations/{generation}", "{root}": self.root}
        filled = []
        for word in words:
            for name, value in names.items():
                word = word.replace(name, value)
            filled.append(word)
        return filled


@dataclass(frozen=True)
class ServiceFacts:
    """A service on a host: its definition, its generations, and every file of the current one by relative path."""

    definition: Definition
    current: int | None = None
    generations: tuple[int, ...] = ()
    files: Mapping[str, Entry] = field(default_factory=dict)
    pending: bool = False
    """A reload that a cut run still owes."""
    unsafe: str | None = None
    """Why root can't work at its root, if so."""

    @property
    def next(self) -> int:
        """Return the number of a generation that never was."""
        return max((*self.generations, self.current or 0)) + 1


@dataclass(frozen=True)
class Facts:
    """Everything that one read of a host brought."""

    host: str
    entries: Mapping[str, Entry] = field(default_factory=dict)
    services: Mapping[str, ServiceFacts] = field(default_factory=dict)
    claims: Mapping[Target, tuple[Claim, ...]] = field(default_factory=dict)
    pending: frozenset[tuple[str, str]] = frozenset()
    """(owner, resource) whose `run` commands a cut run still owes."""
    users: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    leftovers: bool = False
    """Whether a run that was cut left something staged."""
    switch: bool = True
    """Whether the host has a tool that lets root work under another uid."""
    method: str = "setpriv"
    """The tool for that."""
    assumed: bool = False
    """Whether these are what the state says (a preview), not what a host said."""

    def entry(self, target: Target) -> Entry | None:
        """Return what is at a target."""
        if target.service is None:
            return self.entries.get(target.path)
        service = self.services.get(target.service)
        return service.files.get(target.path) if service else None

    @cached_property
    def _by_resource(self) -> Mapping[tuple[str, str], list[Claim]]:
        found: dict[tuple[str, str], list[Claim]] = {}
        for claims in self.claims.values():
            for claim in claims:
                found.setdefault((claim.owner, claim.name), []).append(claim)
        return found

    def claimed_by(self, owner: str, name: str) -> list[Claim]:
        """Return what a resource has on the host, by the ledger."""
        return self._by_resource.get((owner, name), [])

    def with_service(self, service: ServiceFacts) -> Facts:
        """Return these facts as they are once a service is defined."""
        return replace(self, services={**self.services, service.definition.name: service})


@dataclass(frozen=True)
class Need:
    """What a read is asked for; needs of many resources are joined into one."""

    paths: frozenset[str] = frozenset()
    hashes: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __or__(self, other: Need) -> Need:
        return Need(
            self.paths | other.paths,
            self.hashes | other.hashes,
            self.services | other.services,
            self.users | other.users,
            self.groups | other.groups,
        )


def parents(path: str) -> list[str]:
    """Return the folders above an absolute path, from / down.

    >>> parents("/srv/a/b")
    ['/', '/srv', '/srv/a']
    """
    parts = path.strip("/").split("/")[:-1]
    return ["/", *("/" + "/".join(parts[: n + 1]) for n in range(len(parts)))]
