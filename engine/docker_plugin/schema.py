"""The properties of the provider's settings, of networks, volumes and images, as the official schema has them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.docker_plugin.container_schema import CONTAINER, LABEL
from engine.docker_plugin.properties import Prop, block, blocks, flag, mapping, text, texts, whole

_BUILDKIT = "it needs BuildKit, and images are built here by the daemon's own builder"
_REGISTRY = "log in with `docker login`, whose file is read"
_RARE = "use the official plugin for it"

PROVIDER: Mapping[str, Prop] = {
    "host": text(),
    "context": text(),
    "sshOpts": texts(),
    "disableDockerDaemonCheck": flag(),
    "caMaterial": text(unserved="reach the daemon over ssh:// or unix://"),
    "certMaterial": text(unserved="reach the daemon over ssh:// or unix://"),
    "keyMaterial": text(unserved="reach the daemon over ssh:// or unix://"),
    "certPath": text(unserved="reach the daemon over ssh:// or unix://"),
    "registryAuth": blocks({}, unserved=_REGISTRY),
}

NETWORK: Mapping[str, Prop] = {
    "name": text(required=True, replaces=True),
    "driver": text(computed=True, replaces=True),
    "options": mapping(computed=True, replaces=True),
    "internal": flag(computed=True, replaces=True),
    "attachable": flag(replaces=True),
    "ingress": flag(replaces=True),
    "ipv6": flag(replaces=True),
    "ipamDriver": text(default="default", replaces=True),
    "ipamOptions": mapping(replaces=True),
    "ipamConfigs": blocks(
        {"subnet": text(), "ipRange": text(), "gateway": text(), "auxAddress": mapping()},
        computed=True,
        replaces=True,
        unordered=True,
    ),
    "labels": blocks(LABEL, replaces=True, unordered=True),
    "scope": text(output=True),
}

VOLUME: Mapping[str, Prop] = {
    "name": text(computed=True, replaces=True),
    "driver": text(computed=True, replaces=True),
    "driverOpts": mapping(replaces=True),
    "labels": blocks(LABEL, replaces=True, unordered=True),
    "cluster": block({}, unserved="cluster volumes are swarm's; use the official plugin for them"),
    "mountpoint": text(output=True),
}

BUILD: Mapping[str, Prop] = {
    "context": text(required=True, replaces=True),
    "dockerfile": text(default="Dockerfile", replaces=True),
    "buildArgs": mapping(replaces=True),
    "label": mapping(),
    "labels": mapping(replaces=True),
    "tags": texts(),
    "target": text(replaces=True),
    "noCache": flag(replaces=True),
    "pullParent": flag(replaces=True),
    "forceRemove": flag(replaces=True),
    "remove": flag(default=True),
    "cacheFroms": texts(replaces=True),
    "extraHosts": texts(replaces=True),
    "networkMode": text(replaces=True),
    "platform": text(replaces=True),
    "isolation": text(replaces=True),
    "squash": flag(replaces=True),
    "suppressOutput": flag(replaces=True),
    "shmSize": whole(replaces=True),
    "memory": whole(replaces=True),
    "memorySwap": whole(replaces=True),
    "cpuShares": whole(replaces=True),
    "cpuSetCpus": text(replaces=True),
    "useLegacyBuilder": flag(replaces=True),
    "version": text(replaces=True, choices=("1",)),
    "additionalContexts": texts(unserved=_BUILDKIT),
    "builder": text(unserved=_BUILDKIT),
    "buildLogFile": text(unserved=_BUILDKIT),
    "cacheTos": texts(unserved=_BUILDKIT),
    "provenance": text(unserved=_BUILDKIT),
    "sbom": text(unserved=_BUILDKIT),
    "secrets": blocks({}, unserved=_BUILDKIT),
    "authConfigs": blocks({}, unserved=_REGISTRY),
    "buildId": text(unserved=_RARE),
    "cgroupParent": text(unserved=_RARE),
    "cpuPeriod": whole(unserved=_RARE),
    "cpuQuota": whole(unserved=_RARE),
    "cpuSetMems": text(unserved=_RARE),
    "remoteContext": text(unserved="the context must be a folder; use `context`"),
    "securityOpts": texts(unserved=_RARE),
    "sessionId": text(unserved=_RARE),
    "ulimits": blocks({}, unserved=_RARE),
}

IMAGE: Mapping[str, Prop] = {
    "name": text(required=True, replaces=True),
    "build": block(BUILD),
    "platform": text(replaces=True),
    "pullTriggers": texts(replaces=True, unordered=True),
    "triggers": mapping(replaces=True),
    "keepLocally": flag(),
    "forceRemove": flag(),
    "imageId": text(output=True),
    "repoDigest": text(output=True),
}

NETWORK_TYPE = "docker:index/network:Network"
VOLUME_TYPE = "docker:index/volume:Volume"
IMAGE_TYPE = "docker:index/remoteImage:RemoteImage"
CONTAINER_TYPE = "docker:index/container:Container"

RESOURCES: Mapping[str, Mapping[str, Prop]] = {
    NETWORK_TYPE: NETWORK,
    VOLUME_TYPE: VOLUME,
    IMAGE_TYPE: IMAGE,
    CONTAINER_TYPE: CONTAINER,
}

SCHEMA_VERSIONS: Mapping[str, int] = {CONTAINER_TYPE: 2, NETWORK_TYPE: 1, VOLUME_TYPE: 1}
"""The official provider's versions of its states, noted in ours so that it can take them over."""
