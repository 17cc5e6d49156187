"""The file of a `file://` state: whether an engine can use it, which copy comes in where it can't, what was cut.

The engine keeps the state of before each run beside it (`<stack>.json.bak`) and one of each run in `backups/`. It reads
a file that is cut off, or of a later engine, with a word of its JSON library; here each has a sentence and a command.
"""

from __future__ import annotations

import json
import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from numerian.errors import NumerianError

NEWEST_VERSION = 4
"""Of a checkpoint: what Pulumi 3.259 to 3.272 read (`apitype.VersionedCheckpoint`)."""


_BEGIN, _END = re.compile(rb'\{"version":(\d+),"checkpoint":\{'), b'"metadata":{}}}}'
"""A checkpoint's first and last words. Within a text quotes are escaped, so a file that is cut off never ends so."""


class StateError(NumerianError):
    """The state's file is there, and no engine of this machine can use it."""


def check(file: Path, stack: str, *, closely: bool = False) -> None:
    """Refuse a state that is damaged or of a later engine, with the command that brings a good one back.

    Compressed states are the engine's to judge.

    Args:
        file: The state's.
        stack: Whose it is.
        closely: Look at all of it, and not only at its ends: an engine couldn't begin with it.

    Raises:
        StateError: what is wrong with it, and what to run.
    """
    if file.suffix != ".json":
        return
    wrong, version = _fault(file, closely)
    if wrong and version > NEWEST_VERSION:
        raise StateError(
            f"the state of {stack} was written by a later engine ({file}: version {version}, this one reads up to"
            f" {NEWEST_VERSION}); bring this machine's engine up to that one (`pulumi version` there says which),"
            f" or go back to the last copy that can be read: {_way_back(file, stack)}"
        )
    if wrong:
        raise StateError(f"the state of {stack} is damaged ({file}: {wrong}); {_way_back(file, stack)}")


def forget_interrupted(file: Path) -> list[str]:
    """Take out of the state what a killed engine was in the middle of; return it as `creating Files 07186-site`.

    The engine would warn of it at each run from now on and ask for a refresh that needs a person. Here a create
    converges: the next run finds out by itself what became of each.
    """
    if file.suffix != ".json" or b'"pending_operations"' not in file.read_bytes():
        return []
    content = json.loads(file.read_bytes())
    latest = content["checkpoint"].get("latest") or {}
    interrupted = latest.pop("pending_operations", None) or []
    if interrupted:
        new = file.with_name(f"{file.name}.new")
        new.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        new.chmod(file.stat().st_mode & 0o777)
        new.replace(file)
    return [_operation(operation) for operation in interrupted]


def _operation(operation: Any) -> str:
    *_, kind, name = operation["resource"]["urn"].split("::")
    return f"{operation['type']} {kind.rsplit(':', 1)[-1]} {name}"


def _fault(file: Path, closely: bool = True) -> tuple[str, int]:
    """Return what is wrong with a state's file ("" for nothing), and the version that it says."""
    try:
        if not closely and 0 < (seen := _at_a_glance(file)) <= NEWEST_VERSION:
            return "", seen
        content = json.loads(file.read_bytes())
    except OSError as error:
        return (error.strerror or str(error)).lower(), 0
    except ValueError:
        return "it is empty" if not file.stat().st_size else "it is cut off, or no JSON", 0
    version = content.get("version") if isinstance(content, dict) else None
    if not isinstance(version, int) or not isinstance(content.get("checkpoint"), dict):
        return "it is JSON, but no state", 0
    return ("it is of a later version", version) if version > NEWEST_VERSION else ("", version)


def _at_a_glance(file: Path) -> int:
    """Return the version of a state whose first and last words are as the engine writes them, or 0: look closer.

    Parsing it takes four times its size in memory: 300 MB with 5,000 members.
    """
    with file.open("rb") as stream:
        begin = _BEGIN.match(stream.read(100))
        stream.seek(max(file.stat().st_size - 100, 0))
        return int(begin[1]) if begin and stream.read().rstrip().endswith(_END) else 0


def _way_back(file: Path, stack: str) -> str:
    """Return what to run: the newest copy put in its place, or a new and empty state."""
    where = shlex.quote(str(file))
    copy = _newest_copy(file, stack)
    if copy is None:
        return (
            f"no copy of it can be read either: run `mv {where} {where}.damaged`, then `numerian stack init {stack}`"
            f" and `numerian up --stack {stack}`, which finds again what is on the servers"
        )
    when = datetime.fromtimestamp(copy.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        f"its last good copy is of {when}: run `cp {shlex.quote(str(copy))} {where}`, then"
        f" `numerian up --refresh --stack {stack}`, which finds again what was done since"
    )


def _newest_copy(file: Path, stack: str) -> Path | None:
    backups = file.parent.parent.parent / "backups" / file.parent.name / stack
    copies = [file.with_name(f"{file.name}.bak"), *backups.glob("*.json")]
    newest_first = sorted((copy for copy in copies if copy.is_file()), key=lambda copy: -copy.stat().st_mtime)
    return next((copy for copy in newest_first if not _fault(copy)[0]), None)
