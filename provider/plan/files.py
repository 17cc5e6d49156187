"""What to do so that a host has what a `Files` resource declares. Pure; `diff`, preview and update share `plan`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from provider.errors import ChangedSinceError, ForeignError, ResourceError
from provider.kinds.base import Change
from provider.plan.declared import Declared, File, Rights
from provider.plan.facts import Claim, Definition, Entry, Facts, Need, ServiceFacts, Target, parents
from provider.plan.paths import UnsafeError, keyed, worker


@dataclass(frozen=True)
class WriteFile:
    """Put a file there, whole."""

    target: Target
    file: File
    uid: int
    gid: int
    before: Entry | None


@dataclass(frozen=True)
class RemoveFile:
    """Take a managed file away; `archive` keeps it because it isn't what the resource wrote."""

    target: Target
    before: Entry
    archive: bool = False


@dataclass(frozen=True)
class MakeFolder:
    """Make a folder that isn't there, as the uid that owns the folder `base` above it."""

    path: str
    mode: str
    uid: int
    gid: int
    worker: int
    worker_gid: int
    base: str


@dataclass(frozen=True)
class SetFolder:
    """Give a folder that is there its rights."""

    path: str
    mode: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Seed:
    """Write a file once if it isn't there, as the uid that owns the folder `base` above it."""

    path: str
    content: bytes
    mode: str
    uid: int
    gid: int
    worker: int
    worker_gid: int
    base: str


@dataclass(frozen=True)
class ArchiveFolder:
    """Put a folder of people away, with all that is in it."""

    path: str
    device: str


Action = WriteFile | RemoveFile | MakeFolder | SetFolder | Seed | ArchiveFolder


@dataclass
class Plan:
    """Actions in their order, the ledger's new entries of the resource, and what stands in the way."""

    actions: list[Action] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    run: tuple[tuple[str, ...], ...] = ()
    changes: dict[str, Change] = field(default_factory=dict)
    errors: list[ResourceError] = field(default_factory=list)


def need(olds: Declared | None, news: Declared | None) -> Need:
    """Return what must be known of the host before `plan` can tell."""
    paths: set[str] = set()
    hashes: set[str] = set()
    services: set[str] = set()
    rights: list[Rights] = []
    for declared in filter(None, (olds, news)):
        hashes |= {target.path for target in declared.files if target.service is None}
        paths |= {*declared.folders, *declared.seeds}
        services |= {target.service for target in declared.files if target.service}
        services |= {declared.service} if declared.service else set()
    if news:
        rights = [*(file.rights for file in (*news.files.values(), *news.seeds.values())), *news.folders.values()]
    above = {folder for path in paths | hashes for folder in parents(path)}
    return Need(
        paths=frozenset(paths | hashes | above | {"/var/lib"}),
        hashes=frozenset(hashes),
        services=frozenset(services),
        users=frozenset(r.owner for r in rights if not r.owner.isdigit()),
        groups=frozenset(r.group for r in rights if not r.group.isdigit()),
    )


def plan(facts: Facts, claimant: tuple[str, str], olds: Declared | None, news: Declared | None) -> Plan:
    """Return what brings a host from `facts` to `news`.

    Args:
        facts: what is there, or what the state says is there.
        claimant: owner (project/stack) and name of the resource.
        olds: what the state holds; None for a create.
        news: what is declared; None for a delete.
    """
    planner = _Planner(facts, claimant, olds, news)
    planner.everything()
    return planner.plan


