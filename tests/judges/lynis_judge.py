"""lynis: a server judged from within, as root. It comes from the visitor's machine and leaves nothing behind."""

from __future__ import annotations

from judges.verdict import Finding, Verdict
from lab import Lab

FLOOR = 200
"""Tests: a bare Debian 13 gets 250."""
INDEX = 80
"""The hardening index that a server must reach; a bare one has 57 to 63."""

# As `sh ./lynis`: /tmp may be mounted noexec. It wants its files to be root's.
_RUN = """
set -eu
place=$(mktemp -d /tmp/lynis.XXXXXX)
trap 'rm -rf "$place" /run/lynis.pid' EXIT
base64 -d | tar -xz -C "$place" --no-same-owner
cd "$place"
sh ./lynis audit system --quick --quiet --no-colors --logfile "$place/log" --report-file "$place/report" >&2 || true
cat "$place/report"
"""


def judge(lab: Lab, server: str) -> Verdict:
    """Audit one server from within."""
    code, packed, err = lab.exec("client", ["sh", "-c", "tar -C /opt/lynis -cz . | base64"])
    assert code == 0, err
    code, report, err = lab.exec(server, ["sh", "-c", _RUN], stdin=packed, timeout=300)
    assert code == 0, err
    return read(report, server)


def read(report: str, server: str) -> Verdict:
    """Turn lynis' report file into a verdict.

    >>> verdict = read("lynis_tests_done=250\\nhardening_index=81\\nwarning[]=A-1|Bad|-|-|\\n", "privas")
    >>> verdict.evaluated, verdict.figures, [str(finding) for finding in verdict.findings]
    (250, {'index': '81'}, ['warning A-1: Bad'])
    """
    facts = [line.partition("=") for line in report.splitlines()]
    values = {name: value for name, _, value in facts}
    index = int(values.get("hardening_index", 0))
    findings = [_finding("warning", value) for name, _, value in facts if name == "warning[]"]
    if index < INDEX:
        findings.append(Finding("hardening-index", "index", f"{index}, {INDEX} are wanted"))
    return Verdict(
        "lynis",
        server,
        int(values.get("lynis_tests_done", 0)),
        FLOOR,
        tuple(findings),
        remarks=tuple(_finding("suggestion", value) for name, _, value in facts if name == "suggestion[]"),
        figures={"index": str(index)},
    )


def _finding(severity: str, value: str) -> Finding:
    identity, text, *more = value.split("|")
    details = [word for word in more if word not in ("", "-")]
    return Finding(identity, severity, " ".join([text, *(f"({word})" for word in details)]))
