"""A checkout of its own whose servers are of paper, deployed once on a real engine; each test edits a copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from numerian.engine import environment, faults
from numerian.engine import run as runner
from numerian.engine.events import Log
from numerian.engine.workspace import Workspace
from numerian.review.build import build
from numerian.review.model import Review

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "review"
STACK = "test"
CODE = ("components", "engine", "images", "numerian", "provider", "templates")
SECRET = "canary-5d1c0f6e"
"""What is put wherever a secret may stand; no output may ever hold it."""
Run = subprocess.CompletedProcess[str]


class PaperProject:
    """The checkout in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = Workspace(folder, STACK)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("NUMERIAN_", "PULUMI_"))},
            "PYTHONPATH": str(folder),
            "NUMERIAN_PAPER_PYTHON": str(ROOT / ".venv" / "bin" / "python"),
        }

    @classmethod
    def make(cls, folder: Path) -> PaperProject:
        """Copy the checkout, and deploy it."""
        folder.mkdir(parents=True)
        for name in CODE:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".venv").symlink_to(ROOT / ".venv")
        shutil.copy(ROOT / "__main__.py", folder)
        text = (ROOT / "Pulumi.yaml").read_text(encoding="utf-8")
        providers = "".join(
            f"\n    - name: {name}\n      path: {HERE / 'paper' / name}" for name in ("numerian", "docker")
        )
        (folder / "Pulumi.yaml").write_text(text.split("plugins:")[0] + f"plugins:\n  providers:{providers}\n")
        project = cls(folder)
        project.put_back()
        for words in (["stack", "init", STACK], ["up", "--stack", STACK, "--yes"]):
            done = project.numerian(*words)
            assert done.returncode == 0, done.stdout + done.stderr
        return project

    def put_back(self) -> None:
        """Bring inventory and templates back to what was deployed."""
        shutil.rmtree(self.folder / "inventory", ignore_errors=True)
        shutil.copytree(HERE / "inventory", self.folder / "inventory")
        shutil.copytree(ROOT / "inventory" / "reference", self.folder / "inventory" / "reference")
        for name in ("templates", "images"):
            shutil.rmtree(self.folder / name)
            shutil.copytree(ROOT / name, self.folder / name)
        self.list_packages("2026-07-01", "8.4.11-1")

    def list_packages(self, day: str, version: str) -> None:
        """Make the list of PHP's image of a day."""
        text = f"adduser 3.152\nphp8.4-cli {version}\nphp8.4-fpm {version}\n"
        (self.folder / "images" / "php" / f"{day}.packages").write_text(text, encoding="utf-8")

    def file(self, code: str) -> Path:
        (found,) = (self.folder / "inventory" / "members").glob(f"{code}-*.yaml")
        return found

    def edit(self, path: Path | str, old: str, new: str) -> None:
        file = path if isinstance(path, Path) else self.folder / path
        text = file.read_text(encoding="utf-8")
        assert old in text, text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def member(self, code: str, old: str, new: str) -> None:
        self.edit(self.file(code), old, new)

    def numerian(self, *words: str, **more: str) -> Run:
        """Run the command as an operator does."""
        done = subprocess.run(
            [sys.executable, "-m", "numerian", *words],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    def pulumi(self, *words: str) -> Run:
        """Run the engine alone, as `numerian env` sets it up."""
        script = f'eval "$({sys.executable} -m numerian env --stack {STACK})" && pulumi "$@"'
        return subprocess.run(
            ["sh", "-c", script, "sh", *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def preview(self, *, refresh: bool = False, more: Mapping[str, str] | None = None) -> Review:
        """Preview with the engine, once for all forms."""
        session = environment.begin(self.place, print)
        words = runner.arguments("preview", STACK, ours=session.engine.ours, refresh=refresh)
        variables = {**self.environment, **environment.for_process(session.settings), **(more or {})}
        variables["PYTHONPATH"] = str(self.folder)
        outcome = runner.run(["pulumi", *words], self.folder, variables, _unwatched)
        found = faults.faults(outcome.log, outcome.said if outcome.code else "")
        failed = outcome.code != 0 and not faults.late_ends(outcome.log)  # a plugin may end late on a busy machine
        assert failed == bool(found), outcome.said
        return build(outcome.log, map(str, found), stack=STACK, consulted=refresh)


def _unwatched(log: Log) -> None:
    """Watch nothing."""
