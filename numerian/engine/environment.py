"""The environment that an engine runs in: the same for `numerian up` and for a plain `pulumi up` by hand."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from numerian import engine_run, selection
from numerian.connections import write_file
from numerian.engine.workspace import Workspace
from numerian.engine_run import Engine

DROPPED = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK", "DOCKER_HOST")
"""Settings of a person's other projects that would win over ours."""


@dataclass(frozen=True)
class Session:
    """A stack, the engine that works on it, and what must be set for it."""

    place: Workspace
    engine: Engine
    settings: Mapping[str, str]


def begin(place: Workspace, say: Callable[[str], None]) -> Session:
    """Find the engine (made first, if there is none), and keep the settings in the working folder too."""
    engine = engine_run.find(place.root, say)
    settings = variables(place, engine)
    write(place, settings)
    return Session(place, engine, settings)


def variables(workspace: Workspace, engine: Engine) -> dict[str, str]:
    """Return what must be set, PATH without what the caller's PATH already holds."""
    folder = workspace.folder
    path = [str(Path(sys.executable).parent), str(folder / "bin"), str(engine.binaries), str(workspace.root / "bin")]
    settings = {
        "PATH": ":".join(path),
        "PULUMI_BACKEND_URL": workspace.backend_url,
        "PULUMI_STACK": workspace.stack,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "DOCKER_CONFIG": str(folder / "docker"),
        "NUMERIAN_HOSTS": str(folder / "hosts.json"),
    }
    if os.environ.get("NUMERIAN_INVENTORY"):
        settings["NUMERIAN_INVENTORY"] = str(workspace.inventory)
    if chosen := os.environ.get(selection.VARIABLE):
        settings[selection.VARIABLE] = chosen
    if workspace.passphrase_file.is_file():
        settings["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(workspace.passphrase_file)
    if engine.ours:
        settings["PULUMI_HOME"] = str(workspace.root / ".work" / "pulumi")
        settings["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return settings


def for_process(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment of a subprocess: the caller's, with ours over it."""
    environment = {name: value for name, value in os.environ.items() if name not in DROPPED}
    if "PULUMI_CONFIG_PASSPHRASE_FILE" not in settings and "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        environment["PULUMI_CONFIG_PASSPHRASE"] = os.environ["PULUMI_CONFIG_PASSPHRASE"]
    environment.update(settings)
    environment["PATH"] = f"{settings['PATH']}:{os.environ.get('PATH', os.defpath)}"
    return environment


def exports(settings: Mapping[str, str]) -> str:
    """Return lines for a shell: `eval "$(numerian env)"`."""
    lines = [f"unset {' '.join(name for name in DROPPED if name not in settings)}"]
    for name, value in settings.items():
        word = f'{shlex.quote(value)}:"$PATH"' if name == "PATH" else shlex.quote(value)
        lines.append(f"export {name}={word}")
    return "\n".join(lines)


def write(workspace: Workspace, settings: Mapping[str, str]) -> None:
    """Keep the settings as `KEY=value` lines in the working folder, for whatever isn't a shell."""
    workspace.make_folder()
    text = "".join(f"{name}={value}\n" for name, value in settings.items())
    write_file(workspace.folder / "env", text)
