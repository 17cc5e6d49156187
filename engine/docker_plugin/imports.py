"""The inputs that go with a resource's state when the engine reads it: after a refresh, and for an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.docker_plugin.plan import declared_or_seen
from engine.docker_plugin.properties import Prop, check, is_empty

OWN = ("command", "entrypoints", "envs", "labels", "driver", "name", "build")
"""What the daemon may fill in, and yet belongs into the program that an import writes."""

HELD = ("mustRun",)
"""Inputs that a refresh never changes: `mustRun` in the outputs says whether the container runs."""


def imported(fields: Mapping[str, Prop], outputs: Mapping[str, Any], type: str) -> dict[str, Any]:
    """Return what a program would declare to have this resource."""
    told = {
        name: value
        for name, value in outputs.items()
        if name in fields and _is_told(name, fields[name]) and not is_empty(value) and value != fields[name].default
    }
    return check(fields, told, where=type)[0]


def refreshed(fields: Mapping[str, Prop], inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs with what moved since."""
    result: dict[str, Any] = {}
    for name, value in inputs.items():
        if name not in fields or name in HELD:
            result[name] = value
        elif name in outputs:
            result[name] = declared_or_seen(fields[name], value, outputs[name])
    return result


def _is_told(name: str, prop: Prop) -> bool:
    return not prop.output and not prop.unserved and (name in OWN or not (prop.computed or prop.implicit))
