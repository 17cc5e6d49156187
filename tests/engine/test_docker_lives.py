"""Each kind's whole life on this machine's Docker: made, read, changed, replaced, imported, taken away."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import docker
import pytest
from driver import CallError, Driver

from engine.docker_plugin.schema import CONTAINER_TYPE, IMAGE_TYPE, NETWORK_TYPE, VOLUME_TYPE

DOCKERFILE = """\
FROM {image}
ARG GREETING
RUN echo "$GREETING le monde" > /greeting
COPY . /app
RUN echo {trigger} > /trigger && ls /app > /listing
"""


@pytest.fixture
def app(tmp_path: Path, image: str) -> Path:
    """A build's folder."""
    app = tmp_path / "app"
    app.mkdir()
    (app / "kept.txt").write_text("kept")
    (app / "left-out.txt").write_text("left out")
    (app / ".dockerignore").write_text("left-*\n")
    (app / "Dockerfile").write_text(DOCKERFILE.format(image=image, trigger=1))
    (app / "left-wrong").write_text(f"FROM {image}\nRUN echo no luck; false\n")
    return app


def built(unique: str, app: Path, trigger: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "name": f"{unique}:1",
        "build": {
            "context": str(app),
            "buildArgs": {"GREETING": "bonjour"},
            "labels": {"maker": "test"},
            "tags": [f"{unique}:also"],
        },
        "triggers": {"files": str(trigger)},
        **more,
    }


def test_an_image_is_built_replaced_on_its_trigger_and_removed(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str, app: Path
) -> None:
    assert plugin.apply(IMAGE_TYPE, "built", **built(unique, app)) == "create"
    assert f"Step 1/6 : FROM {image}" in plugin.lines
    outputs = plugin.state["built"].outputs
    first = outputs["imageId"]
    seen = daemon.inspect_image(f"{unique}:1")
    assert seen["Id"] == first == daemon.inspect_image(f"{unique}:also")["Id"]
    assert seen["Config"]["Labels"] == {"maker": "test"}
    assert outputs["repoDigest"] == ""
    assert plugin.state["built"].id == f"{first}{unique}:1"
    shown = daemon.create_container(f"{unique}:1", ["cat", "/greeting", "/listing"])
    daemon.start(shown["Id"])
    daemon.wait(shown["Id"])
    assert daemon.logs(shown["Id"]).decode().split("\n") == ["bonjour le monde", "Dockerfile", "kept.txt", ""]
    daemon.remove_container(shown["Id"])

    assert plugin.apply(IMAGE_TYPE, "built", **built(unique, app)) == "same"
    assert not plugin.refresh("built")

    (app / "Dockerfile").write_text(DOCKERFILE.format(image=image, trigger=2))
    assert plugin.apply(IMAGE_TYPE, "built", **built(unique, app, 2)) == "replace"
    assert plugin.diffs == ["triggers.files"]
    second = plugin.state["built"].outputs["imageId"]
    assert second != first
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second, "the new image keeps its name"

    # The same files again: the very same image, which the replacement must not take away.
    assert plugin.apply(IMAGE_TYPE, "built", **built(unique, app, 3)) == "replace"
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second

    assert plugin.apply(IMAGE_TYPE, "built", **built(unique, app, 3, keepLocally=True)) == "update"
    plugin.delete("built")
    assert daemon.inspect_image(f"{unique}:1")["Id"] == second

    later = Driver(plugin.host)
    later.take(IMAGE_TYPE, "built", f"{second}{unique}:1")
    later.delete("built")
    assert daemon.images(name=f"{unique}:1") == []
    daemon.remove_image(f"{unique}:also", force=True)


def test_a_build_that_fails_shows_its_last_lines(plugin: Driver, unique: str, app: Path) -> None:
    given = built(unique, app)
    given["build"]["dockerfile"] = "left-wrong"
    with pytest.raises(CallError) as caught:
        plugin.apply(IMAGE_TYPE, "built", **given)
    told = caught.value.args[0]
    assert told.startswith(f"image {unique}:1 can't be built: The command '/bin/sh -c echo no luck; false' returned")
    assert "\n  no luck" in told
    given["build"]["secrets"] = [{"id": "x"}]
    with pytest.raises(CallError, match=r"`build.secrets` of docker:index/remoteImage:RemoteImage isn't served"):
        plugin.apply(IMAGE_TYPE, "built", **given)


