"""The properties of a `Files` resource as typed values; contents with their secrets filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from provider.kinds.base import UNKNOWN, Props, Unknown
from provider.plan.facts import Target
from provider.secrets import substitute


@dataclass(frozen=True)
class Rights:
    """Who may do what with a file or folder."""

    mode: str
    owner: str
    group: str


@dataclass(frozen=True)
class File:
    """A file as it should be. `content` is None while it isn't known (a preview)."""

    rights: Rights
    content: bytes | None

    @cached_property
    def sha256(self) -> str | None:
        """Return the content's hash."""
        return None if self.content is None else hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Declared:
    """One `Files` resource."""

    host: str
    service: str | None = None
    files: Mapping[Target, File] = field(default_factory=dict)
    folders: Mapping[str, Rights] = field(default_factory=dict)
    seeds: Mapping[str, File] = field(default_factory=dict)
    run: tuple[tuple[str, ...], ...] = ()
    adopt: bool = False

    @classmethod
    def of(cls, props: Props) -> Declared:
        """Return what checked inputs, or outputs of the state, declare."""
        service = _known(props.get("service"))
        secrets = props.get("secrets") or {}
        return cls(
            host=_known(props.get("host")) or "",
            service=service,
            files={place(path, service): _file(spec, secrets) for path, spec in _map(props, "files").items()},
            folders={path: _rights(spec, "0755") for path, spec in _map(props, "folders").items()},
            seeds={path: _file(spec, secrets) for path, spec in _map(props, "seeds").items()},
            run=tuple(tuple(words) for words in _list(props, "run")),
            adopt=props.get("adopt") is True,
        )


def place(path: str, service: str | None) -> Target:
    """Return where a file of a resource goes: relative paths belong to the service's generation."""
    return Target(path) if path.startswith("/") else Target(path, service or "")


def _known(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _map(props: Props, name: str) -> Mapping[str, Mapping[str, Any]]:
    value = props.get(name)
    if not isinstance(value, Mapping):
        return {}
    return {path: spec for path, spec in value.items() if isinstance(spec, Mapping)}


def _list(props: Props, name: str) -> list[list[str]]:
    value = props.get(name)
    return value if isinstance(value, list) else []


def _rights(spec: Mapping[str, Any], mode: str) -> Rights:
    return Rights(
        _known(spec.get("mode")) or mode, _known(spec.get("owner")) or "root", _known(spec.get("group")) or "root"
    )


def _file(spec: Mapping[str, Any], secrets: Any) -> File:
    return File(_rights(spec, "0644"), _content(spec.get("content"), secrets))


def _content(content: Any, secrets: Any) -> bytes | None:
    if not isinstance(content, str) or isinstance(secrets, Unknown):
        return None
    if any(value == UNKNOWN for value in secrets.values()):
        return None
    return substitute(content, secrets)
