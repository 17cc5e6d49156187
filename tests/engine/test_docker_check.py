"""What a program declares is checked: types, defaults, and clear words for what isn't served."""

from __future__ import annotations

from typing import Any

import pytest

from engine.docker_plugin.container import Container
from engine.docker_plugin.image import RemoteImage
from engine.docker_plugin.properties import UNKNOWN, check
from engine.docker_plugin.schema import CONTAINER_TYPE, IMAGE_TYPE, NETWORK_TYPE, RESOURCES


def failures(token: str, given: dict[str, Any]) -> dict[str, str]:
    return {f.property: f.reason for f in check(RESOURCES[token], given, where=token)[1]}


def test_defaults_are_the_official_ones_and_noted_as_such() -> None:
    inputs, wrong = check(RESOURCES[CONTAINER_TYPE], {"name": "a", "image": "b", "restart": "always"}, where="x")
    assert wrong == []
    assert {k: v for k, v in inputs.items() if k not in ("__defaults", "name", "image")} == {
        "attach": False,
        "containerReadRefreshTimeoutMilliseconds": 15000,
        "logs": False,
        "mustRun": True,
        "networkMode": "bridge",
        "readOnly": False,
        "removeVolumes": True,
        "restart": "always",
        "rm": False,
        "start": True,
        "stdinOpen": False,
        "tty": False,
        "wait": False,
        "waitTimeout": 60,
    }
    assert "restart" not in inputs["__defaults"] and "mustRun" in inputs["__defaults"]


def test_nested_defaults_are_filled_in() -> None:
    inputs, _ = check(RESOURCES[CONTAINER_TYPE], {"name": "a", "image": "b", "ports": [{"internal": 80.0}]}, where="x")
    assert inputs["ports"] == [
        {"internal": 80, "ip": "0.0.0.0", "protocol": "tcp", "__defaults": ["ip", "protocol"]},
    ]


def test_numbers_and_words_are_brought_to_their_types() -> None:
    given = {"name": "a", "image": "b", "memory": "64", "tty": "true", "user": 601.0, "tmpfs": {"/tmp": 1}}
    inputs, wrong = check(RESOURCES[CONTAINER_TYPE], given, where="x")
    assert wrong == []
    assert (inputs["memory"], inputs["tty"], inputs["user"], inputs["tmpfs"]) == (64, True, "601", {"/tmp": "1"})


def test_what_only_the_apply_will_know_is_taken_everywhere() -> None:
    given = {"name": "a", "image": UNKNOWN, "memory": UNKNOWN, "networksAdvanced": [{"name": UNKNOWN}]}
    assert check(RESOURCES[CONTAINER_TYPE], given, where="x")[1] == []


@pytest.mark.parametrize(
    ("token", "given", "path", "words"),
    [
        (CONTAINER_TYPE, {"name": "a"}, "image", "is required"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "imagge": "c"}, "imagge", "has no property `imagge`"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "bridge": "c"}, "bridge", "is an output"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "restart": "maybe"}, "restart", "one of `no`, `on-failure`"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "memory": -1}, "memory", "at least 0"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "memory": 1.5}, "memory", "a whole number"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "envs": "A=1"}, "envs", "a list"),
        (CONTAINER_TYPE, {"name": "a", "image": "b", "ports": [{"external": 1}]}, "ports[0].internal", "is required"),
        (
            CONTAINER_TYPE,
            {"name": "a", "image": "b", "networksAdvanced": [{"name": "n", "gwPriority": 1}]},
            "networksAdvanced[0].gwPriority",
            "isn't served by this docker plugin",
        ),
        (IMAGE_TYPE, {"name": "a", "build": {"context": ".", "secrets": []}}, "build.secrets", "needs BuildKit"),
        (NETWORK_TYPE, {"name": "a", "labels": [{"label": "x"}]}, "labels[0].value", "is required"),
    ],
)
def test_each_fault_is_named_at_its_place(token: str, given: dict[str, Any], path: str, words: str) -> None:
    found = failures(token, given)
    assert set(found) == {path}
    assert words in found[path] and token in found[path]


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        ({"healthcheck": {"tests": ["CMD", "true"], "interval": "5 seconds"}}, "healthcheck.interval"),
        ({"uploads": [{"file": "/x"}]}, "uploads[0]"),
        ({"uploads": [{"file": "/x", "content": "a", "source": "b"}]}, "uploads[0]"),
        ({"uploads": [{"file": "/x", "content": "a", "permissions": "rw"}]}, "uploads[0].permissions"),
        ({"command": ["sh", ""]}, "command"),
        ({"wait": True, "start": False}, "wait"),
    ],
)
def test_a_container_says_what_types_cant(inputs: dict[str, Any], path: str) -> None:
    assert [failure.property for failure in Container().check(inputs)] == [path]


def test_an_image_is_pulled_or_built() -> None:
    both = {"build": {"context": "."}, "pullTriggers": ["x"]}
    assert [failure.property for failure in RemoteImage().check(both)] == ["pullTriggers"]
