"""PHP sites: what a member's own container holds, may take, and how the front reaches it.

Pure, like `numerian.front`. A container has no network: the front speaks to it by a socket in a folder that only the
front and the member's uid reach (docs/decisions/0008). Limits stand in its environment, so that a preview names them.
"""

from __future__ import annotations

from dataclasses import dataclass

from numerian.managed import SITES, Folder, identity
from numerian.model import Member, Php

FRONT = "601"
"""The front's group, by its number."""
BASE_MB = 96
"""What php-fpm itself and its opcode cache take of a container's memory."""
LEAST_MB = 32
"""Less memory for a process than this starts no program worth its name."""
GRACE_SECONDS = 5
"""From the end of PHP's own time limit, which counts computing only, to the end of the process."""
ROTATION = {"max-size": "10m", "max-file": "3"}


@dataclass(frozen=True)
class Mount:
    """A folder of the server in a container."""

    host: str
    inside: str


@dataclass(frozen=True)
class Container:
    """A member's container, as the program declares it. Memory in MB."""

    name: str
    user: str
    memory_mb: int
    cpus: str
    most_processes: int
    temporary_mb: int
    environment: tuple[str, ...]
    mounts: tuple[Mount, ...]


def is_php(member: Member) -> bool:
    """Tell whether a member's site has PHP."""
    return member.site is not None and member.site.kind == "php"


def folders(member: Member) -> dict[str, Folder]:
    """Return the folders of a PHP site beside its pages.

    The outer one lets the front in and no other uid; what is in the inner ones is the member's program's.
    """
    if not is_php(member):
        return {}
    home, uid = _home(member), str(member.uid)
    return {
        home: Folder(mode="0750", group=FRONT),
        f"{home}/socket": Folder(owner=uid, group=uid),
        f"{home}/sessions": Folder(mode="0700", owner=uid, group=uid),
    }


def content(member: Member) -> list[str]:
    """Return what a program has written beside its pages: who is logged in stays so wherever the site is."""
    return [f"{_home(member)}/sessions"] if is_php(member) else []


def container(member: Member) -> Container:
    """Return the container of a member whose site has PHP."""
    settings, home, root = member.plan.php, _home(member), f"{SITES}/{identity(member)}/www"
    return Container(
        name=f"php-{identity(member)}",
        user=f"{member.uid}:{member.uid}",
        memory_mb=settings.memory_mb,
        cpus=f"{settings.cpu:g}",
        # Of the uid, which nobody else has: php-fpm, its processes, and the threads of what they start.
        most_processes=2 * settings.processes + 16,
        # A file on its way, beside the one before it.
        temporary_mb=2 * settings.upload_mb + 16,
        environment=_environment(settings, root),
        mounts=(
            Mount(root, root),
            Mount(f"{home}/socket", "/run/php"),
            Mount(f"{home}/sessions", "/var/lib/php/sessions"),
        ),
    )


def socket(member: Member) -> str:
    """Return where the front finds a member's PHP."""
    return f"{_home(member)}/socket/fpm.sock"


def memory_of_one(settings: Php) -> int:
    """Return the memory of one process in MB, so that all together stay within the container's.

    >>> memory_of_one(Php(memory_mb=512, processes=4)), memory_of_one(Php(memory_mb=128, processes=4))
    (104, 32)
    """
    return max(LEAST_MB, (settings.memory_mb - BASE_MB) // settings.processes)


def largest_request_mb(settings: Php) -> int:
    """Return the largest body of a request: a file and a form around it."""
    return settings.upload_mb + 1


def patience(settings: Php) -> int:
    """Return the seconds after which a process that still hasn't answered is ended."""
    return settings.seconds + GRACE_SECONDS


def _environment(settings: Php, root: str) -> tuple[str, ...]:
    return (
        f"PHP_MEMORY={memory_of_one(settings)}",
        f"PHP_PATIENCE={patience(settings)}",
        f"PHP_POST={largest_request_mb(settings)}",
        f"PHP_PROCESSES={settings.processes}",
        f"PHP_ROOT={root}",
        f"PHP_SECONDS={settings.seconds}",
        f"PHP_UPLOAD={settings.upload_mb}",
    )


def _home(member: Member) -> str:
    return f"{SITES}/{identity(member)}/php"
