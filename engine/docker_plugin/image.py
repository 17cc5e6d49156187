"""`docker:index/remoteImage:RemoteImage`: an image of the daemon, pulled or built.

Its id is the daemon's id of the image followed by its name, as the official provider writes it.
"""

from __future__ import annotations

import re
from typing import Any

from engine.docker_plugin import build, pull
from engine.docker_plugin.errors import BuildError, ConflictError, GoneError
from engine.docker_plugin.kind import Found, Kind, Props, Work, declared
from engine.docker_plugin.properties import UNKNOWN, Failure
from engine.docker_plugin.schema import IMAGE, IMAGE_TYPE

_ID = re.compile(r"(sha256:[0-9a-f]{64})(.*)", re.DOTALL)


class RemoteImage(Kind):
    """An image of the daemon."""

    type = IMAGE_TYPE
    fields = IMAGE
    names_itself = False

    def __init__(self) -> None:
        self._made: set[str] = set()

    def check(self, inputs: Props) -> list[Failure]:
        """A built image can't be pulled on a trigger."""
        if inputs.get("build") and inputs.get("pullTriggers"):
            return [Failure("pullTriggers", "`pullTriggers` and `build` exclude each other")]
        return []

    def preview(self, inputs: Props, state: Props | None = None) -> dict[str, Any]:
        """Refuse a build whose folder isn't there before anything is applied."""
        block = inputs.get("build")
        if isinstance(block, dict) and UNKNOWN not in (block.get("context"), block.get("dockerfile")):
            wrong = build.check_context(block)
            if wrong and state is None:
                raise BuildError(wrong)
        return super().preview(inputs, state)

    def create(self, work: Work, inputs: Props) -> Found:
        """Build the image, or pull it unless the daemon has it."""
        name = inputs["name"]
        if inputs.get("build"):
            build.build(work, name, inputs["build"])
            seen = pull.inspect(work, name)
        else:
            seen = pull.ensure(work, name, inputs.get("platform"))
        found = _found(inputs, seen)
        self._made.add(found.id)
        return found

    def read(self, work: Work, id: str, state: Props | None) -> Found | None:
        """Read which image the name means now. An import gives the id, or the name alone."""
        match = _ID.fullmatch(id)
        name = str((state or {}).get("name") or (match[2] if match else id))
        try:
            return _found(state or {"name": name}, pull.inspect(work, name))
        except GoneError:
            return None

    def update(self, work: Work, id: str, state: Props, inputs: Props) -> Found:
        """Take note of settings for later; the image stays, or is made again where it was pruned."""
        try:
            return _found(inputs, pull.inspect(work, inputs["name"]))
        except GoneError:
            return self.create(work, inputs)

    def delete(self, work: Work, id: str, state: Props) -> None:
        """Remove the image unless it is to be kept.

        A replacement may have given the name to a new image, or found the very same one: that one stays.
        """
        if state.get("keepLocally") or id in self._made:
            return
        name, own = str(state.get("name") or ""), str(state.get("imageId") or "")
        try:
            seen = pull.inspect(work, name)
        except GoneError:
            seen = {}
        target = name if seen.get("Id") == own or not own else own
        try:
            with work.daemon.doing(f"removing image {name}") as client:
                client.remove_image(target, force=bool(state.get("forceRemove")))
        except GoneError:
            return
        except ConflictError:
            if target == name:
                raise
            # Its name is another's by now, and it is still used or tagged: no longer this resource's.
            work.say(f"image {own} stays: it is still used")


def _found(known: Props, seen: dict[str, Any]) -> Found:
    outputs = declared(known)
    name, id = str(outputs["name"]), str(seen["Id"])
    outputs["imageId"] = id
    outputs["repoDigest"] = _digest(name, seen.get("RepoDigests") or [])
    return Found(id + name, outputs)


def _digest(name: str, digests: list[str]) -> str:
    """Return the digest under the image's own repository; a built image has none."""
    repository = name.partition("@")[0]
    if ":" in repository.rsplit("/", 1)[-1]:
        repository = repository.rpartition(":")[0]
    return next((digest for digest in sorted(digests) if digest.partition("@")[0] == repository), "")
