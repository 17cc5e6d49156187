"""A container's properties as the daemon's API takes them (`POST /containers/create`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.docker_plugin.durations import nanoseconds
from engine.docker_plugin.kind import filled, labels

MEBI = 1024 * 1024


def create_config(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that makes the container; its networks are connected afterwards."""
    config: dict[str, Any] = {
        "Image": inputs["image"],
        "Cmd": inputs.get("command"),
        "Entrypoint": inputs.get("entrypoints"),
        "Env": inputs.get("envs"),
        "User": inputs.get("user"),
        "WorkingDir": inputs.get("workingDir"),
        "Hostname": inputs.get("hostname"),
        "Domainname": inputs.get("domainname"),
        "Labels": labels(inputs.get("labels")),
        "Healthcheck": _healthcheck(inputs.get("healthcheck")),
        "StopSignal": inputs.get("stopSignal"),
        "StopTimeout": inputs.get("stopTimeout"),
        "Tty": inputs.get("tty"),
        "OpenStdin": inputs.get("stdinOpen"),
        "ExposedPorts": {_port_key(port): {} for port in inputs.get("ports") or []},
        "Volumes": {v["containerPath"]: {} for v in inputs.get("volumes") or [] if _is_anonymous(v)},
    }
    return {**filled(config), "HostConfig": _host_config(inputs)}


def limits(inputs: Mapping[str, Any], lifted: Mapping[str, int], cpus: int) -> dict[str, Any]:
    """Return what Docker changes on a living container, in the words of the SDK's `update_container`.

    A limit on memory brings one on memory and swap along, twice as much, as Docker sets it for a new container:
    without it, raising the first above the second is refused.

    Args:
        inputs: what is declared.
        lifted: for limits that were declared and aren't any more, the widest value.
        cpus: how many processors the host has.
    """
    wanted = {**lifted, **filled(inputs)}
    memory, swap = wanted.get("memory", 0), wanted.get("memorySwap", 0)
    return {
        "restart_policy": _restart(inputs),
        "mem_limit": _bytes(memory),
        "mem_reservation": _bytes(wanted.get("memoryReservation", 0)),
        "memswap_limit": _bytes(swap) if swap else _bytes(memory * 2),
        "cpu_shares": wanted.get("cpuShares", 0),
        "cpuset_cpus": f"0-{cpus - 1}" if wanted.get("cpuSet") == 0 else wanted.get("cpuSet"),
        "cpu_period": wanted.get("cpuPeriod", 0),
        "cpu_quota": wanted.get("cpuQuota", 0),
    }


