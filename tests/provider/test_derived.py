"""Password and KeyPair: derived values are stable for ever."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from provider.errors import ProviderError
from provider.kinds.base import UNKNOWN, Change, Context
from provider.kinds.derive import ALPHABET, P256_ORDER, derive, p256_scalar, password
from provider.kinds.keypair import KeyPair
from provider.kinds.password import Password
from provider.runtime import Runtime
from provider.secrets import Secret

ROOT = b"R" * 32
CONTEXT = Context("numerian", "lab", "mail")
RUNTIME: Any = Runtime(hosts=None, root_secret=Secret(base64.b64encode(ROOT).decode()))  # type: ignore[arg-type]


GOLDEN_PASSWORD = "Li53wBbVqdZS8VFhcJx3ZsDe"
GOLDEN_SCALAR = 0x42025E3990B85910BEEEF845B4171504AD45932FB5CEDB786BAFAB7169842C04


def test_the_derivation_is_hkdf() -> None:
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"numerian", b"kind", b"name", b"7"))
    assert derive(ROOT, "kind", "name", 7, 100) == HKDF(SHA256(), 100, None, info).derive(ROOT)


def test_derived_values_never_change() -> None:
    """Every password in use is one of these: a change here locks people out."""
    assert password(ROOT, "mail", 1, 24) == GOLDEN_PASSWORD
    assert p256_scalar(ROOT, "mail", 1) == GOLDEN_SCALAR


def test_name_version_kind_and_root_each_matter() -> None:
    values = {
        password(ROOT, "mail", 1, 24),
        password(ROOT, "mail", 2, 24),
        password(ROOT, "mai", 1, 24),
        password(b"S" * 32, "mail", 1, 24),
        password(ROOT, "mail", 1, 25)[:24],
    }
    assert len(values) == 5
    assert derive(ROOT, "ab", "c", 1, 32) != derive(ROOT, "a", "bc", 1, 32)


def test_a_password_has_its_length_and_alphabet() -> None:
    for length in (12, 24, 128):
        value = password(ROOT, "mail", 1, length)
        assert len(value) == length and set(value) <= set(ALPHABET)


def test_scalars_are_in_range() -> None:
    assert all(0 < p256_scalar(ROOT, "x", version) < P256_ORDER for version in range(200))


@pytest.mark.parametrize("algorithm", ["ed25519", "ecdsa-p256"])
def test_both_halves_of_a_key_pair_fit(algorithm: str) -> None:
    inputs, failures = asyncio.run(KeyPair(RUNTIME).check(CONTEXT, {}, {"algorithm": algorithm}))
    assert failures == []
    first = asyncio.run(KeyPair(RUNTIME).create(CONTEXT, inputs)).outputs
    assert asyncio.run(KeyPair(RUNTIME).create(CONTEXT, inputs)).outputs == first
    key = load_pem_private_key(first["privateKey"].encode(), None)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    assert public.decode() == first["publicKey"]


def test_defaults_are_filled_in_and_nonsense_is_refused() -> None:
    inputs, failures = asyncio.run(Password(RUNTIME).check(CONTEXT, {}, {}))
    assert (inputs, failures) == ({"length": 24, "version": 1}, [])
    _, failures = asyncio.run(Password(RUNTIME).check(CONTEXT, {}, {"length": 4, "version": "x", "colour": 1}))
    assert [failure.property for failure in failures] == ["colour", "length", "version"]
    _, failures = asyncio.run(KeyPair(RUNTIME).check(CONTEXT, {}, {"algorithm": "rsa"}))
    assert [failure.property for failure in failures] == ["algorithm"]


def test_the_same_inputs_are_no_diff_and_a_version_is_one() -> None:
    kind = Password(RUNTIME)
    state = asyncio.run(kind.create(CONTEXT, {"length": 24, "version": 1}))
    assert asyncio.run(kind.diff(CONTEXT, state.id, state.outputs, {"length": 24, "version": 1})).changes == {}
    changed = asyncio.run(kind.diff(CONTEXT, state.id, state.outputs, {"length": 24, "version": 2}))
    assert changed.changes == {"version": Change.UPDATE}


def test_a_preview_knows_the_value_unless_an_input_is_unknown() -> None:
    kind = Password(RUNTIME)
    known = asyncio.run(kind.preview(CONTEXT, None, {"length": 24, "version": 1}))
    assert known == asyncio.run(kind.create(CONTEXT, {"length": 24, "version": 1})).outputs
    assert asyncio.run(kind.preview(CONTEXT, None, {"length": UNKNOWN, "version": 1}))["value"] is UNKNOWN


def test_without_a_root_secret_the_remedy_is_said() -> None:
    bare = Password(Runtime(hosts=None))  # type: ignore[arg-type]
    with pytest.raises(ProviderError, match="pulumi config set --secret numerian:rootSecret"):
        asyncio.run(bare.create(CONTEXT, {"length": 24, "version": 1}))
