"""What replaces, what updates and what is no difference, as in the official provider's schema."""

from __future__ import annotations

from typing import Any

import pytest

from engine.docker_plugin.plan import Plan, compare, declared_or_seen, merged
from engine.docker_plugin.properties import UNKNOWN, check
from engine.docker_plugin.schema import CONTAINER_TYPE, IMAGE_TYPE, NETWORK_TYPE, RESOURCES, VOLUME_TYPE

# What the daemon and the defaults add to the outputs beside what a program declares.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    CONTAINER_TYPE: (
        {
            "name": "front",
            "image": "sha256:1",
            "envs": ["B=2", "A=1"],
            "labels": [{"label": "b", "value": "2"}, {"label": "a", "value": "1"}],
            "ports": [{"internal": 80, "external": 8080}, {"internal": 81}],
            "capabilities": {"drops": ["ALL"], "adds": ["NET_BIND_SERVICE"]},
            "mounts": [{"type": "bind", "source": "/srv", "target": "/srv", "readOnly": True}],
            "networksAdvanced": [{"name": "net", "aliases": ["x", "y"]}],
            "healthcheck": {"tests": ["CMD", "true"], "interval": "90s"},
            "cpus": "1.50",
            "memory": 64,
        },
        {
            "envs": ["A=1", "B=2"],
            "labels": [{"label": "a", "value": "1"}, {"label": "b", "value": "2"}],
            "ports": [
                {"internal": 81, "external": 32768, "ip": "0.0.0.0", "protocol": "tcp"},
                {"internal": 80, "external": 8080, "ip": "0.0.0.0", "protocol": "tcp"},
            ],
            "capabilities": {"drops": ["all"], "adds": ["CAP_NET_BIND_SERVICE"]},
            "networksAdvanced": [{"name": "net", "aliases": ["y", "x"]}],
            "healthcheck": {"tests": ["CMD", "true"], "interval": "1m30s", "retries": 0},
            "cpus": "1.5",
            "memorySwap": 128,
            "hostname": "d0c3",
            "logDriver": "json-file",
            "logOpts": {"max-size": "10m"},
            "ipcMode": "private",
            "runtime": "runc",
            "shmSize": 64,
            "user": "601",
            "workingDir": "/",
            "cgroupnsMode": "private",
            "command": ["nginx"],
            "maxRetryCount": 0,
            "privileged": False,
            "exitCode": 0,
            "networkDatas": [{"ipAddress": "203.0.113.2"}],
            "__meta": "{}",
        },
    ),
    NETWORK_TYPE: (
        {"name": "net", "ipamConfigs": [{"subnet": "203.0.113.0/24"}, {"subnet": "2001:db8::/64"}]},
        {
            "driver": "bridge",
            "options": {},
            "internal": False,
            "scope": "local",
            "attachable": False,
            "ipamConfigs": [{"subnet": "2001:db8::/64"}, {"subnet": "203.0.113.0/24"}],
        },
    ),
    VOLUME_TYPE: (
        {"name": "vol", "labels": [{"label": "a", "value": "1"}]},
        {"driver": "local", "mountpoint": "/var/lib/docker/volumes/vol/_data", "driverOpts": {}},
    ),
    IMAGE_TYPE: (
        {"name": "a:1", "build": {"context": "./a", "buildArgs": {"X": "1"}}, "triggers": {"files": "1"}},
        {"imageId": "sha256:1", "repoDigest": ""},
    ),
}


def checked(token: str, given: dict[str, Any]) -> dict[str, Any]:
    inputs, failures = check(RESOURCES[token], given, where=token)
    assert failures == []
    return inputs


def plan(token: str, given: dict[str, Any], changed: dict[str, Any], state: dict[str, Any] | None = None) -> Plan:
    """Compare a resource made of `given` with a program that declares `changed` beside it; None takes one away."""
    old = checked(token, given)
    outputs = {**{k: v for k, v in old.items() if k != "__defaults"}, **CASES[token][1], **(state or {})}
    new = {k: v for k, v in {**given, **changed}.items() if v is not None}
    return compare(RESOURCES[token], outputs, old, checked(token, new))


@pytest.mark.parametrize("token", sorted(CASES))
def test_nothing_to_do_is_nothing_to_do(token: str) -> None:
    """What the daemon fills in, another order of a set, another spelling of the same: no difference."""
    assert plan(token, CASES[token][0], {}).changes == {}


