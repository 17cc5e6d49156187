"""The JSON schema of the inventory's files, for editors (completion, hints, red lines while typing).

It is made from the models: `python -m numerian.schema` writes it again, and a test says when it is stale. Editors'
YAML server wants draft-07, while pydantic speaks draft 2020-12; the words that we use differ in few places.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from numerian.model import AllowFile, DatacentersFile, MemberFile, PlansFile, StaffFile

FILES: dict[str, type[BaseModel]] = {
    "member.json": MemberFile,
    "datacenters.json": DatacentersFile,
    "plans.json": PlansFile,
    "staff.json": StaffFile,
    "allow.json": AllowFile,
}
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


def _text(model: type[BaseModel]) -> str:
    schema = _draft_07(model.model_json_schema(ref_template=_SAME + "{model}"))
    return json.dumps({"$schema": _DRAFT, **schema}, ensure_ascii=False, indent=2) + "\n"


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


def main() -> None:
    """Write the schema of the inventory of this checkout."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "inventory") / "schema"
    for path in write(folder):
        print(f"written: {path}")


if __name__ == "__main__":
    main()
