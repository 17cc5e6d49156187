"""How a kind says that it did a part of a resource before something failed."""

from __future__ import annotations

from provider.errors import ResourceError
from provider.kinds.base import State


class PartialError(ResourceError):
    """A part was done: `state` is what exists now and goes into the state, `reasons` say what is missing.

    The engine keeps the resource, shows the reasons as errors, and the next `up` updates it instead of
    making it anew.
    """

    def __init__(self, state: State, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.state = state
        self.reasons = reasons
