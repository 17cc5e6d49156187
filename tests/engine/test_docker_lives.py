"""What programs ask of images, containers, networks and volumes, through the real engine on this machine's Docker."""

from __future__ import annotations

import socket
from pathlib import Path

import docker
import pytest
from engine_stack import Stack

BUILD = """
    import pulumi
    import pulumi_docker as docker

    built = docker.RemoteImage(
        "built",
        name="{unique}:1",
        build=docker.RemoteImageBuildArgs(
            context="app",
            dockerfile="{dockerfile}",
            build_args={{"GREETING": "bonjour"}},
            labels={{"maker": "test"}},
            tags=["{unique}:also"],
            {more}
        ),
        triggers={{"files": "{trigger}"}},
        {keep}
    )
    pulumi.export("imageId", built.image_id)
    pulumi.export("repoDigest", built.repo_digest)
"""

DOCKERFILE = """\
FROM {image} AS base
ARG GREETING
RUN echo "$GREETING le monde" > /greeting
COPY . /app
FROM base
RUN echo {trigger} > /trigger && ls /app > /listing
"""


@pytest.fixture
def app(stack: Stack, image: str) -> Path:
    """A build's folder beside the program."""
    app = stack.folder / "app"
    app.mkdir()
    (app / "kept.txt").write_text("kept")
    (app / "left-out.txt").write_text("left out")
    (app / ".dockerignore").write_text("left-*\n")
    (app / "Dockerfile").write_text(DOCKERFILE.format(image=image, trigger=1))
    (app / "left-wrong").write_text(f"FROM {image}\nRUN echo no luck; false\n")
    return app


def build(unique: str, trigger: int = 1, dockerfile: str = "Dockerfile", more: str = "", keep: str = "") -> str:
    return BUILD.format(unique=unique, trigger=trigger, dockerfile=dockerfile, more=more, keep=keep)


def test_an_image_is_built_replaced_on_its_trigger_and_removed(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str, app: Path
) -> None:
    stack.write(build(unique))
    made = stack.up()
    assert any(line.startswith("Step 3/") and ": bonjour" not in line for line in made.status), made.status
    first = stack.outputs()["imageId"]
    seen = daemon.inspect_image(f"{unique}:1")
    assert seen["Id"] == first == daemon.inspect_image(f"{unique}:also")["Id"]
    assert seen["Config"]["Labels"] == {"maker": "test"}
    assert stack.outputs()["repoDigest"] == ""
    assert stack.state("built")["id"] == f"{first}{unique}:1"
    shown = daemon.create_container(f"{unique}:1", ["cat", "/greeting", "/listing"])
    daemon.start(shown["Id"])
    daemon.wait(shown["Id"])
    assert daemon.logs(shown["Id"]).decode().split("\n") == ["bonjour le monde", "Dockerfile", "kept.txt", ""]
    daemon.remove_container(shown["Id"])

    assert stack.up().changes() == {}
    assert stack.refresh().changes() == {}

    (app / "Dockerfile").write_text(DOCKERFILE.format(image=image, trigger=2))
    stack.write(build(unique, 2))
    replaced = stack.up()
    assert replaced.changes() == {"built": "replace"}
    assert set(replaced.diffs["built"]) == {"triggers.files"}
    second = stack.outputs()["imageId"]
    assert second != first
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second, "the new image keeps its name"

    # The same files again: the very same image, which the replacement must not take away.
    stack.write(build(unique, 3))
    assert stack.up().changes() == {"built": "replace"}
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second

    stack.write(build(unique, 3, keep="keep_locally=True,"))
    assert stack.up().changes() == {"built": "update"}
    stack.run("destroy", "--yes", "--skip-preview")
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second
    daemon.remove_image(f"{unique}:1", force=True)
    daemon.remove_image(f"{unique}:also", force=True)


def test_a_build_that_fails_shows_its_last_lines(stack: Stack, unique: str, app: Path) -> None:
    stack.write(build(unique, dockerfile="left-wrong"))
    failed = stack.up(ok=False)
    assert f"image {unique}:1 can't be built: The command '/bin/sh -c echo no luck; false' returned" in failed.text
    assert "\n      no luck\n" in failed.text
    stack.write(build(unique, more='secrets=[{"id": "x"}],'))
    refused = stack.preview(ok=False)
    assert "`build.secrets` of docker:index/remoteImage:RemoteImage isn't served by this docker plugin" in refused.text


