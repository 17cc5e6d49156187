"""What Password and KeyPair share: nothing lies on a host, everything follows from the root secret and the inputs."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from provider.kinds.base import UNKNOWN, Change, CheckFailure, Context, Diff, Props, ResourceKind, State, Unknown
from provider.runtime import Runtime


class Derived(ResourceKind):
    """A kind whose outputs are a pure function of root secret, name and inputs."""

    defaults: ClassVar[Props]
    """Inputs and what they are when a program doesn't say."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    @abstractmethod
    def faults(self, inputs: Props) -> list[CheckFailure]:
        """Return what is wrong with inputs that are all there; unknown ones are judged at the apply."""

    @abstractmethod
    def computed(self, name: str, inputs: Props) -> dict[str, Any]:
        """Return the computed outputs."""

    @abstractmethod
    def unknown(self) -> dict[str, Any]:
        """Return the computed outputs while an input isn't known."""

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in the defaults and refuse what can't be."""
        inputs = {**self.defaults, **{key: value for key, value in news.items() if value is not None}}
        failures = [
            CheckFailure(key, f"unknown property; there are: {', '.join(self.defaults)}")
            for key in inputs
            if key not in self.defaults
        ]
        return inputs, failures + self.faults(inputs)

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Name the inputs that changed; the secret itself changes only with them."""
        changed = {key: Change.UPDATE for key in self.defaults if olds.get(key) != news.get(key)}
        return Diff(changed)

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """Derive right away: what depends on it is then known in the preview too."""
        return self._outputs(context, news)

    async def create(self, context: Context, news: Props) -> State:
        """Derive; after a lost state it is the same as before."""
        return State(context.name, self._outputs(context, news))

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return the state: there is nothing elsewhere to compare it with. An import takes the defaults."""
        if olds is not None:
            return State(id, olds)
        return State(id, self._outputs(context, {**self.defaults, **(inputs or {})}))

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Derive for the new inputs."""
        return State(id, self._outputs(context, news))

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Forget it."""

    def _outputs(self, context: Context, inputs: Props) -> dict[str, Any]:
        if any(isinstance(value, Unknown) for value in inputs.values()):
            return {**inputs, **self.unknown()}
        return {**inputs, **self.computed(context.name, inputs)}


def whole(inputs: Props, name: str, least: int, most: int) -> list[CheckFailure]:
    """Return a failure unless the input is a whole number in the range, or not known yet."""
    value = inputs.get(name, UNKNOWN)
    if isinstance(value, Unknown) or (
        isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    ):
        return []
    return [CheckFailure(name, f"{value!r} isn't a whole number from {least} to {most}")]
