"""The package schema that Pulumi's tools ask for (`pulumi package get-schema docker`), made of the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.docker_plugin import VERSION
from engine.docker_plugin.properties import Prop
from engine.docker_plugin.schema import PROVIDER, RESOURCES


def package() -> str:
    """Return the schema of what is served, as JSON."""
    types: dict[str, Any] = {}
    schema = {
        "name": "docker",
        "version": VERSION,
        "description": "The part of pulumi-docker that is served where the official plugin can't be fetched",
        "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
        "provider": {"inputProperties": _properties(PROVIDER, "docker:index/Provider", types)},
        "resources": {token: _resource(token, fields, types) for token, fields in RESOURCES.items()},
        "types": types,
    }
    return json.dumps(schema, sort_keys=True)


def _resource(token: str, fields: Mapping[str, Prop], types: dict[str, Any]) -> dict[str, Any]:
    prefix = f"docker:index/{token.rsplit(':', 1)[-1]}"
    inputs = {name: prop for name, prop in fields.items() if not prop.output}
    return {
        "properties": _properties(fields, prefix, types),
        "inputProperties": _properties(inputs, prefix, types),
        "requiredInputs": sorted(name for name, prop in inputs.items() if prop.required and name != "name"),
    }


def _properties(fields: Mapping[str, Prop], prefix: str, types: dict[str, Any]) -> dict[str, Any]:
    served = {name: prop for name, prop in fields.items() if not prop.unserved}
    result = {}
    for name, prop in served.items():
        entry = _type(prop, prefix + name[0].upper() + name[1:], types)
        if prop.replaces:
            entry["willReplaceOnChanges"] = True
        result[name] = entry
    return result


def _type(prop: Prop, name: str, types: dict[str, Any]) -> dict[str, Any]:
    if prop.type == "list" and prop.items:
        return {"type": "array", "items": _type(prop.items, name, types)}
    if prop.type == "map":
        return {"type": "object", "additionalProperties": {"type": "string"}}
    if prop.type == "object":
        token = f"{name}:{name.rsplit('/', 1)[-1]}"
        types[token] = {
            "type": "object",
            "properties": _properties(prop.fields, name, types),
            "required": sorted(key for key, inner in prop.fields.items() if inner.required),
        }
        return {"$ref": f"#/types/{token}"}
    return {"type": prop.type}
