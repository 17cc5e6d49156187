"""Protobuf structs to plain values and back: secrets, unknowns, and what the provider refuses.

Inside the provider a secret is its value; where it was in the inputs is remembered as a path, and the same path in
what goes back is wrapped again. Signatures and sentinels are Pulumi's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, ListValue, Struct, Value

from provider.errors import ProviderError
from provider.kinds.base import UNKNOWN, Unknown
from provider.secrets import Secret

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 (a marker of the protocol)
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
ASSETS = {"c44067f5952c0a294b673a41bacd8c17": "asset", "0def7320c3a5731c473e5ecbe6d01bc7": "archive"}
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWNS = {
    UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
    "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # archive
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # map
}

Path = tuple[str | int, ...]


class ValueRefusedError(ProviderError):
    """A value of a kind that no property takes. `property` is its path."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{show(path)}: {reason}")
        self.property = show(path)
        self.reason = reason


@dataclass
class Received:
    """The plain values of a struct, the paths that were secret, and every secret text in them."""

    values: dict[str, Any] = field(default_factory=dict)
    secret_paths: set[Path] = field(default_factory=set)
    secret_texts: set[str] = field(default_factory=set)


def show(path: Path) -> str:
    """Return a path in Pulumi's syntax.

    >>> show(("files", "a.conf", "mode")), show(("packages", 3))
    ('files["a.conf"].mode', 'packages[3]')
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            quoted = part.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{quoted}"]'
    return text


def receive(struct: Struct) -> Received:
    """Return the plain values of `struct`; assets and archives are refused with the property's path."""
    received = Received()
    for key, value in struct.fields.items():
        received.values[key] = _plain(value, (key,), received, secret=False)
    return received


def _plain(value: Value, path: Path, received: Received, *, secret: bool) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            if value.string_value in UNKNOWNS:
                return UNKNOWN
            if secret:
                received.secret_texts.add(value.string_value)
            return value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            items = enumerate(value.list_value.values)
            return [_plain(item, (*path, index), received, secret=secret) for index, item in items]
        case "struct_value":
            return _object(value.struct_value, path, received, secret=secret)
    return None


def _object(struct: Struct, path: Path, received: Received, *, secret: bool) -> Any:
    fields = struct.fields
    mark = fields[SIGNATURE].string_value if SIGNATURE in fields else None
    if mark is None:
        return {key: _plain(item, (*path, key), received, secret=secret) for key, item in fields.items()}
    if mark == SECRET:
        received.secret_paths.add(path)
        return _plain(fields["value"], path, received, secret=True)
    if mark == OUTPUT:
        hidden = secret or fields["secret"].bool_value
        if hidden:
            received.secret_paths.add(path)
        return _plain(fields["value"], path, received, secret=hidden) if "value" in fields else UNKNOWN
    if mark == RESOURCE:
        return fields["urn"].string_value
    what = ASSETS.get(mark, "value of an unknown kind")
    raise ValueRefusedError(path, f"an {what} isn't taken here; give the text itself")


def some(struct: Struct, names: Iterable[str]) -> Struct:
    """Return those fields of a struct."""
    part = Struct()
    for name in names:
        part.fields[name].CopyFrom(struct.fields[name])
    return part


def send(values: Mapping[str, Any], secret_paths: Iterable[Path] = ()) -> Struct:
    """Return `values` as a struct, what lies at `secret_paths` wrapped as secret. Paths that aren't there are fine."""
    paths = set(secret_paths)
    struct = Struct()
    for key, value in values.items():
        _fill(struct.fields[key], value, (key,), paths)
    return struct


def _fill(target: Value, value: Any, path: Path, secret_paths: set[Path]) -> None:
    if path in secret_paths or isinstance(value, Secret):
        fields = target.struct_value.fields
        fields[SIGNATURE].string_value = SECRET
        target = fields["value"]
        secret_paths = set()
    match value:
        case Secret():
            target.string_value = value.reveal()
        case Unknown():
            target.string_value = UNKNOWN_TEXT
        case Mapping():
            target.struct_value.CopyFrom(Struct())
            for key, item in value.items():
                _fill(target.struct_value.fields[key], item, (*path, key), secret_paths)
        case list() | tuple():
            target.list_value.CopyFrom(ListValue())
            for index, item in enumerate(value):
                _fill(target.list_value.values.add(), item, (*path, index), secret_paths)
        case _:
            _fill_scalar(target, value, path)


def _fill_scalar(target: Value, value: Any, path: Path) -> None:
    match value:
        case None:
            target.null_value = NULL_VALUE
        case bool():
            target.bool_value = value
        case int() | float():
            target.number_value = value
        case str():
            target.string_value = value
        case _:
            raise TypeError(f"{show(path)}: {type(value).__name__} can't go into the state")
