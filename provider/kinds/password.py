"""A password that a lost state doesn't lose."""

from __future__ import annotations

from typing import Any, ClassVar

from provider.kinds.base import UNKNOWN, CheckFailure, Props
from provider.kinds.derive import password
from provider.kinds.derived import Derived, whole


class Password(Derived):
    """`value`, derived from the root secret, the resource's name, its length and its version."""

    token = "numerian:index:Password"  # noqa: S105 (a type token)
    secret_outputs = ("value",)
    defaults: ClassVar[Props] = {"length": 24, "version": 1}

    def faults(self, inputs: Props) -> list[CheckFailure]:
        """Twelve characters are 70 bits; fewer can be guessed from a stolen hash."""
        return whole(inputs, "length", 12, 128) + whole(inputs, "version", 1, 2**31)

    def computed(self, name: str, inputs: Props) -> dict[str, Any]:
        """Derive the value."""
        return {"value": password(self.runtime.root_key(), name, inputs["version"], inputs["length"])}

    def unknown(self) -> dict[str, Any]:
        """The value isn't known."""
        return {"value": UNKNOWN}
