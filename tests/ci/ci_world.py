"""A syndicate's repository on this machine: its remote, a stack that was deployed once, and requests to it.

The servers are pretended: the deployment's own checkout says yes to whatever would be written. Everything that
reviews run is the real program, provider and engine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STACK = "production"
MEMBERS = ("07011", "07140", "07151", "07186", "07231", "07319", "07330", "07334", "26114", "26161", "26243", "42141")
PRETENDED = {
    "provider/batch.py": "Committer._write = lambda self, key, items: [None] * len(items)",
    "provider/kinds/host.py": "async def _pretend(self, context, olds, news): return {**news}\nHost._apply = _pretend",
    "engine/docker_plugin/image.py": (
        "RemoteImage.create = lambda self, work, inputs: _found(inputs, {'Id': 'sha256:' + inputs['name'].encode()"
        ".hex().ljust(64, '0')[:64]})"
    ),
    "engine/docker_plugin/container.py": (
        "Container.create = lambda self, work, inputs: Found('f' * 64, {**merged(CONTAINER, declared(inputs), {})})"
    ),
}
Run = subprocess.CompletedProcess[str]


@dataclass
class World:
    """The remote, the operator's checkout, CI's checkout, a contributor's."""

    folder: Path
    secrets: list[str] = field(default_factory=list)
    """Every secret of the stack, and the canaries of CI's environment: found nowhere in what CI puts out."""
    requests: int = 0

    @property
    def environment(self) -> dict[str, str]:
        ours = ("NUMERIAN_CACHE", "NUMERIAN_TEST_LAB")
        kept = {k: v for k, v in os.environ.items() if k in ours or not k.startswith(("PULUMI_", "NUMERIAN_"))}
        who = {"NAME": "Test", "EMAIL": "test@example.test", "DATE": "2026-11-30T12:00:00Z"}
        git = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        return {**kept, **git, "XDG_CONFIG_HOME": str(self.folder / "config"), "GIT_CONFIG_GLOBAL": "/dev/null"}

    def path(self, name: str) -> Path:
        return self.folder / name

    def run(self, checkout: str, *words: str, code: int | None = 0, **more: str) -> Run:
        """Run a command in a checkout of ours."""
        there = self.environment | {"PYTHONPATH": str(self.path(checkout)), **more}
        done = subprocess.run(words, cwd=self.path(checkout), env=there, capture_output=True, text=True, timeout=300)
        assert "Traceback" not in done.stdout + done.stderr, done.stderr
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return done

    def git(self, checkout: str, *words: str) -> str:
        return self.run(checkout, "git", *words).stdout.strip()

    def ci(self, *words: str, code: int | None = 0, checkout: str = "ci", **more: str) -> Run:
        """Run a verb of ours."""
        return self.run(checkout, sys.executable, "-m", "ci", *words, code=code, **more)

    def request(self, change: dict[str, str | bytes | tuple[str, str] | None], base: str = "main") -> str:
        """Push a request; its ref. A value is a file's content, None to take it out, or an object's (mode, content)."""
        self.requests += 1
        name = f"request-{self.requests}"
        index = self.path(name)
        there = {"GIT_INDEX_FILE": str(index)}

        def git(*words: str, stdin: bytes = b"") -> str:
            environment = self.environment | there
            done = subprocess.run(
                ["git", *words], cwd=self.path("theirs"), env=environment, input=stdin, capture_output=True, check=True
            )
            return done.stdout.decode().strip()

        git("read-tree", base)
        for path, content in change.items():
            if content is None:
                git("rm", "--quiet", "--cached", path)
                continue
            mode, content = content if isinstance(content, tuple) else ("100644", content)
            data = content.encode() if isinstance(content, str) else content
            oid = content if mode == "160000" else git("hash-object", "-w", "--stdin", stdin=data)
            git("update-index", "--add", "--replace", "--cacheinfo", f"{mode},{oid},{path}")
        commit = git("commit-tree", "-p", base, "-m", "A request\n\n${{ github.token }} `id`", git("write-tree"))
        ref = f"refs/pull/{self.requests}/head"
        git("push", "--quiet", "origin", f"{commit}:{ref}")
        return ref

    def reviewed(self, ref: str, code: int = 0, **more: str) -> str:
        """Run what the review's job runs; the Markdown that it leaves."""
        name = ref.replace("/", "-")
        tree, output = str(self.path(f"trees/{name}")), str(self.path(f"{name}.md"))
        words = ["--tree", tree, "--output", output]
        done = self.ci("prepare", "--request", ref, *words, code=None, **more)
        said = done.stdout + done.stderr
        if done.returncode == 0:
            done = self.ci("review", *words, code=None, **more)
            said += done.stdout + done.stderr
        text = Path(output).read_text(encoding="utf-8")
        assert done.returncode == code, said + text
        for secret in (*self.secrets, *more.values()):
            assert secret not in text + said
        return text

    def member(self, code: str) -> tuple[str, str]:
        """The path and the text of a member's file."""
        (file,) = self.path("ci").glob(f"inventory/members/{code}-*.yaml")
        return str(file.relative_to(self.path("ci"))), file.read_text(encoding="utf-8")


def copy(root: Path, to: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=root, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if name.startswith(("tests/", "benchmarks/", "docs/")) or not (root / name).is_file():
            continue
        if name.startswith("inventory/members/") and not Path(name).name.startswith(MEMBERS):
            continue
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, to / name)


def exported(world: World) -> dict[str, Any]:
    """Return the stack's state as the engine shows it when it is asked for its secrets."""
    script = f'eval "$({sys.executable} -m numerian env --stack {STACK})" && pulumi stack export --show-secrets'
    return dict(json.loads(world.run("operator", "sh", "-c", script).stdout))


def secrets(value: Any) -> set[str]:
    """Return all secret texts in a state, line by line."""
    if isinstance(value, dict) and "plaintext" in value:
        return {
            line for text in texts(json.loads(value["plaintext"])) for line in text.splitlines() if "---" not in line
        }
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {secret for one in below for secret in secrets(one)}


def texts(value: Any) -> list[str]:
    """Return all texts in a value."""
    if isinstance(value, str):
        return [value]
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in below for text in texts(one)]