REPLACES = {
    "name": "other",
    "image": "sha256:2",
    "command": ["sh"],
    "entrypoints": ["sh"],
    "envs": ["A=2", "B=2"],
    "user": "0",
    "workingDir": "/x",
    "hostname": "h",
    "domainname": "d",
    "labels": [{"label": "a", "value": "2"}],
    "stopSignal": "SIGINT",
    "stopTimeout": 3,
    "tty": True,
    "stdinOpen": True,
    "readOnly": True,
    "privileged": True,
    "publishAllPorts": True,
    "capabilities": None,
    "securityOpts": ["no-new-privileges:true"],
    "mounts": [{"type": "bind", "source": "/srv", "target": "/srv"}],
    "volumes": [{"volumeName": "v", "containerPath": "/v"}],
    "ports": [{"internal": 80, "external": 8081}, {"internal": 81}],
    "hosts": [{"host": "h", "ip": "203.0.113.9"}],
    "dns": ["203.0.113.9"],
    "dnsOpts": ["x"],
    "dnsSearches": ["x"],
    "networkMode": "host",
    "networksAdvanced": [{"name": "net", "aliases": ["x"]}],
    "ulimits": [{"name": "nofile", "soft": 1, "hard": 2}],
    "devices": [{"hostPath": "/dev/null"}],
    "deviceCgroupRules": ["c 1:3 rwm"],
    "gpus": "all",
    "shmSize": 65,
    "cpus": "2",
    "logDriver": "local",
    "logOpts": {"max-size": "11m"},
    "pidMode": "host",
    "ipcMode": "host",
    "usernsMode": "host",
    "cgroupnsMode": "host",
    "cgroupParent": "x",
    "runtime": "x",
    "platform": "linux/arm64",
    "sysctls": {"net.core.somaxconn": "1"},
    "storageOpts": {"size": "1G"},
    "groupAdds": ["1"],
    "uploads": [{"file": "/x", "content": "y"}],
}

UPDATES = {
    "restart": "always",
    "maxRetryCount": 3,
    "memory": 65,
    "memoryReservation": 1,
    "memorySwap": 200,
    "cpuShares": 2,
    "cpuSet": "0",
    "cpuPeriod": 1000,
    "cpuQuota": 1000,
    "init": True,
    "tmpfs": {"/tmp": ""},
    "healthcheck": {"tests": ["CMD", "false"], "interval": "90s"},
    "rm": True,
    "start": False,
    "attach": True,
    "logs": True,
    "mustRun": False,
    "wait": True,
    "waitTimeout": 61,
    "containerReadRefreshTimeoutMilliseconds": 1,
    "destroyGraceSeconds": 1,
    "removeVolumes": False,
}


@pytest.mark.parametrize("name", sorted(REPLACES))
def test_what_replaces_a_container(name: str) -> None:
    found = plan(CONTAINER_TYPE, CASES[CONTAINER_TYPE][0], {name: REPLACES[name]})
    assert found.replaces == [name] and found.updates == [name]


@pytest.mark.parametrize("name", sorted(UPDATES))
def test_what_updates_a_container(name: str) -> None:
    found = plan(CONTAINER_TYPE, CASES[CONTAINER_TYPE][0], {name: UPDATES[name]})
    assert found.replaces == [] and found.updates == [name]


def test_every_input_of_a_container_is_decided_here() -> None:
    inputs = {name for name, prop in RESOURCES[CONTAINER_TYPE].items() if not prop.output}
    rates = {"deviceReadBps", "deviceReadIops", "deviceWriteBps", "deviceWriteIops", "deviceRequests"}
    assert inputs == set(REPLACES) | set(UPDATES) | rates


