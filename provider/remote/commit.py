"""One write batch of one host: read, plan every resource, apply, and find who is at fault when a validator refuses.

Blocking; `provider.batch` calls it in a thread.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from provider.errors import ChangedSinceError, CommandError, ForeignError, HostError, ProviderError, RefusedError
from provider.errors import ResourceError as Fault
from provider.plan import files
from provider.plan.declared import Declared
from provider.plan.facts import Definition, Facts, Need, ServiceFacts, Target, parents
from provider.remote.confirm import confirm
from provider.remote.culprits import Sift, named
from provider.remote.job import Batch, Job, commands
from provider.remote.manifest import Request, build
from provider.remote.reading import failed, read, unsafe_root
from provider.secrets import mask
from provider.transport import Transport
from provider.transport.command import last_lines

_CHANGED = 75
_LOCKED = 73
_ROUNDS = 12
_TIMEOUT = 300.0


@dataclass(eq=False)
class FilesChange:
    """A `Files` resource goes from `olds` to `news`; None is "not there"."""

    owner: str
    name: str
    olds: Declared | None
    news: Declared | None
    secrets: tuple[str, ...] = ()
    holder: str = ""


@dataclass(eq=False)
class ServiceChange:
    """A service is defined anew, or (`retire`) put away."""

    definition: Definition
    retire: bool = False


Change = FilesChange | ServiceChange


@dataclass
class _Round:
    """What one look at the host led to."""

    facts: Facts
    jobs: dict[FilesChange, Job] = field(default_factory=dict)
    define: list[Definition] = field(default_factory=list)
    retire: list[Definition] = field(default_factory=list)
    reload: dict[str, ServiceChange] = field(default_factory=dict)
    """By name, services whose current generation was never reloaded: the run that put it there was cut."""

    def change(self, job: Job) -> FilesChange:
        """Return what a job is for."""
        return next(change for change, other in self.jobs.items() if other is job)


class Commit:
    """One batch. `run` returns what became of each change: None, or its error."""

    def __init__(self, transport: Transport, changes: Iterable[Change], warn: Callable[[str], None]) -> None:
        self.transport = transport
        self.host = transport.host
        self.warn = warn
        self.open: dict[Change, None] = dict.fromkeys(changes)
        self.results: dict[Change, ProviderError | None] = {}
        self.secrets = [s for c in self.open if isinstance(c, FilesChange) for s in c.secrets]
        self.named_rounds = 0
        self.said = ""
        """What the last batch's script said beside its answers."""
        self.unserved: dict[tuple[str, str], ProviderError] = {}

    def run(self) -> dict[Change, ProviderError | None]:
        """Do it all; only errors of the host as a whole are raised."""
        for _ in range(_ROUNDS):
            if not self.open:
                return self.results
            self._round(self._look())
        for change in list(self.open):
            self._done(change, ChangedSinceError(f"{self.host} keeps changing while this run works; try again"))
        return self.results

    def _done(self, change: Change, error: ProviderError | None = None) -> None:
        self.open.pop(change, None)
        self.results[change] = error

    # --- looking and planning -----------------------------------------------------------------------------------------

    def _look(self) -> Facts:
        need = Need(paths=frozenset({"/var/lib"}))
        for change in self.open:
            if isinstance(change, FilesChange):
                need |= files.need(change.olds, change.news)
            else:
                root = change.definition.root
                above = frozenset({*parents(root), root})
                need |= Need(paths=above, services=frozenset({change.definition.name}))
        facts = read(self.transport, need)
        more = self._claimed(facts, need)
        return read(self.transport, need | more) if more != Need() else facts

    def _claimed(self, facts: Facts, need: Need) -> Need:
        """Return what the ledger says is there and nobody asked for: a create after a lost state takes it away."""
        targets = [
            claim.target
            for change in self.open
            if isinstance(change, FilesChange)
            for claim in facts.claimed_by(change.owner, change.name)
        ]
        paths = {target.path for target in targets if target.service is None}
        paths |= {folder for path in paths for folder in parents(path)}
        services = {target.service for target in targets if target.service}
        return Need(
            paths=frozenset(paths - need.paths - need.hashes),
            hashes=frozenset({target.path for target in targets if target.service is None} - need.hashes - need.paths),
            services=frozenset(services - need.services),
        )

    def _round(self, facts: Facts) -> None:
        turn = _Round(facts)
        for change in [c for c in self.open if isinstance(c, ServiceChange)]:
            self._plan_service(turn, change)
        if any(definition.name not in turn.facts.services for definition in turn.define):
            # A service's first generation has to be there before files can go into the next.
            self._apply(turn, build(turn.facts, Batch(services=turn.define, retired=turn.retire)))
            self._finish_services()
            return
        for definition in turn.define:
            old = turn.facts.services[definition.name]
            turn.facts = turn.facts.with_service(replace(old, definition=definition))
        self._plan_files(turn)
        idle = [change for change, job in turn.jobs.items() if _idle(turn.facts, job)]
        for done in idle:
            del turn.jobs[done]
            self._done(done)
        if turn.jobs or turn.define or turn.retire or turn.reload or facts.leftovers:
            batch = Batch(list(turn.jobs.values()), turn.define, turn.retire, reloaded=list(turn.reload))
            request = build(turn.facts, batch)
            if self._apply(turn, request):
                self._finish_services()

    def _plan_service(self, turn: _Round, change: ServiceChange) -> None:
        definition = change.definition
        there = turn.facts.services.get(definition.name)
        whose = there.definition if there else definition
        if (whose.owner, whose.resource) != (definition.owner, definition.resource):
            self._done(change, None if change.retire else _foreign_service(self.host, whose))
        elif change.retire:
            turn.retire += [whose] if there else []
            if not there:
                self._done(change)
        elif whose.root != definition.root:
            text = f"service {definition.name} on {self.host} has the root {whose.root}; a root can't change"
            self._done(
                change, Fault(f"{text}: declare a service of another name, move its files, then take this one out")
            )
        elif there and there.definition == definition and there.current is not None:
            if there.pending:
                turn.reload[definition.name] = change
            else:
                self._done(change)
        elif fault := unsafe_root(definition.root, dict(turn.facts.entries)):
            self._done(change, Fault(f"service {definition.name} on {self.host}: {fault}"))
        else:
            turn.define.append(definition)

    def _finish_services(self) -> None:
        for change in [c for c in self.open if isinstance(c, ServiceChange)]:
            self._done(change)

    def _plan_files(self, turn: _Round) -> None:
        taken: dict[Target, str] = {}
        for change in [c for c in self.open if isinstance(c, FilesChange)]:
            if change.news is None and _taken_over(change, turn.facts):
                self._done(change)
                continue
            plan = files.plan(turn.facts, (change.owner, change.name), change.olds, change.news)
            plan.claims = [replace(claim, holder=change.holder) for claim in plan.claims]
            errors: list[ProviderError] = list(plan.errors)
            for claim in plan.claims:
                if claim.kind in ("file", "seed") and taken.setdefault(claim.target, change.name) != change.name:
                    text = f"{claim.target.path} on {self.host} is declared by `{taken[claim.target]}` too"
                    errors.append(ForeignError(f"{text}; one resource only may have it"))
            services = {target.service for target in (change.news or Declared("")).files if target.service}
            for service in sorted(services):
                facts = turn.facts.services.get(service)
                if facts and facts.unsafe:
                    errors.append(Fault(f"service {service} on {self.host}: {facts.unsafe}"))
            if errors:
                self._done(change, _together(errors))
            else:
                job = Job(change.owner, change.name, plan, gone=change.news is None, holder=change.holder)
                if len(job.services()) > 1:
                    job = job.one_service_less(change.news.service if change.news else min(job.services()))
                turn.jobs[change] = job

    # --- applying -----------------------------------------------------------------------------------------------------

    def _apply(self, turn: _Round, request: Request) -> bool:
        answers = self._send(request)
        if answers is None:
            return False
        for note in turn.facts.notes:
            again = "`numerian up --refresh` puts in again what went with it"
            self.warn(f"{self.host}: {note.replace(chr(9), ' ')}; {again}")
        for unit, jobs in request.units.items():
            self._outcome(turn, jobs, answers.get(unit, ["failed"]), request.services[unit])
        return True

    def _send(self, request: Request) -> dict[str, list[str]] | None:
        """Send a batch; None when the host changed since it was read."""
        result = self.transport.run(request.argv, stdin=request.stdin, timeout=_TIMEOUT)
        if result.exit_code == _CHANGED:
            return None
        if result.exit_code == _LOCKED:
            raise HostError(
                self.host, f"another run is at work there and doesn't end: {result.stderr.decode()}".strip()
            )
        if result.exit_code != 0:
            raise failed(self.host, "applying the batch failed", result)
        self.said = mask(last_lines(b"", result.stderr), self.secrets)
        lines = [line.split(" ") for line in result.stdout.decode().splitlines()]
        self._people_failed(request, [line for line in lines if line[0] == "people"])
        return {line[1]: line[2:] for line in lines if line[0] == "unit"}

    def _people_failed(self, request: Request, lines: list[list[str]]) -> None:
        """Remember who couldn't be served in a folder of people; it fails alone, whatever becomes of its unit."""
        for _, unit, number, *rest in lines:
            message = f"working in a folder of people failed: {self._text(rest, 0)}"
            for job in request.people[(unit, number)]:
                self.unserved[(job.owner, job.name)] = _command_error(self.host, "the provider's script", message)

    def _outcome(self, turn: _Round, jobs: list[Job], answer: list[str], service: str) -> None:
        kind, *rest = answer
        if kind == "ok":
            for job in jobs:
                if not job.more:
                    self._done(turn.change(job), self.unserved.get((job.owner, job.name)))
        elif kind == "invalid":
            self._refused(turn, jobs, self._text(rest, 0))
        elif kind == "reload":
            back = "the old generation is back and reloaded" if rest[1] == "0" else "going back failed too"
            second = self._text(rest, 2)
            text = f"its validator accepted, its reload failed: {self._text(rest, 0)}\n{back}" + (
                f": {second}" if second else ""
            )
            self._fail_all(turn, jobs, lambda job: RefusedError(f"{self.host}: {self._service(job)}: {text}"))
            if owed := turn.reload.get(service):
                self._done(owed, RefusedError(f"{self.host}: {service}: {text}"))
        elif kind == "unconfirmed":
            self._confirm(turn, jobs, *map(int, rest))
        elif kind == "run":
            self._commands_failed(turn, jobs, int(rest[0]), self._text(rest, 1))
        else:
            # A full disk leaves no room for the words that an answer is made of.
            message = self._text(rest, 0) or self.said or "it ended without a word"
            self._fail_all(turn, jobs, lambda job: _command_error(self.host, "the provider's script", message))

    def _confirm(self, turn: _Round, jobs: list[Job], generation: int, seconds: int) -> None:
        """Confirm a reload; what was confirmed is booked by the next round, which finds it there and equal."""
        try:
            confirm(self.transport, self._service(jobs[0]), generation, seconds)
        except RefusedError as error:
            text = mask(str(error), self.secrets)
            self._fail_all(turn, jobs, lambda job: RefusedError(text))

    def _commands_failed(self, turn: _Round, jobs: list[Job], number: int, message: str) -> None:
        argv = commands(jobs)[number]
        line = " ".join(argv)
        for job in jobs:
            if argv in job.plan.run:
                self._done(turn.change(job), _command_error(self.host, line, message))
            elif not job.more:
                self._done(turn.change(job))

    def _fail_all(self, turn: _Round, jobs: list[Job], error: Callable[[Job], ProviderError]) -> None:
        for job in jobs:
            self._done(turn.change(job), error(job))

    def _text(self, words: list[str], index: int) -> str:
        raw = base64.b64decode(words[index]) if len(words) > index else b""
        return mask(raw.decode("utf-8", "replace").strip(), self.secrets)

    def _service(self, job: Job) -> str:
        return ", ".join(sorted(job.services())) or "service"

    # --- who is at fault ----------------------------------------------------------------------------------------------

    def _refused(self, turn: _Round, jobs: list[Job], message: str) -> None:
        guilty = named(jobs, message) if self.named_rounds < 3 and len(jobs) > 1 else []
        if len(guilty) in range(1, len(jobs)):
            self.named_rounds += 1
            culprits = {id(job): message for job in guilty}
        else:
            culprits = self._halve(turn, jobs, message)
        for job in jobs:
            if id(job) in culprits:
                error = RefusedError(
                    f"{self.host}: {self._service(job)} refuses what `{job.name}` declares: {culprits[id(job)]}"
                )
                self._done(turn.change(job), error)

    def _halve(self, turn: _Round, jobs: list[Job], message: str) -> dict[int, str]:
        service = turn.facts.services[next(iter(jobs[0].services()))]
        if service.files:
            verdict = self._judge(turn, [], service)
            if verdict is not None:
                text = f"the generation that is there already is refused as it is, without this change: {verdict}"
                return {id(job): text for job in jobs}
        if len(jobs) == 1:
            return {id(jobs[0]): message}
        return Sift(lambda some: self._judge(turn, some, service)).run(jobs, message)

    def _judge(self, turn: _Round, jobs: list[Job], service: ServiceFacts) -> str | None:
        """Return the validator's words about the current generation with `jobs` added; None when it accepts."""
        judged = None if jobs else service.definition.name
        answers = self._send(build(turn.facts, Batch(jobs, judged=judged), attempt=True)) or {}
        for answer in answers.values():
            if answer[0] != "ok":
                return self._text(answer, 1)
        return None


def _idle(facts: Facts, job: Job) -> bool:
    before = set(facts.claimed_by(job.owner, job.name))
    owed = any(facts.services[s].pending for c in job.plan.claims if (s := c.target.service) and s in facts.services)
    books = bool(before) if job.gone else before != set(job.plan.claims)
    return not (job.plan.actions or job.plan.run or owed or books)


def _taken_over(change: FilesChange, facts: Facts) -> bool:
    """Tell whether what is to be deleted belongs to a resource of the same name and another parent by now."""
    claims = facts.claimed_by(change.owner, change.name)
    return bool(claims) and all(claim.holder not in ("", change.holder) for claim in claims)


def _together(errors: list[ProviderError]) -> ProviderError:
    first = errors[0]
    return first if len(errors) == 1 else type(first)("\n".join(map(str, errors)))


def _foreign_service(host: str, there: Definition) -> ForeignError:
    return ForeignError(
        f"service {there.name} on {host} is there already; it belongs to `{there.resource}` of {there.owner}. "
        "Choose another name, or take that one out first"
    )


def _command_error(host: str, what: str, message: str) -> CommandError:
    return CommandError(host, f"`{what}` failed: {message}", command=what, exit_code=1, output=message)