FULL = """
    import pulumi
    import pulumi_docker as docker

    image = docker.RemoteImage("image", name="{image}", keep_locally=True)
    net = docker.Network(
        "net",
        name="{unique}",
        internal=True,
        labels=[docker.NetworkLabelArgs(label="z", value="1"), docker.NetworkLabelArgs(label="a", value="2")],
        ipam_configs=[docker.NetworkIpamConfigArgs(subnet="198.18.7.0/24")],
        options={{"com.docker.network.bridge.enable_icc": "true"}},
        {net}
    )
    volume = docker.Volume("volume", name="{unique}", labels=[docker.VolumeLabelArgs(label="a", value="1")], {volume})
    container = docker.Container(
        "container",
        name="{unique}",
        image=image.image_id,
        entrypoints=["sh", "-c"],
        command=["touch /tmp/ready; exec sleep infinity"],
        envs=["Z=1", "A=2"],
        user="601:601",
        working_dir="/tmp",
        hostname="front",
        domainname="front.test",
        read_only=True,
        capabilities=docker.ContainerCapabilitiesArgs(drops=["ALL"], adds=["NET_BIND_SERVICE"]),
        security_opts=["no-new-privileges:true"],
        tmpfs={{"/tmp": "size=1m", "/data": ""}},
        mounts=[
            docker.ContainerMountArgs(type="bind", source="{folder}", target="/srv", read_only=True),
            docker.ContainerMountArgs(type="volume", source=volume.name, target="/vol"),
        ],
        ports=[docker.ContainerPortArgs(internal=8080), docker.ContainerPortArgs(internal=53, protocol="udp")],
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=net.name, ipv4_address="198.18.7.9")],
        memory={memory},
        cpu_shares=512,
        cpus="0.50",
        restart="on-failure",
        max_retry_count=3,
        labels=[docker.ContainerLabelArgs(label="z", value="1"), docker.ContainerLabelArgs(label="a", value="2")],
        healthcheck=docker.ContainerHealthcheckArgs(
            tests=["CMD", "stat", "/tmp/ready"], interval="1s", timeout="2s", start_period="0.5s", retries=10
        ),
        hosts=[docker.ContainerHostArgs(host="old.test", ip="203.0.113.7")],
        dns=["203.0.113.53", "203.0.113.54"],
        ulimits=[docker.ContainerUlimitArgs(name="nofile", soft=512, hard=1024)],
        log_driver="json-file",
        log_opts={{"max-size": "1m"}},
        init=True,
        stop_signal="SIGKILL",
        stop_timeout=1,
        shm_size=16,
        sysctls={{"net.core.somaxconn": "256"}},
        group_adds=["602"],
        ipc_mode="private",
        wait=True,
        wait_timeout=30,
        {container}
    )
    pulumi.export("ports", container.ports)
"""


def full(unique: str, image: str, folder: Path, memory: int = 64, **more: str) -> str:
    extra = {"net": "", "volume": "", "container": "", **more}
    return FULL.format(unique=unique, image=image, folder=folder, memory=memory, **extra)


def test_a_container_of_every_common_property_has_no_diff_ever(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str, tmp_path: Path
) -> None:
    stack.write(full(unique, image, tmp_path))
    stack.up()
    seen = daemon.inspect_container(unique)
    assert seen["State"]["Health"]["Status"] == "healthy"
    assert seen["HostConfig"]["Memory"] == 64 * 2**20
    assert seen["HostConfig"]["NanoCpus"] == 5 * 10**8
    assert seen["HostConfig"]["CapDrop"] == ["ALL"]
    assert seen["HostConfig"]["Tmpfs"] == {"/tmp": "size=1m", "/data": ""}
    assert seen["NetworkSettings"]["Networks"][unique]["IPAMConfig"]["IPv4Address"] == "198.18.7.9"
    chosen = [port["external"] for port in stack.outputs()["ports"] if "external" in port]
    assert all(isinstance(port, int) for port in chosen)
    assert stack.up().changes() == {}
    assert stack.refresh().changes() == {}
    assert stack.up().changes() == {}

    # Importing into an empty state what is there already: no change either.
    ids = {name: stack.state(name)["id"] for name in ("container", "net", "volume")}
    for name in ids:
        stack.run("state", "delete", "--yes", "--force", stack.state(name)["urn"])
    imports = {name: f'opts=pulumi.ResourceOptions(import_="{id}"),' for name, id in ids.items()}
    stack.write(full(unique, image, tmp_path, **imports))
    assert set(stack.up().changes().values()) <= {"import"}
    stack.write(full(unique, image, tmp_path))
    assert stack.up().changes() == {}
    assert daemon.inspect_container(unique)["Id"] == seen["Id"]


