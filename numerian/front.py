"""The front web server: which files a server and its members need, and what is in them.

Pure: from the inventory to texts. Where they go and when they are validated and reloaded is the components' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from numerian import php
from numerian.managed import SITES as SITES
from numerian.managed import Folder as Folder
from numerian.managed import Managed as Managed
from numerian.managed import identity as identity
from numerian.model import Member, Platform, Server, Site
from numerian.rendering import TEMPLATES, Target, UnsafeValueError, host_name, refuse_controls, render

CONFIG = "/srv/front/config"
CERTIFICATES = "/srv/certificates"
CHALLENGES = "/srv/acme"
LOGS = "/var/log/front"
UID = 601
ACME_UID = 602
MEMORY_MB = 2048
"""The most that nginx may take, its temporary files and the workers of older configurations included."""
AUTHORITIES = "/etc/ssl/certs"
"""Whose certificates the server trusts: the front checks those of our other servers by them."""
MOST_PROCESSES = 4096
"""Of its uid: a worker a processor, for each configuration that still answers."""
PACKAGES = ("ca-certificates", "curl", "docker.io", "iproute2", "lego", "logrotate", "nftables", "openssl")

_GENERATION = "front/srv/front/config"
_CONTENT = {"static": "files", "php": "php"}
_SECURITY_TXT_LIFE = timedelta(days=365)  # RFC 9116 asks for less than a year


def _mailbox(value: str) -> str:
    """Return an address that can be a name in paths too: lego keeps an account's key under it."""
    if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", value):
        raise UnsafeValueError(value, "not a plain e-mail address")
    return value


def listen_addresses(server: Server) -> tuple[str, ...]:
    """Return the addresses that services are published on: all of IPv4, and all of IPv6 where the server has it."""
    has_ipv6 = any(":" in address for address in server.public_addresses)
    return ("0.0.0.0", "::") if has_ipv6 else ("0.0.0.0",)  # noqa: S104 (a public server)


def image(platform: Platform) -> str:
    """Return the reference of the front's image."""
    return f"numerian/front:{platform.images.front.isoformat()}"


def validate_command(platform: Platform) -> list[str]:
    """Return how a generation is judged: by the very image that will serve it, cut off from everything."""
    return [
        *("docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"),
        *("--security-opt", "no-new-privileges", "--tmpfs", "/tmp", "--tmpfs", f"{LOGS}:mode=1777"),  # noqa: S108
        *("--volume", f"{AUTHORITIES}:{AUTHORITIES}:ro", "--volume", "{root}:{root}:ro", image(platform)),
        *("nginx", "-e", "stderr", "-t", "-q", "-c", "{root}/{generation}/nginx.conf"),
    ]


RELOAD_COMMAND = ["/usr/local/sbin/numerian-front", "reload"]
RUNNING_COMMAND = ["/usr/local/sbin/numerian-front", "running"]
ROLL_COMMAND = ["/usr/local/sbin/numerian-front", "roll"]
ROLL = "/etc/numerian/front-container"
_DOCKER_UNIT = "/etc/systemd/system/docker.service.d/numerian-front.conf"
GRACE_SECONDS = 10
"""How long an old container may finish its answers when another takes its place; new visitors wait meanwhile."""


def base_files(platform: Platform, server: Server, servers: Iterable[Server] = ()) -> dict[str, Managed]:
    """Return what a generation holds beside its members: nginx's main file, snippets, pages; by relative path.

    `servers` are all that there are: sites move between them.
    """
    values = {
        "others": [_reached(other) for other in servers if other.name != server.name],
        "server": server.name,
        "noindex": platform.noindex,
        "contact": platform.security_contact,
        "expires": _security_txt_expiry(platform.images.front),
    }
    return {path: Managed(_render_at(path, values)) for path in _base_paths(platform)}


def _reached(server: Server) -> tuple[str, list[str], list[str]]:
    """Return a server's name, where its front is reached, and the addresses that it comes from.

    By IPv4 where there is one: a front's container may have no IPv6 to the outside.
    """
    addresses = sorted(server.public_addresses)
    first = [address for address in addresses if ":" not in address] or [f"[{address}]" for address in addresses]
    return server.name, first, addresses


def _base_paths(platform: Platform) -> Iterator[str]:
    yield "nginx.conf"
    for folder in ("snippets", "pages"):
        for template in sorted((TEMPLATES / _GENERATION / folder).glob("*.j2")):
            if template.stem != "robots.txt" or platform.noindex:
                yield f"{folder}/{template.stem}"


def _render_at(path: str, values: dict[str, object]) -> str:
    targets = {".conf": Target.NGINX, ".html": Target.HTML, ".txt": Target.PLAIN}
    return render(f"{_GENERATION}/{path}.j2", targets[Path(path).suffix], **values)


def _security_txt_expiry(images: date) -> str:
    """A year from the image's date: a fixed text, renewed by the rebuild that every server needs anyway."""
    return f"{(images + _SECURITY_TXT_LIFE).isoformat()}T00:00:00Z"


