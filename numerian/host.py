"""The base of a server: who may come in, by which ports, and how it is hardened; what is in which file.

Pure: from the inventory to texts. `docs/hardening.md` says which rule of ANSSI-BP-028 is kept where.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from numerian import uploads
from numerian.managed import Managed
from numerian.model import Inventory, Server
from numerian.model.readers import DAYS
from numerian.rendering import TEMPLATES, Target, render

DEPLOY = "deploy"
"""The account that the toolkit works as: root by design (sudo, Docker); keys of people, never of services."""

ACCESS = "/etc/numerian/access"
"""The generations of what decides who comes in: sshd's settings and the firewall."""

PACKAGES = (
    *("apparmor", "docker-cli", "docker.io", "iptables", "libpam-pwquality", "logrotate", "nftables"),
    *("openssh-server", "procps", "sudo", "systemd-timesyncd", "unattended-upgrades"),
)

SETTLE_COMMANDS = [["/usr/local/sbin/numerian-settle"]]
CHECK_COMMAND = ["/usr/local/sbin/numerian-access", "check", "{root}/{generation}"]
RELOAD_COMMAND = ["/usr/local/sbin/numerian-access", "reload"]
RUNNING_COMMAND = ["/usr/local/sbin/numerian-access", "running"]
CONFIRM_SECONDS = 20
"""How long the server waits for a new connection before it takes a change of access back."""

_HOST_KEYS = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa", "ecdsa-sha2-nistp256": "ecdsa"}
_KEY_ALGORITHMS = {"ed25519": "ssh-ed25519", "rsa": "rsa-sha2-512,rsa-sha2-256", "ecdsa": "ecdsa-sha2-nistp256"}
_PEOPLES_KEYS = (
    "sk-ssh-ed25519@openssh.com,ssh-ed25519,sk-ecdsa-sha2-nistp256@openssh.com,ecdsa-sha2-nistp256,"
    "rsa-sha2-512,rsa-sha2-256"
)
_ENGLISH = dict(zip(DAYS, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), strict=True))
_NO_WINDOW = "dimanche 03:30"
_EXECUTABLE = "usr/local/sbin/"


@dataclass(frozen=True)
class Person:
    """An account that people log in to."""

    name: str
    groups: tuple[str, ...]
    keys: tuple[str, ...]


def open_ports(inventory: Inventory, server: Server) -> tuple[str, ...]:
    """Return the ports that anybody may reach, as `protocol/number`: sshd's, then the services'."""
    served = (member for member in inventory.on(server.name) if member.served)
    ports = [server.sshd_port or server.port, 80, 443, *([uploads.PORT] if uploads.uploading(served) else [])]
    return tuple(f"tcp/{port}" for port in ports)


def people(inventory: Inventory) -> tuple[Person, ...]:
    """Return `deploy`, which every operator's key opens, and each operator's own account."""
    staff = tuple(Person(one.name, ("adm", "systemd-journal"), one.keys) for one in inventory.staff)
    keys = (*inventory.platform.deploy.all_keys(), *(key for one in staff for key in one.keys))
    return (Person(DEPLOY, ("docker",), tuple(dict.fromkeys(keys))), *staff)


def rights(inventory: Inventory) -> tuple[str, ...]:
    """Return the accounts that may become root, sorted."""
    return tuple(sorted(person.name for person in people(inventory)))


def units(inventory: Inventory, server: Server) -> dict[str, str]:
    """Return what systemd starts by itself, and what it never shall."""
    window = inventory.datacenters[server.datacenter].reboot
    return {
        "apt-daily-upgrade.timer": "enabled",
        "apt-daily.timer": "enabled",
        "docker.service": "enabled",
        "logrotate.timer": "enabled",
        # It empties all tables when it starts and when it stops, Docker's too.
        "nftables.service": "disabled",
        "numerian-firewall.service": "enabled",
        "numerian-kernel.service": "enabled",
        "numerian-reboot.timer": "enabled" if window else "disabled",
        "ssh.service": "enabled",
        "systemd-timesyncd.service": "enabled",
    }


