"""The rooms and what each may import (docs/architecture.md). A wrong import is a broken wall."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FORBIDDEN = {
    "numerian": {"pulumi", "pulumi_docker", "paramiko", "provider", "components", "engine", "lab"},
    "provider": {"numerian", "components", "engine", "lab", "pulumi_docker", "jinja2", "yaml"},
    "components": {"provider.kinds", "provider.transport", "provider.remote", "engine", "lab", "paramiko"},
}

RUNNERS = {
    # The command's thin modules that run the engine and reach servers.
    "numerian/engine_run.py": {"engine"},
    "numerian/command/remote.py": {"provider"},
    "numerian/command/derived.py": {"provider"},
    "numerian/command/doctor.py": {"engine", "provider"},
}


def imports(path: Path) -> set[str]:
    """Every dotted name that a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    wrong = []
    for path in sorted((ROOT / room).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        forbidden = FORBIDDEN[room] - RUNNERS.get(name, set())
        for imported in imports(path):
            if any(imported == word or imported.startswith(word + ".") for word in forbidden):
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_templates_hold_loops_and_plain_tests_only() -> None:
    """Decisions are Python's: no macro, set, call, import or arithmetic filter chain in a template."""
    banned = ("{% macro", "{% call", "{% import", "{% from", "{%- macro", "{% set", "{%- set")
    wrong = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sorted((ROOT / "templates").rglob("*.j2"))
        for word in banned
        if word in path.read_text(encoding="utf-8")
    ]
    assert wrong == []


def test_modules_stay_small() -> None:
    """Over 400 lines: split, or say why at the top (the word `long:` in the module's docstring)."""
    wrong = []
    for room in ("numerian", "provider", "components", "engine", "lab", "benchmarks", "ci"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if text.count("\n") > 400 and "long:" not in (ast.get_docstring(ast.parse(text)) or "").lower():
                wrong.append(path.relative_to(ROOT).as_posix())
    assert wrong == []
