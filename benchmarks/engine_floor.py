"""The engine's own floor: as many resources with a provider that does nothing; no SSH, no server."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks.contender import Case, Contender, run

PROJECT = Path(__file__).parent / "nothing"
PARALLEL = "512"


class EngineFloor(Contender):
    """`pulumi up` of N × 3 resources that cost nothing."""

    name = "engine's own floor"

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.binaries = binaries

    def reset(self, members: int) -> None:
        """Begin with an empty stack of a copy of the project."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(PROJECT, self.folder / "project", ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
        for name in ("state", "home"):
            (self.folder / name).mkdir()
        self._pulumi("stack", "init", "bench")

    def apply(self, case: Case, members: int) -> None:
        """Run the engine as `numerian up` does."""
        words = ["up", "--yes", "--skip-preview", "--suppress-progress", "--parallel", PARALLEL]
        if case is Case.DRIFT:
            words.append("--refresh")
        skip = {"PULUMI_SKIP_CHECKPOINTS": "true"} if case is Case.FIRST else {}
        self._pulumi(*words, NOTHING_MEMBERS=str(members), **skip)

    def _pulumi(self, *words: str, **extra: str) -> None:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{self.binaries}:{os.environ['PATH']}",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **extra,
        }
        run(["pulumi", *words, "--non-interactive"], cwd=self.folder / "project", env=environment)
