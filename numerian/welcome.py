"""The letter that tells a member's webmasters how to upload: in French, as it is sent or read aloud. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numerian import uploads
from numerian.model import Member, Platform, Server, Webmaster
from numerian.rendering import Target, render
from numerian.start_page import page
from numerian.wording import number, typographic

HIDDEN = "(non affiché)"
"""What stands where a password isn't shown."""


@dataclass(frozen=True)
class Access:
    """A line of the letter: a login, and what it logs in with."""

    login: str
    means: str


def letter(member: Member, platform: Platform, server: Server, fingerprint: str, passwords: Mapping[str, str]) -> str:
    """Return the letter.

    Args:
        member: Who is written to; it has a site.
        platform: Who writes.
        server: Where the member's files lie.
        fingerprint: Of the server's host key for uploads, `SHA256:…`.
        passwords: By login; those that aren't there are told of, not told.
    """
    accesses = [_access(uploads.login(member, one), one, passwords) for one in uploads.webmasters(member)]
    name = member.site.main_name if member.site is not None else ""
    host = platform.host_identity
    return render(
        "uploads/welcome.txt.j2",
        Target.PLAIN,
        title=page(member).title,
        name=name,
        addresses=", ".join(server.public_addresses),
        port=uploads.PORT,
        accesses=[{"login": one.login.ljust(_width(accesses)), "means": one.means} for one in accesses],
        example=accesses[0].login,
        fingerprint=fingerprint,
        start="index.php" if member.site is not None and member.site.kind == "php" else "index.html",
        quota=number(member.plan.quota_mb),
        plan=typographic(member.plan.label),
        days=platform.uploads.keep_days,
        platform=typographic(host.name),
        phone=host.phone or "",
        with_key=any(one.keys for one in uploads.webmasters(member)),
    )


def _width(accesses: list[Access]) -> int:
    return max(len(one.login) for one in accesses)


def _access(login: str, webmaster: Webmaster, passwords: Mapping[str, str]) -> Access:
    means = []
    if webmaster.password is not None:
        means.append(f"mot de passe : {passwords.get(login, HIDDEN)}")
    if webmaster.keys:
        means.append(f"clé SSH ({len(webmaster.keys)} enregistrée{'s' if len(webmaster.keys) > 1 else ''})")
    return Access(login, " ou ".join(means))
