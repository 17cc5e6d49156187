"""What was applied, when, by whom, from which commit: read from what the engine itself keeps of each run.

The engine writes an entry at the end of each run that applies (`numerian up`, a plain `pulumi up`, refused and failed
ones too), with the state as that run left it where the state is a folder. Who ran it stands in the message of ours; for
a plain `pulumi up` in the program's output `appliedBy`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from numerian.engine.events import kept_members, unwrap
from numerian.engine.workspace import Workspace

OUTPUT = "appliedBy"
_OURS = re.compile(r"^(?P<command>numerian \w+), by (?P<who>\S+)$")


@dataclass(frozen=True)
class Run:
    """One run that applied something, or tried to. `members` is by code; None where the state of then isn't at hand."""

    started: datetime
    ended: datetime
    command: str
    who: str
    commit: str
    dirty: bool
    result: str
    counts: Mapping[str, int]
    members: Mapping[str, str] | None


def read(place: Workspace, told: str | None = None) -> list[Run]:
    """Return all runs, the last first.

    Args:
        place: The stack; the history of a state that is a folder is read from there.
        told: What `pulumi stack history --json` said, for a state that lies elsewhere.
    """
    if told is not None:
        return [_run(entry, None, None) for entry in json.loads(told)]
    folder = place.state_folder
    if folder is None:
        return []
    entries = sorted((folder / ".pulumi" / "history" / place.project / place.stack).glob("*.history.json"))
    return [
        _run(json.loads(after.read_bytes()), _state(before), _state(after))
        for before, after in reversed(list(pairwise([None, *entries])))
        if after is not None
    ]


def _state(entry: Path | None) -> Mapping[str, Any]:
    """Return the state that a run left; what can't be read any more is none."""
    if entry is None:
        return {}
    file = entry.with_name(entry.name.replace(".history.json", ".checkpoint.json"))
    try:
        content = json.loads(file.read_bytes())
        return content["checkpoint"].get("latest") or {}
    except (OSError, ValueError, KeyError):
        return {}


def _run(entry: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Run:
    environment = entry.get("environment") or {}
    ours = _OURS.match(entry.get("message") or "")
    who = ours["who"] if ours else _output(after or {}) or _committer(environment)
    kind = entry.get("kind") or "update"
    changes = entry.get("resourceChanges") or {}
    return Run(
        started=_time(entry.get("startTime")),
        ended=_time(entry.get("endTime")),
        command=ours["command"] if ours else f"pulumi {'up' if kind == 'update' else kind}",
        who=who,
        commit=environment.get("git.head") or "",
        dirty=environment.get("git.dirty") == "true",
        result=entry.get("result") or "",
        counts={op: number for op, number in sorted(changes.items()) if number},
        members=None if before is None or after is None else members(before, after),
    )


def _time(value: Any) -> datetime:
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, UTC)
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")) if value else datetime.fromtimestamp(0, UTC)


def _committer(environment: Mapping[str, str]) -> str:
    """Return whose commit it was: better than nothing where nobody said who ran it."""
    name = environment.get("git.committer") or environment.get("git.author") or ""
    return f"commit de {name}" if name else ""


def _output(state: Mapping[str, Any]) -> str:
    for resource in state.get("resources") or ():
        if resource.get("type") == "pulumi:pulumi:Stack":
            return str((resource.get("outputs") or {}).get(OUTPUT) or "")
    return ""


def members(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """Return the members, by code, for whom two states hold something else."""
    old, new = _things(before), _things(after)
    names = {**_names(before), **_names(after)}
    found = {code for urn in old.keys() | new.keys() if old.get(urn) != new.get(urn) for code in _codes(urn)}
    was, now = _kept(before), _kept(after)
    found |= {code for code in was.keys() | now.keys() if was.get(code) != now.get(code)}
    return {code: names[code] for code in sorted(found) if code in names}


def _things(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is declared of each thing. A secret is another text in each state, so its value isn't compared."""
    return {
        one["urn"]: unwrap(one.get("inputs") or {})
        for one in state.get("resources") or ()
        if one.get("custom") and not one["type"].startswith("pulumi:")
    }


def _codes(urn: str) -> Iterator[str]:
    name = urn.rsplit("::", 1)[-1].removesuffix("-password")
    yield from {name.partition("-")[0], name.rpartition("-")[2].upper()}


def _kept(state: Mapping[str, Any]) -> Mapping[str, Any]:
    for one in state.get("resources") or ():
        if one.get("type") == "numerian:index:Guard":
            return kept_members(one.get("inputs") or {})
    return {}


def _names(state: Mapping[str, Any]) -> dict[str, str]:
    return {code: str(one.get("name") or code) for code, one in _kept(state).items()}
