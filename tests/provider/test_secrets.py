"""Secrets: masked wherever they are printed; placeholders found, refused, replaced."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provider.errors import ProviderError
from provider.secrets import Secret, faults, mask, placeholders, substitute


def test_a_secret_masks_itself() -> None:
    secret = Secret("hunter2")
    texts = [str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", "%s" % secret, str([secret])]  # noqa: UP031
    assert not any("hunter2" in text for text in texts)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@given(st.text(), st.text(min_size=4), st.text())
def test_masked_text_never_holds_the_secret(before: str, secret: str, after: str) -> None:
    if secret in "[secret]":
        return
    assert secret not in mask(before + secret + after, [secret]).replace("[secret]", "\0")


def test_a_long_secret_is_masked_by_its_lines() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    assert mask("line 2: MC4CAQAwBQYDK2VwBCIEIA== is odd", [key]) == "line 2: [secret] is odd"


def test_a_short_secret_is_masked_as_a_word_only() -> None:
    assert mask("a cat, at a table", ["at"]) == "a cat, [secret] a table"


def test_placeholders_are_named_refused_and_replaced() -> None:
    content = "password=${secret:db}\nagain=${secret:db} ${PATH} ${secret:mail.key}\n"
    assert placeholders(content) == ["db", "mail.key"]
    assert faults(content, ["db"]) == ["${secret:mail.key} names no secret of this resource; there are: db"]
    assert substitute(content, {"db": Secret("s"), "mail.key": "é"}).decode() == ("password=s\nagain=s ${PATH} é\n")
    with pytest.raises(ProviderError, match="names no secret"):
        substitute(content, {})


@pytest.mark.parametrize("name", ["", "a b", "é", "$(id)"])
def test_odd_names_are_refused(name: str) -> None:
    assert "isn't a name" in faults(f"${{secret:{name}}}", [name])[0]
