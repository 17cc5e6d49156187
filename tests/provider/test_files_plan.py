"""Case files: what is there and what is declared → exact actions, a no-op, or an error."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from provider.kinds.files_check import check_files
from provider.plan.declared import Declared
from provider.plan.facts import Claim, Definition, Entry, Facts, ServiceFacts, Target
from provider.plan.files import (
    Action,
    ArchiveFolder,
    MakeFolder,
    RemoveFile,
    Seed,
    SetFolder,
    WriteFile,
    assume,
    plan,
)

CASES = sorted((Path(__file__).parent.parent / "cases" / "files").glob("*.yaml"))
ME = ("numerian/test", "me")


def entry(spec: Any) -> Entry:
    """`folder`, `link` and `pipe` in short; else mode, owner, content of a file."""
    if isinstance(spec, str):
        kinds = {"folder": "folder", "link": "symbolic link", "pipe": "pipe or a device"}
        return Entry(kinds[spec], "0755", 0, 0, "root", "root")
    uid = int(spec.get("uid", 0))
    name = "root" if uid == 0 else f"u{uid}"
    content = spec.get("content")
    return Entry(
        kind="folder" if content is None else "file",
        mode=spec.get("mode", "0755" if content is None else "0644"),
        uid=uid,
        gid=uid,
        owner=name,
        group=name,
        sha256=None if content is None else hashlib.sha256(content.encode()).hexdigest(),
        device=spec.get("device", ""),
    )


def facts(spec: dict[str, Any]) -> Facts:
    claims: dict[Target, tuple[Claim, ...]] = {}
    for owner, name, kind, place in (line.split(" ", 3) for line in spec.get("claims", [])):
        service, _, path = place.rpartition(":")
        target = Target(path, service or None)
        claims[target] = (*claims.get(target, ()), Claim(owner, name, kind, target))
    services = {
        name: ServiceFacts(
            Definition(name, f"/srv/{name}"), 3, (3,), {path: entry(file) for path, file in files.items()}
        )
        for name, files in spec.get("services", {}).items()
    }
    return Facts(
        host="privas",
        entries={path: entry(value) for path, value in spec.get("paths", {}).items()},
        services=services,
        claims=claims,
        pending=frozenset({ME} if spec.get("owed") else ()),
        users={"root": 0, "ann": 1007},
        groups={"root": 0, "ann": 1007},
        switch=spec.get("switch", True),
    )


def declared(spec: dict[str, Any] | None) -> Declared | None:
    if spec is None:
        return None
    props, failures = check_files({"host": "privas", **spec})
    assert not failures, failures
    return Declared.of(props)


def show(action: Action) -> str:
    match action:
        case WriteFile():
            rights = f"{action.file.rights.mode} {action.uid}:{action.gid}"
            return f"write {action.target} {rights} {(action.file.content or b'').decode()!r}"
        case RemoveFile():
            return f"{'archive' if action.archive else 'remove'} {action.target}"
        case MakeFolder():
            by = f" as {action.worker} from {action.base}" if action.worker else ""
            return f"make {action.path} {action.mode} {action.uid}:{action.gid}{by}"
        case SetFolder():
            return f"set {action.path} {action.mode} {action.uid}:{action.gid}"
        case Seed():
            by = f" as {action.worker} from {action.base}" if action.worker else ""
            return f"seed {action.path} {action.mode} {action.uid}:{action.gid}{by}"
        case ArchiveFolder():
            return f"put away {action.path}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    for case in yaml.safe_load(path.read_text()):
        there = facts(case.get("facts", {}))
        olds, news = declared(case.get("olds")), declared(case.get("news"))
        if case.get("preview"):
            there = assume(olds or Declared("privas"), news)
        result = plan(there, ME, olds, news)
        what = case["what"]
        assert [show(action) for action in result.actions] == case.get("actions", []), what
        assert [f"{type(e).__name__}: {e}" for e in result.errors] == case.get("errors", []), what
        if "changes" in case:
            assert {p: c.value for p, c in result.changes.items()} == case["changes"], what
        if "claims" in case:
            assert sorted(f"{c.kind} {c.target}" for c in result.claims) == sorted(case["claims"]), what
        if "run" in case:
            assert [list(argv) for argv in result.run] == case["run"], what


def test_there_is_a_no_op_case() -> None:
    cases = [case for path in CASES for case in yaml.safe_load(path.read_text())]
    assert any(not case.get("actions") and not case.get("errors") for case in cases)