def sysctls(server: Server) -> dict[str, str]:
    """Return the kernel's settings that the server must be found with: the network's, and its own kernel's."""
    network = settings("etc/sysctl.d/60-numerian.conf")
    return network | settings("etc/numerian/kernel.conf") if server.own_kernel else network


def settings(path: str) -> dict[str, str]:
    """Return what a file of kernel settings demands; a key that not every kernel has (`-`) isn't demanded.

    >>> settings("etc/numerian/kernel.conf")["kernel.kptr_restrict"]
    '2'
    """
    lines = (TEMPLATES / "host" / path).read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and line[0] not in "#-")
    return {key.strip(): value.strip() for key, value in pairs}


def access_files(inventory: Inventory, server: Server) -> dict[str, Managed]:
    """Return the generation that decides who comes in; by relative path."""
    kinds = _host_key_kinds(server)
    sshd = render(
        "host/etc/numerian/access/sshd.conf.j2",
        Target.PLAIN,
        server=server.name,
        host_keys=kinds,
        host_key_algorithms=",".join(_KEY_ALGORITHMS[kind] for kind in kinds),
        user_key_algorithms=_PEOPLES_KEYS,
        users=[person.name for person in people(inventory)],
        reaches=_reached_through(inventory, server),
    )
    firewall = render(
        "host/etc/numerian/access/nftables.conf.j2",
        Target.PLAIN,
        server=server.name,
        admitted=_by_protocol(open_ports(inventory, server)),
    )
    return {"sshd.conf": Managed(sshd, mode="0600"), "nftables.conf": Managed(firewall, mode="0600")}


def _host_key_kinds(server: Server) -> list[str]:
    """Return the kinds of host key that the inventory pins: another would be accepted by nobody."""
    pinned = {key.split(" ")[0] for key in server.known_host_keys()}
    return [kind for name, kind in _HOST_KEYS.items() if name in pinned] or ["ed25519"]


def _reached_through(inventory: Inventory, server: Server) -> list[str]:
    """Return the places that a connection may go on to: the servers that are reached through this one."""
    behind = sorted((other.address, other.port) for other in inventory.servers.values() if other.jump == server.name)
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address, port in behind]


def _by_protocol(ports: Iterable[str]) -> list[tuple[str, list[int]]]:
    """Group ports as nftables wants them.

    >>> _by_protocol(["tcp/22", "udp/53", "tcp/443"])
    [('tcp', [22, 443]), ('udp', [53])]
    """
    ports = tuple(ports)
    protocols = sorted({port.partition("/")[0] for port in ports})
    return [(protocol, _numbers(ports, protocol)) for protocol in protocols]


def _numbers(ports: Iterable[str], protocol: str) -> list[int]:
    return sorted(int(port.partition("/")[2]) for port in ports if port.startswith(f"{protocol}/"))


def base_files(inventory: Inventory, server: Server) -> dict[str, Managed]:
    """Return the files of the base, by absolute path: all of `templates/host/` but the generation's."""
    day, time = (inventory.datacenters[server.datacenter].reboot or _NO_WINDOW).split(" ")
    values = {
        "people": list(rights(inventory)),
        "hour": f"{(4 + 2 * sorted(inventory.datacenters).index(server.datacenter)) % 24:02}",
        "day": _ENGLISH[day],
        "time": time,
    }
    root = TEMPLATES / "host"
    files = {}
    for template in sorted(path for path in root.rglob("*") if path.is_file()):
        path = str(template.relative_to(root))
        if f"/{path}".startswith(f"{ACCESS}/"):
            continue
        text = render(f"host/{path}", Target.PLAIN, **values) if path.endswith(".j2") else template.read_text("utf-8")
        files[f"/{path.removesuffix('.j2')}"] = Managed(text, mode=_mode(path))
    return files


def _mode(path: str) -> str:
    if path.startswith(_EXECUTABLE):
        return "0755"
    return "0440" if path.startswith("etc/sudoers.d/") else "0644"
