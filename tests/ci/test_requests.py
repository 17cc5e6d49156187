"""From a request to its review."""

from __future__ import annotations

from conftest import World


def test_try(world: World) -> None:
    path, text = world.member("07186")
    ref = world.request({path: text.replace("domain: ", "domain: ville-")})
    print(world.reviewed(ref))
