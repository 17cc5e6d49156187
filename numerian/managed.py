"""What the library says of files and folders on a server, and where a member's lie."""

from __future__ import annotations

import re
from dataclasses import dataclass

from numerian.model import Member
from numerian.rendering import UnsafeValueError

SITES = "/srv/sites"


@dataclass(frozen=True)
class Managed:
    """A file of ours on a server. `content` may hold `${secret:name}`."""

    content: str
    mode: str = "0644"
    owner: str = "root"
    group: str = "root"


@dataclass(frozen=True)
class Folder:
    """A folder of a server; what is in it isn't ours."""

    mode: str = "0755"
    owner: str = "root"
    group: str = "root"


def identity(member: Member) -> str:
    """Return the member's code when it can be a name in paths: digits and capitals."""
    if not re.fullmatch(r"[0-9A-Z]{2,9}", member.code):
        raise UnsafeValueError(member.code, "not the code of a member")
    return member.code
