"""What an editor shows: no red line in a sound file, one where a mistake is.

Editors read YAML 1.2 (`07186` is the number 7186) and judge with draft-07; both are played here in small.
"""

# ruff: noqa: E501 (a word of the schema a line)

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from numerian import schema

INVENTORY = Path(__file__).resolve().parents[2] / "inventory"
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}


def as_editors_read(text: str) -> Any:
    def value(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {key.value: value(inner) for key, inner in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [value(inner) for inner in node.value]
        if node.style:
            return node.value
        if re.fullmatch(r"[-+]?[0-9]+", node.value):
            return int(node.value)
        if re.fullmatch(r"[-+]?[0-9]+\.[0-9]+", node.value):
            return float(node.value)
        return {"true": True, "false": False}.get(node.value, node.value)

    return value(yaml.compose(text, Loader=yaml.SafeLoader))


def fits(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Say whether `value` fits a part of a schema; a word that isn't known here fails the test."""
    return all(
        CHECKS[word](value, part, whole)
        for word in part
        if word not in ("$schema", "description", "markdownDescription", "examples", "default", "definitions")
    )


def _type(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    wanted = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return any(isinstance(value, TYPES[name]) and (name == "boolean") == isinstance(value, bool) for name in wanted)


def _properties(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    known = part["properties"]
    return not isinstance(value, dict) or all(
        fits(item, known[key], whole) for key, item in value.items() if key in known
    )


def _pattern_properties(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    ((pattern, inner),) = part["patternProperties"].items()
    return all(fits(item, inner, whole) for key, item in value.items() if re.search(pattern, key))


def _additional(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    rest = {key: item for key, item in value.items() if key not in part.get("properties", {})}
    inner = part["additionalProperties"]
    return not rest if inner is False else all(fits(item, inner, whole) for item in rest.values())


CHECKS: dict[str, Any] = {
    "type": _type,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "propertyNames": lambda value, part, whole: all(fits(key, part["propertyNames"], whole) for key in value),
    "required": lambda value, part, whole: not isinstance(value, dict) or set(part["required"]) <= set(value),
    "items": lambda value, part, whole: not isinstance(value, list) or all(fits(item, part["items"], whole) for item in value),
    "enum": lambda value, part, whole: value in part["enum"],
    "pattern": lambda value, part, whole: not isinstance(value, str) or bool(re.search(part["pattern"], value)),
    "maxLength": lambda value, part, whole: not isinstance(value, str) or len(value) <= part["maxLength"],
    "minimum": lambda value, part, whole: not isinstance(value, int | float) or value >= part["minimum"],
    "maximum": lambda value, part, whole: not isinstance(value, int | float) or value <= part["maximum"],
    "anyOf": lambda value, part, whole: any(fits(value, inner, whole) for inner in part["anyOf"]),
    "allOf": lambda value, part, whole: all(fits(value, inner, whole) for inner in part["allOf"]),
    "oneOf": lambda value, part, whole: [fits(value, inner, whole) for inner in part["oneOf"]].count(True) == 1,
    "$ref": lambda value, part, whole: fits(value, whole["definitions"][part["$ref"].rpartition("/")[2]], whole),
}  # fmt: skip


@pytest.mark.parametrize(
    "path", [*INVENTORY.glob("*.yaml"), *(INVENTORY / "members").glob("*.yaml")], ids=lambda p: p.name
)
def test_a_sound_file_has_no_red_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    document = json.loads(schema.render()[text.splitlines()[0].rpartition("/")[2]])
    assert fits(as_editors_read(text), document, document)


@pytest.mark.parametrize(
    ("sound", "mistake"),
    [
        ("plan: village", "paln: village"),
        ("plan: village", ""),
        ("insee: 07186", ""),
        ("insee: 07186", "insee: 07186\nsiren: 200071413"),
        ("insee: 07186", "insee: Privas"),
        ("domain: a.test", "domain: https://a.test"),
        ("domain: a.test", "domain: a.test\n  kind: statique"),
        ("domain: a.test", "domain: a.test\n  maintenance: peut-être"),
        ("domain: a.test", "domain: a.test\n  to: a.test"),
        ("plan: village", "plan: village\nquota_mb: 0"),
        ("plan: village", "plan: village\nphp:\n  cpu: 0.01"),
        ("plan: village", "plan: village\nleaving_on: 31/12/2026"),
    ],
)
def test_a_mistake_has_one(sound: str, mistake: str) -> None:
    text = "insee: 07186\ndatacenter: privas\nplan: village\nsite:\n  domain: a.test\n"
    document = json.loads(schema.render()["member.json"])
    assert fits(as_editors_read(text), document, document)
    assert not fits(as_editors_read(text.replace(sound, mistake)), document, document)
