"""ssh-audit: the algorithms that an SSH server offers, judged from a visitor's machine.

From there and not from the operator's: sshd soon refuses whom it takes for a scanner (PerSourcePenalties), and the
operator shouldn't be that one.
"""

from __future__ import annotations

import importlib.util
import io
import json
import tarfile
from pathlib import Path

from judges.verdict import Finding, Verdict
from lab import Lab

FLOOR = 10
"""Algorithms: a server that lists fewer wasn't heard to the end (hardened ones list some 14)."""
EXIT_CODES = {0: "good", 1: "no connection", 2: "warnings", 3: "failures"}
_PLACE = "/tmp/ssh-audit"


def install(lab: Lab) -> None:
    """Copy the tool, of the version that is pinned here, to the visitor's machine (it has no dependencies)."""
    spec = importlib.util.find_spec("ssh_audit")
    assert spec and spec.submodule_search_locations, "ssh-audit isn't installed: it's in the `dev` extra"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(Path(next(iter(spec.submodule_search_locations))), "ssh_audit")
    script = f"mkdir -p {_PLACE} && tar -x -C {_PLACE}"
    code, _, err = lab.exec("client", ["sh", "-c", script], stdin=archive.getvalue())
    assert code == 0, err


def judge(lab: Lab, address: str, port: int, subject: str) -> Verdict:
    """Audit one SSH server."""
    audit = ["python3", "-m", "ssh_audit.ssh_audit", "--json", "--port", str(port), address]
    code, out, err = lab.exec("client", ["env", f"PYTHONPATH={_PLACE}", *audit], timeout=180)
    assert code in EXIT_CODES and out.startswith("{"), f"ssh-audit ended with {code}: {out[-500:]}{err[-500:]}"
    return read(json.loads(out.splitlines()[0]), subject, code)


def read(said: dict[str, list[dict[str, object]]], subject: str, code: int) -> Verdict:
    """Turn ssh-audit's JSON into a verdict; its exit code counts as a finding unless it is 0."""
    algorithms = [(kind, entry) for kind in ("kex", "key", "enc", "mac") for entry in said.get(kind, [])]
    findings = [
        Finding(str(entry["algorithm"]), severity, text)
        for kind, entry in algorithms
        for severity, texts in entry.get("notes", {}).items()  # type: ignore[attr-defined]
        if severity in ("fail", "warn")
        for text in texts
    ]
    findings += [Finding(str(cve["name"]), "fail", str(cve["description"])) for cve in said.get("cves", [])]
    if code and not findings:
        findings.append(Finding("exit-code", "fail", f"{code} ({EXIT_CODES[code]})"))
    figures = {"exit code": str(code)}
    return Verdict("ssh-audit", subject, len(algorithms), FLOOR, tuple(findings), figures=figures)
