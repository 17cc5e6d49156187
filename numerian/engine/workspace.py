"""Where a stack's things lie: the working folder, the state, the passphrase, the stack's own file.

>>> Workspace(Path("/srv/numerian"), "lab").folder
PosixPath('/srv/numerian/.work/lab')
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from numerian import selection
from numerian.engine import state_copies
from numerian.errors import NumerianError
from numerian.selection import Selection

DEFAULT_STACK = "lab"
PROJECT_FILE = "Pulumi.yaml"


class WorkspaceError(NumerianError):
    """The checkout or the stack isn't as a command needs it."""


@dataclass(frozen=True)
class Workspace:
    """One stack of one checkout."""

    root: Path
    stack: str

    @property
    def folder(self) -> Path:
        """What is made for this stack on this machine; never committed."""
        return self.root / ".work" / self.stack

    @property
    def inventory(self) -> Path:
        """The inventory folder: `$NUMERIAN_INVENTORY`, or the stack's setting `inventory`, or `inventory/`."""
        if chosen := os.environ.get("NUMERIAN_INVENTORY"):
            return Path(chosen).absolute()
        return self.root / (self._setting("inventory") or "inventory")

    @property
    def selection(self) -> Selection | None:
        """Whom of the inventory the stack serves: `$NUMERIAN_MEMBERS`, or the stack's setting; None for everybody."""
        return selection.choose(self._setting(selection.SETTING), f"{self.project}:{selection.SETTING}")

    @property
    def config_file(self) -> Path:
        """The stack's settings: its encryption salt and its secrets, encrypted."""
        return self.root / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def is_disposable(self) -> bool:
        """Tell whether the stack is the lab's or a test's: its passphrase may lie beside its state."""
        return self.stack == DEFAULT_STACK or self.stack.startswith("test")

    @property
    def backend_url(self) -> str:
        """Where the state lies: the line in `stacks/<stack>.backend` if there is one, else a folder of this machine."""
        setting = self.root / "stacks" / f"{self.stack}.backend"
        if setting.is_file():
            url = setting.read_text(encoding="utf-8").strip()
            if "://" not in url:
                raise WorkspaceError(f"{setting}: {url!r} is no address of a state; write one such as s3://bucket/path")
            return url
        return f"file://{self.folder / 'state'}"

    @property
    def state_folder(self) -> Path | None:
        """The folder of a `file://` state, or None when the state lies elsewhere."""
        url = self.backend_url
        return Path(url.removeprefix("file://")) if url.startswith("file://") else None

    @property
    def passphrase_file(self) -> Path:
        """The file of the stack's passphrase: the lab's in its working folder, a real one in the operator's home."""
        if self.is_disposable:
            return self.folder / "passphrase"
        configured = os.environ.get("XDG_CONFIG_HOME")
        home = Path(configured) if configured else Path.home() / ".config"
        return home / "numerian" / f"{self.stack}.passphrase"

    def _setting(self, name: str) -> str | None:
        """Return a plain setting of the stack's file; a list's entries stand between spaces.

        By expressions: a YAML parser costs more than all else here.
        """
        if not self.config_file.is_file():
            return None
        text = self.config_file.read_text(encoding="utf-8")
        more = r"(?:\n +(?! |\S+:\S+:).*)*"  # a list's entries, or the rest of a folded line
        found = re.search(rf"^ +{re.escape(self.project)}:{name}:(.*{more})", text, re.M)
        if found is None:
            return None
        lines = (re.sub(r"^ *- ", "", line).partition(" #")[0] for line in found.group(1).splitlines())
        return " ".join(line.strip().strip("'\"") for line in lines).strip() or None

    @property
    def project(self) -> str:
        """The project's name, as Pulumi.yaml says it."""
        found = re.search(r"^name:\s*['\"]?([\w.-]+)", (self.root / PROJECT_FILE).read_text(encoding="utf-8"), re.M)
        if found is None:
            raise WorkspaceError(f"{self.root / PROJECT_FILE} has no `name:`; bring the file back from git")
        return found.group(1)

    def make_folder(self) -> Path:
        """Make the working folder, for nobody else's eyes."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.folder


def find(stack: str, start: Path | None = None) -> Workspace:
    """Return the workspace of the checkout around `start` (the current folder).

    Raises:
        WorkspaceError: no Pulumi.yaml there or above, or a name that no stack can have.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", stack):
        raise WorkspaceError(f"{stack!r} can't be a stack's name; use letters, digits, `-`, `_` and `.`")
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / PROJECT_FILE).is_file():
            return Workspace(folder, stack)
    checkout = Path(__file__).absolute().parents[2]
    if (checkout / PROJECT_FILE).is_file():
        return Workspace(checkout, stack)
    raise WorkspaceError(f"no {PROJECT_FILE} in {here} or above; go to the checkout first (`cd …`)")


def require_stack(workspace: Workspace) -> None:
    """Refuse, with the command to run, when the stack was never made on this machine.

    Raises:
        WorkspaceError: the stack's file, its passphrase or its state is missing.
    """
    remedy = f"run `numerian stack init {workspace.stack}`"
    if not workspace.config_file.is_file():
        raise WorkspaceError(
            f"there is no stack {workspace.stack} (no {workspace.config_file.relative_to(workspace.root)}); {remedy}"
        )
    if not has_passphrase(workspace):
        raise WorkspaceError(
            f"the passphrase of {workspace.stack} isn't on this machine ({workspace.passphrase_file});"
            f" get it from whoever holds it, and write it there (mode 0600)"
        )
    state = state_file(workspace)
    if state is not None and not state.is_file():
        raise WorkspaceError(f"the state of {workspace.stack} isn't here ({state}); bring it back, or {remedy}")
    if state is not None:
        state_copies.check(state, workspace.stack)


def has_passphrase(workspace: Workspace) -> bool:
    """Tell whether the passphrase is at hand: in its file, or (not for the lab) in the environment."""
    if workspace.passphrase_file.is_file():
        return True
    given = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
    return not workspace.is_disposable and any(os.environ.get(name) for name in given)


def state_file(workspace: Workspace) -> Path | None:
    """Return where a `file://` backend keeps the stack's state (the file may not exist), or None elsewhere."""
    folder = workspace.state_folder
    if folder is None:
        return None
    stacks = folder / ".pulumi" / "stacks" / workspace.project
    names = [f"{workspace.stack}.json{suffix}" for suffix in ("", ".gz", ".zst")]
    return next((stacks / name for name in names if (stacks / name).is_file()), stacks / names[0])
