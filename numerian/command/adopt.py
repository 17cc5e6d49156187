"""`numerian adopt`: Docker refuses a second thing of the same name, so what the state forgot must be imported.

The program's preview says which of Docker's things the state lacks; the servers say which of these are there, and
under which id. What is printed are `pulumi import` commands, beside one file that does the same at once.
"""

from __future__ import annotations

import json
import shlex
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerian.command import add_stack_option
from numerian.command.terminal import Progress, say
from numerian.engine import environment, faults, workspace
from numerian.engine import run as runner
from numerian.engine.changes import host_of
from numerian.engine.environment import Session
from numerian.engine.events import Log, Step
from numerian.engine.workspace import Workspace, WorkspaceError

if TYPE_CHECKING:
    from numerian.command.remote import Servers

IMPORTABLE = {
    "docker:index/container:Container": ("container", "{{.Name}} {{.Id}}"),
    "docker:index/network:Network": ("network", "{{.Name}} {{.Id}}"),
    "docker:index/volume:Volume": ("volume", "{{.Name}} {{.Name}}"),
}
"""Type token → docker's word for it, and how `docker inspect` prints name and import id.

Images are not here: making one again from the same recipe finds the layers that are there.
"""


IMPORT_OPTIONS = ("--yes", "--protect=false", "--generate-code=false", "--skip-preview")


@dataclass(frozen=True)
class Adoptable:
    """A thing that is on a server and not in the state."""

    step: Step
    host: str
    id: str


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)


def run(options: Namespace) -> int:
    """Print the commands; 0 also when there is nothing to adopt."""
    place = workspace.find(options.stack)
    workspace.require_stack(place)
    log, found = _adoptable(environment.begin(place, say))
    if not found:
        print(f"nothing to adopt: the state of {place.stack} knows all of Docker's things that are on the servers")
        return 0
    unready = sorted({name for item in found for name in _not_in_state(item.step, log)})
    if unready:
        say(
            f"{len(found)} things of Docker's can be adopted, but the state lacks what holds them: {', '.join(unready)}"
        )
        say(f"run `numerian up --stack {place.stack} --yes` first (it stops at Docker's things only), then this again")
        return 1
    _print(place, found)
    return 0


def take_in(session: Session) -> int:
    """Import what is on the servers and not in the state, without asking; return how many things.

    For a run whose own forerunner made them and was cut before they were written down: nobody else's are among them.
    """
    place = session.place
    log, found = _adoptable(session)
    ready = [item for item in found if not _not_in_state(item.step, log)]
    if not ready:
        return 0
    file = _write(place, ready)
    many = f"{len(ready)} thing{'s' if len(ready) > 1 else ''} of Docker's"
    say(f"taking in {many} that the cut run made: {', '.join(item.step.name for item in ready)}")
    words = ["pulumi", "import", "--file", str(file), "--stack", place.stack, "--non-interactive", *IMPORT_OPTIONS]
    outcome = runner.run(words, place.root, environment.for_process(session.settings), lambda log: None)
    _must_succeed("taking them in", outcome)
    return len(ready)


def _adoptable(session: Session) -> tuple[Log, list[Adoptable]]:
    """Return the program's preview, and what of Docker's things it would make is on the servers already."""
    log = _preview(session)
    steps = [step for step in log.changed if step.op == "create" and step.type in IMPORTABLE]
    return log, _on_servers(session.place, steps, log)


def _must_succeed(what: str, outcome: runner.Outcome) -> None:
    if outcome.code != 0:
        found = faults.faults(outcome.log, outcome.said)
        raise WorkspaceError(f"{what} failed:\n" + "\n".join(f"  {fault}" for fault in found))


def _preview(session: Session) -> Log:
    progress = Progress()
    words = ["pulumi", *runner.arguments("preview", session.place.stack, ours=session.engine.ours)]
    variables = environment.for_process(session.settings)
    outcome = runner.run(words, session.place.root, variables, lambda log: progress.show("reading the program"))
    progress.clear()
    _must_succeed("the preview", outcome)
    return outcome.log


