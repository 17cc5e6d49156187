"""What runs with the stack's passphrase and reaches the servers: the target branch's own code alone."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ci.blind import blind
from ci.errors import CiError
from ci.git import Repository
from numerian.command.terminal import say
from numerian.engine import environment
from numerian.engine.workspace import Workspace


def drift(place: Workspace) -> int:
    """Print what differs between the inventory and the servers, in people's words; return 1 when something does.

    Raises:
        CiError: the preview can't even begin.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "preview.json"
        _numerian(place, "preview", "--refresh", "--format", "json", "--output", str(output), "--stack", place.stack)
        if not output.is_file():
            raise CiError("`numerian preview --refresh` failed; its words stand above")
        found = json.loads(output.read_text(encoding="utf-8"))
    for section in found["sections"]:
        print(f"{section['title']}: {'; '.join(item['text'] for item in section['items'])}")
    for error in found["errors"]:
        print(error, file=sys.stderr)
    unchanged = found["counts"].pop("items_unchanged")
    differing = sum(count for name, count in found["counts"].items() if name.startswith("items_"))
    print(f"differing: {differing}, as the inventory says: {unchanged}")
    return int(found["failed"] or differing > 0)


def apply(place: Workspace, repository: Repository, remote: str, branch: str, file: Path) -> int:
    """Run `numerian up` from the tip of the target branch, and write the new state's copy; return the exit code.

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
    code = _numerian(place, "up", "--yes", "--stack", place.stack)
    # What failed left the rest done.
    blinded(place, repository, file)
    return code


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


def _numerian(place: Workspace, *words: str) -> int:
    sys.stdout.flush()
    return subprocess.run([sys.executable, "-m", "numerian", *words], cwd=place.root, check=False).returncode
