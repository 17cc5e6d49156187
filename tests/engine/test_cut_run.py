"""What an `up` finds out about Docker beyond the engine's own word: what a killed run made, what dies after its start.

With a real engine and this machine's own Docker; only the way to the "server" is none: its shell is this machine's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import pytest
from conftest import ROOT, SOCKET

from numerian.__main__ import main
from numerian.command import remote
from numerian.engine.workspace import Workspace

PROGRAM = """
import time
from pathlib import Path

import pulumi
import pulumi_docker as docker

on = pulumi.ResourceOptions(provider=docker.Provider("privas", context="privas"))
image = docker.RemoteImage("image", name="{image}", keep_locally=True, opts=on)
network = docker.Network("network", name="{unique}", opts=on)
box = docker.Container(
    "box",
    name="{unique}",
    image=image.image_id,
    command=["sh", "-c", "{command}"],
    restart="unless-stopped",
    must_run=True,
    networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
    opts=on,
)


def made(_):
    Path("made").touch()
    while Path("hold").exists():
        time.sleep(0.05)


box.id.apply(made)
"""
UP = ["up", "--stack", "test", "--yes"]


class Here:
    """A server whose shell is this machine's own."""

    def ask(self, name: str, argv: list[str]) -> str:
        assert name == "privas"
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def ask_all(self, names: Iterable[str], argv: list[str]) -> dict[str, str]:
        return {name: self.ask(name, argv) for name in names}


@pytest.fixture
def project(
    tmp_path: Path, image: str, unique: str, daemon: docker.APIClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A checkout with the program and a stack, in the current folder; what it makes is taken away at the end."""
    for name in (".venv", "engine", "provider"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "__main__.py").write_text(PROGRAM.format(image=image, unique=unique, command="exec sleep infinity"))
    context = {"Name": "privas", "Metadata": {}, "Endpoints": {"docker": {"Host": SOCKET, "SkipTLSVerify": False}}}
    meta = Path(".work/test/docker/contexts/meta", hashlib.sha256(b"privas").hexdigest(), "meta.json")
    (tmp_path / meta).parent.mkdir(parents=True)
    (tmp_path / meta).write_text(json.dumps(context))
    monkeypatch.chdir(tmp_path)
    for name in ("NUMERIAN_INVENTORY", "NUMERIAN_MEMBERS"):
        monkeypatch.delenv(name, raising=False)

    @contextmanager
    def connect(place: Workspace) -> Iterator[Here]:
        yield Here()

    monkeypatch.setattr(remote, "connect", connect)
    assert main(["stack", "init", "test"]) == 0
    yield tmp_path
    for container in daemon.containers(all=True, filters={"name": unique}):
        daemon.remove_container(container["Id"], force=True)
    for network in daemon.networks(names=[unique]):
        daemon.remove_network(network["Id"])


def family(pid: int) -> list[int]:
    """Return a process with all that descend from it."""
    table = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in table.splitlines()]
    found = [pid]
    for one in found:
        found += [child for child, parent in pairs if parent == one]
    return found


def test_what_a_killed_run_made_is_taken_in_and_goes_on(
    project: Path, daemon: docker.APIClient, unique: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Killed after the container runs; the next run imports network and container, and a further one is idle."""
    (project / "hold").touch()
    run = subprocess.Popen([sys.executable, "-m", "numerian", *UP], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 120
    while not (project / "made").exists():
        assert time.monotonic() < deadline and run.poll() is None, run.stdout and run.stdout.read().decode()
        time.sleep(0.05)
    for pid in family(run.pid):
        os.kill(pid, signal.SIGKILL)
    run.communicate(timeout=30)
    (project / "hold").unlink()
    before = daemon.inspect_container(unique)

    assert main(UP) == 0, capsys.readouterr()
    said = capsys.readouterr()
    assert "an earlier run was cut (`numerian up` by " in said.err
    assert "taking in 2 things of Docker's that the cut run made: network, box" in said.err
    assert "1 created, 2 unchanged" in said.out, "the image, which a first half of the run made"
    assert "error" not in said.out + said.err
    after = daemon.inspect_container(unique)
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])

    assert main(UP) == 0
    said = capsys.readouterr()
    assert "nothing to change, 3 unchanged" in said.out
    assert "cut" not in said.err


def test_a_container_that_dies_just_after_its_start_is_told(
    project: Path, image: str, unique: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Docker starts it again and again, and the engine takes that for running; the run that made it fails."""
    program = project / "__main__.py"
    program.write_text(program.read_text().replace("exec sleep infinity", "sleep 1; echo no luck; exit 3"))
    assert main(UP) == 1
    said = capsys.readouterr()
    assert "3 created" in said.out
    (told,) = said.err.splitlines()[-1:]
    words = r"it doesn't stay up \((exit code 3, )?started again \d+ times\); its last lines: no luck"
    assert re.match(f"  privas: Container box: {words}", told), told
