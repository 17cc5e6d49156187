"""The Docker engine of this machine: the one that answers, else a `dockerd` that is started here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from lab import layout, process
from lab.errors import LabError
from lab.process import Say

LOG = layout.WORK / "dockerd.log"
PID = layout.WORK / "dockerd.pid"
SYSTEMD = Path("/run/systemd/system")
START_SECONDS = 90.0
LEFT_BY = {"dockerd": Path("/var/run/docker.pid"), "containerd": Path("/var/run/docker/containerd/containerd.pid")}
"""Where an engine that was killed leaves its number; a new one refuses to start while any process has it."""


def answers() -> bool:
    """Tell whether an engine answers to this user."""
    if shutil.which("docker") is None:
        return False
    try:
        return process.capture(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)[0] == 0
    except LabError:
        return False


def version() -> str:
    """Return the engine's version."""
    return process.output(["docker", "version", "--format", "{{.Server.Version}}"], timeout=20)


def ensure(say: Say) -> str:
    """Have an engine that answers; return a word about it."""
    if answers():
        return f"{version()} answers"
    if os.geteuid() != 0:
        raise LabError("no Docker engine answers and the user isn't root", "start Docker, or run as root")
    if SYSTEMD.is_dir():
        say("systemctl start docker")
        process.output(["systemctl", "start", "docker"], timeout=START_SECONDS)
        _wait(None, say)
        return f"{version()} started by systemd"
    _wait(_start(), say)
    return f"{version()} started here (log: {LOG.relative_to(layout.ROOT)})"


def stop_own() -> bool:
    """Stop the dockerd that `ensure` started, when there is one and no container runs on it any more."""
    pid = _own()
    if pid is None:
        PID.unlink(missing_ok=True)
        return False
    if answers() and process.output(["docker", "ps", "--quiet"]):
        return False
    os.kill(pid, signal.SIGTERM)
    for _ in range(300):
        if not _is_dockerd(pid):
            break
        time.sleep(0.1)
    PID.unlink(missing_ok=True)
    LOG.unlink(missing_ok=True)
    return True


def data_folder() -> Path:
    """Return where the engine keeps its data, to measure the room that is left."""
    if answers():
        return Path(process.output(["docker", "info", "--format", "{{.DockerRootDir}}"], timeout=20))
    return Path("/var/lib/docker")


def _start() -> subprocess.Popen[bytes]:
    layout.WORK.mkdir(exist_ok=True)
    for program, file in LEFT_BY.items():
        if (pid := _number(file)) is not None and not _is(program, pid):
            file.unlink(missing_ok=True)
    with LOG.open("ab") as log:
        # A session of its own: Ctrl-C in `make lab` must not take the engine down with all that runs on it.
        daemon = subprocess.Popen(
            ["dockerd"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PATH": process.system_path()},
        )
    PID.write_text(f"{daemon.pid}\n")
    return daemon


def _wait(daemon: subprocess.Popen[bytes] | None, say: Say) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        if daemon is not None and daemon.poll() is not None:
            lines = LOG.read_text(errors="replace").splitlines()[-5:]
            PID.unlink(missing_ok=True)
            raise LabError("dockerd ended at its start:\n    " + "\n    ".join(lines), f"see {LOG}")
        if time.monotonic() > deadline:
            raise LabError(f"the Docker engine gave no answer within {START_SECONDS:.0f} s", f"see {LOG}")
        say("waiting until the engine answers")
        time.sleep(0.3)


def _own() -> int | None:
    pid = _number(PID)
    return pid if pid is not None and _is_dockerd(pid) else None


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _is_dockerd(pid: int) -> bool:
    return _is("dockerd", pid)


def _is(program: str, pid: int) -> bool:
    # A number alone proves nothing: after a restart of the machine it may be any other process.
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state != "Z" and Path(f"/proc/{pid}/comm").read_text().strip() == program
    except OSError:
        return False
