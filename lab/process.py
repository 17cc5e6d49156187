"""Running programs: to the end, with their words passed on as progress, and their last lines in the error."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from lab.errors import CommandFailedError, LabError

Say = Callable[[str], None]
"""Takes one line of progress."""


SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def system_path() -> str:
    """Return PATH with administrators' programs: an ordinary user's lacks these folders on Debian."""
    return os.pathsep.join([*filter(None, [os.environ.get("PATH")]), *SYSTEM_FOLDERS])


def silent(_line: str) -> None:
    """Say nothing."""


def capture(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> tuple[int, bytes, bytes]:
    """Run a program and return its exit code, output and error output; only a missing program or a time-out raises."""
    try:
        done = subprocess.run(
            list(argv),
            input=b"" if stdin is None else stdin,
            capture_output=True,
            timeout=timeout,
            env=_environment(env),
            cwd=cwd,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(f"the program {argv[0]} is not on PATH", "install it") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(argv[:6])}` gave no answer within {timeout:.0f} s") from error
    return done.returncode, done.stdout, done.stderr


def output(
    argv: Sequence[str],
    *,
    stdin: bytes | None = None,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program and return what it printed, without the last newline.

    Raises:
        CommandFailedError: it ended with another code than 0.
    """
    code, out, err = capture(argv, stdin=stdin, timeout=timeout, env=env, cwd=cwd)
    if code:
        raise CommandFailedError(list(argv), code, (err or out).decode(errors="replace").splitlines())
    return out.decode(errors="replace").rstrip("\n")


def follow(
    argv: Sequence[str],
    say: Say,
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 1800,
) -> None:
    """Run a long program; each of its lines goes to `say` and, with all else, into the file `log`.

    Raises:
        CommandFailedError: it ended with another code than 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(env),
            cwd=cwd,
            text=True,
            errors="replace",
        )
    except FileNotFoundError as error:
        raise LabError(f"the program {argv[0]} is not on PATH", "install it") from error
    timer = threading.Timer(timeout, process.kill)
    timer.start()
    try:
        with log.open("w") as file:
            _pass_on(process.stdout, file, lines, say)
        code = process.wait()
    finally:
        timer.cancel()
        if process.poll() is None:
            process.kill()
    if code:
        raise CommandFailedError(list(argv), code, lines, str(log))


def _pass_on(stream: IO[str] | None, file: IO[str], lines: list[str], say: Say) -> None:
    for line in stream or ():
        file.write(line)
        file.flush()
        if line.strip():
            lines.append(line.rstrip())
            say(line.strip())


def _environment(extra: Mapping[str, str] | None) -> dict[str, str] | None:
    return {**os.environ, **extra} if extra else None
