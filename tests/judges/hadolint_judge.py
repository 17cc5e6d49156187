"""hadolint: the recipes of images, those of the lab's machines included."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from judges.verdict import Finding, Verdict

INSTRUCTIONS = ("FROM", "RUN", "COPY", "USER", "CMD", "ENTRYPOINT", "ARG", "LABEL", "SHELL", "EXPOSE", "WORKDIR")
FLOOR = 4
"""Instructions in a recipe."""


def judge(root: Path, recipe: Path) -> Verdict:
    """Audit one Dockerfile; neither comments in it nor a configuration of the tool may silence a rule."""
    program = Path(sys.executable).parent / "hadolint"
    argv = [program, "--no-fail", "--format", "json", "--disable-ignore-pragma", recipe]
    nowhere = {"HOME": "/nonexistent"}
    done = subprocess.run(argv, cwd="/", env=nowhere, capture_output=True, text=True, timeout=120, check=True)
    findings = [
        Finding(entry["code"], entry["level"], f"line {entry['line']}: {entry['message']}")
        for entry in json.loads(done.stdout)
    ]
    lines = recipe.read_text(encoding="utf-8").splitlines()
    evaluated = sum(line.startswith(tuple(f"{word} " for word in INSTRUCTIONS)) for line in lines)
    return Verdict("hadolint", str(recipe.parent.relative_to(root)), evaluated, FLOOR, tuple(findings))