def test_an_image_that_isnt_here_and_cant_be_pulled_is_named(plugin: Driver, unique: str) -> None:
    with pytest.raises(CallError, match=f"pulling image localhost:1/{unique}:1: "):
        plugin.apply(IMAGE_TYPE, "pulled", name=f"localhost:1/{unique}:1")
    with pytest.raises(CallError, match="the daemon has no such image, and an id can't be pulled"):
        plugin.apply(CONTAINER_TYPE, "lost", name=unique, image="sha256:" + "0" * 64)


def full(unique: str, image: str, folder: Path, **more: Any) -> dict[str, Any]:
    """A container with every common property."""
    return {
        "name": unique,
        "image": image,
        "entrypoints": ["sh", "-c"],
        "command": ["touch /tmp/ready; exec sleep infinity"],
        "envs": ["Z=1", "A=2"],
        "user": "601:601",
        "workingDir": "/tmp",
        "hostname": "front",
        "domainname": "front.test",
        "readOnly": True,
        "capabilities": {"drops": ["ALL"], "adds": ["NET_BIND_SERVICE"]},
        "securityOpts": ["no-new-privileges:true"],
        "tmpfs": {"/tmp": "size=1m", "/data": ""},
        "mounts": [
            {"type": "bind", "source": str(folder), "target": "/srv", "readOnly": True},
            {"type": "volume", "source": unique, "target": "/vol"},
            {"type": "tmpfs", "target": "/more", "tmpfsOptions": {"sizeBytes": 65536, "mode": 448}},
        ],
        "volumes": [{"hostPath": str(folder), "containerPath": "/bind", "readOnly": True}],
        "ports": [{"internal": 8080}, {"internal": 53, "protocol": "udp", "ip": "127.0.0.1"}],
        "networksAdvanced": [{"name": unique, "ipv4Address": "198.18.7.9", "aliases": ["web"]}],
        "memory": 64,
        "cpuShares": 512,
        "cpus": "0.50",
        "restart": "on-failure",
        "maxRetryCount": 3,
        "labels": [{"label": "z", "value": "1"}, {"label": "a", "value": "2"}],
        "healthcheck": {
            "tests": ["CMD", "stat", "/tmp/ready"],
            "interval": "1s",
            "timeout": "9s",
            "startPeriod": "0.5s",
            "retries": 10,
        },
        "hosts": [{"host": "old.test", "ip": "203.0.113.7"}],
        "dns": ["203.0.113.53", "203.0.113.54"],
        "dnsOpts": ["ndots:1"],
        "dnsSearches": ["lan.test"],
        "ulimits": [{"name": "nofile", "soft": 512, "hard": 1024}],
        "devices": [{"hostPath": "/dev/null", "containerPath": "/dev/nothing"}],
        "logDriver": "json-file",
        "logOpts": {"max-size": "1m"},
        "init": True,
        "stopSignal": "SIGKILL",
        "stopTimeout": 1,
        "shmSize": 16,
        "sysctls": {"net.core.somaxconn": "256"},
        "groupAdds": ["602"],
        "ipcMode": "private",
        "tty": True,
        "wait": True,
        **more,
    }


@pytest.fixture
def places(plugin: Driver, unique: str) -> None:
    """A network and a volume for the container."""
    labels = [{"label": "z", "value": "1"}, {"label": "a", "value": "2"}]
    network = {
        "name": unique,
        "labels": labels,
        "ipamConfigs": [{"subnet": "198.18.7.0/24"}],
        "options": {"com.docker.network.bridge.enable_icc": "true"},
    }
    assert plugin.apply(NETWORK_TYPE, "net", **network) == "create"
    assert plugin.apply(NETWORK_TYPE, "net", **network) == "same"
    assert not plugin.refresh("net")
    assert plugin.apply(NETWORK_TYPE, "net", **network) == "same"
    assert plugin.apply(VOLUME_TYPE, "vol", name=unique, labels=labels) == "create"
    assert not plugin.refresh("vol")
    assert plugin.apply(VOLUME_TYPE, "vol", name=unique, labels=labels) == "same"
    for token, name in ((NETWORK_TYPE, "net"), (VOLUME_TYPE, "vol")):
        other = Driver(plugin.host)
        other.take(token, name, unique)
        assert other.apply(token, name, **{k: v for k, v in plugin.state[name].inputs.items()}) == "same"


