"""The JSON schema of the inventory's files, for editors (completion, hints, red lines while typing).

It is made from the models: `make docs` writes it again, and a test says when it is stale. Editors' YAML server wants
draft-07, while pydantic speaks draft 2020-12; the words that we use differ in few places. What a key means is told in
French and in English (`markdownDescription`, which editors show).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from numerian.model import AllowFile, DatacentersFile, MemberFile, PlansFile, StaffFile
from numerian.model.french import in_french

FILES: dict[str, type[BaseModel]] = {
    "member.json": MemberFile,
    "datacenters.json": DatacentersFile,
    "plans.json": PlansFile,
    "staff.json": StaffFile,
    "allow.json": AllowFile,
}
MODELINE = "# yaml-language-server: $schema="
"""How a file's first line tells editors which schema is its own."""
_DRAFT = "http://json-schema.org/draft-07/schema#"
_SAME = "#/definitions/"


def render() -> dict[str, str]:
    """Return the text of each schema file by its name."""
    return {name: _text(model) for name, model in FILES.items()}


def write(folder: Path) -> list[Path]:
    """Write the schema files into `folder` and return those that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, text in render().items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


def modeline(path: Path) -> str | None:
    """Return the first line of a file of the inventory, or None for a file that has no schema.

    >>> modeline(Path("inventory/members/07186-privas.yaml")), modeline(Path("notes.yaml"))
    ('# yaml-language-server: $schema=../schema/member.json', None)
    """
    if path.absolute().parent.name == "members":
        return f"{MODELINE}../schema/member.json"
    name = f"{path.stem}.json"
    return f"{MODELINE}schema/{name}" if name in FILES and name != "member.json" else None


def _text(model: type[BaseModel]) -> str:
    said = model.model_json_schema(ref_template=_SAME + "{model}")
    groups = {model.__name__: said, **said.get("$defs", {})}
    for name, group in groups.items():
        for key, part in group.get("properties", {}).items():
            _explain(name, key, part, groups)
    schema = _draft_07(said)
    return json.dumps({"$schema": _DRAFT, **schema}, ensure_ascii=False, indent=2) + "\n"


def _explain(model: str, key: str, part: dict[str, Any], groups: dict[str, dict[str, Any]]) -> None:
    """Add what a key means in both languages."""
    french = in_french(model, key)
    english = part.get("description") or groups.get(part.get("$ref", "").rpartition("/")[2], {}).get("description", "")
    if french:
        part.setdefault("description", english)
        part["markdownDescription"] = f"{french}\n\n*{english}*"


def _draft_07(schema: Any) -> Any:
    """Return a part of a schema in the words of draft-07."""
    if isinstance(schema, list):
        return [_draft_07(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for word, part in schema.items():
        if word == "title" and isinstance(part, str):
            continue  # made from the key's name: says nothing more
        if word == "default" and part is None:
            continue
        if word in ("properties", "$defs"):
            found["definitions" if word == "$defs" else word] = {name: _draft_07(inner) for name, inner in part.items()}
        else:
            found[word] = _draft_07(part)
    return _beside_reference(_without_null(found))


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Drop "or null": a key that says nothing is left out."""
    choices = schema.get("anyOf")
    if not choices or {"type": "null"} not in choices:
        return schema
    choices = [choice for choice in choices if choice != {"type": "null"}]
    rest = {word: part for word, part in schema.items() if word != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}


def _beside_reference(schema: dict[str, Any]) -> dict[str, Any]:
    """Keep what stands beside a reference: draft-07 ignores it there."""
    if "$ref" not in schema or len(schema) == 1:
        return schema
    rest = {word: part for word, part in schema.items() if word != "$ref"}
    return {**rest, "allOf": [{"$ref": schema["$ref"]}]}
