"""Which kind serves which type token. Modules are imported at their first use: a preview of passwords needs no SSH."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from provider.errors import ProviderError
from provider.kinds.base import ResourceKind
from provider.runtime import Runtime

KINDS: dict[str, tuple[str, str]] = {
    "numerian:index:Files": ("provider.kinds.files", "Files"),
    "numerian:index:Guard": ("provider.kinds.guard", "Guard"),
    "numerian:index:Host": ("provider.kinds.host", "Host"),
    "numerian:index:KeyPair": ("provider.kinds.keypair", "KeyPair"),
    "numerian:index:Password": ("provider.kinds.password", "Password"),
    "numerian:index:Service": ("provider.kinds.service", "Service"),
}
"""Type token to the module and the class that serve it. The class takes a `Runtime` and nothing else."""


class Registry:
    """One object of each kind, made when the first resource of that kind comes along."""

    def __init__(self, runtime: Runtime, kinds: dict[str, tuple[str, str]] | None = None) -> None:
        self._runtime = runtime
        self._kinds = KINDS if kinds is None else kinds
        self._made: dict[str, ResourceKind] = {}

    def kind(self, token: str) -> ResourceKind:
        """Return the kind of a type token; an unknown one is answered with those that there are."""
        if token not in self._made:
            if token not in self._kinds:
                raise ProviderError(
                    f"{token} isn't a type of this provider; there are {', '.join(sorted(self._kinds))}"
                )
            module, name = self._kinds[token]
            self._made[token] = cast(ResourceKind, getattr(import_module(module), name)(self._runtime))
        return self._made[token]
