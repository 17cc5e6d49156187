"""The deployed sites, measured as the State measures them."""

from __future__ import annotations

import json

import pytest
from deployment import STACK, Deployed

from lab import Lab

REDIRECTS = {"07140", "26161"}


def look(sites: Deployed, lab: Lab, *words: str) -> list[str]:
    return ["rpnt", "--stack", STACK, "--live", "--directly", "--cacert", str(lab.folder / "root.pem"), *words]


def test_what_is_served_passes_and_redirects_fail_by_choice(sites: Deployed, lab: Lab) -> None:
    told = json.loads(sites.numerian(*look(sites, lab, "--format", "json")))["members"]
    full = {code for code, one in told.items() if one["levels"]["site"] == "full"}
    assert full == set(told) - REDIRECTS
    for code in REDIRECTS:
        criterion = told[code]["criteria"]["1.6"]
        assert (criterion["state"], criterion["reason"][:17]) == ("failed", "échoue par choix ")
    assert told["07186"]["criteria"]["1.3"]["reason"] == "https://www.privas.test/ répond 200"


def test_an_authority_that_browsers_know_is_asked_for(sites: Deployed, lab: Lab) -> None:
    """Without the lab's root nobody trusts the lab's certificates: 1.5 alone fails, and it is said."""
    told = sites.numerian("rpnt", "--stack", STACK, "--live", "--directly", "privas", fails=True)
    assert "✗ 1.5" in told
    assert "✓ 1.3" in told
    assert "✓ 1.7" in told


@pytest.mark.parametrize("server", ["alixan"])
def test_a_front_that_is_down_is_named(sites: Deployed, lab: Lab, server: str) -> None:
    sites.sh(server, "docker stop front")
    try:
        told = sites.numerian(*look(sites, lab, "dieulefit", "privas"), fails=True)
    finally:
        sites.sh(server, "docker start front")
    assert "26114 Dieulefit : 1.3" in told
    assert "✓ 1.3" in told
    assert "07186 Privas : 1.3" not in told
