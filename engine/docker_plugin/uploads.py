"""Files that go into a container before it starts (`uploads`)."""

from __future__ import annotations

import base64
import binascii
import grp
import io
import pwd
import re
import tarfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.docker_plugin.errors import DockerPluginError
from engine.docker_plugin.properties import UNKNOWN, Failure

SOURCES = ("content", "contentBase64", "source")


def check(uploads: list[Mapping[str, Any]]) -> list[Failure]:
    """Return what is wrong with `uploads`."""
    failures = []
    for index, upload in enumerate(uploads):
        path = f"uploads[{index}]"
        given = [name for name in SOURCES if upload.get(name)]
        if len(given) != 1:
            one = ", ".join(f"`{name}`" for name in SOURCES)
            failures.append(Failure(path, f"`{path}` must have one of {one}"))
        mode = upload.get("permissions")
        if mode and mode != UNKNOWN and not re.fullmatch("0[0-7]{3}", mode):
            failures.append(Failure(f"{path}.permissions", "`permissions` must be four octal digits such as 0644"))
    return failures


def archive(uploads: list[Mapping[str, Any]]) -> bytes:
    """Return the files as one tar archive for the container's root.

    Raises:
        DockerPluginError: a source can't be read, an owner isn't known.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for upload in uploads:
            content = _content(upload)
            info = tarfile.TarInfo(str(upload["file"]).lstrip("/"))
            info.size = len(content)
            info.mtime = int(time.time())
            info.mode = _mode(upload)
            info.uid = _number(upload.get("owner"), lambda name: pwd.getpwnam(name).pw_uid)
            info.gid = _number(upload.get("group"), lambda name: grp.getgrnam(name).gr_gid)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _content(upload: Mapping[str, Any]) -> bytes:
    if upload.get("source"):
        try:
            return Path(upload["source"]).expanduser().read_bytes()
        except OSError as error:
            raise DockerPluginError(
                f"the upload's source {upload['source']} can't be read: {error.strerror}"
            ) from error
    if upload.get("contentBase64"):
        try:
            return base64.b64decode(upload["contentBase64"], validate=True)
        except binascii.Error as error:
            raise DockerPluginError(f"the upload to {upload['file']} isn't base64: {error}") from error
    return str(upload.get("content", "")).encode()


def _mode(upload: Mapping[str, Any]) -> int:
    if upload.get("permissions"):
        return int(upload["permissions"], 8)
    return 0o744 if upload.get("executable") else 0o644


def _number(given: Any, find: Any) -> int:
    if not given:
        return 0
    if str(given).isdigit():
        return int(given)
    try:
        return int(find(given))
    except KeyError as error:
        raise DockerPluginError(f"the upload's owner or group {given!r} isn't known on this machine") from error
