"""What the daemon shows of a container (`inspect`) as properties: all for an import, what can move for a refresh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.docker_plugin.container_config import MEBI
from engine.docker_plugin.durations import duration
from engine.docker_plugin.kind import filled, label_blocks

Seen = Mapping[str, Any]


def moving(seen: Seen) -> dict[str, Any]:
    """Return the properties that can differ from what the container was made with."""
    host = seen["HostConfig"]
    restart = host.get("RestartPolicy") or {}
    state = seen.get("State") or {}
    return {
        "name": str(seen.get("Name", "")).removeprefix("/"),
        "restart": restart.get("Name") or "no",
        "maxRetryCount": restart.get("MaximumRetryCount") or 0,
        "memory": _mebi(host.get("Memory")),
        "memoryReservation": _mebi(host.get("MemoryReservation")),
        "memorySwap": _mebi(host.get("MemorySwap")),
        "cpuShares": host.get("CpuShares") or 0,
        "cpuSet": host.get("CpusetCpus") or "",
        "cpuPeriod": host.get("CpuPeriod") or 0,
        "cpuQuota": host.get("CpuQuota") or 0,
        "bridge": (seen.get("NetworkSettings") or {}).get("Bridge", ""),
        "exitCode": state.get("ExitCode", 0),
        "networkDatas": network_datas(seen),
    }


def filled_in(seen: Seen) -> dict[str, Any]:
    """Return the properties that the daemon and the image fill in where the program says nothing."""
    config, host = seen["Config"], seen["HostConfig"]
    return {
        "command": config.get("Cmd") or [],
        "entrypoints": config.get("Entrypoint") or [],
        "envs": config.get("Env") or [],
        "user": config.get("User") or "",
        "workingDir": config.get("WorkingDir") or "",
        "hostname": config.get("Hostname") or "",
        "labels": label_blocks(config.get("Labels")),
        "healthcheck": _healthcheck(config.get("Healthcheck")),
        "stopSignal": config.get("StopSignal") or "",
        "stopTimeout": config.get("StopTimeout") or 0,
        "init": bool(host.get("Init")),
        "securityOpts": host.get("SecurityOpt") or [],
        "shmSize": _mebi(host.get("ShmSize")),
        "logDriver": (host.get("LogConfig") or {}).get("Type") or "",
        "ipcMode": host.get("IpcMode") or "",
        "runtime": host.get("Runtime") or "",
        "platform": seen.get("Platform") or "",
    }


def everything(seen: Seen, image: Seen) -> dict[str, Any]:
    """Return all that the daemon shows, for an import: of variables and labels those that aren't the image's."""
    config, host = seen["Config"], seen["HostConfig"]
    rest: dict[str, Any] = {
        "image": config.get("Image") or seen.get("Image"),
        "domainname": config.get("Domainname"),
        "tty": config.get("Tty"),
        "stdinOpen": config.get("OpenStdin"),
        "rm": host.get("AutoRemove"),
        "readOnly": host.get("ReadonlyRootfs"),
        "privileged": host.get("Privileged"),
        "publishAllPorts": host.get("PublishAllPorts"),
        "capabilities": filled({"adds": host.get("CapAdd"), "drops": host.get("CapDrop")}),
        "mounts": [_mount(mount) for mount in host.get("Mounts") or []],
        "volumes": _volumes(host),
        "tmpfs": host.get("Tmpfs"),
        "ports": ports(seen),
        "hosts": [
            {"host": entry.partition(":")[0], "ip": entry.partition(":")[2]} for entry in host.get("ExtraHosts") or []
        ],
        "dns": host.get("Dns"),
        "dnsOpts": host.get("DnsOptions"),
        "dnsSearches": host.get("DnsSearch"),
        "networkMode": "bridge" if host.get("NetworkMode") in ("default", "", None) else host["NetworkMode"],
        "networksAdvanced": networks(seen),
        "logOpts": (host.get("LogConfig") or {}).get("Config"),
        "pidMode": host.get("PidMode"),
        "usernsMode": host.get("UsernsMode"),
        "cgroupnsMode": host.get("CgroupnsMode"),
        "cgroupParent": host.get("CgroupParent"),
        "sysctls": host.get("Sysctls"),
        "storageOpts": host.get("StorageOpt"),
        "groupAdds": host.get("GroupAdd"),
        "cpus": f"{host['NanoCpus'] / 10**9:g}" if host.get("NanoCpus") else "",
        **_devices(host),
    }
    return {**filled(rest), **filled_in(seen), **moving(seen), **_own(config, image.get("Config") or {})}


def _own(config: Seen, image: Seen) -> dict[str, Any]:
    theirs, labels = image.get("Env") or [], image.get("Labels") or {}
    return {
        "envs": [entry for entry in config.get("Env") or [] if entry not in theirs],
        "labels": label_blocks({k: v for k, v in (config.get("Labels") or {}).items() if labels.get(k) != v}),
    }


def ports(seen: Seen) -> list[dict[str, Any]]:
    """Return the published ports, with those that the daemon chose while it runs."""
    chosen = (seen.get("NetworkSettings") or {}).get("Ports") or {}
    found = []
    for key, bindings in sorted((seen["HostConfig"].get("PortBindings") or {}).items()):
        internal, _, protocol = key.partition("/")
        for index, binding in enumerate(bindings or []):
            external = binding.get("HostPort") or _chosen(chosen.get(key) or [], index)
            port = {"internal": int(internal), "ip": binding.get("HostIp") or "0.0.0.0", "protocol": protocol}  # noqa: S104
            found.append({**port, "external": int(external)} if external else port)
    return found


def _chosen(bindings: list[Mapping[str, str]], index: int) -> str:
    return bindings[index].get("HostPort", "") if index < len(bindings) else ""


def networks(seen: Seen) -> list[dict[str, Any]]:
    """Return the networks that it is connected to beside the one of its mode."""
    own = (seen["HostConfig"].get("NetworkMode"), "bridge", "host", "none")
    # The daemon gives every container its id and its host name as aliases.
    given = (str(seen.get("Id", ""))[:12], seen["Config"].get("Hostname"))
    found = []
    for name, settings in sorted(((seen.get("NetworkSettings") or {}).get("Networks") or {}).items()):
        if name in own:
            continue
        addresses = settings.get("IPAMConfig") or {}
        block = filled(
            {
                "aliases": [alias for alias in settings.get("Aliases") or [] if alias not in given],
                "ipv4Address": addresses.get("IPv4Address"),
                "ipv6Address": addresses.get("IPv6Address"),
                "linkLocalIps": addresses.get("LinkLocalIPs"),
                "driverOpts": [f"{k}={v}" for k, v in (settings.get("DriverOpts") or {}).items()],
            }
        )
        found.append({"name": name, **block})
    return found


def is_connected(seen: Seen, network: str) -> bool:
    """Tell whether the container is connected to a network, given by name or id."""
    connected = ((seen.get("NetworkSettings") or {}).get("Networks") or {}).items()
    return any(network in (name, settings.get("NetworkID")) for name, settings in connected)


def network_datas(seen: Seen) -> list[dict[str, Any]]:
    """Return the addresses that it has."""
    return [
        {
            "networkName": name,
            "ipAddress": settings.get("IPAddress") or "",
            "ipPrefixLength": settings.get("IPPrefixLen") or 0,
            "gateway": settings.get("Gateway") or "",
            "globalIpv6Address": settings.get("GlobalIPv6Address") or "",
            "globalIpv6PrefixLength": settings.get("GlobalIPv6PrefixLen") or 0,
            "ipv6Gateway": settings.get("IPv6Gateway") or "",
            "macAddress": settings.get("MacAddress") or "",
        }
        for name, settings in sorted(((seen.get("NetworkSettings") or {}).get("Networks") or {}).items())
    ]


def _mebi(count: int | None) -> int:
    return count // MEBI if count and count > 0 else count or 0


def _healthcheck(seen: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not seen:
        return None
    return {
        "tests": seen.get("Test") or [],
        "interval": duration(seen.get("Interval") or 0),
        "timeout": duration(seen.get("Timeout") or 0),
        "startPeriod": duration(seen.get("StartPeriod") or 0),
        "startInterval": duration(seen.get("StartInterval") or 0),
        "retries": seen.get("Retries") or 0,
    }


def _mount(seen: Mapping[str, Any]) -> dict[str, Any]:
    bind, volume, tmpfs = (seen.get(name) or {} for name in ("BindOptions", "VolumeOptions", "TmpfsOptions"))
    driver = volume.get("DriverConfig") or {}
    return filled(
        {
            "type": seen.get("Type"),
            "target": seen.get("Target"),
            "source": seen.get("Source"),
            "readOnly": seen.get("ReadOnly"),
            "bindOptions": filled({"propagation": bind.get("Propagation")}),
            "volumeOptions": filled(
                {
                    "noCopy": volume.get("NoCopy"),
                    "labels": label_blocks(volume.get("Labels")),
                    "subpath": volume.get("Subpath"),
                    "driverName": driver.get("Name"),
                    "driverOptions": driver.get("Options"),
                }
            ),
            "tmpfsOptions": filled({"sizeBytes": tmpfs.get("SizeBytes"), "mode": tmpfs.get("Mode")}),
        }
    )


def _volumes(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for bind in host.get("Binds") or []:
        source, _, rest = bind.partition(":")
        path, _, modes = rest.partition(":")
        relabel = next((mode for mode in modes.split(",") if mode in ("z", "Z")), None)
        place = "hostPath" if source.startswith("/") else "volumeName"
        extra = filled({"readOnly": "ro" in modes.split(","), "selinuxRelabel": relabel})
        found.append({place: source, "containerPath": path, **extra})
    for origin in host.get("VolumesFrom") or []:
        name, _, mode = origin.partition(":")
        found.append({"fromContainer": name, **filled({"readOnly": mode == "ro"})})
    return found


def _devices(host: Mapping[str, Any]) -> dict[str, Any]:
    rates = {
        "deviceReadBps": "BlkioDeviceReadBps",
        "deviceReadIops": "BlkioDeviceReadIOps",
        "deviceWriteBps": "BlkioDeviceWriteBps",
        "deviceWriteIops": "BlkioDeviceWriteIOps",
    }
    return {
        "devices": [
            {
                "hostPath": device.get("PathOnHost"),
                "containerPath": device.get("PathInContainer"),
                "permissions": device.get("CgroupPermissions"),
            }
            for device in host.get("Devices") or []
        ],
        "deviceCgroupRules": host.get("DeviceCgroupRules"),
        "ulimits": [{"name": u["Name"], "soft": u["Soft"], "hard": u["Hard"]} for u in host.get("Ulimits") or []],
        **{
            ours: [{"path": rate["Path"], "rate": rate["Rate"]} for rate in host.get(theirs) or []]
            for ours, theirs in rates.items()
        },
    }
