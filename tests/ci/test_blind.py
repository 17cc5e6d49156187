"""A state without its secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ci_world import STACK

from ci import published
from ci.blind import PREFIX, SECRET, SIGNATURE, blind
from ci.errors import CiError


def hidden(value: Any) -> dict[str, str]:
    return {SIGNATURE: SECRET, "plaintext": json.dumps(value)}


def state(**resource: Any) -> dict[str, Any]:
    urn = "urn:pulumi:lab::numerian::numerian:index:Files::07186-site"
    return {"version": 3, "deployment": {"resources": [{"urn": urn, "type": "numerian:index:Files", **resource}]}}


def outputs(**values: Any) -> Any:
    copy = blind(state(outputs=values), "lab", "c0ffee", "now")
    return copy["state"]["deployment"]["resources"][0]["outputs"]


def test_equal_secrets_have_equal_stand_ins_and_others_other_ones() -> None:
    found = outputs(a=hidden("hunter-two"), b=hidden({"c": ["hunter-two", "other-one", 7, None, True]}), d="plain")
    a, b = json.loads(found["a"]["plaintext"]), json.loads(found["b"]["plaintext"])
    assert a == b["c"][0] != b["c"][1]
    assert all(one.startswith(PREFIX) for one in (a, *b["c"][1:3], b["c"][4]))
    assert (b["c"][3], found["d"]) == (None, "plain")
    assert "hunter" not in json.dumps(found)


def test_the_next_copy_has_other_stand_ins() -> None:
    assert outputs(a=hidden("hunter-two")) != outputs(a=hidden("hunter-two"))


def test_a_secret_that_stands_in_the_open_stops_it_without_being_told() -> None:
    for value in ("hunter-two", '-----BEGIN KEY-----\nhunter"two\n-----END KEY-----'):
        with pytest.raises(CiError, match=r"the value of 07186-site\.outputs\.a stands in the open") as caught:
            outputs(a=hidden(value), b=f"password is {value}")
        assert "hunter" not in str(caught.value)


def test_an_export_without_its_secrets_is_refused() -> None:
    with pytest.raises(CiError, match="--show-secrets"):
        outputs(a={SIGNATURE: SECRET, "ciphertext": "v1:x:y"})


@pytest.mark.parametrize("text", ["{}", "[]", "x", '{"format": 1, "stack": "lab", "state": {}}'])
def test_only_a_blinded_state_of_the_stack_is_taken(text: str) -> None:
    with pytest.raises(CiError, match=f"this is no blinded state of {STACK}"):
        published.read(text.encode(), STACK)
