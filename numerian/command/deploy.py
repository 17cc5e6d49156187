"""`numerian up`, `preview`, `refresh`, `destroy`: run the engine as it should be run, and tell what it did.

What would change is told in people's words (`numerian.review`), what was done in an operator's (`engine.report`).
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass

from numerian.command import add_stack_option, adopt, aftermath, previewing
from numerian.command.terminal import Progress, confirm, say, style
from numerian.engine import changes, environment, faults, locks, report, state_copies, turn, workspace
from numerian.engine import run as runner
from numerian.engine.environment import Session
from numerian.engine.events import Message
from numerian.engine.unsaved import Mark
from numerian.engine.workspace import Workspace, WorkspaceError

SAVED_ONCE = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""Of the engine: the state is saved at the end of a run, not at each step. `unsaved.Mark` tells of one that was cut."""
SPARING = {"GOGC": "50"}
"""Of the engine: garbage is collected earlier. A preview of 5,000 members takes 5 % more time, 170 MB less."""

_AFTER_CUT = {
    "up": "the servers are asked first what became of it",
    "destroy": "what it made and the state doesn't know stays on the servers, unless a `numerian up` takes it in first",
}


@dataclass(frozen=True)
class Result:
    """A finished run, with what is told of it."""

    outcome: runner.Outcome
    entries: list[changes.Entry]
    found: list[faults.Fault]
    seconds: float

    @property
    def failed(self) -> bool:
        """Tell whether anything at all went wrong; a plugin that only ended late is no failure."""
        return bool(self.found) or (self.outcome.code != 0 and not faults.late_ends(self.outcome.log))


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments of the four."""
    verb = parser.get_default("command")
    add_stack_option(parser)
    if verb == "preview":
        previewing.configure(parser)
    else:
        parser.add_argument("--json", action="store_true", help="tell it to a program: one JSON object on stdout")
    if verb in ("up", "preview"):
        parser.add_argument("--refresh", action="store_true", help="ask the servers first what they really have")
    if verb != "preview":
        parser.add_argument("--yes", "-y", action="store_true", help="don't show it first and ask")


def run(options: Namespace) -> int:
    """Run one of the four; return the exit code."""
    place = workspace.find(options.stack)
    workspace.require_stack(place)
    verb, mark = options.command, Mark(place)
    if (cut := mark.cut) and verb in _AFTER_CUT and not turn.is_taken(place):
        say(f"an earlier run was cut ({cut}): {_AFTER_CUT[verb]}")
        options.refresh = verb == "up"
    session = _prepare(place, options)
    refresh = getattr(options, "refresh", False)
    if verb == "preview":
        return _review(_engine(session, options, "preview", refresh=refresh), options)
    if not options.yes:
        if not sys.stdin.isatty() or options.json:
            raise WorkspaceError(f"`numerian {verb}` asks before it acts, and nobody is there to answer: say --yes")
        planned = _engine(session, options, *_shown_first(verb), refresh=refresh)
        shown = _review(planned, options) if verb == "up" else _tell(planned, options, planned=True)
        if shown != 0:
            return 1
        if not planned.entries:
            return 0
        if not _confirmed(verb, place):
            say("nothing was changed")
            return 1
    with turn.take(place, f"numerian {verb}"):
        state = workspace.state_file(place)
        for what in state_copies.forget_interrupted(state) if state else []:
            say(f"the run before was cut while {what}; this one finds out what became of it")
        was_cut = bool(mark.cut)
        mark.begin(f"numerian {verb}")
        result = _engine(session, options, verb, refresh=refresh or (was_cut and verb == "up"))
        if was_cut and faults.conflicts(result.found) and adopt.take_in(session):
            result = _both(result, _engine(session, options, verb, refresh=False))
        mark.end(result.outcome, caught_up=verb == "up" and not result.failed)
        return _tell(result, options, planned=False)


def _prepare(place: Workspace, options: Namespace) -> Session:
    """Make ready what an engine's run needs."""
    if options.command != "preview" and (selection := place.selection):
        say(str(selection))  # a review says it itself
    session = environment.begin(place, say)
    # The program writes the connections when it runs, but servers are asked before that, or without it.
    if (options.command in ("refresh", "destroy") or options.refresh) and place.inventory.is_dir():
        from numerian.connections import write
        from numerian.load import load

        write(load(place.inventory), place.folder)
    for lock in locks.clear_dead(place):
        say(f"the lock of an engine that died here (process {lock.pid}, since {lock.since}) was removed")
    return session


def _shown_first(verb: str) -> tuple[str, ...]:
    """Return the engine's words that show what the verb would do."""
    return ("preview",) if verb == "up" else (verb, "--preview-only")


