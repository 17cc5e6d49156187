"""The engine room's errors: one sentence that says what is missing and the remedy."""

from __future__ import annotations


class EngineError(Exception):
    """Root of what this room tells an operator; `str(error)` is the whole message."""


class GoMissingError(EngineError):
    """No Go on PATH, or one that is too old and can't fetch a newer toolchain."""


class DiskSpaceError(EngineError):
    """Too little room for a build from nothing."""


class BuildError(EngineError):
    """Go could not build the engine; `output` holds its last lines."""

    def __init__(self, message: str, *, output: str) -> None:
        super().__init__(f"{message}\n{output}" if output else message)
        self.output = output


class PluginError(EngineError):
    """The engine would not take the docker plugin."""
