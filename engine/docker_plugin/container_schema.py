"""The properties of a container, as the official provider's schema has them.

Changes replace the container except where Docker can update a living one (`restart`, the limits) and where the
official provider only takes note (`healthcheck`, `tmpfs`, `init`, …).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.docker_plugin.durations import nanoseconds
from engine.docker_plugin.properties import Prop, block, blocks, flag, mapping, text, texts, whole

WIDEST = {"cpuShares": 1024, "cpuPeriod": 100_000, "cpuQuota": -1, "memoryReservation": -1}
"""What lifts a limit of a living container: Docker takes 0 for "leave it as it is"."""

LABEL = {"label": text(required=True), "value": text(required=True)}


def _capability(value: Any) -> Any:
    """Docker shows `CAP_CHOWN` for `chown`."""
    return [name.upper().removeprefix("CAP_") for name in value] if isinstance(value, list) else value


def _duration(value: Any) -> Any:
    return nanoseconds(value) if isinstance(value, str) else value


def _number(value: Any) -> Any:
    """`1.50` processors are `1.5`."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _none_if(widest: int) -> Callable[[Any], Any]:
    """Docker's widest value of a limit says the same as no limit."""
    return lambda value: 0 if value == widest else value


def _rates() -> Prop:
    return blocks({"path": text(required=True), "rate": whole(required=True, minimum=0)}, unordered=True, replaces=True)


_MOUNT = {
    "target": text(required=True),
    "type": text(required=True, choices=("bind", "volume", "tmpfs")),
    "source": text(),
    "readOnly": flag(),
    "bindOptions": block(
        {"propagation": text(choices=("private", "rprivate", "shared", "rshared", "slave", "rslave"))}
    ),
    "volumeOptions": block(
        {
            "driverName": text(),
            "driverOptions": mapping(),
            "labels": blocks(LABEL, unordered=True),
            "noCopy": flag(),
            "subpath": text(),
        }
    ),
    "tmpfsOptions": block({"mode": whole(), "sizeBytes": whole()}),
}

_NETWORK = {
    "name": text(required=True),
    "aliases": texts(unordered=True),
    "driverOpts": texts(unordered=True),
    "gwPriority": whole(unserved="it needs Docker 28; use the official plugin for it"),
    "ipv4Address": text(),
    "ipv6Address": text(),
    "linkLocalIps": texts(unordered=True),
    "macAddress": text(),
}

_HEALTHCHECK = {
    "tests": texts(required=True),
    "interval": text(default="0s", shape=_duration),
    "timeout": text(default="0s", shape=_duration),
    "startPeriod": text(default="0s", shape=_duration),
    "startInterval": text(default="0s", shape=_duration),
    "retries": whole(default=0, minimum=0),
}

_UPLOAD = {
    "file": text(required=True),
    "content": text(),
    "contentBase64": text(),
    "source": text(),
    "sourceHash": text(),
    "executable": flag(default=False),
    "permissions": text(),
    "owner": text(),
    "group": text(),
}

_VOLUME = {
    "containerPath": text(),
    "fromContainer": text(),
    "hostPath": text(),
    "volumeName": text(),
    "readOnly": flag(),
    "selinuxRelabel": text(choices=("z", "Z")),
}

_PORT = {
    "internal": whole(required=True),
    "external": whole(computed=True),
    "ip": text(default="0.0.0.0"),  # noqa: S104 (the official default)
    "protocol": text(default="tcp"),
}

_NETWORK_DATA = {
    "networkName": text(),
    "ipAddress": text(),
    "ipPrefixLength": whole(),
    "gateway": text(),
    "globalIpv6Address": text(),
    "globalIpv6PrefixLength": whole(),
    "ipv6Gateway": text(),
    "macAddress": text(),
}

LIMITS: Mapping[str, Prop] = {
    # What Docker changes on a living container. Some it can only widen, not lift: a shape makes the widest the same
    # as none, `implicit` ends the difference where there is no widest.
    "restart": text(default="no", choices=("no", "on-failure", "always", "unless-stopped")),
    "maxRetryCount": whole(),
    "memory": whole(minimum=0, implicit=True),
    "memoryReservation": whole(minimum=0, shape=_none_if(WIDEST["memoryReservation"])),
    "memorySwap": whole(minimum=-1, implicit=True),
    "cpuShares": whole(minimum=0, shape=_none_if(WIDEST["cpuShares"])),
    "cpuSet": text(implicit=True),
    "cpuPeriod": whole(minimum=0, shape=_none_if(WIDEST["cpuPeriod"])),
    "cpuQuota": whole(minimum=0, shape=_none_if(WIDEST["cpuQuota"])),
}

