"""From a file's bytes to text that YAML can be read from, with everything hidden named."""

from __future__ import annotations

import codecs
from pathlib import Path

from numerian.errors import Problem
from numerian.fault import shown
from numerian.model.readers import hidden

SIZE_LIMIT = 256 * 1024
_REPORTED = 20  # hidden characters named in one file; more would hide the other problems


def read_text(path: Path, problems: list[Problem]) -> str | None:
    """Return the file's text, or None after adding what is wrong to `problems`.

    A byte-order mark and Windows line ends are taken off; tabs between words become spaces (columns stay).
    """
    try:
        with path.open("rb") as file:
            raw = file.read(SIZE_LIMIT + 1)
    except FileNotFoundError:
        problems.append(Problem(path, 1, 1, "this file is missing", "write it: every inventory has one"))
        return None
    except OSError as error:
        reason = error.strerror or "unknown reason"
        problems.append(Problem(path, 1, 1, f"this file can't be read ({reason})", "make it a readable file"))
        return None
    if len(raw) > SIZE_LIMIT:
        limit = f"{SIZE_LIMIT // 1024} KiB"
        problems.append(Problem(path, 1, 1, f"this file has more than {limit}", "keep only what the inventory knows"))
        return None
    text = _decode(path, raw, problems)
    if text is None:
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = _faults(path, text)
    problems.extend(found)
    return None if found else text.replace("\t", " ")


def _decode(path: Path, raw: bytes, problems: list[Problem]) -> str | None:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        problems.append(Problem(path, 1, 1, "this file is in UTF-16", "save it as UTF-8"))
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        old = shown(raw[error.start : error.start + 1].decode("cp1252", "replace"))
        message = f"this file isn't in UTF-8 (byte 0x{raw[error.start]:02X} would be {old} in Windows-1252)"
        problems.append(Problem(path, line, column, message, "save it as UTF-8"))
        return None


def _faults(path: Path, text: str) -> list[Problem]:
    """Return tabs in indentations and characters that no editor shows, at most one a line."""
    found: list[Problem] = []
    for number, line in enumerate(text.split("\n"), start=1):
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        secret = hidden(line.replace("\t", " "))
        if "\t" in indentation and line.strip():
            column = indentation.index("\t") + 1
            found.append(Problem(path, number, column, "a tab indents this line", "indent with spaces, two a level"))
        elif secret:
            found.append(Problem(path, number, secret[0] + 1, f"this line holds {secret[1]}", "delete this character"))
        if len(found) == _REPORTED:
            break
    return found