def host_files(platform: Platform, server: Server) -> dict[str, Managed]:
    """Return the front's files elsewhere on a server: certificates' script and units, rotation of logs."""
    files = {
        f"/etc/systemd/system/numerian-certificates.{kind}": Managed(
            _verbatim(f"etc/systemd/system/numerian-certificates.{kind}")
        )
        for kind in ("path", "service", "timer")
    }
    files[_DOCKER_UNIT] = Managed(_verbatim(_DOCKER_UNIT.lstrip("/")))
    for program in ("numerian-certificates", "numerian-front"):
        files[f"/usr/local/sbin/{program}"] = Managed(_verbatim(f"usr/local/sbin/{program}"), mode="0755")
    files["/etc/numerian/certificates"] = Managed(
        render(
            "front/etc/numerian/certificates.j2",
            Target.PLAIN,
            directory=platform.acme.directory,
            email=_mailbox(platform.acme.email or platform.security_contact),
            addresses=sorted(server.public_addresses),
        )
    )
    files["/etc/numerian/acme-account.pem"] = Managed("${secret:account}", mode="0640", group="acme")
    files["/etc/logrotate.d/numerian-front"] = Managed(
        render(
            "front/etc/logrotate.d/numerian-front.j2",
            Target.PLAIN,
            visits_days=platform.logs.visits_days,
            security_days=platform.logs.security_days,
        )
    )
    return files


def _verbatim(path: str) -> str:
    """Read a file that takes no values."""
    return (TEMPLATES / "front" / path).read_text(encoding="utf-8")


def host_folders() -> dict[str, Folder]:
    """Return the folders that the front's container and the certificates' script work in."""
    return {
        SITES: Folder(),
        CHALLENGES: Folder(owner="acme", group="front"),
        CERTIFICATES: Folder(mode="0751", owner="acme", group="front"),
        LOGS: Folder(mode="0750", owner="front", group="front"),
    }


# Restarted, not started: one that is under way knows the script and the folders of before.
UNIT_COMMANDS = [
    ["systemctl", "daemon-reload"],
    ["systemctl", "enable", "--now", "numerian-certificates.timer", "numerian-certificates.path"],
    ["systemctl", "restart", "--no-block", "numerian-certificates.service"],
]


def member_files(member: Member) -> dict[str, Managed]:
    """Return a member's part of a generation: its virtual host, and the names that its certificate needs."""
    if member.site is None:
        return {}
    names = [host_name(name) for name in member.site.names]
    code = identity(member)
    virtual_host = _redirect(member, member.site) if member.site.kind == "redirect" else _site(member, member.site)
    asked = render(f"{_GENERATION}/certificates/names.j2", Target.PLAIN, names=names)
    return {f"sites/{code}.conf": Managed(virtual_host), f"certificates/{code}": Managed(asked)}


def _site(member: Member, site: Site) -> str:
    own = {site.main_name, site.domain, f"www.{site.domain}"}
    return render(
        f"{_GENERATION}/sites/site.conf.j2",
        Target.NGINX,
        code=member.code,
        label=member.name,
        main_name=host_name(site.main_name),
        own_names=sorted(own),
        old_names=sorted(set(site.names) - own),
        other_names=sorted(set(site.names) - {site.main_name}),
        content="maintenance" if site.maintenance else _CONTENT[site.kind],
        php=site.kind == "php",
        socket=php.socket(member),
        largest_request_mb=php.largest_request_mb(member.plan.php),
        read_timeout=php.patience(member.plan.php) + php.GRACE_SECONDS,
    )


def _redirect(member: Member, site: Site) -> str:
    return render(
        f"{_GENERATION}/sites/redirect.conf.j2",
        Target.NGINX,
        code=member.code,
        label=member.name,
        names=sorted(site.names),
        maintenance=site.maintenance,
        to=redirect_target(site.to or ""),
    )


def redirect_target(url: str) -> str:
    """Return `url` as it goes into a Location header: whatever isn't plain ASCII of an address is percent-encoded.

    >>> redirect_target("https://www.lemps.test/l'accueil?a=1&b=$x")
    "https://www.lemps.test/l'accueil?a=1&b=%24x"
    """
    return quote(refuse_controls(url), safe="/:?#[]@!&'()*+,;=%~-._")


def passage(member: Member, site: Site) -> dict[str, Managed]:
    """Return what passes visitors on who come to the server that a member's site moved away from."""
    text = render(
        f"{_GENERATION}/passages/passage.conf.j2",
        Target.NGINX,
        code=member.code,
        label=member.name,
        server=member.server,
        names=sorted(host_name(name) for name in site.names),
        largest_request_mb=php.largest_request_mb(member.plan.php),
        read_timeout=php.patience(member.plan.php) + php.GRACE_SECONDS,
    )
    return {f"passages/{identity(member)}.conf": Managed(text)}


def content(member: Member) -> list[str]:
    """Return the folders that go along when a member moves to another server."""
    return [f"{SITES}/{identity(member)}/www", *php.content(member)]


def certificate_command(verb: str, member: Member) -> list[str]:
    """Return the command that gives or takes a member's certificate, as who keeps certificates: never root."""
    as_acme = ["setpriv", "--reuid=acme", "--regid=acme", "--init-groups", "--no-new-privs"]
    return [*as_acme, "/usr/local/sbin/numerian-certificates", verb, identity(member)]


def member_folders(member: Member) -> dict[str, Folder]:
    """Return a member's folders: the outer one is root's, so that nobody can put something else in its place."""
    home = f"{SITES}/{identity(member)}"
    uid = str(member.uid)
    return {home: Folder(), f"{home}/www": Folder(owner=uid, group=uid), **php.folders(member)}
