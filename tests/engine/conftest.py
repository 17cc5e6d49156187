"""An engine of ours, the docker plugin, and this machine's own Docker: programs run on them as an operator's do."""

from __future__ import annotations

import os
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import tiny_image
from driver import Driver
from engine_stack import Stack

from engine import install
from engine.docker_plugin import VERSION

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
SOCKET = "unix:///var/run/docker.sock"


@pytest.fixture(scope="session")
def daemon() -> Iterator[docker.APIClient]:
    """This machine's own Docker engine."""
    try:
        client = docker.APIClient(base_url=SOCKET, version="auto", timeout=60)
    except docker.errors.DockerException as error:
        pytest.skip(f"no Docker engine answers here: {error}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(daemon: docker.APIClient) -> Iterator[str]:
    """The name of a tiny image on this machine's Docker engine."""
    name = f"numerian-test/tiny:{uuid.uuid4().hex[:8]}"
    daemon.import_image_from_data(tiny_image.archive(), repository=name.split(":")[0], tag=name.split(":")[1])
    yield name
    daemon.remove_image(name, force=True)


@pytest.fixture(scope="session")
def pulumi_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PULUMI_HOME that holds this checkout's docker plugin, as `engine/install.py` lays it."""
    home = tmp_path_factory.mktemp("pulumi-home")
    folder = home / "plugins" / f"resource-docker-v{VERSION}"
    folder.mkdir(parents=True)
    launcher = folder / "pulumi-resource-docker"
    launcher.write_text(
        f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {PYTHON} -P -m engine.docker_plugin "$@"\n'
    )
    launcher.chmod(0o755)
    return home


@pytest.fixture(scope="session")
def engine_bin() -> Path:
    """The folder of an engine: official when there is one, else built from the registries (cached)."""
    return install.ensure(ROOT, print)


@pytest.fixture
def stack(tmp_path: Path, engine_bin: Path, pulumi_home: Path) -> Iterator[Stack]:
    """A stack that is destroyed afterwards."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: docs\nruntime: python\n")
    (tmp_path / "state").mkdir()
    path = os.pathsep.join([str(ROOT / ".venv" / "bin"), str(engine_bin), os.environ["PATH"]])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PULUMI_", "DOCKER_", "NUMERIAN_"))}
    env = {
        **kept,
        "PATH": path,
        "PULUMI_HOME": str(pulumi_home),
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",
        "PYTHONWARNINGS": "ignore",
    }
    stack = Stack(folder, env)
    stack.write("")
    stack.run("stack", "init", "dev")
    yield stack
    stack.run("destroy", "--yes", "--skip-preview")


@pytest.fixture
def plugin(daemon: docker.APIClient) -> Iterator[Driver]:
    """The plugin on this machine's Docker, called in this process; what it made is taken away afterwards."""
    plugin = Driver(SOCKET)
    yield plugin
    plugin.destroy()
    plugin.provider.close()


@pytest.fixture
def unique() -> str:
    """A prefix for names on the shared daemon."""
    return f"numerian-test-{uuid.uuid4().hex[:8]}"
