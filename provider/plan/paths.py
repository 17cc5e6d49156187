"""Paths of managed files: what is accepted, and which uid may work where on a host."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from provider.plan.facts import Entry, parents

_LONGEST = 1024
_FORBIDDEN = ("/proc", "/sys", "/dev", "/var/lib/numerian")
_MODE = re.compile(r"0?[0-7]{3,4}")
_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}\$?|[0-9]{1,10}")


def path_fault(path: str, *, absolute: bool) -> str | None:
    """Return what is wrong with a path, or None.

    >>> path_fault("../etc/passwd", absolute=False)
    'has `..`; write the path without it'
    >>> path_fault("sites/07186.conf", absolute=False)
    """
    if not path:
        return "is empty; name a file"
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs") for letter in path):
        return "holds a control or invisible character; use visible ones only"
    if "\\" in path:
        return "holds a backslash; leave it out"
    if path.startswith("/") != absolute:
        return (
            "isn't absolute; begin it with `/`" if absolute else "is absolute; make it relative to the service's root"
        )
    parts = path.split("/")[1 if absolute else 0 :]
    return _parts_fault(path, parts)


def _parts_fault(path: str, parts: list[str]) -> str | None:
    if ".." in parts:
        return "has `..`; write the path without it"
    if "" in parts or "." in parts:
        return "has an empty part or `.`; write each folder once, without a `/` at the end"
    if any(part.startswith(".numerian-") for part in parts):
        return "has a part that begins with `.numerian-`; those names are the provider's own"
    if len(path.encode()) > _LONGEST or any(len(part.encode()) > 255 - 40 for part in parts):
        return f"is too long; at most {_LONGEST} bytes, 215 for each name"
    if any(path == folder or path.startswith(folder + "/") for folder in _FORBIDDEN):
        return "lies in a folder of the system's or of the provider's own; choose another"
    return None


def keyed(name: str, key: str) -> str:
    """Return the property path of one key of a map, in Pulumi's syntax.

    >>> keyed("files", 'a".conf')
    'files["a\\\\".conf"]'
    """
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}["{escaped}"]'


def mode_fault(mode: object) -> str | None:
    """Return what is wrong with a mode, or None.

    >>> mode_fault("0644"), mode_fault(420)
    (None, 'isn\\'t an octal text; write it as "0644"')
    """
    if not isinstance(mode, str) or not _MODE.fullmatch(mode):
        return 'isn\'t an octal text; write it as "0644"'
    return None


def normal_mode(mode: str) -> str:
    """Return a mode with four digits.

    >>> normal_mode("755")
    '0755'
    """
    return f"{int(mode, 8):04o}"


def owner_fault(owner: object) -> str | None:
    """Return what is wrong with a user's or group's name, or None; numbers are texts too."""
    if not isinstance(owner, str) or not _NAME.fullmatch(owner):
        return 'isn\'t a user\'s or group\'s name; write a name such as "root" or a number such as "601"'
    return None


class UnsafeError(Exception):
    """Root can't work at a place; the message says which folder and why."""


def worker(path: str, entries: Mapping[str, Entry]) -> tuple[int, int, str]:
    """Return the uid and gid that may work at `path`, and the folder from which on it is theirs.

    Root works only below folders that only root can change; the first folder above `path` that belongs to somebody
    else decides: work below it is done as its owner, so that links planted there lead nobody but their planter.

    >>> root, member = Entry("folder", "0755", 0, 0, "root", "root"), Entry("folder", "0755", 7, 7, "a", "a")
    >>> worker("/srv/x", {"/": root, "/srv": root}), worker("/srv/m/x", {"/": root, "/srv": root, "/srv/m": member})
    ((0, 0, '/'), (7, 7, '/srv/m'))
    """
    for folder in parents(path):
        entry = entries.get(folder)
        if entry is None:
            return 0, 0, "/"
        if entry.kind == "symbolic link":
            raise UnsafeError(f"{folder} is a symbolic link; name the folder that it leads to")
        if entry.kind != "folder":
            raise UnsafeError(f"{folder} is no folder")
        if entry.uid != 0:
            return entry.uid, entry.gid, folder
        if int(entry.mode, 8) & 0o022 and not (int(entry.mode, 8) & 0o002 == 0 and entry.gid == 0):
            raise UnsafeError(f"{folder} (mode {entry.mode}, group {entry.group}) can be changed by others than root")
    return 0, 0, "/"