NOTED = ("healthcheck", "tmpfs", "init")
"""What the official provider calls an update although Docker can't change it on a living container."""

CONTAINER: Mapping[str, Prop] = {
    "name": text(required=True, replaces=True),
    "image": text(required=True, replaces=True),
    "platform": text(computed=True, replaces=True),
    "command": texts(computed=True, replaces=True),
    "entrypoints": texts(computed=True, replaces=True),
    "envs": texts(computed=True, replaces=True, unordered=True),
    "user": text(replaces=True, implicit=True),
    "workingDir": text(replaces=True, implicit=True),
    "hostname": text(computed=True, replaces=True),
    "domainname": text(replaces=True),
    "labels": blocks(LABEL, computed=True, replaces=True, unordered=True),
    "healthcheck": block(_HEALTHCHECK, computed=True),
    "stopSignal": text(computed=True, replaces=True),
    "stopTimeout": whole(computed=True, replaces=True),
    "tty": flag(default=False, replaces=True),
    "stdinOpen": flag(default=False, replaces=True),
    "init": flag(computed=True),
    "rm": flag(default=False),
    "start": flag(default=True),
    "attach": flag(default=False),
    "logs": flag(default=False),
    "mustRun": flag(default=True),
    "wait": flag(default=False),
    "waitTimeout": whole(default=60),
    "containerReadRefreshTimeoutMilliseconds": whole(default=15000),
    "destroyGraceSeconds": whole(),
    "removeVolumes": flag(default=True),
    "readOnly": flag(default=False, replaces=True),
    "privileged": flag(replaces=True),
    "publishAllPorts": flag(replaces=True),
    "capabilities": block(
        {"adds": texts(unordered=True, shape=_capability), "drops": texts(unordered=True, shape=_capability)},
        replaces=True,
    ),
    "securityOpts": texts(computed=True, replaces=True, unordered=True),
    "mounts": blocks(_MOUNT, replaces=True, unordered=True),
    "volumes": blocks(_VOLUME, replaces=True, unordered=True),
    "tmpfs": mapping(),
    "ports": blocks(_PORT, replaces=True, unordered=True),
    "hosts": blocks({"host": text(required=True), "ip": text(required=True)}, replaces=True, unordered=True),
    "dns": texts(replaces=True, unordered=True),
    "dnsOpts": texts(replaces=True, unordered=True),
    "dnsSearches": texts(replaces=True, unordered=True),
    "networkMode": text(default="bridge", replaces=True),
    "networksAdvanced": blocks(_NETWORK, replaces=True, unordered=True),
    "ulimits": blocks(
        {"name": text(required=True), "soft": whole(required=True), "hard": whole(required=True)},
        replaces=True,
        unordered=True,
    ),
    "devices": blocks(
        {
            "hostPath": text(required=True),
            "containerPath": text(implicit=True),
            "permissions": text(implicit=True),
        },
        replaces=True,
        unordered=True,
    ),
    "deviceCgroupRules": texts(replaces=True, unordered=True),
    "deviceReadBps": _rates(),
    "deviceReadIops": _rates(),
    "deviceWriteBps": _rates(),
    "deviceWriteIops": _rates(),
    "deviceRequests": blocks(
        {
            "capabilities": texts(),
            "count": whole(),
            "deviceIds": texts(),
            "driver": text(),
            "options": mapping(),
        },
        replaces=True,
    ),
    "gpus": text(replaces=True, choices=("all",)),
    "shmSize": whole(computed=True, replaces=True, minimum=0),
    "cpus": text(replaces=True, shape=_number),
    "logDriver": text(computed=True, replaces=True),
    "logOpts": mapping(replaces=True, implicit=True),
    "pidMode": text(replaces=True),
    "ipcMode": text(computed=True, replaces=True),
    "usernsMode": text(replaces=True),
    "cgroupnsMode": text(replaces=True, implicit=True, choices=("private", "host")),
    "cgroupParent": text(replaces=True, implicit=True),
    "runtime": text(computed=True, replaces=True),
    "sysctls": mapping(replaces=True),
    "storageOpts": mapping(replaces=True),
    "groupAdds": texts(replaces=True, unordered=True),
    "uploads": blocks(_UPLOAD, replaces=True, unordered=True),
    **LIMITS,
    "bridge": text(output=True),
    "containerLogs": text(output=True),
    "exitCode": whole(output=True),
    "networkDatas": blocks(_NETWORK_DATA, output=True),
}
