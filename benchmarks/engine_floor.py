"""The engine's own floor: as many resources with a provider that does nothing; no SSH, no server."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from benchmarks import work
from benchmarks.contender import Case, Contender, run
from engine import install
from numerian.engine import PARALLEL

PROJECT = Path(__file__).parent / "nothing"


class EngineFloor(Contender):
    """`pulumi up` of N × 2 resources that cost nothing."""

    def __init__(self, folder: Path, binaries: Path, *, tuned: bool = False) -> None:
        self.name = "engine's own floor, tuned as ours" if tuned else "engine's own floor"
        self.folder = folder
        self.binaries = binaries
        self.tuned = tuned

    def reset(self, members: int) -> None:
        """Begin with an empty stack of a copy of the project."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(PROJECT, self.folder / "project", ignore=shutil.ignore_patterns("__pycache__", "Pulumi.*.yaml"))
        for name in ("state", "home"):
            (self.folder / name).mkdir()
        if self.tuned:
            install.keep_no_engine_logs(self.folder / "home")
        self._pulumi("stack", "init", "bench")

    def apply(self, case: Case, members: int) -> None:
        """Run the engine as `numerian up` does."""
        words = ["up", "--yes", "--skip-preview", "--suppress-progress", "--parallel", str(PARALLEL)]
        if case is Case.DRIFT:
            words.append("--refresh")
        self._pulumi(*words, NOTHING_MEMBERS=str(members), PULUMI_SKIP_CHECKPOINTS="true")

    def _pulumi(self, *words: str, **extra: str) -> None:
        environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{self.binaries}:{os.environ['PATH']}",
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "NOTHING_TUNED": "yes" if self.tuned else "",
            "PYTHONPATH": str(work.ROOT),
            **extra,
        }
        run(["pulumi", *words, "--non-interactive"], cwd=self.folder / "project", env=environment)