class _Planner:
    def __init__(self, facts: Facts, claimant: tuple[str, str], olds: Declared | None, news: Declared | None) -> None:
        self.facts = facts
        self.claimant = claimant
        self.olds = olds or Declared(facts.host)
        self.creating = olds is None
        self.deleting = news is None
        self.news = news or Declared(facts.host)
        self.plan = Plan()
        self.folders = dict(facts.entries)

    def everything(self) -> None:
        for path, rights in sorted(self.news.folders.items()):
            self._guarded(path, self._folder, path, rights)
        for target, file in sorted(self.news.files.items(), key=lambda item: str(item[0])):
            self._guarded(str(target), self._file, target, file)
        for path, file in sorted(self.news.seeds.items()):
            self._guarded(path, self._seed, path, file)
        for target in self._gone():
            self._guarded(str(target), self._remove, target)
        self._archive()
        touched = any(isinstance(a, WriteFile | RemoveFile) and a.target.service is None for a in self.plan.actions)
        if touched or self.claimant in self.facts.pending:
            self.plan.run = self.news.run

    def _guarded(self, path: str, step: Callable[..., None], *args: object) -> None:
        try:
            step(*args)
        except UnsafeError as error:
            self.plan.errors.append(ResourceError(f"{path} on {self.facts.host}: {error}"))
        except ResourceError as error:
            self.plan.errors.append(error)

    # --- files ------------------------------------------------------------------------------------------------------

    def _file(self, target: Target, file: File) -> None:
        if target.service is not None and target.service not in self.facts.services:
            raise _no_service(target.service, self.facts)
        self._safe_for_root(target)
        entry = self.facts.entry(target)
        old = self.olds.files.get(target)
        prop = keyed("files", target.path)
        self._claim("file", target)
        if entry is not None and _same(entry, file):
            if self._others(target) and not self.news.adopt:
                raise self._foreign(target)
            return
        if old is not None and old == file and file.content is not None and not self.facts.assumed:
            return  # what drifted is the refresh's matter; this update didn't ask for it
        if entry is not None:
            self._check_overwrite(target, entry, old)
        self._note(prop, entry, file.rights, file.sha256)
        uid, gid = self._ids(file.rights)
        self.plan.actions.append(WriteFile(target, file, uid, gid, entry))

    def _check_overwrite(self, target: Target, entry: Entry, old: File | None) -> None:
        if entry.kind != "file":
            raise ResourceError(f"{target.path} on {self.facts.host} is a {entry.kind}, no file; take it away first")
        if self.facts.assumed or self.news.adopt:
            return
        if not self._mine(target) and (old is None or self._others(target)):
            raise self._foreign(target)
        if old is not None and entry.sha256 != old.sha256:
            raise changed_since(target, self.facts.host)

    def _remove(self, target: Target) -> None:
        entry = self.facts.entry(target)
        old = self.olds.files.get(target)
        self.plan.changes[keyed("files", target.path)] = Change.DELETE
        if entry is None or self._others(target):
            return
        self._safe_for_root(target)
        if entry.kind != "file":
            raise ResourceError(f"{target.path} on {self.facts.host} is a {entry.kind} by now, no file")
        same = old is not None and old.sha256 == entry.sha256
        if not same and not self.deleting and old is not None:
            raise changed_since(target, self.facts.host)
        self.plan.actions.append(RemoveFile(target, entry, archive=not same and target.service is None))

    def _gone(self) -> list[Target]:
        before = set(self.olds.files)
        if not self.facts.assumed:
            before |= {claim.target for claim in self._claims() if claim.kind == "file"}
        return sorted(before - set(self.news.files), key=str)

    # --- folders and seeds ------------------------------------------------------------------------------------------

    def _folder(self, path: str, rights: Rights) -> None:
        uid, base_gid, base = worker(path, self.folders)
        entry = self.facts.entries.get(path) if uid == 0 or self.facts.assumed else None
        owner, group = self._ids(rights)
        if entry is None:
            self._reach(rights, uid, base)
            self._claim("folder", Target(path))
            self._note(keyed("folders", path), None, rights, None)
            self.plan.actions.append(MakeFolder(path, rights.mode, owner, group, uid, base_gid, base))
            self.folders[path] = Entry("folder", rights.mode, owner, group, rights.owner, rights.group)
            return
        made = any(c.kind == "folder" and c.target == Target(path) for c in self._claims())
        self._claim("folder" if made else "found", Target(path))
        if entry.kind != "folder":
            raise ResourceError(f"{path} on {self.facts.host} is a {entry.kind}, no folder")
        if entry.mode == rights.mode and entry.owned_by(rights.owner, rights.group):
            return
        if not (self.facts.assumed or self.news.adopt or path in self.olds.folders or self._mine(Target(path))):
            raise self._foreign(Target(path))
        self._note(keyed("folders", path), entry, rights, None)
        self.plan.actions.append(SetFolder(path, rights.mode, owner, group))
        self.folders[path] = Entry("folder", rights.mode, owner, group, rights.owner, rights.group)

    def _seed(self, path: str, file: File) -> None:
        uid, gid, base = worker(path, self.folders)
        self._claim("seed", Target(path))
        given = any(claim.kind == "seed" and claim.target.path == path for claim in self._claims())
        if given or path in self.olds.seeds or (uid == 0 and path in self.facts.entries):
            return
        owner, group = self._ids(file.rights)
        self._reach(file.rights, uid, base)
        self.plan.changes[keyed("seeds", path)] = Change.ADD
        self.plan.actions.append(Seed(path, file.content or b"", file.rights.mode, owner, group, uid, gid, base))

    def _reach(self, rights: Rights, uid: int, base: str) -> None:
        """Refuse work in a folder of people that their own uid can't do."""
        if uid == 0 or self.facts.assumed:
            return
        if self._ids(rights)[0] != uid:
            raise UnsafeError(f"it lies in a folder of uid {uid}, so it has to belong to that uid too")
        entry = self.facts.entries.get(base)
        named_only = self.facts.method == "start-stop-daemon" and entry is not None and entry.owner == "UNKNOWN"
        if entry is not None and (named_only or not self.facts.switch):
            raise UnsafeError(
                f"{base} belongs to uid {uid}, and {self.facts.host} has no tool to work as that uid; "
                "install util-linux (setpriv) there"
            )

    def _archive(self) -> None:
        for name, before, after in (
            ("folders", self.olds.folders, self.news.folders),
            ("seeds", self.olds.seeds, self.news.seeds),
        ):
            self.plan.changes.update({keyed(name, path): Change.DELETE for path in before if path not in after})
        made = {c.target.path for c in self._claims() if c.kind == "folder"} - set(self.news.folders)
        for path in sorted(made):
            entry = self.facts.entries.get(path)
            inside = [target for target in self.facts.claims if f"{target.path}/".startswith(f"{path}/")]
            kept = any(folder.startswith(f"{path}/") for folder in self.news.folders)
            if entry is None or kept or made.intersection(parents(path)) or any(map(self._others, inside)):
                continue
            self._guarded(path, self._put_away, path, entry)

    def _put_away(self, path: str, entry: Entry) -> None:
        if worker(path, self.facts.entries)[0] == 0:
            self.plan.actions.append(ArchiveFolder(path, entry.device))

    # --- what is whose ----------------------------------------------------------------------------------------------

    def _claims(self) -> list[Claim]:
        return self.facts.claimed_by(*self.claimant)

    def _claim(self, kind: str, target: Target) -> None:
        self.plan.claims.append(Claim(*self.claimant, kind, target))

    def _mine(self, target: Target) -> bool:
        return any((c.owner, c.name) == self.claimant for c in self.facts.claims.get(target, ()))

    def _others(self, target: Target) -> list[Claim]:
        return [c for c in self.facts.claims.get(target, ()) if (c.owner, c.name) != self.claimant]

    def _foreign(self, target: Target) -> ForeignError:
        others = self._others(target)
        whose = others[0].who if others else "nobody that this toolkit knows (a person or a package put it there)"
        where = f"{target.path} (service {target.service})" if target.service else target.path
        return ForeignError(
            f"{where} on {self.facts.host} is there already; it belongs to {whose}. "
            "Take it away or name yours otherwise; to take it over as it is declared here, set `adopt=True` for one run"
        )

    def _safe_for_root(self, target: Target) -> None:
        if target.service is None:
            uid, _, base = worker(target.path, self.folders)
            if uid != 0:
                raise UnsafeError(
                    f"{base} belongs to uid {uid}, and root writes no managed file there: make it a seed, or move it"
                )

    def _ids(self, rights: Rights) -> tuple[int, int]:
        known = self.facts.users, self.facts.groups
        return self._id(rights.owner, known[0], "user"), self._id(rights.group, known[1], "group")

    def _id(self, name: str, known: Mapping[str, int], what: str) -> int:
        if name.isdigit():
            return int(name)
        if name in known or self.facts.assumed:
            return known.get(name, 0)
        raise UnsafeError(f"there is no {what} `{name}` on {self.facts.host}; declare it in `accounts` of its Host")

    def _note(self, prop: str, entry: Entry | None, rights: Rights, sha256: str | None) -> None:
        """Write down which fields differ, as property paths."""
        if entry is None:
            self.plan.changes[prop] = Change.ADD
            return
        fields = {
            "content": prop.startswith("files") and entry.sha256 != sha256,
            "mode": entry.mode != rights.mode,
            "owner": rights.owner not in (entry.owner, str(entry.uid)),
            "group": rights.group not in (entry.group, str(entry.gid)),
        }
        self.plan.changes.update({f"{prop}.{name}": Change.UPDATE for name, differs in fields.items() if differs})


