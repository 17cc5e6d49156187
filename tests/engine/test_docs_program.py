"""A program written from pulumi-docker's own documentation, through the real engine on this machine's Docker."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

import docker
from engine_stack import Stack

# The documentation's first example (image, container) with its network and port examples; only the image's name is
# one that this machine has.
PROGRAM = """
    import pulumi
    import pulumi_docker as docker

    # Find the latest image.
    ubuntu = docker.RemoteImage("ubuntu", name="{image}", keep_locally=True)

    # The documentation's example of a build; its folder is the program's own.
    zoo = docker.RemoteImage(
        "zoo",
        name="{unique}-zoo",
        build=docker.RemoteImageBuildArgs(
            context=".", tags=["{unique}-zoo:develop"], build_args={{"foo": "zoo"}}, label={{"author": "zoo"}}
        ),
    )

    private_network = docker.Network("private_network", name="{unique}-net")
    shared_volume = docker.Volume("shared_volume")

    # Start a container
    container = docker.Container(
        "ubuntu-container",
        name="{unique}",
        image=ubuntu.image_id,
        command=["sleep", "infinity"],
        restart="{restart}",
        envs=["DEBUG=0"],
        ports=[docker.ContainerPortArgs(internal=80, external={port}, ip="127.0.0.1")],
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=private_network.name, aliases=["web"])],
        volumes=[docker.ContainerVolumeArgs(container_path="/data", volume_name=shared_volume.name)],
        labels=[docker.ContainerLabelArgs(label="b", value="2"), docker.ContainerLabelArgs(label="a", value="1")],
        must_run=True,
    )
    pulumi.export("containerId", container.id)
    pulumi.export("networkDatas", container.network_datas)
"""


def free_ports() -> list[int]:
    """Two ports that nobody has, below those that the kernel gives to connections."""
    free = []
    for port in range(18080, 30000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            free.append(port)
        if len(free) == 2:
            return free
    raise AssertionError("no free port")


def test_a_program_from_the_documentation_lives_its_whole_life(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str
) -> None:
    first_port, second_port = free_ports()

    def write(port: int = first_port, restart: str = "no") -> None:
        stack.write(PROGRAM.format(image=image, unique=unique, port=port, restart=restart))

    (stack.folder / "Dockerfile").write_text(f"FROM {image}\nARG foo\nRUN echo $foo > /animal\n")
    write()
    shown = stack.preview()
    assert set(shown.changes().values()) == {"create"}
    made = stack.up()
    names = {"default_5_2_0", "ubuntu", "zoo", "private_network", "shared_volume", "ubuntu-container"}
    assert set(made.changes()) == names
    assert any(line.startswith("Step ") for line in made.status), "a build is seen at work"
    assert daemon.inspect_image(f"{unique}-zoo:develop")["Config"]["Labels"] == {"author": "zoo"}
    first = stack.outputs()["containerId"]
    seen = daemon.inspect_container(unique)
    assert seen["Id"] == first
    assert seen["State"]["Running"]
    assert set(seen["NetworkSettings"]["Networks"]) == {f"{unique}-net"}
    assert "web" in seen["NetworkSettings"]["Networks"][f"{unique}-net"]["Aliases"]
    assert seen["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(first_port)}]}
    assert stack.outputs()["networkDatas"][0]["networkName"] == f"{unique}-net"
    kept = stack.state("ubuntu")
    assert kept["id"] == kept["outputs"]["imageId"] + image
    volume = stack.state("shared_volume")["id"]
    assert volume.startswith("shared_volume-")

    assert stack.up().changes() == {}
    assert stack.refresh().changes() == {}
    assert stack.up().changes() == {}

    write(restart="unless-stopped")
    updated = stack.up()
    assert updated.changes() == {"ubuntu-container": "update"}
    assert stack.outputs()["containerId"] == first
    assert daemon.inspect_container(unique)["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"

    write(restart="unless-stopped", port=second_port)
    shown = stack.preview()
    assert set(shown.diffs["ubuntu-container"]) == {"ports[0].external"}
    replaced = stack.up()
    assert replaced.changes() == {"ubuntu-container": "replace"}
    assert stack.outputs()["containerId"] != first
    assert stack.up().changes() == {}

    stack.run("destroy", "--yes", "--skip-preview")
    assert daemon.containers(all=True, filters={"name": unique}) == []
    assert daemon.networks(names=[f"{unique}-net"]) == []
    assert daemon.volumes(filters={"name": volume})["Volumes"] in (None, [])
    assert daemon.images(name=f"{unique}-zoo:latest") == []
    daemon.remove_image(f"{unique}-zoo:develop", force=True)
    assert daemon.inspect_image(image)["Id"] == kept["outputs"]["imageId"]


DOWN = """
    import pulumi
    import pulumi_docker as docker

    there = docker.Provider("there", host="{host}", disable_docker_daemon_check={unchecked})
    net = docker.Network("net", name="{unique}", opts=pulumi.ResourceOptions(provider=there))
"""


def test_previews_work_while_the_daemon_is_down_and_nothing_is_taken_for_gone(
    stack: Stack, daemon: docker.APIClient, unique: str, tmp_path: Path
) -> None:
    up, down = "unix:///var/run/docker.sock", f"unix://{tmp_path}/docker.sock"
    stack.write(DOWN.format(host=down, unchecked=False, unique=unique))
    assert "can't be reached" in stack.preview(ok=False).text
    stack.write(DOWN.format(host=down, unchecked=True, unique=unique))
    assert stack.preview().changes() == {"there": "create", "net": "create"}
    failed = stack.up(ok=False)
    assert f"the Docker daemon of {down} can't be reached: there is no such socket" in failed.text

    stack.write(DOWN.format(host=up, unchecked=True, unique=unique))
    stack.up()
    id = stack.state("net")["id"]
    stack.write(DOWN.format(host=down, unchecked=True, unique=unique))
    assert stack.up().changes() == {"there": "update"}
    assert "can't be reached" in stack.refresh(ok=False).text
    assert stack.state("net")["id"] == id
    stack.write(DOWN.format(host=up, unchecked=True, unique=unique))
    assert stack.up().changes() == {"there": "update"}