@pytest.mark.usefixtures("places")
def test_a_container_of_every_common_property_has_no_diff_ever(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str, tmp_path: Path
) -> None:
    given = full(unique, image, tmp_path)
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "create"
    seen = daemon.inspect_container(unique)
    assert seen["Id"] == plugin.state["box"].id
    assert seen["State"]["Health"]["Status"] == "healthy"
    host = seen["HostConfig"]
    assert (host["Memory"], host["NanoCpus"], host["ShmSize"]) == (64 * 2**20, 5 * 10**8, 16 * 2**20)
    assert (host["CapDrop"], host["ReadonlyRootfs"], host["Init"]) == (["ALL"], True, True)
    assert host["Tmpfs"] == {"/tmp": "size=1m", "/data": ""}
    assert host["PortBindings"]["53/udp"] == [{"HostIp": "127.0.0.1", "HostPort": ""}]
    assert set(seen["NetworkSettings"]["Networks"]) == {unique}
    assert seen["NetworkSettings"]["Networks"][unique]["IPAMConfig"]["IPv4Address"] == "198.18.7.9"
    outputs = plugin.state["box"].outputs
    chosen = {port["internal"]: port["external"] for port in outputs["ports"]}
    assert chosen[8080] == int(seen["NetworkSettings"]["Ports"]["8080/tcp"][0]["HostPort"])
    assert outputs["networkDatas"][0]["ipAddress"] == "198.18.7.9"

    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "same"
    assert not plugin.refresh("box"), "a refresh moves nothing"
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "same"

    # Importing what is there replaces nothing: the state only takes note of what no daemon knows.
    other = Driver(plugin.host)
    other.take(CONTAINER_TYPE, "box", unique)
    assert other.state["box"].id == seen["Id"]
    assert other.apply(CONTAINER_TYPE, "box", **given) == "update"
    assert other.diffs == ["wait"]
    assert other.apply(CONTAINER_TYPE, "box", **given) == "same"
    assert daemon.inspect_container(unique)["State"]["StartedAt"] == seen["State"]["StartedAt"]


