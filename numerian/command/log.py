"""`numerian log`: who applied what, when, from which commit, in French; for an auditor, and for programs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence

from numerian.command import add_stack_option
from numerian.command.terminal import style
from numerian.engine import workspace
from numerian.engine.changes import visible
from numerian.engine.history import Run
from numerian.engine.workspace import Workspace, WorkspaceError
from numerian.wording import moment, plural, some

FORMATS = ("text", "json", "csv")
_RESULTS = {"succeeded": "réussi", "failed": "échoué ou refusé", "in-progress": "interrompu"}
_DONE = {"create": "créé", "update": "changé", "replace": "remplacé", "delete": "retiré", "import": "repris"}
_MOST_NAMES = 12


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    add_stack_option(parser)
    parser.add_argument("--member", metavar="CODE", help="only what changed something for this member")
    parser.add_argument("--last", type=int, default=20, metavar="N", help="the last N runs (now: 20; 0 for all)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="for people, or for programs")


def run(options: Namespace) -> int:
    """Print the runs, the last first."""
    place = workspace.find(options.stack)
    workspace.require_stack(place)
    runs = _read(place)
    if options.member:
        if any(one.members is None for one in runs):
            raise WorkspaceError("this state lies where states of before can't be read: --member finds nobody there")
        runs = [one for one in runs if options.member.upper() in (one.members or {})]
    runs = runs[: options.last] if options.last > 0 else runs
    if options.format == "json":
        import json

        print(json.dumps([_plain(one) for one in runs], ensure_ascii=False, indent=2))
    elif options.format == "csv":
        _csv([_plain(one) for one in runs])
    else:
        for one in runs:
            print("\n".join(_text(one)))
        if not runs:
            print("rien n’a encore été appliqué" + (f" pour {visible(options.member)}" if options.member else ""))
    return 0


def _read(place: Workspace) -> list[Run]:
    from numerian.engine import history

    if place.state_folder is not None:
        return history.read(place)
    import subprocess

    from numerian.command.terminal import say
    from numerian.engine import environment

    session = environment.begin(place, say)
    done = subprocess.run(
        ["pulumi", "stack", "history", "--json", "--full-dates", "--stack", place.stack, "--non-interactive"],
        cwd=place.root,
        env=environment.for_process(session.settings),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise WorkspaceError(f"the history can't be read: {done.stderr.strip().removeprefix('error: ')}")
    return history.read(place, done.stdout)


def _text(run: Run) -> list[str]:
    commit = f"commit {run.commit[:10]}" if run.commit else "hors de git"
    if run.dirty:
        commit += " avec des modifications non enregistrées"
    result = _RESULTS.get(run.result, run.result)
    colour = "green" if run.result == "succeeded" else "red"
    when = moment(run.started.astimezone())
    head = f"{style(when, 'bold')} · {visible(run.who) or 'auteur inconnu'} · {run.command} · {visible(commit)}"
    lines = [f"{head} · {style(result, colour)}", f"    {_counts(run.counts)}"]
    if run.members is None:
        lines.append("    membres : non connus (l’état d’alors n’est pas à portée)")
    elif run.members:
        told = some([visible(f"{name} ({code})") for code, name in run.members.items()], _MOST_NAMES)
        lines.append(f"    {plural(len(run.members), 'membre')} : {told}")
    return lines


def _counts(counts: Mapping[str, int]) -> str:
    told = [plural(counts[op], word) for op, word in _DONE.items() if counts.get(op)]
    return f"éléments : {', '.join(told)}" if told else "aucun élément changé"


def _plain(run: Run) -> dict[str, object]:
    return {
        "started": run.started.isoformat(),
        "ended": run.ended.isoformat(),
        "who": run.who,
        "command": run.command,
        "commit": run.commit or None,
        "dirty": run.dirty,
        "result": run.result,
        "counts": dict(run.counts),
        "members": None if run.members is None else list(run.members),
    }


def _csv(rows: Sequence[Mapping[str, object]]) -> None:
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    columns = ("started", "ended", "who", "command", "commit", "dirty", "result", "counts", "members")
    writer.writerow(columns)
    for row in rows:
        flat = {
            **row,
            "counts": " ".join(f"{op}={number}" for op, number in dict(row["counts"]).items()),  # type: ignore[call-overload]
            "members": "" if row["members"] is None else " ".join(row["members"]),  # type: ignore[arg-type]
        }
        writer.writerow([_cell(flat[column]) for column in columns])


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
