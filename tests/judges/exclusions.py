"""What a judge may hold against us: each with its reason, and the test that closes the risk another way.

The only list of its kind: no configuration of a tool leaves anything out, no comment in a Dockerfile does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from judges.verdict import Finding, Verdict


@dataclass(frozen=True)
class Exclusion:
    """A finding that stays."""

    judge: str
    finding: str
    """The finding's id."""
    reason: str
    closed_by: str
    """The test that closes the risk, as pytest names it: `tests/…/test_x.py::test_y`."""


HERE = "tests/lab/sites/test_judges.py"

UPLOADS = "tests/lab/sites/test_uploads.py"

EXCLUSIONS = (
    Exclusion(
        "containers",
        "sftp-root-user",
        "sshd becomes the webmaster's user after the log-in, which only root can. It has three capabilities for that, "
        "and none that reads or changes what isn't its own.",
        f"{UPLOADS}::test_the_container_can_little",
    ),
    Exclusion(
        "hadolint",
        "DL3008",
        "Machines of the lab: as a server at a hoster they have Debian's newest versions, and Debian's mirror keeps no "
        "older ones. In the images that we deploy a date stands for the versions, and the image lists them.",
        f"{HERE}::test_an_image_lists_the_packages_that_it_holds",
    ),
    Exclusion(
        "hadolint",
        "DL3009",
        "The lab's server keeps Debian's lists, and the packages that a first `up` installs, so that it takes seconds. "
        "What we deploy keeps neither.",
        f"{HERE}::test_an_image_lists_the_packages_that_it_holds",
    ),
    Exclusion(
        "testssl",
        "BREACH",
        "Compression betrays a secret only where a page holds one beside what its visitor sent. Files hold neither, "
        "and what a program makes isn't compressed.",
        f"{HERE}::test_files_are_compressed_and_what_programs_make_is_not",
    ),
    Exclusion(
        "testssl",
        "cert_revocation",
        "The lab's CA names no list of revoked certificates (Let's Encrypt does). Browsers hardly ask one: what limits "
        "a stolen key is a certificate's short life.",
        f"{HERE}::test_certificates_are_from_the_inventorys_authority_and_live_three_months_at_most",
    ),
    Exclusion(
        "testssl",
        "DNS_CAArecord",
        "A record in the commune's zone, which the toolkit doesn't serve yet. Until then a wrong certificate of ours "
        "is noticed; that somebody else gets one isn't prevented.",
        f"{HERE}::test_certificates_are_from_the_inventorys_authority_and_live_three_months_at_most",
    ),
)


def held_against(verdict: Verdict, exclusions: Iterable[Exclusion] = EXCLUSIONS) -> list[Finding]:
    """Return a verdict's findings that no exclusion names."""
    excluded = {exclusion.finding for exclusion in exclusions if exclusion.judge == verdict.judge}
    return [finding for finding in verdict.findings if finding.id not in excluded]


def stale(verdicts: Iterable[Verdict], exclusions: Iterable[Exclusion] = EXCLUSIONS) -> list[Exclusion]:
    """Return the exclusions of these verdicts' judges that none of them needs any more."""
    judged = list(verdicts)
    judges = {verdict.judge for verdict in judged}
    needed = {(verdict.judge, finding.id) for verdict in judged for finding in verdict.findings}
    return [
        exclusion
        for exclusion in exclusions
        if exclusion.judge in judges and (exclusion.judge, exclusion.finding) not in needed
    ]
