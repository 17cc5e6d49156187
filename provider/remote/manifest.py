"""One batch as the apply script takes it: a manifest of lists, and a tar laid out as on the host."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from posixpath import basename, dirname

from provider.plan.facts import Claim, Definition, Facts, ServiceFacts, Target, parents
from provider.plan.files import Action, ArchiveFolder, MakeFolder, RemoveFile, Seed, SetFolder, WriteFile
from provider.remote import command, pad, script
from provider.remote.archive import Archive, words
from provider.remote.job import Batch, Job, commands
from provider.remote.reading import definition_text, ledger_file, ledger_text, pending_text

STORE = "/var/lib/numerian"
_FEW = 64
"""Up to so many files are forced to the disk one by one; for more, their whole file systems are."""


@dataclass(frozen=True)
class Request:
    """A batch ready to be sent.

    `units` says which jobs share the fate of each unit, `services` whose generation it is ("" for none), `people` which
    of a unit have work in one folder of people.
    """

    argv: list[str]
    stdin: bytes
    units: dict[str, list[Job]]
    services: dict[str, str]
    people: dict[tuple[str, str], list[Job]]


def build(facts: Facts, batch: Batch, *, attempt: bool = False) -> Request:
    """Return what to send. `attempt`: only validate, change nothing that anybody reads."""
    if attempt:
        batch = Batch([job.only_generation() for job in batch.jobs], judged=batch.judged)
    return _Builder(facts, batch).request("try" if attempt else "apply")


class _Builder:
    def __init__(self, facts: Facts, batch: Batch) -> None:
        self.facts = facts
        self.batch = batch
        self.manifest = Archive()
        self.contents = Archive()
        self.token = secrets.token_hex(6)
        self.stamp = now_stamp()
        self.staged: list[str] = []
        self.written: list[str] = []
        self.expected: list[str] = []
        self.absent: list[str] = []
        self.folders = {path for path, entry in facts.entries.items() if entry.kind == "folder"}
        self.files = 0
        self.people: dict[tuple[str, str], list[Job]] = {}

    def request(self, mode: str) -> Request:
        units: dict[str, list[Job]] = {}
        services: dict[str, str] = {}
        grouped = self._grouped()
        for number, (service, jobs) in enumerate(sorted(grouped.items())):
            unit = f"{number:04d}"
            units[unit], services[unit] = jobs, service
            self._unit(f"u/{unit}", service, jobs)
        for definition in self.batch.services:
            self.manifest.file(f"services/{definition.name}/root", f"{definition.root}\n".encode())
            self.manifest.file(f"services/{definition.name}/definition", definition_text(definition).encode())
        self._common()
        argv, stdin = command(
            script("lock", "apply"),
            mode,
            str(len(self.batch.jobs) + len(self.batch.services) + len(self.batch.retired)),
            str(self.files),
            sections=(pad(self.manifest.bytes(), b"\0"),),
            rest=self.contents.bytes(),
        )
        return Request(argv, stdin, units, services, self.people)

    def _grouped(self) -> dict[str, list[Job]]:
        grouped: dict[str, list[Job]] = {}
        for job in self.batch.jobs:
            touched = job.services()
            owed = {c.target.service for c in job.plan.claims if c.target.service and self._service(c).pending}
            grouped.setdefault(min(touched or owed, default="") or "", []).append(job)
        for service in self.batch.reloaded:
            grouped.setdefault(service, [])
        if self.batch.retired:
            grouped.setdefault("", [])
        if self.batch.judged:
            grouped[self.batch.judged] = []
        return grouped

    def _service(self, claim: Claim) -> ServiceFacts:
        name = claim.target.service or ""
        return self.facts.services.get(name) or ServiceFacts(Definition(name, ""))

    def _common(self) -> None:
        self._list("expect", "".join(self.expected).encode())
        self._list("absent", words(self.absent))
        self._list("journal", words(self.staged), empty=True)
        if len(self.written) <= _FEW:
            self._list("sync", words(dict.fromkeys([*self.written, *map(dirname, self.written)])))
        else:
            roots = {service.definition.root for service in self.facts.services.values()}
            self._list("syncfs", words(sorted({dirname(path) for path in self.staged} & self.folders | roots)))
        self._list("switch", self.facts.method.encode())
        self._list("people.sh", script("people").encode())
        self._list("watch.sh", script("lock", "watch").encode())
        self._list(
            "notes", words(f"{STORE}/notes/{note.split(chr(9))[1]}" for note in self.facts.notes if "\t" in note)
        )

    def _list(self, name: str, content: bytes, *, empty: bool = False) -> None:
        if content or empty:
            self.manifest.file(name, content)

    # --- one unit: what a service's validator judges together ---------------------------------------------------------

    def _unit(self, unit: str, name: str, jobs: list[Job]) -> None:
        self.manifest.folder(unit)
        actions = [action for job in jobs for action in job.plan.actions]
        if name:
            self._generation(unit, self.facts.services[name], _of_service(actions, name))
        self._elsewhere(unit, [a for a in actions if isinstance(a, WriteFile) and a.target.service is None], actions)
        self._removals(unit, jobs)
        self._folders(unit, jobs)
        self._ledger(unit, jobs)

    def _generation(self, unit: str, service: ServiceFacts, actions: list[WriteFile | RemoveFile]) -> None:
        definition, to, old = service.definition, service.next, service.current
        current = f"{definition.root}/generations/{old}"
        facts = {"root": definition.root, "name": definition.name, "from": "" if old is None else str(old)}
        for key, value in facts.items():
            self.manifest.file(f"{unit}/{key}", value.encode())
        for key, argv in (("running", definition.running), ("reload", definition.reload)):
            self._list(f"{unit}/{key}", words(definition.argv(argv, to if actions else old or to)))
        self._list(f"{unit}/reload-old", words(definition.argv(definition.reload, old or to)))
        if not actions and not self.batch.judged:
            return
        self.manifest.file(f"{unit}/to", str(to).encode())
        self._list(f"{unit}/validate", words(definition.argv(definition.validate, to)))
        self._list(f"{unit}/remove", words(action.target.path for action in actions if action.before))
        if definition.watch_seconds:
            self.manifest.file(f"{unit}/watch", str(definition.watch_seconds).encode())
        if definition.confirm:
            self.manifest.file(f"{unit}/confirm", b"")
        if actions and all(isinstance(action, RemoveFile) for action in actions):
            self.manifest.file(f"{unit}/shrinks", b"")
        if any(isinstance(action, RemoveFile) for action in actions):
            self.manifest.file(f"{unit}/tidy", b"")
        self._changes(f"{definition.root}/generations/{to}.new", current, service, actions)

    def _changes(self, new: str, current: str, service: ServiceFacts, actions: list[WriteFile | RemoveFile]) -> None:
        """Put what changes into the new generation; what doesn't is there as hard links."""
        self.staged.append(new)
        there = {folder for path in service.files for folder in parents(f"/{path}")}
        for action in actions:
            self._expect(f"{current}/{action.target.path}", action)
            if isinstance(action, WriteFile):
                for folder in parents(f"/{action.target.path}")[1:]:
                    if folder not in there:
                        self.contents.folder(f"{new}{folder}")
                self._content(f"{new}/{action.target.path}", action)
        self.written += [f"{new}{folder}" for folder in there]

    def _expect(self, path: str, action: WriteFile | RemoveFile) -> None:
        if action.before is None:
            self.absent.append(path)
        elif action.before.sha256:
            self.expected.append(f"{action.before.sha256}  {path}\n")

    def _content(self, path: str, action: WriteFile) -> None:
        self.files += 1
        self.written.append(path)
        self.contents.file(path, action.file.content or b"", action.file.rights.mode, action.uid, action.gid)

    # --- files, folders and seeds elsewhere on the host ---------------------------------------------------------------

    def _elsewhere(self, unit: str, writes: list[WriteFile], actions: list[Action]) -> None:
        made = {a.path: a for a in actions if isinstance(a, MakeFolder) and a.worker == 0}
        renames: list[str] = []
        for number, action in enumerate(writes):
            path = action.target.path
            self._expect(path, action)
            if any(folder in made for folder in parents(path)):
                continue
            self._parents(path)
            temporary = f"{dirname(path).rstrip('/')}/.numerian-{self.token}-{unit[2:]}-{number}"
            self.staged.append(temporary)
            self._content(temporary, action)
            renames += [temporary, path]
        self._list(f"{unit}/renames", words(renames))
        self._list(f"{unit}/touched", words({dirname(path) for path in renames}))

    def _parents(self, path: str) -> None:
        """Make the folders above a path that are nobody's declared ones."""
        for folder in parents(path):
            if folder not in self.folders:
                self.folders.add(folder)
                self.contents.folder(folder)

    def _removals(self, unit: str, jobs: list[Job]) -> None:
        deletes: list[str] = []
        moves: list[str] = []
        for job in jobs:
            for action in job.plan.actions:
                if isinstance(action, RemoveFile) and action.target.service is None:
                    self._expect(action.target.path, action)
                    if action.archive:
                        moves += [
                            action.target.path,
                            self._archived(job.name, action.target.path, action.before.device),
                        ]
                    else:
                        deletes.append(action.target.path)
                elif isinstance(action, ArchiveFolder):
                    moves += [action.path, self._archived(job.name, action.path, action.device)]
        for definition in self.batch.retired if unit == "u/0000" else []:
            root = definition.root
            device = self.facts.entries[root].device if root in self.facts.entries else ""
            if root in self.facts.entries:
                moves += [root, self._archived(definition.resource, root, device)]
            moves += [f"{STORE}/services/{definition.name}", self._archived(definition.resource, "/service", "")]
        self._list(f"{unit}/deletes", words(deletes))
        self._list(f"{unit}/archive-folders", words(dict.fromkeys(dirname(path) for path in moves[1::2])))
        self._list(f"{unit}/archive", words(moves))

    def _archived(self, name: str, path: str, device: str) -> str:
        return archived(self.facts, name, path, device, self.stamp)

    def _folders(self, unit: str, jobs: list[Job]) -> None:
        actions = [action for job in jobs for action in job.plan.actions]
        trees = _Trees(self, {a.path: a for a in actions if isinstance(a, MakeFolder)})
        people: dict[tuple[int, int, str], _People] = {}
        for job in jobs:
            for action in job.plan.actions:
                if isinstance(action, MakeFolder | Seed) and not trees.take(action):
                    key = (action.worker, action.worker_gid, action.base)
                    people.setdefault(key, _People(*key)).add(action, job)
                elif isinstance(action, WriteFile) and action.target.service is None:
                    trees.take(action)
        trees.finish(unit)
        rights = [(a.mode, f"{a.uid}:{a.gid}", a.path) for a in actions if isinstance(a, SetFolder)]
        self._list(f"{unit}/rights", words(word for triple in rights for word in triple))
        self._list(f"{unit}/bases", words(dict.fromkeys(dirname(group.base) for group in people.values())))
        for number, (_, group) in enumerate(sorted(people.items())):
            self._people(f"{unit}/people/{number:05d}", group)
            self.people[(unit[2:], f"{number:05d}")] = group.jobs

    def _people(self, at: str, group: _People) -> None:
        for key, value in (("uid", str(group.uid)), ("gid", str(group.gid)), ("base", group.base)):
            self.manifest.file(f"{at}/{key}", value.encode())
        self._list(f"{at}/led", words(ledger_file(job.owner, job.name) for job in group.jobs))
        self.manifest.file(f"{at}/tar", group.tar())
        self.files += len(group.seeds)

    # --- the provider's own books -------------------------------------------------------------------------------------

    def _ledger(self, unit: str, jobs: list[Job]) -> None:
        gone: list[str] = []
        owed: list[str] = []
        for job in jobs:
            file = ledger_file(job.owner, job.name)
            before = self.facts.claimed_by(job.owner, job.name)
            if job.gone:
                gone.append(f"{STORE}/ledger/{file}")
            elif set(before) != set(job.plan.claims):
                self.manifest.file(f"{unit}/led/{file}", _ledger(job, job.plan.claims))
            made = {Target(a.path) for a in job.plan.actions if isinstance(a, MakeFolder)}
            if made:
                claims = {*before, *(claim for claim in job.plan.claims if claim.target in made)}
                self.manifest.file(f"{unit}/pre/{file}", _ledger(job, claims))
            if job.plan.run:
                self.manifest.file(f"{unit}/pending/{file}", pending_text(job.owner, job.name).encode())
                owed.append(f"{STORE}/pending/{file}")
        for number, argv in enumerate(commands(jobs)):
            self.manifest.file(f"{unit}/run/{number:04d}", words(argv))
        self._list(f"{unit}/gone", words(gone))
        self._list(f"{unit}/owed", words(owed))


