"""Start the engine, follow its event log, end when it ends."""

from __future__ import annotations

import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from numerian.engine import PARALLEL
from numerian.engine.events import Log, plain

_POLL_SECONDS = 0.02
_CHUNK = 1 << 20
"""Bytes of the log that are taken in at a time: an engine that is far ahead has written hundreds of megabytes."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the engine's exit code, its events, and what it said outside of them."""

    code: int
    log: Log
    said: str
    """What the engine itself wrote on stderr: faults from before any event, such as a locked stack."""


def arguments(
    verb: str, stack: str, *, ours: bool = False, refresh: bool = False, message: str = "", extra: Sequence[str] = ()
) -> list[str]:
    """Return the engine's arguments for `up`, `preview`, `refresh` or `destroy` (or the last two's `--preview-only`).

    `ours` is an engine that was built here: all plugins are installed already, so that it needn't ask the program's
    virtual environment which ones it wants (0.5 s at each start).

    >>> arguments("refresh", "lab")[:3]
    ['refresh', '--stack', 'lab']
    """
    words = [verb, "--stack", stack, "--non-interactive", "--color", "never", "--suppress-progress"]
    words += ["--parallel", str(PARALLEL)]
    if ours:
        words.append("--skip-plugin-pre-install")
    if verb in ("up", "destroy"):
        words.append("--continue-on-error")
    if verb in ("up", "preview"):
        words.append("--suppress-outputs")
        if refresh:
            words.append("--refresh")
    applies = verb != "preview" and "--preview-only" not in extra
    if applies:
        words += ["--skip-preview", "--yes"]
        if message:
            words += ["--message", message]
    return [*words, *extra]


def run(
    command: Sequence[str | Path],
    folder: Path,
    environment: Mapping[str, str],
    watch: Callable[[Log], None],
    *,
    interrupted: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run the engine in `folder` and gather its events; `watch` is called as they come, and while nothing comes.

    An interrupt (Ctrl-C, TERM) is passed on once: the engine then finishes what is under way and keeps its state.
    """
    log = Log()
    with tempfile.TemporaryDirectory(prefix="numerian-run-") as name:
        events, said = Path(name) / "events", Path(name) / "stderr"
        events.touch()
        with said.open("wb") as stderr, events.open("rb") as stream:
            process = subprocess.Popen(
                [*command, "--event-log", events],
                cwd=folder,
                env={**environment, "PULUMI_DEBUG_COMMANDS": "true"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                # Its own group: the terminal's Ctrl-C reaches us only, and we pass it on once.
                start_new_session=True,
            )
            with _passing_on(process, interrupted):
                for line in _lines(process, stream):
                    if line:
                        log.feed(line)
                    watch(log)
                code = process.wait()
        return Outcome(code, log, plain(said.read_text(encoding="utf-8", errors="replace")).strip())


def _lines(process: subprocess.Popen[bytes], stream: BinaryIO) -> Iterator[bytes]:
    """Yield whole lines as they appear in the log, and b"" whenever there is none yet; end with the process."""
    rest = b""
    while True:
        # Asked before reading: what is written before the end is then read after it.
        ended = process.poll() is not None
        chunk = stream.read(_CHUNK)
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line)
        if not chunk:
            if ended:
                return
            yield b""
            time.sleep(_POLL_SECONDS)


@contextmanager
def _passing_on(process: subprocess.Popen[bytes], interrupted: Callable[[], None]) -> Iterator[None]:
    count = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal count
        count += 1
        if count == 1:
            interrupted()
        # The engine takes a second one as: now, whatever is under way.
        process.send_signal(signal.SIGINT)

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, handle) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
