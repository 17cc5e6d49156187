"""A review that asks the servers first, over SSH as an operator does: the same words and counts as one that doesn't."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from deployment import INVENTORY, STACK, Deployed

MEMBERS = INVENTORY / "members"


@pytest.fixture
def changed(sites: Deployed) -> Iterator[Deployed]:
    """Three members have an edit each; nothing else differs on the servers."""
    sites.numerian("up", "--stack", STACK, "--yes", "--refresh")
    before = {file: file.read_bytes() for file in MEMBERS.iterdir()}
    sites.edit("07151", "domain: mars-ardeche.test", "domain: mars-en-ardeche.test")
    sites.edit("26114", "password: 1", "password: 2")
    sites.edit("07330", "  kind: php\n", "")
    yield sites
    for file, content in before.items():
        file.write_bytes(content)


def reviewed(sites: Deployed, *more: str) -> dict[str, Any]:
    file = sites.folder.parent / "review.json"
    sites.numerian("preview", "--stack", STACK, "--format", "json", "--output", str(file), *more)
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def test_with_the_servers_asked_everything_is_told_the_same(changed: Deployed) -> None:
    by_state, by_servers = reviewed(changed), reviewed(changed, "--refresh")
    assert (by_state.pop("servers_consulted"), by_servers.pop("servers_consulted")) == (False, True)
    assert by_state["counts"]["members_changed"] == 3 and by_state["counts"]["items_deleted"] > 0
    assert by_servers == by_state


def test_what_was_changed_by_hand_is_told_beside_it(changed: Deployed) -> None:
    page = "/srv/front/config/current/sites/07186.conf"
    changed.sh("privas", f"cp {page} /root/kept && echo '# by hand' >> {page}")
    try:
        told = reviewed(changed, "--refresh")
    finally:
        changed.sh("privas", f"cat /root/kept > {page}")
    (privas,) = (section for section in told["sections"] if section["key"] == "07186")
    assert [item["kind"] for item in privas["items"]] == ["drift"]
    assert told["counts"]["members_changed"] == 4
