"""A stack of its own, run by the real engine: what an operator does, and what came of it."""

from __future__ import annotations

import json
import subprocess
import textwrap
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Run:
    """One run of the engine: what it printed, and what it did with each resource."""

    code: int
    text: str
    ops: dict[str, str] = field(default_factory=dict)
    diffs: dict[str, list[str]] = field(default_factory=dict)
    status: list[str] = field(default_factory=list)

    def changes(self) -> dict[str, str]:
        """Return the resources that something was done with."""
        return {name: op for name, op in self.ops.items() if op not in ("same", "refresh", "read")}


@dataclass
class Stack:
    """A project of its own with one stack; `write` its program, then run."""

    folder: Path
    env: dict[str, str]

    def write(self, program: str) -> None:
        """Lay the program."""
        (self.folder / "__main__.py").write_text(textwrap.dedent(program))

    def run(self, *words: str, ok: bool = True) -> Run:
        """Run `pulumi WORDS`; `ok` None takes any outcome."""
        events = self.folder / f"events-{uuid.uuid4().hex}.json"
        logs = ["--event-log", str(events)] if words[0] in ("up", "preview", "refresh", "destroy") else []
        command = ["pulumi", *words, "--non-interactive", "--color=never", *logs]
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=300)
        run = Run(done.returncode, done.stdout + done.stderr)
        if events.exists():
            _read_events(events, run)
        assert (done.returncode == 0) == ok, run.text
        assert "Traceback" not in run.text, run.text
        return run

    def up(self, *words: str, ok: bool = True) -> Run:
        """Apply without a preview."""
        return self.run("up", "--yes", "--skip-preview", *words, ok=ok)

    def preview(self, *words: str, ok: bool = True) -> Run:
        """Preview."""
        return self.run("preview", "--diff", *words, ok=ok)

    def refresh(self, ok: bool = True) -> Run:
        """Refresh the state."""
        return self.run("refresh", "--yes", "--skip-preview", ok=ok)

    def outputs(self) -> dict[str, Any]:
        """Return the program's exports."""
        values = json.loads(self.run("stack", "output", "--json", "--show-secrets").text)
        return dict(values)

    def state(self, name: str) -> dict[str, Any]:
        """Return one resource of the state, by its logical name."""
        exported = json.loads(self.run("stack", "export").text)
        found = [r for r in exported["deployment"].get("resources", []) if r["urn"].endswith(f"::{name}")]
        assert len(found) == 1, [r["urn"] for r in exported["deployment"].get("resources", [])]
        return dict(found[0])


def _read_events(path: Path, run: Run) -> None:
    for line in path.read_text().splitlines():
        event = json.loads(line)
        if "diagnosticEvent" in event and event["diagnosticEvent"].get("ephemeral"):
            run.status.append(event["diagnosticEvent"]["message"])
        if "resourcePreEvent" not in event:
            continue
        data = event["resourcePreEvent"]["metadata"]
        if data["type"].startswith("docker:") or data["type"].startswith("pulumi:providers:docker"):
            name = data["urn"].rsplit("::", 1)[-1]
            if data["op"] not in ("create-replacement", "delete-replaced"):
                run.ops[name] = data["op"]
            run.diffs.setdefault(name, []).extend(sorted(data.get("detailedDiff") or {}))
