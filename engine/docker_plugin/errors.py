"""The docker plugin's errors: one sentence each, for the operator; nothing else of this plugin reaches him."""

from __future__ import annotations

import re
from typing import Any

from engine.errors import EngineError

_NO_PROGRAM = re.compile(r"\bdocker: (?:command )?not found$", re.MULTILINE)
"""What bash and dash say."""


class DockerPluginError(EngineError):
    """Root of what this plugin tells; `str(error)` is the whole message."""


class SettingsError(DockerPluginError):
    """The provider's settings can't be used as they are."""


class UnreachableError(DockerPluginError):
    """No daemon answers at the endpoint. Never taken for "the resource is gone", unless `no_docker`."""

    def __init__(self, endpoint: str, reason: str) -> None:
        super().__init__(f"the Docker daemon of {endpoint} can't be reached: {reason}")
        self.endpoint = endpoint
        self.reason = reason

    @property
    def no_docker(self) -> bool:
        """Whether the server let us in and has no Docker at all: it was installed anew, and nothing is left there."""
        return _NO_PROGRAM.search(self.reason) is not None


class DaemonError(DockerPluginError):
    """The daemon answered with an error. `status` is HTTP's, 0 when the error came inside a stream."""

    def __init__(self, action: str, reason: str, *, status: int = 0) -> None:
        super().__init__(f"{action}: {reason}")
        self.action = action
        self.reason = reason
        self.status = status


class GoneError(DaemonError):
    """The daemon doesn't know the thing (404)."""


class ConflictError(DaemonError):
    """The daemon refuses because of another thing: a name taken, an image in use (409)."""


class BuildError(DockerPluginError):
    """An image couldn't be built; the message ends with the build's last lines."""


class UnservedError(DockerPluginError):
    """A type or function of pulumi-docker that this plugin doesn't serve."""


class HalfMadeError(DockerPluginError):
    """The thing exists, but isn't as declared (it stopped at once, it isn't healthy).

    It goes into the state with `reason`, so that the next run carries on with it instead of making another.
    """

    def __init__(self, reason: str, id: str, outputs: dict[str, Any]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.id = id
        self.outputs = outputs
