"""The resource classes for programs. A plain mirror of what the plugin serves; the meaning is in the plugin.

Names are Python's here and Pulumi's in the state (`private_key`, `privateKey`). Everything is keyword-only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi


class File(TypedDict, total=False):
    """A managed or a seed file. `content` may hold `${secret:name}`; `mode` is octal text such as "0644"."""

    content: pulumi.Input[str]
    mode: pulumi.Input[str]
    owner: pulumi.Input[str]
    group: pulumi.Input[str]


class Folder(TypedDict, total=False):
    """A folder that exists with these rights. `mode` is octal text, owner and group names or numbers as text."""

    mode: pulumi.Input[str]
    owner: pulumi.Input[str]
    group: pulumi.Input[str]


class Moving(TypedDict, total=False):
    """What another host means for a set of files.

    `content` are the folders of people that go along. `passage` are files of the service that the old host gets beside
    what it has, so that who still comes there is passed on; the old place is taken away `days` later. What `give`
    prints on the old host `take` reads on the new one.
    """

    content: Sequence[str]
    passage: Mapping[str, File]
    give: Sequence[str]
    take: Sequence[str]
    days: int


class Account(TypedDict, total=False):
    """An account of a host. Without `keys` nobody logs in to it; `uid` and `gid` are numbers."""

    name: pulumi.Input[str]
    uid: pulumi.Input[int]
    gid: pulumi.Input[int]
    groups: pulumi.Input[Sequence[pulumi.Input[str]]]
    shell: pulumi.Input[str]
    keys: pulumi.Input[Sequence[pulumi.Input[str]]]


_Texts = pulumi.Input[Sequence[pulumi.Input[str]]]


class _Resource(pulumi.CustomResource):
    """Translates property names between Python and Pulumi."""

    _names: Mapping[str, str] = {}

    def translate_output_property(self, prop: str) -> str:
        """Return the Python name of a property of the state."""
        return {pulumi_name: name for name, pulumi_name in self._names.items()}.get(prop, prop)

    def translate_input_property(self, prop: str) -> str:
        """Return the state's name of a Python property."""
        return self._names.get(prop, prop)


class Service(_Resource):
    """A daemon whose configuration on a host is a generation: validated whole, swapped in by one rename.

    Args:
        host: Name of the host in the inventory.
        name: Name of the service on that host; `Files` names it in `service`.
        root: Absolute path of the folder that holds `generations/` and the link `current`.
        validate: Command that judges a generation; `{generation}` is its path relative to `{root}`.
        reload: Command that makes the daemon read `current` again; skipped while none runs.
        running: Command that exits 0 while the daemon runs.
        watch_seconds: Seconds that the server watches the daemon after a reload (5; 30 with `confirm`).
        confirm: A reload may lock us out (sshd, firewall): the server itself puts the old generation back unless a
            connection made after the reload says within `watch_seconds` that it got in.
    """

    _names: Mapping[str, str] = {"watch_seconds": "watchSeconds"}
    host: pulumi.Output[str]
    name: pulumi.Output[str]
    root: pulumi.Output[str]
    validate: pulumi.Output[list[str]]
    reload: pulumi.Output[list[str]]
    running: pulumi.Output[list[str]]
    watch_seconds: pulumi.Output[int]
    confirm: pulumi.Output[bool]

    def __init__(
        self,
        resource_name: str,
        *,
        host: pulumi.Input[str],
        name: pulumi.Input[str],
        root: pulumi.Input[str],
        validate: _Texts,
        reload: _Texts,
        running: _Texts,
        watch_seconds: pulumi.Input[int] | None = None,
        confirm: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "host": host,
            "name": name,
            "root": root,
            "validate": validate,
            "reload": reload,
            "running": running,
            "watch_seconds": watch_seconds,
            "confirm": confirm,
        }
        super().__init__("numerian:index:Service", resource_name, properties, opts)


class Files(_Resource):
    """A named set of files and folders on a host.

    Args:
        host: Name of the host in the inventory.
        service: Name of the `Service` whose generation holds the relative paths.
        files: Managed files by path, relative (in the service's generation) or absolute.
        folders: Folders by absolute path; their content is people's and is archived, never deleted.
        seeds: Files that are written only when absent and belong to people from then on.
        secrets: Values that `${secret:name}` in a content stands for; secret in state and previews.
        run: Commands that run once after a batch in which an absolute file of this set changed.
        adopt: Take over what is there already and belongs to somebody else.
        moving: How it goes to another host. It stands on no host and is no change by itself.
    """

    host: pulumi.Output[str]
    service: pulumi.Output[str | None]
    files: pulumi.Output[dict[str, Any]]
    folders: pulumi.Output[dict[str, Any]]
    seeds: pulumi.Output[dict[str, Any]]
    secrets: pulumi.Output[dict[str, str]]
    run: pulumi.Output[list[list[str]]]
    adopt: pulumi.Output[bool]
    moving: pulumi.Output[Any]

    def __init__(
        self,
        resource_name: str,
        *,
        host: pulumi.Input[str],
        service: pulumi.Input[str] | None = None,
        files: pulumi.Input[Mapping[str, pulumi.Input[File]]] | None = None,
        folders: pulumi.Input[Mapping[str, pulumi.Input[Folder]]] | None = None,
        seeds: pulumi.Input[Mapping[str, pulumi.Input[File]]] | None = None,
        secrets: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        run: pulumi.Input[Sequence[_Texts]] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        moving: Moving | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "host": host,
            "service": service,
            "files": files,
            "folders": folders,
            "seeds": seeds,
            "secrets": None if secrets is None else pulumi.Output.secret(secrets),
            "run": run,
            "adopt": adopt,
            "moving": None if moving is None else folded(moving),
        }
        super().__init__("numerian:index:Files", resource_name, properties, _secret(opts, "secrets"))


