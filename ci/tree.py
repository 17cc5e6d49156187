"""A tree to review in: the target branch's code, the request's inventory, and a stack that holds no secret."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from ci import published, request
from ci.errors import CiError
from ci.git import Repository
from lab import cache
from numerian.command.stack import ROOT_SECRET
from numerian.engine.faults import readable
from numerian.engine.workspace import Workspace

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ")
"""What a review's processes see of the job's environment: no token, no passphrase, no address of a forge."""
FACTS = Path(".work") / "review.json"
COPY = Path(".work") / "published.json"


@dataclass(frozen=True)
class Facts:
    """What a review tells of itself: with what the request was compared, and what of it was left out."""

    target: str
    deployed: str
    published: str
    others: tuple[str, ...]


def prepare(repository: Repository, remote: str, wanted: str, target: str, stack: str, tree: Path) -> None:
    """Make the tree at `tree`, which isn't there yet, for the request whose ref on the remote is `wanted`.

    Raises:
        RefusedError: the request changes what no review reads.
        CiError: a ref isn't there, or no copy of the stack's state was published.
    """
    if tree.exists():
        raise CiError(f"{tree} is there already; remove it, or name another")
    commit = repository.word("rev-parse", "--verify", f"{target}^{{commit}}")
    copy, change = repository.fetch(remote, published.REF, wanted)
    found = request.read(repository, commit, change)
    with tarfile.open(fileobj=io.BytesIO(repository.run("archive", "--format=tar", commit))) as archive:
        archive.extractall(tree, filter="data")
    (tree / ".venv").symlink_to(sys.prefix)
    request.lay(repository, found, tree)
    state = published.fetched(repository, copy, stack)
    (tree / COPY).parent.mkdir(exist_ok=True, mode=0o700)
    (tree / COPY).write_text(json.dumps(state), encoding="utf-8")
    facts = Facts(commit, state["commit"], state["at"], found.others)
    (tree / FACTS).write_text(json.dumps(asdict(facts)), encoding="utf-8")


def facts(tree: Path) -> Facts:
    """Return what `prepare` noted."""
    found = json.loads((tree / FACTS).read_text(encoding="utf-8"))
    return Facts(**{**found, "others": tuple(found["others"])})


def environment(tree: Path) -> dict[str, str]:
    """Return all that a process in the tree sees. Its home is the tree's: no passphrase or key of a person is near."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    home = tree / ".work" / "home"
    return {**kept, "HOME": str(home), "PYTHONPATH": str(tree), "NUMERIAN_CACHE": str(cache.folder())}


def numerian(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the tree's own `numerian`."""
    return _run(tree, [sys.executable, "-m", "numerian", *words], environment(tree))


def make_stack(tree: Path, stack: str) -> None:
    """Make the tree's stack, with a passphrase of its own, and give it the published copy.

    Raises:
        CiError: the engine doesn't take it.
    """
    place = Workspace(tree, stack)
    state = json.loads((tree / COPY).read_text(encoding="utf-8"))
    (tree / "stacks" / f"{stack}.backend").unlink(missing_ok=True)
    settings = place.config_file
    if settings.is_file():
        plain = _plain(yaml.safe_load(settings.read_text(encoding="utf-8")))
        settings.write_text(yaml.safe_dump(plain), encoding="utf-8")
    _done(numerian(tree, "stack", "init", stack))
    _pulumi(place, "config", "set", "--secret", ROOT_SECRET, stdin=state["root_secret"])
    # The engine encrypts what it imports as the copy says: with the passphrase that was made just now.
    salt = yaml.safe_load(settings.read_text(encoding="utf-8"))["encryptionsalt"]
    provider = {"type": "passphrase", "state": {"salt": salt}}
    deployment = {**state["state"]["deployment"], "secrets_providers": provider}
    _pulumi(place, "stack", "import", stdin=json.dumps({**state["state"], "deployment": deployment}))


def _plain(settings: Any) -> dict[str, Any]:
    """Return a stack's settings without what its passphrase has encrypted.

    >>> _plain({"encryptionsalt": "v1:…", "config": {"a:b": {"c": 1}, "a:d": {"e": [{"secure": "v1:…"}]}}})
    {'config': {'a:b': {'c': 1}}}
    """
    config = (settings or {}).get("config") or {}
    return {"config": {key: value for key, value in config.items() if '"secure":' not in json.dumps(value)}}


def _pulumi(place: Workspace, *words: str, stdin: str) -> None:
    written = (place.folder / "env").read_text(encoding="utf-8").splitlines()
    ours = dict(line.split("=", 1) for line in written)
    there = environment(place.root)
    there.update(ours, PATH=f"{ours['PATH']}:{there['PATH']}")
    command = ["pulumi", *words, "--stack", place.stack, "--non-interactive", "--color", "never"]
    _done(_run(place.root, command, there, stdin))


def _run(tree: Path, command: list[str], there: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=tree, env=dict(there), input=stdin, capture_output=True, text=True, check=False)


def _done(run: subprocess.CompletedProcess[str]) -> None:
    if run.returncode:
        said = readable(run.stderr or run.stdout or f"exit code {run.returncode}")
        raise CiError(f"the review's stack could not be made: {said}")
