"""What the provider serves, as Pulumi's package schema: the engine's and the documentation's view of the resources."""

from __future__ import annotations

from typing import Any

VERSION = "0.1.0"

Property = dict[str, Any]


def _text(description: str, **more: Any) -> Property:
    return {"type": "string", "description": description, **more}


def _number(description: str, default: int) -> Property:
    return {"type": "integer", "description": description, "default": default}


def _flag(description: str) -> Property:
    return {"type": "boolean", "description": description, "default": False}


def _texts(description: str) -> Property:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _maps(description: str) -> Property:
    values = {"type": "object", "additionalProperties": {"type": "string"}}
    return {"type": "array", "items": values, "description": description}


def _map(description: str, values: Property | None = None) -> Property:
    return {
        "type": "object",
        "additionalProperties": values or {"$ref": "pulumi.json#/Any"},
        "description": description,
    }


def _resource(
    description: str,
    inputs: dict[str, Property],
    required: list[str],
    outputs: dict[str, Property] | None = None,
    optional: dict[str, Property] | None = None,
) -> dict[str, Any]:
    return {
        "description": description,
        "inputProperties": inputs,
        "requiredInputs": required,
        "properties": {**inputs, **(outputs or {}), **(optional or {})},
        "required": [*required, *(outputs or {})],
    }


_COMMANDS = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
_HOST = _text("Name of the host in the inventory.")

RESOURCES: dict[str, dict[str, Any]] = {
    "numerian:index:Service": _resource(
        "A daemon whose configuration on a host is a generation: validated whole, swapped in at once.",
        {
            "host": _HOST,
            "name": _text("Name on the host."),
            "root": _text("Folder of the generations."),
            "validate": _texts("Command that judges `{generation}` (relative to `{root}`)."),
            "reload": _texts("Command that makes the daemon read `current` again."),
            "running": _texts("Command that exits 0 while the daemon runs."),
            "watchSeconds": {
                "type": "integer",
                "description": "Seconds of watch after a reload: 5; 30 with `confirm`.",
            },
            "confirm": _flag("Put the old generation back unless a connection made after the reload confirms it."),
        },
        ["host", "name", "root", "validate", "reload", "running"],
    ),
    "numerian:index:Files": _resource(
        "A named set of files, folders and seed files on a host.",
        {
            "host": _HOST,
            "service": _text("Name of the Service that relative paths belong to."),
            "files": _map("Managed files: path to content, mode, owner, group."),
            "folders": _map("Folders with these rights; their content is people's."),
            "seeds": _map("Files written only when absent; then they belong to people."),
            "secrets": _map("Values of `${secret:name}`.", {"type": "string", "secret": True}) | {"secret": True},
            "run": {**_COMMANDS, "description": "Commands run once after a batch that changed an absolute file."},
            "adopt": _flag("Take over what somebody else owns."),
            "moving": _text("JSON: what another `host` means: `content`, `passage`, `give`, `take`, `days`."),
        },
        ["host"],
        optional={"left": _map("Hosts where a move left an old place: until which day.", {"type": "string"})},
    ),
    "numerian:index:Host": _resource(
        "The base of a server: packages, accounts, systemd units, and who and what may be there besides.",
        {
            "host": _HOST,
            "packages": _texts("Debian packages that are installed."),
            "accounts": {"type": "array", "items": {"$ref": "pulumi.json#/Any"}, "description": "Accounts."},
            "units": _map("systemd unit to `enabled`, `disabled` or `masked`.", {"type": "string"}),
            "sysctls": _map("Kernel settings that are compared; `sysctl --system` sets them.", {"type": "string"}),
            "ports": _texts("What may listen on other addresses than loopback, such as `tcp/22`."),
            "rights": _texts("Accounts that may become root; a refresh names all others."),
        },
        ["host"],
    ),
    "numerian:index:Password": _resource(
        "A password derived from the stack's root secret.",
        {"length": _number("Characters, 12 to 128.", 24), "version": _number("Another number, another password.", 1)},
        [],
        {"value": _text("The password.", secret=True)},
    ),
    "numerian:index:KeyPair": _resource(
        "A key pair derived from the stack's root secret.",
        {
            "algorithm": _text("`ed25519` or `ecdsa-p256`.", default="ed25519"),
            "version": _number("Another number, another key.", 1),
        },
        [],
        {
            "privateKey": _text("PEM, PKCS #8.", secret=True),
            "publicKey": _text("One line as in authorized_keys."),
        },
    ),
    "numerian:index:Guard": _resource(
        "Stops an update that would remove, move or take more than anybody means to.",
        {
            "members": _map("Code to what is kept, as JSON: host, kinds, status, site and more.", {"type": "string"}),
            "allow": _maps("What may pass: rule, what, until, why."),
            "leftOut": _texts("Codes that are in the inventory, but not this stack's."),
            "settled": _flag("They are left out by a setting of the stack: on purpose."),
        },
        ["members"],
    ),
}

_CONFIG = {"rootSecret": _text("Base64, 32 bytes or more: what secrets are derived from.", secret=True)}

SCHEMA: dict[str, Any] = {
    "name": "numerian",
    "version": VERSION,
    "description": "Files, services, accounts and derived secrets on hosts reached over SSH",
    "license": "EUPL-1.2",
    "config": {"variables": _CONFIG},
    "provider": {"inputProperties": _CONFIG},
    "resources": RESOURCES,
}


def input_names(token: str) -> set[str]:
    """Return the names of a resource's inputs; the other properties are computed."""
    return set(RESOURCES.get(token, {}).get("inputProperties", {}))
