"""Uploads by SFTP: which accounts and files a server needs for its members' webmasters, and what is in them.

Pure, as `numerian.front`. A login is a function of a member (`accueil-07186`): it says who changed what, it stays when
the member's name changes, and two communes of one name don't share it. All logins of a member are the same user.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator

from numerian.managed import SITES, Folder, Managed, identity
from numerian.model import Member, Platform, Webmaster
from numerian.php import is_php
from numerian.rendering import TEMPLATES, Target, render

PORT = 2022
ROOT = "/srv/sftp"
CONFIG = f"{ROOT}/config"
FULL = f"{ROOT}/full"
"""Of members whose room is used up: what their sessions may still do. The server's own script writes here."""
SPOOL = f"{SITES}/.uploads"
STATES = "/srv/states"
LOGS = "/var/log/sftp"
UID = 603
"""What sshd is before anybody has logged in."""
CAPABILITIES = ("SETGID", "SETUID", "SYS_CHROOT")
"""What sshd can't do without: to become the webmaster's user, inside of his folder."""
PROCESSES = 256
"""That one member's user may have: some of its PHP, and a few for each session."""
PACKAGES = ("rsync",)
PASSWORD_LENGTH = 16
"""Letters and digits: 93 bits, and still typed by hand where it must be."""
ROUNDS = 5000
"""Of SHA-512 for a hash: the password is drawn, not chosen, so that more would only cost time at each login."""

_GENERATION = "uploads/srv/sftp/config"


def webmasters(member: Member) -> tuple[Webmaster, ...]:
    """Return who may upload a member's files."""
    return member.site.webmasters if member.site is not None else ()