def endpoint(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return one of `networksAdvanced` in the words of the SDK's `connect_container_to_network`."""
    return filled(
        {
            "aliases": block.get("aliases"),
            "ipv4_address": block.get("ipv4Address"),
            "ipv6_address": block.get("ipv6Address"),
            "link_local_ips": block.get("linkLocalIps"),
            "mac_address": block.get("macAddress"),
            "driver_opt": dict(option.partition("=")[::2] for option in block.get("driverOpts") or []),
        }
    )


def _host_config(inputs: Mapping[str, Any]) -> dict[str, Any]:
    capabilities = inputs.get("capabilities") or {}
    volumes = inputs.get("volumes") or []
    config: dict[str, Any] = {
        "RestartPolicy": _restart(inputs),
        "AutoRemove": inputs.get("rm"),
        "ReadonlyRootfs": inputs.get("readOnly"),
        "Privileged": inputs.get("privileged"),
        "PublishAllPorts": inputs.get("publishAllPorts"),
        "CapAdd": capabilities.get("adds"),
        "CapDrop": capabilities.get("drops"),
        "SecurityOpt": inputs.get("securityOpts"),
        "Mounts": [_mount(mount) for mount in inputs.get("mounts") or []],
        "Binds": [_bind(volume) for volume in volumes if volume.get("hostPath") or volume.get("volumeName")],
        "VolumesFrom": [_volumes_from(volume) for volume in volumes if volume.get("fromContainer")],
        "Tmpfs": inputs.get("tmpfs"),
        "PortBindings": _port_bindings(inputs.get("ports") or []),
        "ExtraHosts": [f"{entry['host']}:{entry['ip']}" for entry in inputs.get("hosts") or []],
        "Dns": inputs.get("dns"),
        "DnsOptions": inputs.get("dnsOpts"),
        "DnsSearch": inputs.get("dnsSearches"),
        "NetworkMode": inputs.get("networkMode"),
        "Memory": _bytes(inputs.get("memory") or 0),
        "MemoryReservation": _bytes(inputs.get("memoryReservation") or 0),
        "MemorySwap": _bytes(inputs.get("memorySwap") or 0),
        "ShmSize": _bytes(inputs.get("shmSize") or 0),
        "CpuShares": inputs.get("cpuShares"),
        "CpusetCpus": inputs.get("cpuSet"),
        "LogConfig": filled({"Type": inputs.get("logDriver"), "Config": inputs.get("logOpts")}),
        "PidMode": inputs.get("pidMode"),
        "IpcMode": inputs.get("ipcMode"),
        "UsernsMode": inputs.get("usernsMode"),
        "CgroupnsMode": inputs.get("cgroupnsMode"),
        "CgroupParent": inputs.get("cgroupParent"),
        "Runtime": inputs.get("runtime"),
        "Sysctls": inputs.get("sysctls"),
        "StorageOpt": inputs.get("storageOpts"),
        "GroupAdd": inputs.get("groupAdds"),
        **_cpu_time(inputs),
        **_devices(inputs),
    }
    config = filled(config)
    if "init" in inputs:
        # Left out, the daemon's own setting holds; false is an answer.
        config["Init"] = inputs["init"]
    return config


def _cpu_time(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """`cpus` goes before period and quota, as in the official provider."""
    if inputs.get("cpus"):
        return {"NanoCpus": round(float(inputs["cpus"]) * 10**9)}
    return {"CpuPeriod": inputs.get("cpuPeriod"), "CpuQuota": inputs.get("cpuQuota")}


def _devices(inputs: Mapping[str, Any]) -> dict[str, Any]:
    requests = [
        filled(
            {
                "Driver": request.get("driver"),
                "Count": request.get("count"),
                "DeviceIDs": request.get("deviceIds"),
                "Capabilities": [request["capabilities"]] if request.get("capabilities") else None,
                "Options": request.get("options"),
            }
        )
        for request in inputs.get("deviceRequests") or []
    ]
    if inputs.get("gpus") == "all":
        requests.append({"Count": -1, "Capabilities": [["gpu"]]})
    return {
        "Devices": [
            {
                "PathOnHost": device["hostPath"],
                "PathInContainer": device.get("containerPath") or device["hostPath"],
                "CgroupPermissions": device.get("permissions") or "rwm",
            }
            for device in inputs.get("devices") or []
        ],
        "DeviceCgroupRules": inputs.get("deviceCgroupRules"),
        "DeviceRequests": requests,
        "Ulimits": [
            {"Name": limit["name"], "Soft": limit["soft"], "Hard": limit["hard"]}
            for limit in inputs.get("ulimits") or []
        ],
        "BlkioDeviceReadBps": _rates(inputs.get("deviceReadBps")),
        "BlkioDeviceReadIOps": _rates(inputs.get("deviceReadIops")),
        "BlkioDeviceWriteBps": _rates(inputs.get("deviceWriteBps")),
        "BlkioDeviceWriteIOps": _rates(inputs.get("deviceWriteIops")),
    }


def _rates(blocks: Any) -> list[dict[str, Any]]:
    return [{"Path": block["path"], "Rate": block["rate"]} for block in blocks or []]


def _restart(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"Name": inputs.get("restart") or "no", "MaximumRetryCount": inputs.get("maxRetryCount") or 0}


def _bytes(mebibytes: int) -> int:
    return mebibytes * MEBI if mebibytes > 0 else mebibytes


def _healthcheck(block: Mapping[str, Any] | None) -> dict[str, Any]:
    if not block:
        return {}
    return {
        "Test": block.get("tests") or [],
        "Interval": nanoseconds(block.get("interval") or "0s"),
        "Timeout": nanoseconds(block.get("timeout") or "0s"),
        "StartPeriod": nanoseconds(block.get("startPeriod") or "0s"),
        "Retries": block.get("retries") or 0,
        **filled({"StartInterval": nanoseconds(block.get("startInterval") or "0s")}),
    }


def _port_key(port: Mapping[str, Any]) -> str:
    return f"{port['internal']}/{port.get('protocol') or 'tcp'}"


def _port_bindings(ports: list[Mapping[str, Any]]) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        external = port.get("external")
        bindings.setdefault(_port_key(port), []).append(
            {"HostIp": port.get("ip") or "", "HostPort": str(external) if external else ""}
        )
    return bindings


def _mount(mount: Mapping[str, Any]) -> dict[str, Any]:
    bind, volume, tmpfs = (mount.get(name) or {} for name in ("bindOptions", "volumeOptions", "tmpfsOptions"))
    driver = filled({"Name": volume.get("driverName"), "Options": volume.get("driverOptions")})
    options = {
        "bind": ("BindOptions", filled({"Propagation": bind.get("propagation")})),
        "volume": (
            "VolumeOptions",
            filled(
                {
                    "NoCopy": volume.get("noCopy"),
                    "Labels": labels(volume.get("labels")),
                    "Subpath": volume.get("subpath"),
                    "DriverConfig": driver,
                }
            ),
        ),
        "tmpfs": ("TmpfsOptions", filled({"SizeBytes": tmpfs.get("sizeBytes"), "Mode": tmpfs.get("mode")})),
    }
    name, chosen = options[mount["type"]]
    return filled(
        {
            "Type": mount["type"],
            "Target": mount["target"],
            "Source": mount.get("source"),
            "ReadOnly": mount.get("readOnly"),
            name: chosen,
        }
    )


def _is_anonymous(volume: Mapping[str, Any]) -> bool:
    named = volume.get("hostPath") or volume.get("volumeName") or volume.get("fromContainer")
    return bool(volume.get("containerPath")) and not named


def _bind(volume: Mapping[str, Any]) -> str:
    modes = ["ro" if volume.get("readOnly") else "rw", *filter(None, [volume.get("selinuxRelabel")])]
    return f"{volume.get('hostPath') or volume.get('volumeName')}:{volume.get('containerPath')}:{','.join(modes)}"


def _volumes_from(volume: Mapping[str, Any]) -> str:
    return f"{volume['fromContainer']}:{'ro' if volume.get('readOnly') else 'rw'}"
