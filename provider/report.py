"""How a kind tells the operator that something long is under way.

A kind gets a `Reporter` through `provider.runtime.Runtime.reporter`:

    self.runtime.reporter.status(current_urn(), "waiting for 3 of 12 files")

The text is shown beside the resource while the apply runs and is gone afterwards. `current_urn()` is the resource
that the current request is about; a batch that serves many resources takes it when each of them arrives.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

_urn: ContextVar[str] = ContextVar("urn", default="")


def current_urn() -> str:
    """Return the URN of the resource that this task works for, or "" outside of a request."""
    return _urn.get()


def set_current_urn(urn: str) -> None:
    """Say which resource the current task works for; the server does it once a request."""
    _urn.set(urn)


class Reporter(Protocol):
    """Where progress goes. Every method may be called from any thread, returns at once and never raises."""

    def status(self, urn: str, text: str) -> None:
        """Show `text` beside the resource until the next status or the end; nothing of it is kept."""
        ...

    def warn(self, urn: str, text: str) -> None:
        """Tell the operator something that stays on the screen and in the log of the run."""
        ...


class Silent:
    """A reporter for tests and for runs without an engine: it says nothing."""

    def status(self, urn: str, text: str) -> None:
        """Drop the text."""

    def warn(self, urn: str, text: str) -> None:
        """Drop the text."""
