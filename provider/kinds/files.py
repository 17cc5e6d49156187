"""`numerian:index:Files`: a named set of files, folders and seeds on one host."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from provider.errors import ResourceError
from provider.kinds.base import UNKNOWN, Change, CheckFailure, Context, Diff, Props, ResourceKind, State, Unknown
from provider.kinds.files_check import check_files
from provider.kinds.moving import Mover, expired
from provider.plan import files
from provider.plan.declared import Declared
from provider.plan.facts import Entry, Facts, Need, Target
from provider.remote.commit import FilesChange
from provider.remote.fetch import LARGEST
from provider.runtime import Runtime

_PLAIN = ("host", "service", "run", "adopt")


class Files(ResourceKind):
    """Reads, plans and writes in batches with all other resources of the same host."""

    token = "numerian:index:Files"  # noqa: S105 (a type token)
    secret_outputs = ("secrets",)
    inputs_only = ("seeds", "moving")

    def __init__(self, runtime: Runtime) -> None:
        self._committer = runtime.committer
        self._mover = Mover(runtime)

    async def check(self, context: Context, olds: Props, news: Props) -> tuple[Props, list[CheckFailure]]:
        """Fill in defaults; find what is wrong with paths, modes, owners, contents and secrets."""
        return check_files(news)

    async def diff(self, context: Context, id: str, olds: Props, news: Props) -> Diff:
        """Name each file and field that differs."""
        changes: dict[str, Change] = {}
        for name in _PLAIN:
            if (olds.get(name) or None) != (news.get(name) or None):
                changes[name] = Change.UPDATE
        changes.update(_secrets_diff(olds.get("secrets"), news.get("secrets")))
        for name in ("files", "folders", "seeds"):
            if isinstance(news.get(name), Unknown):
                changes[name] = Change.UPDATE
        before, after = Declared.of(olds), Declared.of(news)
        changes.update(files.plan(files.assume(before, after), (context.owner, context.name), before, after).changes)
        changes.update({f"left.{host}": Change.DELETE for host in expired(_left(olds))})
        return Diff(changes)

    async def preview(self, context: Context, olds: Props | None, news: Props) -> Props:
        """Return the inputs: they are the outputs, but for old places that a move left."""
        return news if olds is None else _with_left(news, _left(olds))

    async def create(self, context: Context, news: Props) -> State:
        """Write what isn't there; adopt what is there and equal."""
        await self._write(context, None, news)
        return State(f"{news['host']}/{context.name}", news)

    async def update(self, context: Context, id: str, olds: Props, news: Props) -> State:
        """Write what differs from the state; take old places away whose time is over."""
        before, after = Declared.of(olds), Declared.of(news)
        left = _left(olds)
        if before.host != after.host:
            left = await self._mover.move(context, olds, news)
        else:
            await self._write(context, olds, news)
        for host in expired(left):
            if await self._mover.retired(context, news, host):
                del left[host]
        return State(f"{news['host']}/{context.name}", _with_left(news, left))

    async def delete(self, context: Context, id: str, olds: Props) -> None:
        """Take managed files away; folders of people go into the host's archive."""
        for host in _left(olds):
            await self._mover.retire(context, olds, host)
        await self._write(context, olds, None)

    async def read(self, context: Context, id: str, olds: Props | None, inputs: Props | None) -> State | None:
        """Return the state with what drifted, or what an import finds in the ledger; None when all is gone."""
        if not olds or "host" not in olds:
            return await self._import(context, id)
        declared = Declared.of(olds)
        facts = await self._committer.read(declared.host, context.stack, files.need(declared, None))
        there = any(facts.entry(target) for target in declared.files) or declared.folders.keys() & facts.entries.keys()
        nothing = not (declared.files or declared.folders)
        if not there and not nothing and not facts.claimed_by(context.owner, context.name):
            return None
        outputs = await self._actual(context, olds, declared, facts)
        return State(id, outputs)

    async def _write(self, context: Context, olds: Props | None, news: Props | None) -> None:
        props = news if news is not None else olds or {}
        secrets = [v for p in (olds, news) if p for v in (p.get("secrets") or {}).values() if isinstance(v, str)]
        change = FilesChange(
            context.owner,
            context.name,
            None if olds is None else Declared.of(olds),
            None if news is None else Declared.of(news),
            tuple(secrets),
            context.holder,
        )
        await self._committer.write(props["host"], context.stack, change)

    async def _actual(self, context: Context, olds: Props, declared: Declared, facts: Facts) -> Props:
        """Return the outputs as they are on the host: equal things as they were, drifted ones with their facts."""
        drifted = {
            target: entry
            for target, file in declared.files.items()
            if (entry := facts.entry(target)) is not None and entry.kind == "file" and entry.sha256 != file.sha256
        }
        contents = await self._contents(declared.host, context, facts, drifted)
        secrets = olds.get("secrets") or {}
        found: dict[str, Any] = {}
        for target, file in declared.files.items():
            entry = facts.entry(target)
            if entry is None:
                continue
            spec = dict(olds["files"][target.path])
            if entry.kind != "file":
                spec["content"] = f"(a {entry.kind}, no file)"
            elif target in drifted:
                spec["content"] = with_placeholders(contents[target], secrets)
            found[target.path] = {**spec, **_rights(spec, entry, file.rights.mode)}
        folders = {
            path: {**olds["folders"][path], **_rights(olds["folders"][path], facts.entries[path], rights.mode)}
            for path, rights in declared.folders.items()
            if path in facts.entries and facts.entries[path].kind == "folder"
        }
        sets = (("files", found), ("folders", folders))
        actual = {**olds, **{name: there for name, there in sets if there or name in olds}}
        if (context.owner, context.name) in facts.pending:
            actual["run"] = []  # a run that was cut owes the commands: the next update makes up for it
        return actual

    async def _contents(
        self, host: str, context: Context, facts: Facts, wanted: Mapping[Target, Entry]
    ) -> dict[Target, str]:
        paths = {
            target: path
            for target, entry in wanted.items()
            if (path := _physical(facts, target)) is not None and entry.size <= LARGEST
        }
        found = await self._committer.contents(host, context.stack, paths.values()) if paths else {}
        texts: dict[Target, str] = {}
        for target, entry in wanted.items():
            data = found.get(paths.get(target, ""))
            texts[target] = f"({entry.size} bytes, sha256 {entry.sha256})"
            if data is not None and hashlib.sha256(data).hexdigest() == entry.sha256:
                try:
                    texts[target] = data.decode()
                except UnicodeDecodeError:
                    pass
        return texts

    async def _import(self, context: Context, id: str) -> State | None:
        host, _, name = id.partition("/")
        if not name:
            raise ResourceError(
                f"`{id}` can't be imported; the id of Files is `<host>/<name>`, such as `privas/{context.name}`"
            )
        facts = await self._committer.read(host, context.stack, Need(paths=frozenset({"/"})))
        claims = facts.claimed_by(context.owner, name)
        if not claims:
            return None
        services = sorted({c.target.service for c in claims if c.target.service})
        blank = {"content": "", "mode": "0644", "owner": "root", "group": "root"}
        skeleton: dict[str, Any] = {
            "host": host,
            "service": services[0] if services else None,
            "files": {c.target.path: blank for c in claims if c.kind == "file"},
            "folders": {c.target.path: {**blank, "mode": "0755"} for c in claims if c.kind in ("folder", "found")},
            "seeds": {c.target.path: blank for c in claims if c.kind == "seed"},
            "secrets": {},
            "run": [],
            "adopt": False,
        }
        for spec in skeleton["folders"].values():
            spec.pop("content")
        declared = Declared.of(skeleton)
        facts = await self._committer.read(host, context.stack, files.need(declared, None))
        return State(id, await self._actual(context, skeleton, declared, facts))