def _on_servers(place: Workspace, steps: list[Step], log: Log) -> list[Adoptable]:
    from numerian.command.remote import connect

    if not steps:
        return []
    with connect(place) as servers:
        known: dict[tuple[str, str], dict[str, str]] = {}
        found = []
        for step in steps:
            host = host_of(step, log.providers)
            if not host:
                say(f"{step.kind} {step.name}: its docker provider names no server of ours; skipped")
                continue
            if (host, step.type) not in known:
                known[host, step.type] = _ids(servers, host, step.type)
            name = _name(step)
            if name in known[host, step.type]:
                found.append(Adoptable(step, host, known[host, step.type][name]))
    return found


def _name(step: Step) -> str:
    inputs = step.new.inputs if step.new else {}
    return str(inputs.get("name") or step.name)


def _ids(servers: Servers, host: str, token: str) -> dict[str, str]:
    """Return name → id of everything of one type on a host, in one round trip."""
    word, template = IMPORTABLE[token]
    every = " --all" if word == "container" else ""
    script = (
        f"docker {word} ls{every} --quiet --no-trunc | xargs -r docker {word} inspect --format {shlex.quote(template)}"
    )
    if word == "volume":
        script = script.replace(" --no-trunc", "")
    lines = servers.ask(host, ["sh", "-c", script]).splitlines()
    return {name.removeprefix("/"): identifier for name, identifier in (line.split() for line in lines)}


def _not_in_state(step: Step, log: Log) -> list[str]:
    """Return the names of the step's parent and provider, where the state lacks them: an import needs them there."""
    side = step.new
    if side is None:
        return []
    made = {urn for urn, op in log.steps if op == "create"}
    needed = [side.parent, side.provider.rsplit("::", 1)[0]]
    return [urn.rsplit("::", 1)[-1] for urn in needed if urn in made]


def import_file(found: list[Adoptable]) -> dict[str, Any]:
    """Return the content of a file for `pulumi import --file`."""
    table: dict[str, str] = {}
    resources = []
    for item in found:
        entry = {"type": item.step.type, "name": item.step.name, "id": item.id}
        side = item.step.new
        if side is not None and side.parent and ":pulumi:Stack::" not in side.parent:
            entry["parent"] = _label(side.parent, table)
        provider = side.provider.rsplit("::", 1)[0] if side is not None else ""
        if provider and not provider.rsplit("::", 1)[-1].startswith("default"):
            entry["provider"] = _label(provider, table)
        resources.append(entry)
    return {"nameTable": table, "resources": resources}


def _label(urn: str, table: dict[str, str]) -> str:
    """Return the name under which the file speaks of a URN: its own, or, where that is taken, one with its type."""
    name = urn.rsplit("::", 1)[-1]
    if table.get(name, urn) != urn:
        name = f"{name}-{urn.split('::')[-2].rsplit(':', 1)[-1]}"
    table[name] = urn
    return name


def command(item: Adoptable, stack: str) -> str:
    """Return the `pulumi import` command of one thing."""
    words = ["pulumi", "import", item.step.type, item.step.name, item.id, "--stack", stack]
    side = item.step.new
    if side is not None and side.parent and ":pulumi:Stack::" not in side.parent:
        words += ["--parent", f"parent={side.parent}"]
    provider = side.provider.rsplit("::", 1)[0] if side is not None else ""
    if provider and not provider.rsplit("::", 1)[-1].startswith("default"):
        words += ["--provider", f"provider={provider}"]
    return shlex.join([*words, *IMPORT_OPTIONS])


def _write(place: Workspace, found: list[Adoptable]) -> Path:
    """Write the file of an import; return it, relative to the checkout."""
    from numerian.connections import write_file

    file = place.folder / "adopt.json"
    write_file(file, json.dumps(import_file(found), indent=2) + "\n")
    return file.relative_to(place.root)


def _print(place: Workspace, found: list[Adoptable]) -> None:
    file = _write(place, found)
    print(f"# {len(found)} things of Docker's are on the servers and not in the state of {place.stack}:")
    for item in found:
        print(f"#   {item.host}: {item.step.kind} {item.step.name}")
    print("# take them in, all at once:")
    print(f"cd {shlex.quote(str(place.root))}")
    print(f'eval "$(bin/numerian env --stack {place.stack})"')
    print(shlex.join(["pulumi", "import", "--file", str(file), "--stack", place.stack, *IMPORT_OPTIONS]))
    print(f"numerian up --stack {place.stack} --yes")
    print("# or one by one:")
    for item in found:
        print(f"# {command(item, place.stack)}")
