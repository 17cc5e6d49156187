"""What every kind of Docker resource says: how it is checked, made, read, changed and taken away.

Comparing is the same for all (`plan`), so no kind has its own.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.docker_plugin.connection import Daemon
from engine.docker_plugin.errors import ConflictError, DaemonError, DockerPluginError, GoneError
from engine.docker_plugin.properties import UNKNOWN, Failure, Prop, is_empty, without_notes

Props = Mapping[str, Any]

REMOVAL_PATIENCE = 30.0
"""Seconds that a thing still in use is tried again to be removed, as the official provider does."""


@dataclass(frozen=True)
class Work:
    """What a kind needs for one call: the daemon, and ears for what it says meanwhile."""

    daemon: Daemon
    show: Callable[[str], None] = lambda line: None
    warn: Callable[[str], None] = lambda line: None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def say(self, line: str) -> None:
        """Show what is done now, until the next line; stop when the operator stops the run."""
        self.pause(0)
        self.show(line)

    def pause(self, seconds: float) -> None:
        """Wait, or stop at once when the operator stops the run."""
        if self.cancelled.wait(seconds):
            raise DockerPluginError("stopped on request")


@dataclass(frozen=True)
class Found:
    """A resource as it goes into the state."""

    id: str
    outputs: dict[str, Any]


class Kind(ABC):
    """A kind of resource."""

    type: str
    fields: Mapping[str, Prop]
    names_itself = True
    """Whether a resource without a name gets one made of its logical name."""

    def check(self, inputs: Props) -> list[Failure]:
        """Return what the properties' types can't say is wrong with checked inputs."""
        return []

    def preview(self, inputs: Props, state: Props | None = None) -> dict[str, Any]:
        """Return the outputs that the apply will have, as far as they are known: of an update when there is a state."""
        outputs = declared(inputs)
        for name, prop in self.fields.items():
            if prop.output or prop.computed:
                outputs.setdefault(name, UNKNOWN if state is None else state.get(name))
        return outputs

    @abstractmethod
    def create(self, work: Work, inputs: Props) -> Found:
        """Make it. What exists already under its name is a conflict."""

    @abstractmethod
    def read(self, work: Work, id: str, state: Props | None) -> Found | None:
        """Return what the daemon shows, None when it is gone. `state` is None for an import."""

    @abstractmethod
    def update(self, work: Work, id: str, state: Props, inputs: Props) -> Found:
        """Make of `state` what is declared, where no replacement is needed."""

    @abstractmethod
    def delete(self, work: Work, id: str, state: Props) -> None:
        """Take it away. Gone already is fine."""


def declared(inputs: Props) -> dict[str, Any]:
    """Return inputs as they go into the outputs."""
    return dict(without_notes(inputs))


def filled(values: Props) -> dict[str, Any]:
    """Return `values` without what says nothing."""
    return {name: value for name, value in values.items() if not is_empty(value)}


def labels(given: Any) -> dict[str, str]:
    """Return a list of label blocks as a map."""
    return {str(label["label"]): str(label["value"]) for label in given or []}


def label_blocks(seen: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Return a map of labels as blocks, sorted."""
    return [{"label": name, "value": value} for name, value in sorted((seen or {}).items())]


def remove_patiently(work: Work, remove: Callable[[], None], busy: str) -> None:
    """Remove a thing; while the daemon says that it is in use (`busy` in its words), try again for a while."""
    limit = time.monotonic() + REMOVAL_PATIENCE
    while True:
        try:
            return remove()
        except GoneError:
            return None
        except DaemonError as error:
            in_use = isinstance(error, ConflictError) or busy in error.reason
            if not in_use or time.monotonic() > limit:
                raise
            work.say(f"waiting: {error.reason}")
            work.pause(1.0)
