"""What pre-commit runs before a commit: its hooks' own commands, on the files that it would give them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from numerian.onboarding import formatting

ROOT = Path(__file__).resolve().parents[2]


def hooks(name: str) -> dict[str, dict[str, Any]]:
    said = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    found = said if isinstance(said, list) else [hook for repo in said["repos"] for hook in repo["hooks"]]
    return {hook["id"]: hook for hook in found}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout with an inventory of two members and the project's own command."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "inventory", tmp_path / "inventory", ignore=shutil.ignore_patterns("members"))
    (tmp_path / "inventory" / "members").mkdir()
    for code in ("07186", "07151"):
        (file,) = (ROOT / "inventory" / "members").glob(f"{code}-*.yaml")
        shutil.copy(file, tmp_path / "inventory" / "members")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "numerian").symlink_to(ROOT / "bin" / "numerian")
    return tmp_path


def run(hook: dict[str, Any], repository: Path) -> tuple[int, str]:
    """Do what pre-commit does with a hook when all files changed."""
    paths = sorted(str(path.relative_to(repository)) for path in repository.rglob("*") if path.is_file())
    chosen = [path for path in paths if re.search(hook["files"], path)]
    assert chosen
    given = chosen if hook.get("pass_filenames", True) else []
    environment = {key: value for key, value in os.environ.items() if key != "NUMERIAN_INVENTORY"}
    path = f"{repository / 'bin'}{os.pathsep}{environment['PATH']}"
    done = subprocess.run(
        [*hook["entry"].split(), *given],
        cwd=repository,
        env={**environment, "PATH": path},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", [".pre-commit-config.yaml", ".pre-commit-hooks.yaml"])
def test_a_sound_inventory_passes_and_a_wrong_one_does_not(repository: Path, name: str) -> None:
    found = hooks(name)
    assert [run(found[hook], repository)[0] for hook in ("numerian-check", "numerian-fmt")] == [0, 0]
    (file,) = (repository / "inventory" / "members").glob("07151-*.yaml")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("datacenter: privas", "datacenter:   privas"), encoding="utf-8")
    assert run(found["numerian-check"], repository)[0] == 0
    code, said = run(found["numerian-fmt"], repository)
    assert code == 1 and f"inventory/members/{file.name}: not laid out evenly" in said
    file.write_text(text.replace("datacenter: privas", "datacenter: prvas"), encoding="utf-8")
    code, said = run(found["numerian-check"], repository)
    assert code == 1 and 'no datacenter is called "prvas"; did you mean "privas"?' in said


def test_the_hooks_look_at_exactly_the_files_that_people_write() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    wanted = formatting.files(ROOT / "inventory")
    ours, elsewhere = (
        hooks(name)["numerian-fmt"]["files"] for name in (".pre-commit-config.yaml", ".pre-commit-hooks.yaml")
    )
    assert sorted(ROOT / path for path in tracked if re.search(ours, path)) == wanted
    assert sorted(ROOT / path for path in tracked if re.search(elsewhere, path) and "tests/" not in path) == wanted
