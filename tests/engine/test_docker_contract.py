"""The plugin's tables against pulumi-docker's classes: every property is served, or refused by name."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

import pulumi_docker
import pulumi_docker._inputs
import pytest

from engine.docker_plugin import VERSION
from engine.docker_plugin.properties import Prop
from engine.docker_plugin.schema import PROVIDER, RESOURCES

SDK = {
    "docker:index/network:Network": ("Network", "NetworkArgs"),
    "docker:index/volume:Volume": ("Volume", "VolumeArgs"),
    "docker:index/remoteImage:RemoteImage": ("RemoteImage", "RemoteImageArgs"),
    "docker:index/container:Container": ("Container", "ContainerArgs"),
}


def wire_names(cls: type) -> dict[str, Any]:
    """Return the properties of a class of the SDK by their names on the wire, with their annotations."""
    found = {}
    for name, member in vars(cls).items():
        if isinstance(member, property) and member.fget is not None:
            wire = getattr(member.fget, "_pulumi_name", name)
            found[wire] = member.fget.__annotations__.get("return")
    return found


def sdk_class(name: str) -> type:
    module = pulumi_docker if hasattr(pulumi_docker, name) else pulumi_docker._inputs
    return typing.cast(type, getattr(module, name))


def kind_of(annotation: Any) -> str:
    """Return the type that an annotation means, in this plugin's words."""
    said = str(annotation)
    inner = said.replace("pulumi.output.Output[", "").replace("typing.", "").replace("collections.abc.", "")
    for word in ("Union[", "Optional["):
        inner = inner.replace(word, "")
    for start, kind in (
        ("Sequence[", "list"),
        ("Mapping[str", "map"),
        ("str", "string"),
        ("int", "integer"),
        ("bool", "boolean"),
        ("float", "number"),
        ("ForwardRef(", "object"),
        ("pulumi_docker", "object"),
    ):
        if inner.startswith(start):
            return kind
    raise AssertionError(said)


def test_the_version_is_the_sdks() -> None:
    assert pulumi_docker._utilities.get_version() == VERSION


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_every_property_of_the_sdk_is_known_with_its_type(token: str) -> None:
    resource, arguments = SDK[token]
    inputs, outputs = wire_names(sdk_class(arguments)), wire_names(sdk_class(resource))
    table = RESOURCES[token]
    assert set(table) == set(inputs) | set(outputs)
    assert {name for name, prop in table.items() if prop.output} == set(outputs) - set(inputs)
    assert {name: prop.type for name, prop in table.items()} == {
        name: kind_of(annotation) for name, annotation in {**outputs, **inputs}.items()
    }


@pytest.mark.parametrize("token", sorted(RESOURCES))
def test_required_inputs_are_the_sdks(token: str) -> None:
    resource, _ = SDK[token]
    given = sdk_class(resource)._internal_init.__code__.co_consts  # type: ignore[attr-defined]
    demanded = {
        word.split("'")[1] for word in given if isinstance(word, str) and word.startswith("Missing required property")
    }
    names = {pulumi_name(resource, name) for name in demanded}
    # `name` is made by the plugin where the program gives none, except for images.
    assert {n for n, p in RESOURCES[token].items() if p.required and n != "name"} == names - {"name"}
    assert ("name" in names) == (token == "docker:index/remoteImage:RemoteImage")


def pulumi_name(resource: str, python: str) -> str:
    return typing.cast(str, getattr(vars(sdk_class(resource))[python].fget, "_pulumi_name", python))


def test_every_setting_of_the_provider_is_known() -> None:
    assert set(PROVIDER) == set(wire_names(sdk_class("ProviderArgs")))
    served = {name for name, prop in PROVIDER.items() if not prop.unserved}
    assert served == {"host", "context", "sshOpts", "disableDockerDaemonCheck"}


NESTED = {
    ("docker:index/container:Container", "capabilities"): "ContainerCapabilitiesArgs",
    ("docker:index/container:Container", "deviceReadBps"): "ContainerDeviceReadBpArgs",
    ("docker:index/container:Container", "deviceReadIops"): "ContainerDeviceReadIopArgs",
    ("docker:index/container:Container", "deviceWriteBps"): "ContainerDeviceWriteBpArgs",
    ("docker:index/container:Container", "deviceWriteIops"): "ContainerDeviceWriteIopArgs",
    ("docker:index/container:Container", "deviceRequests"): "ContainerDeviceRequestArgs",
    ("docker:index/container:Container", "devices"): "ContainerDeviceArgs",
    ("docker:index/container:Container", "healthcheck"): "ContainerHealthcheckArgs",
    ("docker:index/container:Container", "hosts"): "ContainerHostArgs",
    ("docker:index/container:Container", "labels"): "ContainerLabelArgs",
    ("docker:index/container:Container", "mounts"): "ContainerMountArgs",
    ("docker:index/container:Container", "mounts.bindOptions"): "ContainerMountBindOptionsArgs",
    ("docker:index/container:Container", "mounts.tmpfsOptions"): "ContainerMountTmpfsOptionsArgs",
    ("docker:index/container:Container", "mounts.volumeOptions"): "ContainerMountVolumeOptionsArgs",
    ("docker:index/container:Container", "networkDatas"): "ContainerNetworkDataArgs",
    ("docker:index/container:Container", "networksAdvanced"): "ContainerNetworksAdvancedArgs",
    ("docker:index/container:Container", "ports"): "ContainerPortArgs",
    ("docker:index/container:Container", "ulimits"): "ContainerUlimitArgs",
    ("docker:index/container:Container", "uploads"): "ContainerUploadArgs",
    ("docker:index/container:Container", "volumes"): "ContainerVolumeArgs",
    ("docker:index/network:Network", "ipamConfigs"): "NetworkIpamConfigArgs",
    ("docker:index/network:Network", "labels"): "NetworkLabelArgs",
    ("docker:index/remoteImage:RemoteImage", "build"): "RemoteImageBuildArgs",
    ("docker:index/volume:Volume", "labels"): "VolumeLabelArgs",
}


@pytest.mark.parametrize(("token", "path"), sorted(NESTED))
def test_every_nested_property_of_the_sdk_is_known_with_its_type(token: str, path: str) -> None:
    fields: Mapping[str, Prop] = RESOURCES[token]
    for step in path.split("."):
        prop = fields[step]
        fields = prop.items.fields if prop.items else prop.fields
    theirs = wire_names(sdk_class(NESTED[token, path]))
    assert {name: prop.type for name, prop in fields.items()} == {n: kind_of(a) for n, a in theirs.items()}


def test_what_isnt_served_says_why() -> None:
    refused = {f"{token}.{name}" for token, table in RESOURCES.items() for name, prop in table.items() if prop.unserved}
    assert refused == {"docker:index/volume:Volume.cluster"}
    assert all(prop.unserved for prop in PROVIDER.values() if prop.type == "list" and prop.items and prop.items.fields)
