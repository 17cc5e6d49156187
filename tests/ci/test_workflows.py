"""The forges' files: right in their linters' eyes, careful in what they give to whom, their commands ours."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from ci.__main__ import parser
from lab import cache

ACTIONLINT = "1.7.12"
GITLAB_SCHEMA = ("gitlab-ci-local", "4.61.0", "66367d6e77c88a538d78c7cf862bd3099c9da85e0255f7eb5a30bc69dc8a58a5")
"""A package of npm that carries GitLab's own JSON schema of `.gitlab-ci.yml`, and the SHA-256 of its archive."""
WORKFLOWS = ("apply", "drift", "review")


@pytest.fixture(scope="module")
def workflows(root: Path) -> dict[str, Any]:
    folder = root / ".github" / "workflows"
    found = {path.stem: yaml.load(path.read_text(), yaml.BaseLoader) for path in folder.glob("*.yml")}
    assert sorted(found) == list(WORKFLOWS)
    return found


@pytest.fixture(scope="module")
def gitlab(root: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((root / ".gitlab-ci.yml").read_text()))


def test_actionlint_finds_nothing(root: Path) -> None:
    folder = cache.folder() / f"actionlint-{ACTIONLINT}"
    with cache.only_one("actionlint"):
        if not (folder / "actionlint").exists():
            module = f"github.com/rhysd/actionlint/cmd/actionlint@v{ACTIONLINT}"
            environment = {**os.environ, "GOBIN": str(folder)}
            made = subprocess.run(["go", "install", module], env=environment, capture_output=True, text=True)
            if made.returncode:
                pytest.skip(f"no module proxy serves actionlint: {made.stderr.strip().splitlines()[-1:]}")
    done = subprocess.run([folder / "actionlint"], cwd=root, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_zizmor_finds_nothing_but_what_is_answered_for(root: Path) -> None:
    words = ["--offline", "--format", "json", "--persona", "pedantic", ".github/workflows"]
    done = subprocess.run([root / ".venv/bin/zizmor", *words], cwd=root, capture_output=True, text=True)
    findings = [one for one in json.loads(done.stdout) if not one.get("ignored")]
    assert [(one["ident"], one["desc"]) for one in findings] == []
    texts = {path.stem: path.read_text() for path in (root / ".github/workflows").iterdir()}
    assert {name: text.count("zizmor: ignore") for name, text in texts.items()} == {"apply": 0, "drift": 0, "review": 1}


def test_gitlab_takes_its_file(gitlab: dict[str, Any]) -> None:
    name, version, digest = GITLAB_SCHEMA
    archive = cache.folder() / f"{name}-{version}.tgz"
    with cache.only_one(name):
        if not archive.exists():
            words = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(archive.parent)]
            done = subprocess.run([*words, f"{name}@{version}"], capture_output=True, text=True)
            if done.returncode:
                pytest.skip(f"no registry serves {name}: {done.stderr.strip().splitlines()[-1:]}")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == digest
    words = ["tar", "-xOzf", str(archive), "package/src/schema/schema.js"]
    source = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    (literal,) = re.findall(r"(?s)^export const schema = (\{.*?\n\});?$", source, re.M)
    schema = json.loads(re.sub(r",(\s*[}\]])", r"\1", literal))
    errors = jsonschema.Draft7Validator(schema).iter_errors(gitlab)
    assert [f"{list(error.path)}: {error.message}" for error in errors] == []


def test_what_looks_at_a_request_holds_nothing_that_it_could_lose(root: Path, workflows: dict[str, Any]) -> None:
    text = (root / ".github/workflows/review.yml").read_text()
    assert "secrets." not in text and "self-hosted" not in text and "cache" not in text
    assert "head.ref" not in text and "head.sha" not in text
    review, comment = workflows["review"]["jobs"]["review"], workflows["review"]["jobs"]["comment"]
    assert review["permissions"] == {"contents": "read"}
    assert comment["permissions"] == {"contents": "read", "pull-requests": "write"}
    for name, flow in workflows.items():
        assert flow["permissions"] == {}
        for job in flow["jobs"].values():
            steps = [step for step in job["steps"] if "checkout" in step.get("uses", "")]
            assert all(step["with"]["persist-credentials"] == "false" and "ref" not in step["with"] for step in steps)
            if name != "review" and "self-hosted" in job["runs-on"]:
                assert job["environment"] in ("drift", "production")
                assert "default_branch" in job["if"]


def test_gitlab_gives_tokens_by_environment_and_runs_nothing_of_a_request(gitlab: dict[str, Any]) -> None:
    (rule,) = gitlab["workflow"]["rules"]
    assert "$CI_COMMIT_REF_PROTECTED" in rule["if"] and "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH" in rule["if"]
    assert "environment" not in gitlab["review"] and "tags" not in gitlab["review"]
    scopes = {name: gitlab[name]["environment"]["name"] for name in ("comment", "drift", "apply", "publish")}
    assert len(set(scopes.values())) == len(scopes)
    assert [rule["when"] for rule in gitlab["apply"]["rules"]] == ["manual"]
    assert all("pip" not in line and "make" not in line for line in gitlab["comment"]["script"])


def test_every_command_is_one_of_ours(workflows: dict[str, Any], gitlab: dict[str, Any]) -> None:
    lines = [
        str(step.get("run", ""))
        for flow in workflows.values()
        for job in flow["jobs"].values()
        for step in job["steps"]
    ]
    lines += [line for job in gitlab.values() if isinstance(job, dict) for line in job.get("script", [])]
    commands = [shlex.split(found) for line in lines for found in re.findall(r"-m ci ([^|)#\n]+)", line)]
    verbs = [parser().parse_args(["7" if word == "$NUMBER" else word for word in words]).verb for words in commands]
    assert set(verbs) == {"prepare", "review", "number", "comment", "drift", "apply", "publish"}
    assert len(verbs) == 6 + 8


def test_the_docs_commands_are_ours(root: Path) -> None:
    blocks = re.findall(r"(?s)```sh\n(.*?)```", (root / "docs/ci.md").read_text())
    lines = [line for block in blocks for line in block.splitlines()]
    verbs = [parser().parse_args(shlex.split(line)[3:]).verb for line in lines]
    assert verbs == ["blind", "publish", "prepare", "review"]  # each is run in the other modules
