"""Getting an image from its registry when the daemon doesn't have it."""

from __future__ import annotations

from typing import Any

from engine.docker_plugin.errors import DaemonError, GoneError
from engine.docker_plugin.kind import Work


def inspect(work: Work, name: str) -> dict[str, Any]:
    """Return what the daemon shows of an image; `GoneError` when it doesn't have it."""
    with work.daemon.doing(f"reading image {name}") as client:
        return dict(client.inspect_image(name))


def ensure(work: Work, name: str, platform: str | None = None) -> dict[str, Any]:
    """Return an image of the daemon, pulled when it isn't there, as the official provider does."""
    try:
        return inspect(work, name)
    except GoneError:
        if name.startswith("sha256:"):
            raise DaemonError(
                f"using image {name}", "the daemon has no such image, and an id can't be pulled"
            ) from None
    pull(work, name, platform)
    return inspect(work, name)


def pull(work: Work, name: str, platform: str | None = None) -> None:
    """Pull an image, telling how far it is."""
    repository, tag = split(name)
    with work.daemon.doing(f"pulling image {name}") as client:
        for event in client.pull(repository, tag=tag, stream=True, decode=True, platform=platform):
            if "error" in event:
                raise DaemonError(f"pulling image {name}", " ".join(str(event["error"]).split()))
            progress = " ".join(str(event.get(key) or "") for key in ("id", "status", "progress")).strip()
            if progress:
                work.say(progress)


def split(name: str) -> tuple[str, str]:
    """Return an image's repository and its tag or digest.

    >>> split("debian"), split("localhost:5000/a:1"), split("localhost:5000/a"), split("a@sha256:0f")
    (('debian', 'latest'), ('localhost:5000/a', '1'), ('localhost:5000/a', 'latest'), ('a', 'sha256:0f'))
    """
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")
