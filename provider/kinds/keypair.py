"""A key pair that a lost state doesn't lose."""

from __future__ import annotations

from typing import Any, ClassVar

from provider.kinds.base import UNKNOWN, CheckFailure, Props, Unknown
from provider.kinds.derive import ed25519_seed, p256_scalar
from provider.kinds.derived import Derived, whole

ALGORITHMS = ("ed25519", "ecdsa-p256")


class KeyPair(Derived):
    """`privateKey` (PEM, PKCS #8) and `publicKey` (one line of OpenSSH), derived from the root secret."""

    token = "numerian:index:KeyPair"  # noqa: S105 (a type token)
    secret_outputs = ("privateKey",)
    defaults: ClassVar[Props] = {"algorithm": "ed25519", "version": 1}

    def faults(self, inputs: Props) -> list[CheckFailure]:
        """Only algorithms whose keys can be derived: an RSA key would depend on how a library looks for primes."""
        failures = whole(inputs, "version", 1, 2**31)
        algorithm = inputs["algorithm"]
        if not isinstance(algorithm, Unknown) and algorithm not in ALGORITHMS:
            failures.append(CheckFailure("algorithm", f"{algorithm!r} isn't one of {', '.join(ALGORITHMS)}"))
        return failures

    def computed(self, name: str, inputs: Props) -> dict[str, Any]:
        """Derive both halves."""
        # Only key pairs need it, and it costs a command 40 ms.
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        root, version = self.runtime.root_key(), inputs["version"]
        key: Ed25519PrivateKey | EllipticCurvePrivateKey
        if inputs["algorithm"] == "ed25519":
            key = Ed25519PrivateKey.from_private_bytes(ed25519_seed(root, name, version))
        else:
            key = derive_private_key(p256_scalar(root, name, version), SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        return {"privateKey": private.decode(), "publicKey": public.decode()}

    def unknown(self) -> dict[str, Any]:
        """Neither half is known."""
        return {"privateKey": UNKNOWN, "publicKey": UNKNOWN}
