"""`numerian stack init NAME`: make a stack once: where its state lies, its passphrase, its root secret."""

from __future__ import annotations

import base64
import secrets
import subprocess
from argparse import ArgumentParser, Namespace
from pathlib import Path

from numerian import selection
from numerian.command.terminal import say
from numerian.engine import environment
from numerian.engine.workspace import Workspace, WorkspaceError, find, has_passphrase, state_file

ROOT_SECRET = "numerian:rootSecret"  # noqa: S105 - the setting's name


def configure(parser: ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    init = actions.add_parser("init", help="make the stack, or whatever of it is missing; nothing when all is there")
    init.add_argument("name", metavar="NAME", help="lab, production, …")
    init.add_argument("--members", metavar="CODES", help="whom it serves: `all`, or codes, with `new` for new ones")


def run(options: Namespace) -> int:
    """Make what is missing."""
    place = find(options.name)
    init(place, options.members)
    print(f"stack {place.stack}: ready (state: {place.backend_url}, passphrase: {place.passphrase_file})")
    return 0


def init(place: Workspace, members: str | None = None) -> None:
    """Make whatever the stack lacks; what is there is left alone. `members` becomes its selection.

    Raises:
        SelectionError: `members` is no selection.
        WorkspaceError: the stack's settings are there without the passphrase that they were encrypted with.
    """
    if members is not None:
        selection.parse(members, "--members")
    place.make_folder()
    _passphrase(place)
    if place.state_folder is not None:
        place.state_folder.mkdir(parents=True, exist_ok=True)
    place.config_file.parent.mkdir(exist_ok=True)
    pulumi = _Pulumi(place, environment.for_process(environment.begin(place, say).settings))
    state = state_file(place)
    if state is None or not state.is_file():
        pulumi.make_stack()
    if not place.config_file.is_file() or f"{ROOT_SECRET}:" not in place.config_file.read_text(encoding="utf-8"):
        # Passed on stdin: arguments of a process are everybody's to read.
        value = base64.b64encode(secrets.token_bytes(48)).decode()
        pulumi.run("config", "set", "--secret", ROOT_SECRET, "--stack", place.stack, stdin=value)
    if members is not None:
        pulumi.run("config", "set", selection.SETTING, "--stack", place.stack, stdin=members)


def _passphrase(place: Workspace) -> None:
    if has_passphrase(place):
        return
    if place.config_file.is_file() and "encryptionsalt:" in place.config_file.read_text(encoding="utf-8"):
        file = place.config_file.relative_to(place.root)
        raise WorkspaceError(
            f"{file} was encrypted with a passphrase that isn't on this machine; write it to {place.passphrase_file}"
            f" (mode 0600), or, to begin anew with other secrets, remove {file}"
        )
    path = place.passphrase_file
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(secrets.token_urlsafe(32) + "\n", encoding="utf-8")
    if not place.is_disposable:
        say(f"a passphrase was made: {path}. Keep a copy where the service keeps its secrets: without it the stack")
        say("can't be opened by anybody, and no other machine can work on it (docs/operate.md).")


class _Pulumi:
    """Short engine commands."""

    def __init__(self, place: Workspace, variables: dict[str, str]) -> None:
        self._place = place
        self._variables = variables

    def make_stack(self) -> None:
        failed = self._attempt("stack", "init", self._place.stack, "--secrets-provider", "passphrase", "--no-select")
        # A state that lies elsewhere may have the stack already, made on another machine.
        if failed and "already exists" not in failed:
            raise WorkspaceError(f"the stack {self._place.stack} could not be made: {failed}")

    def run(self, *words: str, stdin: str = "") -> None:
        if failed := self._attempt(*words, stdin=stdin):
            raise WorkspaceError(f"`pulumi {words[0]} {words[1]}` failed: {failed}")

    def _attempt(self, *words: str, stdin: str = "") -> str:
        """Run it; return "" or what went wrong."""
        from numerian.engine.faults import readable

        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            cwd=Path(self._place.root),
            env=self._variables,
            input=stdin,
            capture_output=True,
            text=True,
        )
        return readable(done.stderr or done.stdout or f"exit code {done.returncode}") if done.returncode else ""
