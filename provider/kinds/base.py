"""What every kind of resource must say: check, diff, create, read, update, delete.

Each kind is **read → plan(current, desired) → apply**: `diff`, preview and update share the one pure plan.
All methods are abstract on purpose: a forgotten `read` would mean that drift is never seen.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Props = Mapping[str, Any]
"""Plain JSON-like values. Secrets arrive as their values; `ResourceKind.secret_outputs` says what goes back secret."""


class Change(Enum):
    """How one property path differs."""

    ADD = "add"
    UPDATE = "update"
    DELETE = "delete"
    ADD_REPLACE = "add-replace"
    UPDATE_REPLACE = "update-replace"
    DELETE_REPLACE = "delete-replace"


@dataclass(frozen=True)
class Unknown:
    """An input that only the apply will know (computed)."""


UNKNOWN = Unknown()


@dataclass(frozen=True)
class CheckFailure:
    """One fault of the inputs. `property` is a path such as `files["a.conf"].mode`; the reason says the remedy."""

    property: str
    reason: str


@dataclass(frozen=True)
class Diff:
    """Paths that differ, in Pulumi's property-path syntax. Empty: nothing to do."""

    changes: Mapping[str, Change] = field(default_factory=dict)
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Context:
    """Whose resource it is, all from its URN: `owner` is project/stack, `name` the resource's logical name.

    `chain` holds the types of its parents and its own.
    """

    project: str
    stack: str
    name: str
    chain: str = ""

    @property
    def owner(self) -> str:
        """Whose it is, as the ledgers on the hosts say it: project/stack."""
        return f"{self.project}/{self.stack}"

    @property
    def holder(self) -> str:
        """A short mark of `chain`: what the ledgers tell apart a resource and its old self of another parent by."""
        return hashlib.sha256(self.chain.encode()).hexdigest()[:8] if self.chain else ""


@dataclass(frozen=True)
class State:
    """What a resource is: its id and its properties, as they go into the state."""

    id: str
    outputs: Props


class ResourceKind(ABC):
    """A kind of resource. Methods may await; blocking work goes to threads."""

    token: str
    """Pulumi type token, such as `numerian:index:Files`."""

    secret_outputs: tuple[str, ...] = ()
    """Top-level properties that are secret from the moment they exist."""

    inputs_only: tuple[str, ...] = ()
    """Top-level inputs of which no host can have another: the state keeps them as inputs and not as outputs too.

    Methods get them among `olds` all the same. With 438 sites they are most of the state (decision 0007)."""

    @abstractmethod
    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Return the inputs with defaults filled in, and everything that is wrong with them. Never asks a host."""

    @abstractmethod
    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Compare the state's outputs with checked inputs. Pure: never asks a host."""

    @abstractmethod
    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """Return the outputs that the apply will have, as far as they are known. Never asks a host."""

    @abstractmethod
    async def create(self, context: Context, news: Props) -> State:
        """Make it so, whatever is there already: adopt, update ours, refuse somebody else's (`ForeignError`)."""

    @abstractmethod
    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return what is on the host now, or None when it is gone. `olds` is None for an import."""

    @abstractmethod
    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Go from `olds` to `news`; what changed on the host since is refused (`ChangedSinceError`)."""

    @abstractmethod
    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Take it away; people's data is archived, never deleted. Gone already is fine."""