@pytest.mark.usefixtures("places")
def test_limits_change_on_the_living_container_and_drift_is_put_right(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str, tmp_path: Path
) -> None:
    given = full(unique, image, tmp_path, memory=32)
    plugin.apply(CONTAINER_TYPE, "box", **given)
    id = plugin.state["box"].id
    given["memory"] = 128
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "update"
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["HostConfig"]["Memory"]) == (id, 128 * 2**20)
    assert not plugin.refresh("box")

    daemon.update_container(unique, mem_limit=48 * 2**20)
    daemon.stop(unique, timeout=0)
    assert plugin.refresh("box")
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "update"
    assert plugin.diffs == ["memory", "mustRun"]
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["HostConfig"]["Memory"], seen["State"]["Running"]) == (id, 128 * 2**20, True)
    assert not plugin.refresh("box")

    given["healthcheck"] = {**given["healthcheck"], "retries": 11}
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "update"
    assert "`healthcheck` of a living container can't be changed" in plugin.warnings[0]

    daemon.disconnect_container_from_network(unique, unique)
    plugin.refresh("box")
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "replace"
    assert plugin.diffs == ["networksAdvanced"]

    daemon.remove_container(unique, force=True)
    assert plugin.refresh("box")
    assert "box" not in plugin.state


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"memory": 64}, {}),
        ({"memory": 64, "memorySwap": 128}, {"memory": 64, "memorySwap": 256}),
        ({"cpuShares": 512}, {"cpuShares": 256}),
        ({"restart": "always"}, {}),
        ({"cpuPeriod": 50000, "cpuQuota": 25000}, {"cpuPeriod": 50000, "cpuQuota": 50000}),
        ({"cpuShares": 512, "cpuSet": "0", "cpuPeriod": 50000, "cpuQuota": 25000}, {}),
    ],
)
def test_a_changed_or_lifted_limit_leaves_no_diff(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    small = {"name": unique, "image": image, "command": ["sleep", "infinity"]}
    plugin.apply(CONTAINER_TYPE, "box", **small, **before)
    assert plugin.apply(CONTAINER_TYPE, "box", **small, **after) == "update"
    plugin.refresh("box")
    assert plugin.apply(CONTAINER_TYPE, "box", **small, **after) == "same", plugin.diffs


def test_a_container_that_doesnt_start_is_taken_up_by_the_next_run(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [{"internal": 80, "external": taken.getsockname()[1], "ip": "127.0.0.1"}]
        given = {"name": unique, "image": image, "command": ["sleep", "infinity"], "ports": ports}
        with pytest.raises(CallError, match=f"starting container {unique}: .*already in use"):
            plugin.apply(CONTAINER_TYPE, "box", **given)
    made = daemon.inspect_container(unique)["Id"]
    assert plugin.state["box"].id == made
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "update"
    seen = daemon.inspect_container(unique)
    assert (seen["Id"], seen["State"]["Running"]) == (made, True)


def test_a_container_that_ends_at_once_shows_its_last_lines(plugin: Driver, image: str, unique: str) -> None:
    given = {"name": unique, "image": image, "command": ["sh", "-c", "echo no luck; exit 3"]}
    with pytest.raises(CallError) as caught:
        plugin.apply(CONTAINER_TYPE, "box", **given)
    assert caught.value.args[0] == (
        f"container {unique} doesn't stay up: it ended with exit code 3; its last lines:\nno luck"
    )
    assert plugin.apply(CONTAINER_TYPE, "box", **given, mustRun=False) == "update"
    assert not plugin.refresh("box")
    assert plugin.apply(CONTAINER_TYPE, "box", **given, mustRun=False) == "same"


def test_a_container_that_isnt_healthy_says_what_its_check_said(plugin: Driver, image: str, unique: str) -> None:
    check = {"tests": ["CMD-SHELL", "echo not yet; exit 1"], "interval": "100ms", "retries": 1}
    given = {"name": unique, "image": image, "command": ["sleep", "infinity"], "wait": True}
    with pytest.raises(CallError, match=f"container {unique} isn't healthy: unhealthy within 60 s; .* said: not yet"):
        plugin.apply(CONTAINER_TYPE, "box", **given, healthcheck=check)


def test_a_container_runs_to_its_end_and_its_log_is_kept(plugin: Driver, image: str, unique: str) -> None:
    given = {
        "name": unique,
        "image": image,
        "command": ["sh", "-c", "cat /greeting; stat -c %a:%u /greeting"],
        "attach": True,
        "logs": True,
        "mustRun": False,
        "uploads": [{"file": "/greeting", "content": "bonjour\n", "permissions": "0640", "owner": "601"}],
    }
    plugin.apply(CONTAINER_TYPE, "box", **given)
    outputs = plugin.state["box"].outputs
    assert (outputs["containerLogs"], outputs["exitCode"]) == ("bonjour\n640:601\n", 0)
    assert not plugin.refresh("box")
    assert plugin.apply(CONTAINER_TYPE, "box", **given) == "same"


def test_anothers_thing_of_the_name_is_a_conflict(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str
) -> None:
    box = daemon.create_container(image, ["sleep", "1"], name=unique)["Id"]
    net = daemon.create_network(unique)["Id"]
    daemon.create_volume(unique, labels={"whose": "another's"})
    try:
        with pytest.raises(CallError, match=f"creating container {unique}: .*already in use"):
            plugin.apply(CONTAINER_TYPE, "box", name=unique, image=image, command=["sleep", "1"])
        with pytest.raises(CallError, match=f"creating network {unique}: .*already exists"):
            plugin.apply(NETWORK_TYPE, "net", name=unique)
        with pytest.raises(CallError, match=f"a volume {unique} is there already with another driver, options or"):
            plugin.apply(VOLUME_TYPE, "vol", name=unique, labels=[{"label": "whose", "value": "mine"}])
        assert plugin.state == {}
    finally:
        daemon.remove_container(box, force=True)
        daemon.remove_network(net)
        daemon.remove_volume(unique)


def test_what_went_away_by_itself_is_taken_away_without_a_word(
    plugin: Driver, daemon: docker.APIClient, image: str, unique: str
) -> None:
    plugin.apply(NETWORK_TYPE, "net", name=unique)
    plugin.apply(VOLUME_TYPE, "vol", name=unique)
    plugin.apply(CONTAINER_TYPE, "box", name=unique, image=image, command=["sleep", "9"], destroyGraceSeconds=1)
    daemon.remove_container(unique, force=True)
    daemon.remove_network(unique)
    daemon.remove_volume(unique)
    plugin.destroy()
