"""One deployed stack for all tests of CI."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from ci_world import PRETENDED, STACK, World, copy, exported, secrets

from ci.blind import blind


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, root: Path) -> World:
    """Everything, with a stack that was deployed and published."""
    world = World(tmp_path_factory.mktemp("ci"))
    for name in ("origin", "operator", "theirs"):
        world.path(name).mkdir()
    world.git("origin", "init", "--quiet", "--bare", "-b", "main")
    copy(root, world.path("operator"))
    for words in (["init", "--quiet", "-b", "main"], ["remote", "add", "origin", str(world.path("origin"))]):
        world.git("operator", *words)
    world.path("operator/.venv").symlink_to(root / ".venv")
    kept = {name: world.path(f"operator/{name}").read_text() for name in PRETENDED}
    for name, more in PRETENDED.items():
        world.path(f"operator/{name}").write_text(f"{kept[name]}\n\n{more}\n")
    numerian = (sys.executable, "-m", "numerian")
    world.run("operator", *numerian, "stack", "init", STACK)
    world.run("operator", *numerian, "up", "--stack", STACK, "--yes")
    for name, text in kept.items():
        world.path(f"operator/{name}").write_text(text)
    world.git("operator", "add", "--all", ":!.venv")
    world.git("operator", "commit", "--quiet", "-m", "All")
    world.git("operator", "push", "--quiet", "-u", "origin", "main")
    passphrase = world.path(f"config/numerian/{STACK}.passphrase").read_text().strip()
    state = exported(world)
    world.secrets = [passphrase, *sorted(secrets(state))]
    copy_of_state = blind(state, STACK, world.git("operator", "rev-parse", "HEAD"), "2026-11-30 12:00 UTC")
    world.path("state.json").write_text(json.dumps(copy_of_state))
    world.ci("publish", str(world.path("state.json")), checkout="operator")
    for name in ("ci", "theirs"):
        world.git("operator", "clone", "--quiet", str(world.path("origin")), str(world.path(name)))
    world.path("ci/.venv").symlink_to(root / ".venv")
    return world