def _engine(session: Session, options: Namespace, verb: str, *extra: str, refresh: bool) -> Result:
    message = f"numerian {options.command}, by {turn.who()}"
    ours = session.engine.ours
    words = runner.arguments(verb, options.stack, ours=ours, refresh=refresh, message=message, extra=extra)
    progress = Progress()
    started = time.monotonic()

    def interrupted() -> None:
        progress.clear()
        say("stopping: what is under way is finished and kept; interrupt again to stop at once")

    label = verb if not extra else f"{verb} (preview)"
    since = aftermath.Aftermath(session.place) if verb == "up" else None
    outcome = runner.run(
        ["pulumi", *words],
        session.place.root,
        environment.for_process(session.settings) | SAVED_ONCE | SPARING,
        lambda log: progress.show(report.progress(log, label)),
        interrupted=interrupted,
    )
    progress.clear()
    if outcome.code > 0 and not outcome.log.seen and (state := workspace.state_file(session.place)):
        state_copies.check(state, options.stack, closely=True)
    steps = outcome.log.changed
    if verb == "refresh":
        steps = [*outcome.log.drifted.values(), *steps]
    found = faults.faults(outcome.log, outcome.said if outcome.code else "")
    if verb == "up" and outcome.code >= 0:
        found += aftermath.falling(session.place, outcome.log)
    result = Result(outcome, changes.entries(outcome.log, steps), found, time.monotonic() - started)
    if since:
        outcome.log.messages += [Message("warning", line) for line in since.lines()]
        since.expect(entry.host for entry in result.entries if entry.host)
    return result


def _both(first: Result, second: Result) -> Result:
    """Return two runs as one, where the second did what the first could not."""
    log, anew = second.outcome.log, {entry.urn for entry in second.entries}
    kept = [entry for entry in first.entries if not entry.failed and entry.urn not in anew]
    log.same -= sum(entry.op != "delete" for entry in kept)
    log.messages[:0] = [message for message in first.outcome.log.messages if message.severity == "warning"]
    entries = changes.in_order([*kept, *second.entries])
    return Result(second.outcome, entries, second.found, first.seconds + second.seconds)


def _confirmed(verb: str, place: Workspace) -> bool:
    if verb == "destroy":
        return confirm(f"Everything of {place.stack} goes. Write its name to go on:", place.stack)
    return confirm("Go on? [y/N]")


def _review(result: Result, options: Namespace) -> int:
    """Show what would change, in people's words; return the exit code."""
    found = _faults(result, options.stack)
    selection = workspace.find(options.stack).selection
    chosen = selection.french if selection else ""
    told = previewing.Run(result.outcome.log, found, result.seconds, failed=result.failed, selection=chosen)
    return previewing.show(told, options, style)


def _tell(result: Result, options: Namespace, *, planned: bool) -> int:
    """Print the result; return the exit code."""
    log = result.outcome.log
    consulted = getattr(options, "refresh", False) or options.command in ("refresh", "destroy")
    if options.json:
        import json

        facts = {"command": options.command, "stack": options.stack, "planned": planned, "failed": result.failed}
        told = report.as_json(result.entries, log, result.found, **facts, servers_consulted=consulted or not planned)
        print(json.dumps({**told, "seconds": round(result.seconds, 2)}, ensure_ascii=False, indent=2))
        return int(result.failed)
    for line in report.changes(result.entries, style):
        print(line)
    for plugin in faults.late_ends(log):
        say(f"{plugin} ended late, after everything was done; nothing is lost (is this machine very busy?)")
    for warning in report.warnings(log):
        print(f"{style('warning:', 'yellow')} {warning}")
    if result.entries or not result.failed:
        print(f"{report.counts(result.entries, log, planned=planned)} ({result.seconds:.1f} s)")
    if options.command == "refresh" and result.entries and not planned:
        print(f"the state knows it now; `numerian up --stack {options.stack}` puts it right")
    sys.stdout.flush()
    _tell_faults(result, options.stack)
    return int(result.failed)


def _tell_faults(result: Result, stack: str) -> None:
    if not result.failed:
        return
    found = _faults(result, stack)
    for line in report.errors(found, lambda text, name: style(text, name, sys.stderr)):
        print(line, file=sys.stderr)
    for hint in faults.hints(found, stack):
        print(hint, file=sys.stderr)


def _faults(result: Result, stack: str) -> list[faults.Fault]:
    if result.found or not result.failed:
        return result.found
    return [faults.Fault("", (), _silent_end(result.outcome.code, stack))]


def _silent_end(code: int, stack: str) -> str:
    """Return what is said of an engine that ended without a word of its own."""
    if code < 0:
        return (
            f"the engine was killed (signal {-code}); what was under way on servers may be done or not:"
            f" `numerian up --stack {stack}` finds out and does the rest"
        )
    return f"the engine ended with exit code {code}"
