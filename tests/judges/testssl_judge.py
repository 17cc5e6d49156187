"""testssl.sh: what a site's front speaks, judged from a visitor's machine."""

from __future__ import annotations

import json

from judges.verdict import Finding, Verdict
from lab import Lab

BAD = ("LOW", "MEDIUM", "HIGH", "CRITICAL", "FATAL")
"""FATAL: the scan itself broke off."""

SECTIONS = ("--protocols", "--std", "--fs", "--server-preference", "--server-defaults", "--headers", "--vulnerable")
FIGURES = {"overall_grade": "grade", "FS_KEMs": "post-quantum"}
FLOOR = 100
"""Checks: these sections answer with 130."""
FLOOR_OF_ALL = 150
"""Checks: the simulation of some 30 clients, and all the rest, with 168."""


def judge(lab: Lab, name: str, *, everything: bool = False) -> Verdict:
    """Audit one site over HTTPS.

    Args:
        lab: where the visitor's machine is.
        name: the site's host name.
        everything: whether clients are simulated too, old phones among them (as long again).
    """
    trust = ["--add-ca", "/lab/root.pem", "--ip", "one", "--warnings", "off", "--color", "0", "--quiet"]
    sections = [] if everything else list(SECTIONS)
    script = 'file=$(mktemp -u); testssl --jsonfile "$file" "$@" >/dev/null 2>&1; cat "$file"; rm -f "$file"'
    argv = ["sh", "-c", script, "testssl", *trust, *sections, f"https://{name}/"]
    code, out, err = lab.exec("client", argv, timeout=900)
    assert code == 0, err
    return read(json.loads(out), name, FLOOR_OF_ALL if everything else FLOOR)


def read(said: list[dict[str, str]], name: str, floor: int) -> Verdict:
    """Turn testssl's flat JSON into a verdict.

    >>> entries = [{"id": "TLS1", "severity": "OK", "finding": "not offered"},
    ...            {"id": "BREACH", "severity": "MEDIUM", "finding": "gzip", "cve": "CVE-2013-3587"}]
    >>> verdict = read(entries, "www.privas.test", 2)
    >>> verdict.evaluated, [str(finding) for finding in verdict.findings]
    (2, ['MEDIUM BREACH: gzip'])
    """
    findings = [_finding(entry) for entry in said if entry["severity"] in BAD]
    remarks = [_finding(entry) for entry in said if entry["severity"] == "WARN"]
    judged = [entry for entry in said if entry["severity"] != "WARN"]
    facts = {entry["id"]: entry["finding"] for entry in said}
    figures = {name: facts[identity] for identity, name in FIGURES.items() if identity in facts}
    return Verdict("testssl", name, len(judged), floor, tuple(findings), tuple(remarks), figures, facts)


def _finding(entry: dict[str, str]) -> Finding:
    return Finding(entry["id"].partition(" ")[0], entry["severity"], entry["finding"])
