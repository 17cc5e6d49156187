"""Give this machine a Pulumi engine: the official one where it is, else one that is built here, once.

`ensure` is all that others call. It changes nothing when everything is in place, and takes milliseconds then.
Standard library only: it runs before the virtual environment exists.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine import build
from engine.errors import PluginError

OLDEST_OFFICIAL = (3, 150, 0)
DOCKER_PLUGIN_VERSION = "5.2.0"
"""The version that the pulumi-docker SDK of the lock file asks the engine for."""


def ensure(root: Path, say: Callable[[str], None]) -> Path:
    """Return the folder to put first on PATH so that `pulumi` runs for the checkout at `root`.

    An official engine on PATH is used as it is, with the official plugins. Else ours is built into the cache
    (`$NUMERIAN_CACHE`, default `~/.cache/numerian`), and our docker plugin goes into the checkout's PULUMI_HOME.

    Raises:
        engine.errors.EngineError: one sentence with the remedy.
    """
    official = find_official()
    if official is not None:
        return official
    binaries = build.build(say)
    _install_docker_plugin(root.absolute(), binaries, say)
    keep_no_engine_logs(home(root))
    return binaries


def check(root: Path) -> None:
    """Say what `ensure` would lack (Go, disk), before anything is changed.

    Raises:
        engine.errors.EngineError: one sentence with the remedy.
    """
    if find_official() is None and not build.is_built():
        build.check()


def home(root: Path) -> Path:
    """Return PULUMI_HOME for an engine of ours.

    Inside the checkout: in the user's home, our docker plugin would replace the official one for all his projects.
    """
    return root.absolute() / ".work" / "pulumi"


def keep_no_engine_logs(pulumi_home: Path) -> None:
    """Have an engine with this PULUMI_HOME keep no logs of its own.

    It writes everything that passes through it into an encrypted log a command, and has no switch for it. With 438
    members that was three quarters of its own time (7.4 s of processor time, 1.9 s without). It goes without where it
    can make no folder for logs.
    """
    logs = pulumi_home / "logs"
    if logs.is_file():
        return
    shutil.rmtree(logs, ignore_errors=True)
    with suppress(IsADirectoryError):  # another engine, just started, was faster: the next call finds it
        logs.write_text("A file instead of a folder, so that the engine keeps no logs: engine/install.py says why.\n")


def is_ours(binaries: Path) -> bool:
    """Tell whether the engine in this folder was built here (then PULUMI_HOME is `home`)."""
    return (binaries / build.MARKER).is_file()


def find_official() -> Path | None:
    """Return the folder of an official `pulumi` on PATH that is new enough and has its Python host, or None."""
    for entry in os.get_exec_path():
        pulumi = Path(entry) / "pulumi"
        if not (pulumi.is_file() and os.access(pulumi, os.X_OK)):
            continue
        folder = pulumi.resolve().parent
        if is_ours(folder):
            continue
        # The first is the one a shell would run: an older one further along PATH is nobody's choice.
        return folder if _is_official(folder) else None
    return None


def _is_official(folder: Path) -> bool:
    if not (folder / "pulumi-language-python").is_file():
        return False
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    run = subprocess.run([folder / "pulumi", "version"], capture_output=True, text=True, env=environment)
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", run.stdout.strip())
    return found is not None and tuple(map(int, found.groups())) >= OLDEST_OFFICIAL


def _launcher(root: Path) -> str:
    # -P: the folder that the engine starts it in must not shadow this checkout's modules.
    python = shlex.quote(str(root / ".venv" / "bin" / "python"))
    return (
        "#!/bin/sh\n"
        "# Made by engine/install.py: the docker plugin of this checkout.\n"
        f'PYTHONPATH={shlex.quote(str(root))} exec {python} -P -m engine.docker_plugin "$@"\n'
    )


def _install_docker_plugin(root: Path, binaries: Path, say: Callable[[str], None]) -> None:
    pulumi_home = home(root)
    name = "pulumi-resource-docker"
    installed = pulumi_home / "plugins" / f"resource-docker-v{DOCKER_PLUGIN_VERSION}" / name
    launcher = _launcher(root)
    if installed.is_file() and installed.read_text() == launcher:
        return
    say(f"engine: installing our docker plugin {DOCKER_PLUGIN_VERSION} into {pulumi_home}")
    pulumi_home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        executable = Path(folder) / name
        executable.write_text(launcher)
        executable.chmod(0o755)
        command = [str(binaries / "pulumi"), "plugin", "install", "resource", "docker", DOCKER_PLUGIN_VERSION]
        run = subprocess.run(
            [*command, "--file", folder, "--reinstall", "--non-interactive"],
            capture_output=True,
            text=True,
            env={**os.environ, "PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    if run.returncode != 0 or not installed.is_file():
        raise PluginError(f"the engine did not take the docker plugin: {(run.stderr or run.stdout).strip()}")
