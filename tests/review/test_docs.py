"""docs/review.md: its commands run, and its examples are what is printed (`UPDATE_GOLDEN=1` writes them anew)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from paper_project import ROOT, STACK, PaperProject

PAGE = ROOT / "docs" / "review.md"
GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n(?:\n~~~~\n.*?\n~~~~\n)?", re.S)


def test_the_examples_are_what_is_printed() -> None:
    text = PAGE.read_text(encoding="utf-8")

    def filled(found: re.Match[str]) -> str:
        golden = (GOLDEN / found[1]).read_text(encoding="utf-8").rstrip("\n")
        return f"<!-- example: {found[1]} -->\n\n~~~~\n{golden}\n~~~~\n"

    wanted, number = EXAMPLE.subn(filled, text)
    assert number == 3
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(wanted, encoding="utf-8")
    assert wanted == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S))
def test_the_commands_run(block: str, paper: PaperProject) -> None:
    script = f'numerian() {{ {sys.executable} -m numerian "$@"; }}\n{block}'
    environment = {**paper.environment, "NUMERIAN_STACK": STACK}
    done = subprocess.run(["sh", "-ec", script], cwd=paper.folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
