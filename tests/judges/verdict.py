"""What a judge says: how much it looked at, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that a judge holds against its subject."""

    id: str
    """The judge's own name for it, as an exclusion names it: "SSH-7408", "DL3008", "BREACH"."""
    severity: str
    """In the judge's own words."""
    text: str

    def __str__(self) -> str:
        return f"{self.severity} {self.id}: {self.text}"


@dataclass(frozen=True)
class Verdict:
    """One judge on one subject.

    `remarks` are what the judge proposes without holding it against the subject: shown, never failed on.
    """

    judge: str
    subject: str
    evaluated: int
    """How many checks were made: an audit that looked at nothing is no good one."""
    floor: int
    """How many must have been made at least."""
    findings: tuple[Finding, ...]
    remarks: tuple[Finding, ...] = ()
    figures: dict[str, str] = field(default_factory=dict)
    """More that the judge says in short: `{"index": "83"}`."""
    facts: dict[str, str] = field(default_factory=dict)
    """All that the judge said, by its names; for tests that ask for one thing."""

    def __str__(self) -> str:
        said = [f"{self.evaluated} checks", f"{len(self.findings)} findings"]
        said += [f"{name} {value}" for name, value in self.figures.items()]
        said += [f"{len(self.remarks)} remarks"] if self.remarks else []
        return f"{self.judge:<10} {self.subject:<24} {', '.join(said)}"


def lines(verdict: Verdict) -> list[str]:
    """Return a verdict as lines for people: how much was looked at, then each finding.

    >>> lines(Verdict("hadolint", "images/front", 9, 4, (Finding("DL3008", "warning", "pin"),)))
    ['hadolint   images/front             9 checks, 1 findings', '    warning DL3008: pin']
    """
    return [str(verdict), *(f"    {finding}" for finding in sorted(verdict.findings))]
