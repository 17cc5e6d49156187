"""What `numerian adopt` prints can be pasted, and names everything by what the state has."""

from __future__ import annotations

import shlex
from typing import Any

from numerian.command.adopt import Adoptable, command, import_file
from numerian.engine.events import step_of

STACK = "urn:pulumi:lab::numerian::"
PROVIDER = f"{STACK}pulumi:providers:docker::privas"
PARENT = f"{STACK}numerian:server:DatacenterServer::privas"


def item(parent: str = PARENT, provider: str = PROVIDER) -> Adoptable:
    token = "docker:index/container:Container"
    new: dict[str, Any] = {"id": "", "custom": True, "parent": parent, "provider": f"{provider}::some-id"}
    step = step_of({"op": "create", "urn": f"{STACK}{token}::front", "type": token, "new": new})
    return Adoptable(step, "privas", "0123abcd")


def test_the_file_names_parent_and_provider_by_urn_even_when_their_names_are_equal() -> None:
    told = import_file([item()])
    (resource,) = told["resources"]
    assert (resource["type"], resource["name"], resource["id"]) == (item().step.type, "front", "0123abcd")
    assert told["nameTable"][resource["parent"]] == PARENT
    assert told["nameTable"][resource["provider"]] == PROVIDER


def test_the_stack_itself_and_default_providers_are_left_out() -> None:
    told = import_file([item(f"{STACK}pulumi:pulumi:Stack::x", f"{STACK}pulumi:providers:docker::default_5_2_0")])
    assert told["nameTable"] == {}
    assert set(told["resources"][0]) == {"type", "name", "id"}


def test_a_command_says_the_same_and_protects_nothing() -> None:
    words = shlex.split(command(item(), "lab"))
    assert words[:5] == ["pulumi", "import", "docker:index/container:Container", "front", "0123abcd"]
    assert words[words.index("--provider") + 1] == f"provider={PROVIDER}"
    assert words[words.index("--parent") + 1] == f"parent={PARENT}"
    assert "--protect=false" in words