def test_limits_change_on_the_living_container(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str, tmp_path: Path
) -> None:
    stack.write(full(unique, image, tmp_path, memory=32))
    stack.up()
    first = daemon.inspect_container(unique)["Id"]
    stack.write(full(unique, image, tmp_path, memory=128))
    assert stack.up().changes() == {"container": "update"}
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["HostConfig"]["Memory"]) == (first, 128 * 2**20)

    daemon.update_container(unique, mem_limit=48 * 2**20)
    daemon.stop(unique, timeout=0)
    stack.refresh()
    shown = stack.preview()
    assert shown.changes() == {"container": "update"}
    assert set(shown.diffs["container"]) == {"memory", "mustRun"}
    assert stack.up().changes() == {"container": "update"}
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["HostConfig"]["Memory"]) == (first, 128 * 2**20)
    assert seen["State"]["Running"]

    daemon.remove_container(unique, force=True)
    assert stack.refresh().ops["container"] in ("refresh", "delete")
    assert stack.up().changes() == {"container": "create"}


SMALL = """
    import pulumi_docker as docker

    container = docker.Container(
        "container", name="{unique}", image="{image}", command={command}, {more}
    )
"""


def test_a_container_that_ends_at_once_is_taken_up_by_the_next_run(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = f'ports=[{{"internal": 80, "external": {port}, "ip": "127.0.0.1"}}],'
        stack.write(SMALL.format(unique=unique, image=image, command='["sleep", "infinity"]', more=ports))
        failed = stack.up(ok=False)
        assert f"starting container {unique}: " in failed.text and "already in use" in failed.text
        made = daemon.inspect_container(unique)["Id"]
        assert stack.state("container")["id"] == made
    stack.up()
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["State"]["Running"]) == (made, True)

    stack.write(SMALL.format(unique=unique, image=image, command='["sh", "-c", "echo no luck; exit 3"]', more=""))
    failed = stack.up(ok=False)
    assert f"container {unique} doesn't stay up: it ended with exit code 3; its last lines:" in failed.text
    assert "no luck" in failed.text

    stack.write(SMALL.format(unique=unique, image=image, command='["sh", "-c", "exit 3"]', more="must_run=False,"))
    stack.up()
    assert stack.refresh().changes() == {}
    assert stack.up().changes() == {}


def test_a_container_runs_to_its_end_and_its_log_is_kept(stack: Stack, image: str, unique: str) -> None:
    uploads = 'attach=True, logs=True, must_run=False, uploads=[{"file": "/greeting", "content": "bonjour"}],'
    stack.write(SMALL.format(unique=unique, image=image, command='["cat", "/greeting"]', more=uploads))
    stack.up()
    outputs = stack.state("container")["outputs"]
    assert (outputs["containerLogs"], outputs["exitCode"]) == ("bonjour", 0)
    assert stack.refresh().changes() == {}
    assert stack.up().changes() == {}


DOWN = """
    import pulumi
    import pulumi_docker as docker

    there = docker.Provider("there", host="{host}", disable_docker_daemon_check={unchecked})
    net = docker.Network("net", name="{unique}", opts=pulumi.ResourceOptions(provider=there))
"""


def test_a_preview_works_while_the_daemon_is_down(stack: Stack, unique: str, tmp_path: Path) -> None:
    down = f"unix://{tmp_path}/docker.sock"
    stack.write(DOWN.format(host=down, unchecked=True, unique=unique))
    assert stack.preview().changes() == {"there": "create", "net": "create"}
    failed = stack.up(ok=False)
    assert f"the Docker daemon of {down} can't be reached: there is no such socket" in failed.text
    stack.write(DOWN.format(host=down, unchecked=False, unique=unique))
    assert "can't be reached" in stack.preview(ok=False).text


def test_a_daemon_that_went_down_is_an_error_at_refresh_and_its_resources_stay(
    stack: Stack, daemon: docker.APIClient, unique: str, tmp_path: Path
) -> None:
    up, down = "unix:///var/run/docker.sock", f"unix://{tmp_path}/docker.sock"
    stack.write(DOWN.format(host=up, unchecked=True, unique=unique))
    stack.up()
    id = stack.state("net")["id"]
    stack.write(DOWN.format(host=down, unchecked=True, unique=unique))
    stack.up()
    assert stack.preview().changes() == {}
    assert "can't be reached" in stack.refresh(ok=False).text
    assert stack.state("net")["id"] == id
    stack.write(DOWN.format(host=up, unchecked=True, unique=unique))
    assert stack.up().changes() == {"there": "update"}


def test_anothers_container_of_the_name_is_a_conflict(
    stack: Stack, daemon: docker.APIClient, image: str, unique: str
) -> None:
    other = daemon.create_container(image, ["sleep", "1"], name=unique)["Id"]
    stack.write(SMALL.format(unique=unique, image=image, command='["sleep", "1"]', more=""))
    failed = stack.up(ok=False)
    assert f"creating container {unique}: " in failed.text and "already in use" in failed.text
    assert daemon.inspect_container(unique)["Id"] == other
    daemon.remove_container(other, force=True)