def changed_since(target: Target, host: str) -> ChangedSinceError:
    """Return the error of a file that changed on its host behind the state's back."""
    return ChangedSinceError(
        f"{target.path} on {host} changed on the server since it was last read, so it isn't overwritten; "
        "run `numerian up --refresh` to see what changed, then decide"
    )


def _same(entry: Entry, file: File) -> bool:
    return (
        entry.kind == "file"
        and file.sha256 is not None
        and entry.sha256 == file.sha256
        and entry.mode == file.rights.mode
        and entry.owned_by(file.rights.owner, file.rights.group)
    )


def _no_service(name: str, facts: Facts) -> ResourceError:
    if not name:
        return ResourceError("a relative path belongs to a service's generation; name the `service`")
    there = ", ".join(sorted(facts.services)) or "none"
    return ResourceError(
        f"{facts.host} has no service `{name}` (there are: {there}); "
        "declare it with `Service` and give its `name` output to `service`"
    )


def assume(olds: Declared, news: Declared | None = None) -> Facts:
    """Return the facts of a host that is exactly as the state says, with every service that is named."""
    entries: dict[str, Entry] = {}
    names = {name for declared in (olds, news) if declared for name in (declared.service, *_services(declared)) if name}
    generations: dict[str, dict[str, Entry]] = {name: {} for name in names}
    for target, file in olds.files.items():
        entry = _as_declared("file", file.rights, file.sha256)
        place = entries if target.service is None else generations.setdefault(target.service, {})
        place[target.path] = entry
    entries.update({path: _as_declared("folder", rights, None) for path, rights in olds.folders.items()})
    services = {name: ServiceFacts(Definition(name, ""), files=files) for name, files in generations.items()}
    return Facts(host=olds.host, entries=entries, services=services, assumed=True)


def _services(declared: Declared) -> set[str | None]:
    return {target.service for target in declared.files}


def _as_declared(kind: str, rights: Rights, sha256: str | None) -> Entry:
    uid, gid = (int(name) if name.isdigit() else -1 for name in (rights.owner, rights.group))
    return Entry(kind, rights.mode, uid, gid, rights.owner, rights.group, sha256=sha256)


def unsafe(path: str, facts: Facts) -> bool:
    """Whether root has to keep its hands off a path: a folder above it can be changed by others."""
    try:
        return worker(path, facts.entries)[0] != 0
    except UnsafeError:
        return True
