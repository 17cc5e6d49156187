"""Secrets from the stack's root secret: the same stack, name, kind and version give the same bytes for ever.

HKDF-SHA256 (RFC 5869). What goes into `info` is length-prefixed, so that no two resources share bytes by a pun.
These functions may never change their results: every password and key in use depends on them.
"""

from __future__ import annotations

import hashlib
import hmac

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
"""Letters and digits that nobody takes for another when he reads them aloud: no I, O, l, 0, 1."""

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_LONGEST = 255 * 32


def derive(root: bytes, kind: str, name: str, version: int, size: int) -> bytes:
    """Return `size` bytes that belong to one resource."""
    if size > _LONGEST:
        raise ValueError(f"HKDF gives {_LONGEST} bytes at most")
    parts = [b"numerian", kind.encode(), name.encode(), str(version).encode()]
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    key = hmac.digest(bytes(32), root, hashlib.sha256)
    block, out, count = b"", b"", 1
    while len(out) < size:
        block = hmac.digest(key, block + info + bytes([count]), hashlib.sha256)
        out += block
        count += 1
    return out[:size]


def password(root: bytes, name: str, version: int, length: int) -> str:
    """Return a password of `length` characters, each of the alphabet's 57 equally likely (5.8 bits)."""
    # The length is part of the kind: a shorter password isn't the beginning of a longer one.
    stream = derive(root, f"password-{length}", name, version, 16 * length)
    fair = 256 - 256 % len(ALPHABET)
    characters = [ALPHABET[byte % len(ALPHABET)] for byte in stream if byte < fair]
    if len(characters) < length:
        raise ValueError("the derived bytes don't suffice")
    return "".join(characters[:length])


def ed25519_seed(root: bytes, name: str, version: int) -> bytes:
    """Return the 32 bytes that are an Ed25519 private key."""
    return derive(root, "ed25519", name, version, 32)


def p256_scalar(root: bytes, name: str, version: int) -> int:
    """Return a private key of P-256: 48 bytes reduced to 1…n-1, so that the bias is below 2^-128 (FIPS 186-5)."""
    wide = int.from_bytes(derive(root, "ecdsa-p256", name, version, 48), "big")
    return wide % (P256_ORDER - 1) + 1