def uploading(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return the members who have a webmaster."""
    return tuple(member for member in members if webmasters(member))


def login(member: Member, webmaster: Webmaster) -> str:
    """Return the user name that a webmaster logs in with."""
    return f"{webmaster.name}-{identity(member).lower()}"


def password_name(login: str) -> str:
    """Return the name of the resource from which a login's password is derived."""
    return f"{login}-password"


def password_login(name: str) -> str:
    """Return the login whose password's resource is called `name`.

    >>> password_login(password_name("mairie-07330"))
    'mairie-07330'
    """
    return name.removesuffix("-password")


def host_key_name(server: str) -> str:
    """Return the name of the resource from which a server's host key for uploads is derived."""
    return f"{server}-sftp-host-key"


def image(platform: Platform) -> str:
    """Return the reference of the image."""
    return f"numerian/sftp:{platform.images.day('sftp').isoformat()}"


def validate_command(platform: Platform) -> list[str]:
    """Return how a generation is judged: by the image that will serve it, cut off from everything."""
    return [
        *("docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--tmpfs", "/run/sshd:mode=0755"),
        *("--volume", "{root}:{root}:ro", image(platform)),
        *("numerian-sshd", "check", "{root}/{generation}"),
    ]


RELOAD_COMMAND = ["/usr/local/sbin/numerian-sftp", "reload"]
RUNNING_COMMAND = ["/usr/local/sbin/numerian-sftp", "running"]


def logins(members: Iterable[Member]) -> Iterator[tuple[str, Member, Webmaster]]:
    """Yield every login with whose it is, in the order of members and of their files."""
    for member in members:
        for webmaster in webmasters(member):
            yield login(member, webmaster), member, webmaster


def account_files(members: Iterable[Member]) -> dict[str, Managed]:
    """Return what a generation holds: sshd's settings, its host key, the accounts and their keys; by relative path."""
    accounts = list(logins(members))
    rows = [{"login": name, "uid": member.uid, "home": f"{SITES}/{member.code}"} for name, member, _ in accounts]
    with_password = {name for name, _, webmaster in accounts if webmaster.password is not None}
    files = {
        "sshd_config": Managed(
            render(f"{_GENERATION}/sshd_config.j2", Target.PLAIN, port=PORT, passwords="yes" if with_password else "no")
        ),
        "host_key": Managed("${secret:host_key}", mode="0600"),
        "accounts/passwd": Managed(render(f"{_GENERATION}/accounts/passwd.j2", Target.PLAIN, accounts=rows)),
        # Not by a template: what stands in for a secret isn't a word that a template may print.
        "accounts/shadow": Managed(
            "".join(f"{name}:{_hash(name, name in with_password)}:20000::::::\n" for name, _, _ in accounts),
            mode="0600",
        ),
    }
    for name, _, webmaster in accounts:
        if webmaster.keys:
            lines = [f"{key} {name}" for key in map(_bare, webmaster.keys)]
            files[f"keys/{name}"] = Managed(
                render(f"{_GENERATION}/keys/authorized_keys.j2", Target.PLAIN, keys=[line.split() for line in lines])
            )
    return files


def _hash(login: str, has_password: bool) -> str:
    return f"${{secret:{login}}}" if has_password else "*"


def _bare(key: str) -> str:
    """Return a key without its comment, which might be a person's name."""
    return " ".join(key.split()[:2])


def salt(login: str, version: int) -> str:
    """Return the salt of a password's hash: another for each login and version, the same in every run.

    >>> salt("accueil-07186", 1)
    '757eWkbrwdOoKFKp'
    """
    digest = hashlib.sha256(f"numerian sftp {login} {version}".encode()).digest()
    return b64encode(digest, b"./").decode()[:16]


def password_hash(password: str, login: str, version: int) -> str:
    """Return what the server keeps of a password (sha512crypt)."""
    from passlib.hash import sha512_crypt  # here: only servers with a password need it, and it takes time to load

    return str(sha512_crypt.using(salt=salt(login, version), rounds=ROUNDS).hash(password))


def host_files(platform: Platform) -> dict[str, Managed]:
    """Return the service's files elsewhere on a server: how it is reloaded, and the rotation of its log."""
    return {
        "/usr/local/sbin/numerian-sftp": Managed(_verbatim("usr/local/sbin/numerian-sftp"), mode="0755"),
        "/etc/logrotate.d/numerian-uploads": Managed(
            render("uploads/etc/logrotate.d/numerian-uploads.j2", Target.PLAIN, days=platform.logs.uploads_days)
        ),
    }


def host_folders() -> dict[str, Folder]:
    """Return the service's folders."""
    return {SPOOL: Folder(mode="0700"), LOGS: Folder(mode="0750")}


# --- states and room ------------------------------------------------------------------------------------------------


def writing(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return the members whose files change on the server: by a webmaster, or by PHP."""
    return tuple(member for member in members if webmasters(member) or is_php(member))


def watch_files(platform: Platform, members: Iterable[Member]) -> dict[str, Managed]:
    """Return what keeps the states of members' files and measures their room: scripts, their unit, its settings."""
    files = {
        f"/usr/local/sbin/{program}": Managed(_verbatim(f"usr/local/sbin/{program}"), mode="0755")
        for program in ("numerian-states", "numerian-uploads")
    }
    unit = "etc/systemd/system/numerian-uploads.service"
    files[f"/{unit}"] = Managed(_verbatim(unit))
    rows = [{"code": identity(member), "uid": member.uid, "quota_mb": member.plan.quota_mb} for member in members]
    files["/etc/numerian/uploads"] = Managed(
        render(
            "uploads/etc/numerian/uploads.j2",
            Target.PLAIN,
            keep_days=platform.uploads.keep_days,
            members=rows,
        )
    )
    return files


def watch_folders() -> dict[str, Folder]:
    """Return the folders of the watch. States are root's alone: whoever uploads can't reach them."""
    return {FULL: Folder(), STATES: Folder(mode="0700")}


def _verbatim(path: str) -> str:
    """Read a file that takes no values."""
    return (TEMPLATES / "uploads" / path).read_text(encoding="utf-8")


UNIT_COMMANDS = [
    ["systemctl", "daemon-reload"],
    ["systemctl", "enable", "numerian-uploads.service"],
    ["systemctl", "restart", "numerian-uploads.service"],
]