@pytest.mark.parametrize(
    ("token", "changed", "replaces"),
    [
        (NETWORK_TYPE, {"driver": "macvlan"}, ["driver"]),
        (NETWORK_TYPE, {"internal": True}, ["internal"]),
        (NETWORK_TYPE, {"ipamConfigs": [{"subnet": "203.0.113.0/25"}]}, ["ipamConfigs"]),
        (NETWORK_TYPE, {"ipv6": True}, ["ipv6"]),
        (VOLUME_TYPE, {"driverOpts": {"type": "tmpfs"}}, ["driverOpts"]),
        (VOLUME_TYPE, {"labels": None}, ["labels"]),
        (IMAGE_TYPE, {"name": "a:2"}, ["name"]),
        (IMAGE_TYPE, {"triggers": {"files": "2"}}, ["triggers"]),
        (IMAGE_TYPE, {"platform": "linux/arm64"}, ["platform"]),
        (IMAGE_TYPE, {"build": {"context": "./b", "buildArgs": {"X": "1"}}}, ["build"]),
        (IMAGE_TYPE, {"build": {"context": "./a", "buildArgs": {"X": "2"}}}, ["build"]),
        (IMAGE_TYPE, {"build": {"context": "./a", "buildArgs": {"X": "1"}, "tags": ["a:x"]}}, []),
        (IMAGE_TYPE, {"build": {"context": "./a", "buildArgs": {"X": "1"}, "remove": False}}, []),
        (IMAGE_TYPE, {"build": None}, ["build"]),
        (IMAGE_TYPE, {"keepLocally": True}, []),
        (IMAGE_TYPE, {"forceRemove": True}, []),
    ],
)
def test_what_replaces_the_others(token: str, changed: dict[str, Any], replaces: list[str]) -> None:
    found = plan(token, CASES[token][0], changed)
    assert found.changes and found.replaces == replaces


def test_paths_lead_to_the_difference() -> None:
    given = CASES[CONTAINER_TYPE][0]
    state = {"ports": [{"internal": 80, "external": 8080}, {"internal": 81, "external": 1}]}
    changed = {"ports": [{"internal": 80, "external": 8081}, {"internal": 81}]}
    assert list(plan(CONTAINER_TYPE, given, changed, state).changes) == ["ports[0].external"]
    build = {"build": {"context": "./a", "buildArgs": {"X": "2", "a b": "3"}}}
    assert list(plan(IMAGE_TYPE, CASES[IMAGE_TYPE][0], build).changes) == [
        "build.buildArgs.X",
        'build.buildArgs["a b"]',
    ]


def test_an_empty_value_in_a_map_says_something() -> None:
    given = {**CASES[CONTAINER_TYPE][0], "tmpfs": {"/tmp": ""}}
    assert plan(CONTAINER_TYPE, given, {}).changes == {}
    assert list(plan(CONTAINER_TYPE, given, {"tmpfs": {"/tmp": "", "/run": ""}}).changes) == ['tmpfs["/run"]']


def test_taking_away_what_the_daemon_would_fill_in_is_a_change_only_when_it_was_declared() -> None:
    given = CASES[CONTAINER_TYPE][0]
    assert plan(CONTAINER_TYPE, given, {}, {"memorySwap": 128}).changes == {}
    assert plan(CONTAINER_TYPE, {**given, "memorySwap": 128}, {"memorySwap": None}).updates == ["memorySwap"]


def test_what_a_daemon_adds_to_a_map_is_no_difference_taking_a_declared_key_away_is() -> None:
    given = {**CASES[CONTAINER_TYPE][0], "logOpts": {"max-size": "1m", "tag": "x"}}
    shown = {"logOpts": {"max-size": "1m", "tag": "x", "max-file": "3"}}
    assert plan(CONTAINER_TYPE, given, {}, shown).changes == {}
    assert list(plan(CONTAINER_TYPE, given, {"logOpts": {"max-size": "1m"}}, shown).changes) == ["logOpts.tag"]


def test_what_only_the_apply_will_know_counts_as_changed() -> None:
    found = plan(CONTAINER_TYPE, CASES[CONTAINER_TYPE][0], {"image": UNKNOWN})
    assert found.replaces == ["image"]


def test_what_the_daemon_shows_beyond_the_declared_is_no_drift() -> None:
    pools = RESOURCES[NETWORK_TYPE]["ipamConfigs"]
    declared = [{"subnet": "203.0.113.0/24"}]
    assert declared_or_seen(pools, declared, [{"subnet": "203.0.113.0/24", "gateway": "203.0.113.1"}]) == declared
    assert declared_or_seen(pools, declared, [{"subnet": "203.0.113.0/25"}]) == [{"subnet": "203.0.113.0/25"}]


def test_a_refresh_keeps_what_the_daemon_doesnt_show() -> None:
    fields = RESOURCES[CONTAINER_TYPE]
    shown = {"restart": "always", "memory": 0, "exitCode": 0}
    assert merged(fields, {"uploads": [{"file": "/x"}], "restart": "no"}, shown) == {
        "uploads": [{"file": "/x"}],
        "restart": "always",
        "exitCode": 0,
    }