def with_placeholders(text: str, secrets: Mapping[str, Any]) -> str:
    """Return a content from a host with the values of secrets as `${secret:name}` again: no secret goes into the open.

    >>> with_placeholders("password=hunter2", {"db": "hunter2"})
    'password=${secret:db}'
    """
    known = [(name, value) for name, value in secrets.items() if isinstance(value, str) and len(value) >= 4]
    for name, value in sorted(known, key=lambda pair: -len(pair[1])):
        text = text.replace(value, f"${{secret:{name}}}")
    return text


def _left(props: Props) -> dict[str, str]:
    """Return the hosts where a move left an old place, each with the day until which it is."""
    left = props.get("left")
    return dict(left) if isinstance(left, Mapping) else {}


def _with_left(news: Props, left: Mapping[str, str]) -> Props:
    return {**news, "left": dict(left)} if left else news


def _rights(spec: Mapping[str, Any], entry: Entry, mode: str) -> dict[str, str]:
    """Return the rights that a thing has, each as it was written when it is the same."""
    return {
        "mode": entry.mode if entry.mode != mode else mode,
        "owner": spec["owner"] if spec["owner"] in (entry.owner, str(entry.uid)) else _name(entry.owner, entry.uid),
        "group": spec["group"] if spec["group"] in (entry.group, str(entry.gid)) else _name(entry.group, entry.gid),
    }


def _name(name: str, number: int) -> str:
    return str(number) if name == "UNKNOWN" else name


def _physical(facts: Facts, target: Target) -> str | None:
    if target.service is None:
        return target.path if not files.unsafe(target.path, facts) else None
    service = facts.services.get(target.service)
    if service is None or service.current is None or service.unsafe:
        return None
    return f"{service.definition.root}/generations/{service.current}/{target.path}"


def _secrets_diff(olds: Any, news: Any) -> dict[str, Change]:
    if isinstance(news, Unknown):
        return {"secrets": Change.UPDATE}
    before, after = olds or {}, news or {}
    changes = {}
    for name in {*before, *after}:
        if name not in before:
            changes[f"secrets.{name}"] = Change.ADD
        elif name not in after:
            changes[f"secrets.{name}"] = Change.DELETE
        elif before[name] != after[name] or after[name] == UNKNOWN:
            changes[f"secrets.{name}"] = Change.UPDATE
    return changes
