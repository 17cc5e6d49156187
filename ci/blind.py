"""A state without secrets: each is replaced by a stand-in, so that a preview still tells the same changes.

A stand-in is a keyed hash of the secret, under a key that is made for one copy and forgotten: equal secrets have equal
stand-ins, and nothing of a secret is left, not even encrypted. The copy goes into plain text: there is nothing in it
to decrypt, today or ever.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ci.errors import CiError
from ci.published import FORMAT
from numerian import uploads

SIGNATURE = "4dabf18193072939515e22adb298388d"
"""The key by which the engine tells its special values (sdk/go/common/resource, `SigKey`)."""
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (the engine's sign of a secret, `SecretSig`)
PREFIX = "blinded-"
_SHORTEST = 8
"""Characters of a secret, or of a line of it, that are looked for in what is left."""


def blind(deployment: Mapping[str, Any], stack: str, commit: str, now: str) -> dict[str, Any]:
    """Return the published copy of a state that was exported with its secrets shown.

    Raises:
        CiError: a secret's value stands in the open somewhere in the state; it is named, never shown.
    """
    hidden = dict(_secrets(deployment))
    root = base64.b64encode(secrets.token_bytes(48)).decode()
    stand_ins = _stand_ins(deployment, hidden.values(), root)
    copy = _replaced(deployment, stand_ins)
    copy["deployment"].pop("secrets_providers", None)
    _refuse_open(json.dumps(copy), hidden)
    return {"format": FORMAT, "stack": stack, "commit": commit, "at": now, "root_secret": root, "state": copy}


def _refuse_open(text: str, hidden: Mapping[str, Any]) -> None:
    for place, value in hidden.items():
        lines = [line for leaf in _leaves(value) for line in leaf.splitlines()]
        # The first and last lines of PEM keys are everybody's.
        own = [line for line in lines if len(line) >= _SHORTEST and not line.startswith("-----")]
        if any(json.dumps(line)[1:-1] in text for line in own):
            raise CiError(f"the value of {place} stands in the open elsewhere in the state; nothing is published")


def _stand_ins(deployment: Mapping[str, Any], values: Iterable[Any], root: str) -> dict[str, str]:
    key = secrets.token_bytes(32)
    found = {leaf: _stand_in(key, leaf) for value in values for leaf in _leaves(value)}
    for resource in deployment["deployment"].get("resources") or []:
        inputs, outputs = resource.get("inputs") or {}, resource.get("outputs") or {}
        if resource["type"] == "pulumi:providers:numerian" and "rootSecret" in inputs:
            found[_shown(inputs["rootSecret"])] = root
        if resource["type"] == "numerian:index:Password" and "value" in outputs:
            # The program keeps a hash of it: the stand-in's hash is what it will come to.
            login = uploads.password_login(resource["urn"].rpartition("::")[2])
            real, version = _shown(outputs["value"]), int(outputs["version"])
            hashed = uploads.password_hash(real, login, version)
            if hashed in found:
                found[hashed] = uploads.password_hash(found[real], login, version)
    return found


def _stand_in(key: bytes, value: str) -> str:
    return PREFIX + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET


def _shown(value: Any) -> Any:
    """Return what a secret of an export holds.

    Raises:
        CiError: the export keeps it encrypted.
    """
    if "plaintext" not in value:
        raise CiError("the state was exported without its secrets; `pulumi stack export --show-secrets` shows them")
    return json.loads(value["plaintext"])


def _secrets(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every secret with its place."""
    if _is_secret(value):
        yield at, _shown(value)
    elif isinstance(value, Mapping):
        for name, below in value.items():
            here = value["urn"].rpartition("::")[2] if "urn" in value else at
            yield from _secrets(below, f"{here}.{name}" if here else str(name))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _secrets(below, f"{at}[{number}]")


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for below in value.values():
            yield from _leaves(below)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below)
    elif value is not None:
        yield _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _replaced(value: Any, stand_ins: Mapping[str, str], *, inside: bool = False) -> Any:
    """Return the value with its secrets' leaves replaced."""
    if _is_secret(value):
        blinded = _replaced(_shown(value), stand_ins, inside=True)
        return {SIGNATURE: SECRET, "plaintext": json.dumps(blinded)}
    if isinstance(value, Mapping):
        return {name: _replaced(below, stand_ins, inside=inside) for name, below in value.items()}
    if isinstance(value, list):
        return [_replaced(below, stand_ins, inside=inside) for below in value]
    return stand_ins[_text(value)] if inside and value is not None else value
