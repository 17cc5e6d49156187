"""What the engine says while it runs: its event log, one JSON object a line, gathered into steps and messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

SECRET = "[secret]"  # noqa: S105 - what is shown in the place of one
_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key that marks Pulumi's special values in JSON; a dict with it is a secret, an asset or an output."""
_SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - Pulumi's public marker
_COLOUR = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*[mK]")
_SAME = b'"op":"same"'
_REFRESH = b'"op":"refresh"'
_STARTED = b'"resourcePreEvent"'
_URN = re.compile(rb'"urn":"([^"\\]+)"')
_PROVIDER_TYPE = b'"type":"pulumi:providers:'
_GUARD_TYPE = b'"type":"numerian:index:Guard"'
QUIET = frozenset({"same", "read", "refresh", "discard", "read-replacement", "discard-replaced"})
"""Operations that change nothing."""
HALVES = frozenset({"create-replacement", "delete-replaced", "remove-pending-replace", "import-replacement"})
"""Parts of a replacement, which is told as one."""


def kept_members(inputs: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what is kept of each member (`numerian.kept`), by code, from the guard's inputs: there it is JSON text.

    Of a member that an older state keeps in another way nothing is known.
    """
    texts = inputs.get("members") or {}
    return {code: json.loads(text) for code, text in texts.items() if isinstance(text, str)}


@dataclass(frozen=True)
class PropertyChange:
    """How one property path differs; `from_inputs` when the state's inputs are what it was compared with."""

    kind: str
    from_inputs: bool = False


@dataclass(frozen=True)
class Resource:
    """One side (before or after) of a step. What it holds is looked through only when somebody asks."""

    id: str
    parent: str
    provider: str
    custom: bool
    told_inputs: Mapping[str, Any]
    told_outputs: Mapping[str, Any]

    @cached_property
    def inputs(self) -> Mapping[str, Any]:
        """What the program asked for, secrets masked."""
        return unwrap(self.told_inputs)  # type: ignore[no-any-return]

    @cached_property
    def outputs(self) -> Mapping[str, Any]:
        """What the resource is, secrets masked."""
        return unwrap(self.told_outputs)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Step:
    """One thing that the engine does, or would do, to one resource."""

    op: str
    urn: str
    type: str
    old: Resource | None
    new: Resource | None
    changes: Mapping[str, PropertyChange]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.rsplit("::", 1)[-1]

    @property
    def kind(self) -> str:
        """The last word of the type: Files, Container."""
        return self.type.rsplit(":", 1)[-1]

    @property
    def current(self) -> Resource | None:
        """The side that the resource has, or will have."""
        return self.new or self.old


@dataclass(frozen=True)
class Message:
    """A diagnostic: `urn` is empty, or whose it is."""

    severity: str
    text: str
    urn: str = ""


@dataclass
class Log:
    """All that was said so far. `feed` takes the lines as they come."""

    steps: dict[tuple[str, str], Step] = field(default_factory=dict)
    done: set[tuple[str, str]] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    drifted: dict[str, Step] = field(default_factory=dict)
    providers: dict[str, Step] = field(default_factory=dict)
    seen: dict[str, Step] = field(default_factory=dict)
    """By URN, what was begun and may change or fail."""
    asked: dict[str, bytes] = field(default_factory=dict)
    """By URN, the line of each whose server is asked: it holds its whole state, and is read only for a message."""
    messages: list[Message] = field(default_factory=list)
    same: int = 0
    work: int = 0
    """How many steps were begun that do something: not those of components, which are a name for others."""
    worked: int = 0
    """How many of them are done."""
    result: str = ""
    """The engine's own word at the end: succeeded, failed, canceled; empty until then, or from an older engine."""
    last: str = ""

    def feed(self, line: bytes) -> None:
        """Take in one line."""
        if _SAME in line and _PROVIDER_TYPE not in line:
            # By far the most lines, when there is nothing to do: not worth a parser's time.
            self.same += b'"resOutputsEvent"' in line and b'"custom":true' in line
            # But the guard's: it has the members' names.
            if _GUARD_TYPE not in line:
                return
        if _REFRESH in line and _STARTED in line and _PROVIDER_TYPE not in line and (urn := _URN.search(line)):
            self.asked[urn.group(1).decode()] = line
            return
        event: dict[str, Any] = json.loads(line)
        if diagnostic := event.get("diagnosticEvent"):
            self._diagnostic(diagnostic)
        elif started := event.get("resourcePreEvent"):
            self._started(step_of(started["metadata"]))
        elif finished := event.get("resOutputsEvent"):
            self._finished(step_of(finished["metadata"]))
        elif failed := event.get("resOpFailedEvent"):
            self.failed.add(failed["metadata"]["urn"])
        elif summary := event.get("summaryEvent"):
            self.result = summary.get("result") or ""
        elif error := event.get("errorEvent"):
            self.messages.append(Message("error", error["error"]))

    def whose(self, urn: str) -> Step | None:
        """Return the step that a message about `urn` belongs to."""
        if urn not in self.seen and (line := self.asked.get(urn)):
            self.seen[urn] = step_of(json.loads(line)["resourcePreEvent"]["metadata"])
        return self.seen.get(urn)

    @property
    def changed(self) -> list[Step]:
        """The steps that change something, in the engine's order; a replacement once."""
        return [step for step in self.steps.values() if step.op not in QUIET | HALVES]

    @property
    def guard(self) -> Step | None:
        """The step of the resource that keeps the list of members, changed or not."""
        return next((step for step in self.seen.values() if step.kind == "Guard"), None)

    @property
    def errors(self) -> list[Message]:
        """The messages that say that something failed."""
        return [message for message in self.messages if message.severity == "error"]

    def _started(self, step: Step) -> None:
        self.seen[step.urn] = step
        if step.type.startswith("pulumi:providers:"):
            self.providers[step.urn] = step
        if step.op not in QUIET:
            self.steps[step.urn, step.op] = step
            self.work += _does_something(step)
            self.last = step.name

    def _finished(self, step: Step) -> None:
        key = (step.urn, step.op)
        if key in self.steps:
            self.worked += _does_something(step) and key not in self.done
            self.done.add(key)
        elif step.op in ("update", "delete"):
            # A refresh announces itself as one and ends as what it found.
            self.drifted[step.urn] = replace(step, op="drifted" if step.op == "update" else "gone")
        elif step.op == "refresh" and (step.changes or step.new is None):
            # Within a preview or an up it ends as the refresh that it is.
            self.drifted[step.urn] = replace(step, op="drifted" if step.new else "gone")

    def _diagnostic(self, event: Mapping[str, Any]) -> None:
        text = plain(event.get("message", "")).strip()
        if text and not event.get("ephemeral"):
            self.messages.append(Message(event.get("severity", "info"), text, event.get("urn", "")))
        elif text:
            self.last = text


def _does_something(step: Step) -> bool:
    return step.current is not None and step.current.custom


def plain(text: str) -> str:
    """Return the text without the engine's colour marks.

    >>> plain("<{%reset%}>it failed<{%reset%}>")
    'it failed'
    """
    return _COLOUR.sub("", text)


def step_of(metadata: Mapping[str, Any]) -> Step:
    """Return the step that an event's metadata tells of."""
    detailed = metadata.get("detailedDiff") or {}
    return Step(
        op=metadata["op"],
        urn=metadata["urn"],
        type=metadata["type"],
        old=_resource(metadata.get("old")),
        new=_resource(metadata.get("new")),
        changes={
            path: PropertyChange(change.get("diffKind", "update"), bool(change.get("inputDiff")))
            for path, change in detailed.items()
        },
    )


def _resource(side: Mapping[str, Any] | None) -> Resource | None:
    if side is None:
        return None
    return Resource(
        id=side.get("id") or "",
        parent=side.get("parent") or "",
        provider=side.get("provider") or "",
        custom=bool(side.get("custom")),
        told_inputs=side.get("inputs") or {},
        told_outputs=side.get("outputs") or {},
    )


def unwrap(value: Any) -> Any:
    """Return the value with every secret masked.

    >>> unwrap({"a": [{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}]})
    {'a': ['[secret]']}
    """
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET_SIGNATURE:
            return SECRET
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrap(item) for item in value]
    return value
