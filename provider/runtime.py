"""What the kinds share while the provider runs: the hosts, the stack's root secret, where progress goes."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from provider.errors import ProviderError
from provider.report import Reporter, Silent
from provider.secrets import Secret
from provider.transport import Hosts

if TYPE_CHECKING:
    from provider.batch import Committer

ROOT_SECRET_BYTES = 32
"""Fewest bytes of a root secret: everything derived from it is only as strong as it."""

HOW_TO_SET = (
    'set one with `pulumi config set --secret numerian:rootSecret "$(openssl rand -base64 32)"` and keep a copy of it'
)


@dataclass
class Runtime:
    """Given to each kind when it is made. `root_secret` is set by the provider's configuration."""

    hosts: Hosts
    reporter: Reporter = field(default_factory=Silent)
    root_secret: Secret | None = None

    @cached_property
    def committer(self) -> Committer:
        """What gathers the changes of all kinds, so that they meet in the same batches; made when first asked for."""
        from provider.batch import Committer

        return Committer(self.hosts, self.reporter)

    def root_key(self) -> bytes:
        """Return the root secret's bytes, or say how to set one."""
        if self.root_secret is None:
            raise ProviderError(f"this stack has no root secret to derive passwords and keys from; {HOW_TO_SET}")
        return decode_root_secret(self.root_secret.reveal())


def decode_root_secret(text: str) -> bytes:
    """Return the bytes of a base64 root secret; a `ProviderError` says what is wrong with it, never what it is."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProviderError(f"numerian:rootSecret isn't base64; {HOW_TO_SET}") from error
    if len(key) < ROOT_SECRET_BYTES:
        raise ProviderError(
            f"numerian:rootSecret holds {len(key)} bytes, {ROOT_SECRET_BYTES} are the least; {HOW_TO_SET}"
        )
    return key