def archived(facts: Facts, name: str, path: str, device: str, stamp: str) -> str:
    """Return where something goes that is put away: on its own file system, so that it is one rename."""
    store = facts.entries.get("/var/lib")
    safe = name.replace("/", "-")
    if store and device and device != store.device:
        return f"{dirname(path).rstrip('/')}/.numerian-archive/{stamp}-{safe}/{basename(path)}"
    return f"{STORE}/archive/{stamp}-{safe}{path}"


def now_stamp() -> str:
    """Return this second as names in the archive begin."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


@dataclass
class _People:
    """What is done in one folder of people, as its owner."""

    uid: int
    gid: int
    base: str
    folders: list[MakeFolder] = field(default_factory=list)
    seeds: list[Seed] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def add(self, action: MakeFolder | Seed, job: Job) -> None:
        if isinstance(action, MakeFolder):
            self.folders.append(action)
        else:
            self.seeds.append(action)
        if job not in self.jobs[-1:]:
            self.jobs.append(job)

    def tar(self) -> bytes:
        tar = Archive()
        below = self.base.rstrip("/") + "/"
        tar.file("folders", words(word for f in self.folders for word in (f.mode, f.path.removeprefix(below))))
        tar.file("seeds", words(seed.path.removeprefix(below) for seed in self.seeds))
        tar.folder("t")
        for seed in self.seeds:
            path = f"t/{seed.path.removeprefix(below)}"
            for folder in parents(f"/{path}")[1:]:
                tar.folder(folder)
            tar.file(path, seed.content, seed.mode, seed.uid, seed.gid)
        return tar.bytes()


class _Trees:
    """New folders in places of root's: filled out of sight, then put in place with all that is in them."""

    def __init__(self, builder: _Builder, made: Mapping[str, MakeFolder]) -> None:
        self.builder = builder
        self.made = made
        self.moves: dict[str, dict[str, None]] = {}

    def take(self, action: MakeFolder | Seed | WriteFile) -> bool:
        """Put it into its new tree; False when it lies in no new tree."""
        path = action.target.path if isinstance(action, WriteFile) else action.path
        top = next((f for f in (*parents(path), path) if f in self.made and self.made[f].worker == 0), None)
        if top is None:
            return False
        place = self._staging(top) + path.removeprefix(dirname(top).rstrip("/"))
        if isinstance(action, MakeFolder):
            self._between(top, path, 0, 0)
            self.builder.contents.folder(place, action.mode, action.uid, action.gid)
            return True
        self._between(top, path, action.uid, action.gid)
        if isinstance(action, WriteFile):
            self.builder._content(place, action)
        else:
            self.builder.files += 1
            self.builder.written.append(place)
            self.builder.contents.file(place, action.content, action.mode, action.uid, action.gid)
        return True

    def finish(self, unit: str) -> None:
        for number, (into, sources) in enumerate(sorted(self.moves.items())):
            self.builder.manifest.file(f"{unit}/trees/{number:05d}/into", into.encode())
            self.builder.manifest.file(f"{unit}/trees/{number:05d}/list", words(sources))

    def _staging(self, top: str) -> str:
        into = dirname(top)
        staging = f"{into.rstrip('/')}/.numerian-{self.builder.token}"
        sources = self.moves.setdefault(into, {})
        if not sources:
            self.builder._parents(top)
            self.builder.staged.append(staging)
            self.builder.contents.folder(staging, "0700")
        sources[f"{staging}/{basename(top)}"] = None
        return staging

    def _between(self, top: str, path: str, uid: int, gid: int) -> None:
        staging = self._staging(top)
        for folder in parents(path):
            if folder.startswith(f"{top}/") and folder not in self.made:
                self.builder.contents.folder(staging + folder.removeprefix(dirname(top).rstrip("/")), "0755", uid, gid)


def _of_service(actions: Iterable[Action], name: str) -> list[WriteFile | RemoveFile]:
    return [a for a in actions if isinstance(a, WriteFile | RemoveFile) and a.target.service == name]


def _ledger(job: Job, claims: Iterable[Claim]) -> bytes:
    return ledger_text(job.owner, job.name, claims).encode()
