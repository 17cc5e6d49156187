"""docs/inventory.md: every key of the inventory, made from the models by way of the JSON schema (`make docs`)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numerian import schema
from numerian.model.shared import FALLBACK, FORMAT, Php

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "inventory.md"


def _fallback() -> str:
    said = {"quota_mb": FALLBACK.quota_mb, "canonical": FALLBACK.canonical}
    said |= {f"php.{name}": value for name, value in Php().model_dump().items()}
    return "\n".join(f"  - `{name}: {value}`" for name, value in said.items())


_HEAD = f"""\
# The inventory

<!-- Made from the models by `make docs`: edit numerian/model/ and numerian/onboarding/reference_page.py instead. -->

One folder of YAML says everything: a file a member, and four that all share. Nothing else is read.

| file | what it decides |
|---|---|
| [`members/<code>-<name>.yaml`](#members) | who a member is, where it is served, what it has |
| [`plans.yaml`](#plans) | sizes, and what holds when nobody says otherwise |
| [`datacenters.yaml`](#datacenters) | datacenters, servers, settings of the whole platform |
| [`staff.yaml`](#staff) | the operators' accounts on the servers |
| [`allow.yaml`](#allow) | what the guard lets pass, each with a last day and a reason (needn't be there) |

- `numerian new loriol sur drome` writes a member's file; `numerian check` says what is wrong, at its line and column;
  `numerian fmt` lays files out evenly and keeps comments and order; `numerian show privas` says what a member has.
- Editors that know yaml-language-server (VS Code: see `.vscode/`) complete keys and values, explain them in French and
  English, and underline mistakes: the first line of each file names its schema, in `schema/`.
- Values are read as they are written: `07186` and `22:30` need no quotes. A key without a value says nothing.
- Plain names, postcodes, populations, EPCI and places come from `reference/`, by the member's code.
- What a member doesn't say is its plan's, else that of `defaults:` in plans.yaml, else ours:
{_fallback()}

## Format

This page describes format {FORMAT}. An inventory says its own in datacenters.yaml (`format: {FORMAT}`; without it: 1).
`numerian check` tells which command to run when the two differ; `numerian upgrade` brings an older one up to this one,
in place, comments and all (`--dry-run` shows the lines).

| format | what came with it |
|---|---|
| 2 | `capacity: php:` is `php_sites:` (it counts sites; `php:` is a group of settings everywhere else); `format:` |

In the tables: **bold** keys must be there; `<name>` is a name that you choose; `[]` stands for each entry of a list.
"""

_FILES = {
    "member.json": (
        "Members",
        "`members/<code>-<name>.yaml`. Exactly one of `insee`, `siren`, `departement` says who it is.",
        """\
insee: 07186
datacenter: privas
plan: ville
contact: mairie@privas.test
site:
  domain: privas.test
  old_domains:
    - domain: ville-privas.test
      until: 2027-06-30
  webmasters:
    - name: accueil
      password: 1
town_hall:
  address: [Hôtel de ville, 07000 Privas]
  phone: 04 65 71 00 01
  hours:
    - Du lundi au vendredi : de 9 h à 12 h
  director: le maire
""",
    ),
    "plans.json": (
        "Plans",
        "`plans.yaml`. `numerian new` proposes the plan with the lowest `up_to` that reaches the member's population.",
        """\
defaults:
  quota_mb: 500
  canonical: www
plans:
  hameau:
    label: Hameau
    up_to: 200
    quota_mb: 200
  village:
    label: Village
""",
    ),
    "datacenters.json": (
        "Datacenters",
        "`datacenters.yaml`. Paths are relative to this file. `numerian new` proposes the datacenter that is nearest "
        "to the town hall, where one whose best server is half full counts twice as far, and a full one not at all.",
        """\
format: 2
platform:
  security_contact: securite@numerian.test
  host_identity:
    name: Numérian
    address: [1 rue de l’Exemple, 07000 Privas]
  acme:
    directory: https://acme.lab.test:14000/dir
  images:
    front: 2026-07-01
datacenters:
  privas:
    label: Privas
    reboot: mardi 03:30
    longitude: 4.59887
    latitude: 44.73530
servers:
  privas:
    datacenter: privas
    address: 192.0.2.10
    public_addresses: [198.51.100.11, "2001:db8:100::11"]
    capacity: {sites: 500, php_sites: 60, disk_gb: 400, memory_mb: 16000}
""",
    ),
    "staff.json": (
        "Staff",
        "`staff.yaml`. Accounts of functions, not of persons.",
        """\
staff:
  ops1:
    keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ/KOZnb548X2UCI
""",
    ),
    "allow.json": (
        "Allow",
        "`allow.yaml`. What the guard would refuse and may pass this once.",
        """\
allow:
  - rule: capacity
    what: privas
    until: 2027-03-31
    why: the second server comes in March
""",
    ),
}


@dataclass(frozen=True)
class Key:
    """One key: where it stands, and what its schema says of it."""

    path: str
    part: dict[str, Any]
    required: bool


def examples() -> dict[str, str]:
    """Return the page's example of each file, by the name of its schema."""
    return {name: example for name, (_, _, example) in _FILES.items()}


def page() -> str:
    """Return the whole page."""
    parts = [_HEAD]
    for name, text in schema.render().items():
        title, about, example = _FILES[name]
        document = json.loads(text)
        rows = "\n".join(_row(key) for key in keys(document, document))
        head = "| key | what it means | values | default | example |\n|---|---|---|---|---|"
        parts.append(f"## {title}\n\n{about}\n\n```yaml\n{example}```\n\n{head}\n{rows}\n")
    return "\n".join(parts)


def keys(group: dict[str, Any], document: dict[str, Any], prefix: str = "") -> Iterator[Key]:
    """Yield each key of a group and of the groups below it, in their order."""
    required = group.get("required", [])
    for name, part in group.get("properties", {}).items():
        yield Key(f"{prefix}{name}", part, name in required)
        yield from _below(part, document, f"{prefix}{name}")


def _below(part: dict[str, Any], document: dict[str, Any], path: str) -> Iterator[Key]:
    part = _resolved(part, document)
    for choice in part.get("anyOf", ()):
        if "array" in (kind := _resolved(choice, document)).get("type", ()) or "properties" in kind:
            yield from _below(choice, document, path)
            return
    if "properties" in part:
        yield from keys(part, document, f"{path}.")
    elif isinstance(items := part.get("items"), dict):
        yield from _below(items, document, f"{path}[]")
    else:
        named = [*part.get("patternProperties", {}).values(), part.get("additionalProperties")]
        for inner in (one for one in named if isinstance(one, dict)):
            yield from _below(inner, document, f"{path}.<name>")


def _resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    reference = part.get("$ref") or next((one.get("$ref") for one in part.get("allOf", ())), None)
    if reference is None:
        return part
    found: dict[str, Any] = document["definitions"][reference.rpartition("/")[2]]
    return found


def _row(key: Key) -> str:
    path = f"**`{key.path}`**" if key.required else f"`{key.path}`"
    meaning = key.part.get("markdownDescription") or key.part.get("description", "")
    french, _, english = meaning.partition("\n\n")
    told = f"{english.strip('*')}<br>*{french}*" if english else french
    default = key.part.get("default")
    shown = "" if default in (None, [], {}) or isinstance(default, dict) else f"`{_yaml(default)}`"
    example = ", ".join(f"`{_yaml(one)}`" for one in key.part.get("examples", ())[:1])
    return f"| {path} | {_cell(told)} | {_cell(_values(key.part))} | {shown} | {_cell(example)} |"


def _values(part: dict[str, Any]) -> str:
    """Return which values a key takes, in words."""
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if part.get("pattern", "").startswith("^[0-9]{4}-"):
        return "a date"
    if "minimum" in part:
        return f"{part['minimum']:,} … {part['maximum']:,}".replace(",", " ")
    kinds = [part.get("type"), *(choice.get("type") for choice in part.get("anyOf", ()))]
    if "array" in kinds:
        return "a list" if part.get("type") == "array" else "one, or a list"
    words = {"boolean": "`true`, `false`", "object": "a group", None: "a group"}
    return words.get(kinds[0] if isinstance(kinds[0], str) or kinds[0] is None else "string", "text")


def _yaml(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    """Write the schema and the page of this checkout."""
    for path in schema.write(ROOT / "inventory" / "schema"):
        sys.stdout.write(f"written: {path.relative_to(ROOT)}\n")
    text = page()
    if not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        PAGE.write_text(text, encoding="utf-8")
        sys.stdout.write(f"written: {PAGE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
