"""What runs with the stack's passphrase and reaches the servers: the target branch's own code alone."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from ci.blind import blind
from ci.errors import CiError
from ci.git import Repository
from numerian.command.terminal import say
from numerian.engine import environment
from numerian.engine.workspace import Workspace


def drift(place: Workspace) -> int:
    """Print what differs between the inventory and the servers; return 1 when something does."""
    done = _numerian(place, "preview", "--refresh", "--json", "--stack", place.stack, capture=True)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise CiError("`numerian preview --refresh` failed; its words stand above") from None
    for change in found["changes"]:
        paths = ", ".join(str(one.get("path", "")) for one in change.get("changes") or [])
        print(f"{change['host'] or 'no server'}: {change['op']} {change['name']}{f' ({paths})' if paths else ''}")
    count = len(found["changes"])
    print(f"differing: {count}" if count else "the servers are as the inventory says")
    return int(bool(count) or found["failed"])


def apply(place: Workspace, repository: Repository, remote: str, branch: str) -> int:
    """Run `numerian up` from the tip of the target branch; return its exit code.

    Raises:
        CiError: the checkout is another commit than the branch's tip on the remote, or holds edits.
    """
    ref = f"refs/heads/{branch}"
    tip = repository.word("ls-remote", remote, ref).split()
    head = repository.word("rev-parse", "HEAD")
    if not tip or tip[0] != head:
        raise CiError(f"{head[:10]} isn't the tip of {branch} on {remote}; only that is applied")
    if edited := repository.word("status", "--porcelain", "--untracked-files=no"):
        raise CiError(f"the checkout holds edits: {edited.splitlines()[0]}; only what is committed is applied")
    return _numerian(place, "up", "--yes", "--stack", place.stack).returncode


def blinded(place: Workspace, repository: Repository, file: Path) -> None:
    """Write the copy of the stack's state that reviews may see.

    Raises:
        CiError: the engine can't show the state, or a secret stands in the open in it.
    """
    variables = environment.for_process(environment.begin(place, say).settings)
    # Its secrets go through a pipe, into this process alone.
    command = ["pulumi", "stack", "export", "--show-secrets", "--stack", place.stack, "--non-interactive"]
    done = subprocess.run(command, cwd=place.root, env=variables, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CiError(f"the state of {place.stack} can't be read: {done.stderr.strip().splitlines()[-1:]}")
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    copy = blind(json.loads(done.stdout), place.stack, repository.word("rev-parse", "HEAD"), now)
    file.write_text(json.dumps(copy, indent=1, sort_keys=True), encoding="utf-8")


def _numerian(place: Workspace, *words: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "numerian", *words]
    return subprocess.run(command, cwd=place.root, stdout=subprocess.PIPE if capture else None, text=True, check=False)