class Host(_Resource):
    """The base of a server: packages, accounts, systemd units, and who and what may be there besides.

    Args:
        host: Name of the host in the inventory.
        packages: Debian packages that are installed.
        accounts: Accounts that exist, people's and services'.
        units: systemd unit to "enabled", "disabled" or "masked".
        sysctls: Kernel settings as they should be. They are read and compared; files in /etc/sysctl.d set them, and
            `sysctl --system` is run when one differs.
        ports: What may listen on other addresses than loopback, such as "tcp/22". Others are named and warned of.
        rights: Accounts that may become root (uid 0, groups, sudoers). A refresh names all others, and accounts that
            may log in and aren't declared; the next update takes that away from them.
    """

    host: pulumi.Output[str]
    packages: pulumi.Output[list[str]]
    accounts: pulumi.Output[list[dict[str, Any]]]
    units: pulumi.Output[dict[str, str]]
    sysctls: pulumi.Output[dict[str, str]]
    ports: pulumi.Output[list[str] | None]
    rights: pulumi.Output[list[str] | None]

    def __init__(
        self,
        resource_name: str,
        *,
        host: pulumi.Input[str],
        packages: _Texts | None = None,
        accounts: pulumi.Input[Sequence[pulumi.Input[Account]]] | None = None,
        units: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        sysctls: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        ports: _Texts | None = None,
        rights: _Texts | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {
            "host": host,
            "packages": packages,
            "accounts": accounts,
            "units": units,
            "sysctls": sysctls,
            "ports": ports,
            "rights": rights,
        }
        super().__init__("numerian:index:Host", resource_name, properties, opts)


class Password(_Resource):
    """A password derived from the stack's root secret and the resource's name.

    Args:
        length: Characters, 12 to 128 (24 when not given: 140 bits).
        version: Another number gives another password: rotation is an edit.

    Attributes:
        value: The password, secret.
    """

    length: pulumi.Output[int]
    version: pulumi.Output[int]
    value: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        length: pulumi.Input[int] | None = None,
        version: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {"length": length, "version": version, "value": None}
        super().__init__("numerian:index:Password", resource_name, properties, _secret(opts, "value"))


class KeyPair(_Resource):
    """A key pair derived from the stack's root secret and the resource's name.

    Args:
        algorithm: "ed25519" (when not given) or "ecdsa-p256".
        version: Another number gives another key.

    Attributes:
        private_key: PEM, PKCS #8, secret.
        public_key: One line as in authorized_keys.
    """

    _names: Mapping[str, str] = {"private_key": "privateKey", "public_key": "publicKey"}
    algorithm: pulumi.Output[str]
    version: pulumi.Output[int]
    private_key: pulumi.Output[str]
    public_key: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        algorithm: pulumi.Input[str] | None = None,
        version: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        properties = {"algorithm": algorithm, "version": version, "private_key": None, "public_key": None}
        super().__init__("numerian:index:KeyPair", resource_name, properties, _secret(opts, "private_key"))


class Guard(_Resource):
    """Stops an update that would remove, move or take more than anybody means to.

    Args:
        members: Every member by its code: a plain map with `host`, `kinds`, `status` (active, leaving, merged), and
            what else is kept of it (`name`, `site` with its domains, `merged`, `merged_into`).
        allow: What may pass all the same: maps of `rule` (vanished, many, domain), `what`, `until`, `why`.
        left_out: Codes that are somebody's still, but not this stack's: they didn't vanish.
        settled: They are left out by a setting of the stack, on purpose: they don't count where many go at once.
    """

    _names: Mapping[str, str] = {"left_out": "leftOut"}
    members: pulumi.Output[dict[str, str]]
    allow: pulumi.Output[list[dict[str, str]]]

    def __init__(
        self,
        resource_name: str,
        *,
        members: Mapping[str, Mapping[str, Any]],
        allow: pulumi.Input[Sequence[Mapping[str, str]]] | None = None,
        left_out: _Texts | None = None,
        settled: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        kept = {code: folded(member) for code, member in members.items()}
        properties = {"members": kept, "allow": allow, "left_out": left_out, "settled": settled}
        super().__init__("numerian:index:Guard", resource_name, properties, opts)


def folded(value: Mapping[str, Any]) -> str:
    """Return a map as one text of JSON, which costs a run less than its values do."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _secret(opts: pulumi.ResourceOptions | None, name: str) -> pulumi.ResourceOptions:
    """Return options with one more output that is secret from the moment it exists."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(additional_secret_outputs=[name]))
