"""One read of a host: what to send, and the answer as `Facts`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, unquote

from provider.errors import CommandError
from provider.plan.facts import Claim, Definition, Entry, Facts, Need, ServiceFacts, Target
from provider.plan.paths import UnsafeError, worker
from provider.remote import command, pad, script
from provider.transport import Result, Transport

_KINDS = {0o100000: "file", 0o040000: "folder", 0o120000: "symbolic link"}


def read(transport: Transport, need: Need, *, log: int = 0) -> Facts:
    """Ask a host, in one round trip. `log` is the number of resources to write into its list of batches, 0 for none."""
    words = [
        *(f"s:{name}" for name in sorted(need.services)),
        *(f"u:{name}" for name in sorted(need.users)),
        *(f"g:{name}" for name in sorted(need.groups)),
    ]
    argv, stdin = command(
        script("read"), str(log), *words, sections=(_lines(need.paths | need.hashes), _lines(need.hashes))
    )
    result = transport.run(argv, stdin=stdin, timeout=120)
    if result.exit_code != 0 or not result.stdout.endswith(b"=end\n"):
        raise failed(transport.host, "reading the host failed", result)
    return _parse(transport.host, result.stdout.decode("utf-8", "surrogateescape"))


_KILLED = (-1, 137)
"""Exit codes of what SIGKILL ended: as SSH tells it, and as a shell does (128 + 9)."""


def failed(host: str, what: str, result: Result) -> CommandError:
    """Return the error of a script that didn't answer, with its last lines."""
    output = (result.stderr or result.stdout).decode("utf-8", "replace").strip()
    last = "\n".join(output.splitlines()[-20:])
    killed = result.exit_code in _KILLED
    how = "it was killed on the server" if killed else f"exit code {result.exit_code}"
    remedy = "; out of memory, or somebody ended it? The next run repairs what it left" if killed else ""
    return CommandError(
        host,
        f"{what} ({how}): {last or 'it said nothing'}{remedy}",
        command="sh (the provider's script)",
        exit_code=result.exit_code,
        output=last,
    )


def _lines(paths: Iterable[str]) -> bytes:
    return pad("".join(f"{path}\n" for path in sorted(paths)).encode())


def _parse(host: str, text: str) -> Facts:
    sections: dict[str, list[str]] = {}
    for line in text.split("\n"):
        if line.startswith("="):
            current = sections.setdefault(line[1:], [])
        elif line:
            current.append(line)
    entries = _entries(sections["paths"], _sums(sections["hashes"]))
    definitions = {d.name: d for d in map(parse_definition, sections["definitions"])}
    claims: dict[Target, tuple[Claim, ...]] = {}
    for claim in parse_ledger(sections["ledger"]):
        claims[claim.target] = (*claims.get(claim.target, ()), claim)
    words = [line.split(" ") for line in sections["words"]]
    return Facts(
        host=host,
        entries=entries,
        services={name: _service(definition, sections) for name, definition in definitions.items()},
        claims=claims,
        pending=frozenset(_pair(line) for line in sections["pending"]),
        users={name: int(number) for kind, name, number in words if kind == "u" and number},
        groups={name: int(number) for kind, name, number in words if kind == "g" and number},
        notes=tuple(sections["notes"]),
        leftovers=bool(sections["left"]),
        switch=sections["switch"] != ["none"],
        method=sections["switch"][0],
    )


def _sums(lines: list[str]) -> dict[str, str]:
    return {line[66:]: line[:64] for line in lines}


def _entries(lines: list[str], sums: dict[str, str], strip: str = "") -> dict[str, Entry]:
    found = {}
    for line in lines:
        mode, uid, gid, owner, group, size, device, path = line.split(" ", 7)
        bits = int(mode, 16)
        found[path.removeprefix(strip)] = Entry(
            kind=_KINDS.get(bits & 0o170000, "pipe or a device"),
            mode=f"{bits & 0o7777:04o}",
            uid=int(uid),
            gid=int(gid),
            owner=owner,
            group=group,
            size=int(size),
            sha256=sums.get(path),
            device=device,
        )
    return found


def _service(definition: Definition, sections: dict[str, list[str]]) -> ServiceFacts:
    name = definition.name
    about = sections.get(f"service {name}", [])
    current = next((line for line in about if line.startswith("current ")), "")
    number = re.fullmatch(r"current generations/(\d+)", current)
    numbers = [
        re.search(r"/(\d+)$", path) for line in about if line.startswith("generations ") for path in line.split()
    ]
    files = _entries(sections.get(f"files {name}", []), _sums(sections.get(f"sums {name}", [])), "./")
    above = _entries(sections.get(f"above {name}", []), {})
    return ServiceFacts(
        definition=definition,
        current=int(number[1]) if number else None,
        generations=tuple(sorted(int(match[1]) for match in numbers if match)),
        files=files,
        pending="pending" in about,
        unsafe=unsafe_root(definition.root, above) if above else None,
    )


def unsafe_root(root: str, entries: dict[str, Entry]) -> str | None:
    """Return why root can't keep generations at `root`, or None."""
    try:
        uid, _, base = worker(f"{root}/generations/n", entries)
    except UnsafeError as error:
        return str(error)
    return f"{base} belongs to uid {uid}; only root may be able to change a service's root" if uid else None


# --- the files that the provider keeps on a host ------------------------------------------------------------------


def ledger_file(owner: str, name: str) -> str:
    """Return the name of a resource's file in the ledger.

    >>> ledger_file("numerian/lab", "07186")
    'numerian%2Flab:07186'
    """
    return f"{quote(owner, safe='')}:{quote(name, safe='')}"


def ledger_text(owner: str, name: str, claims: Iterable[Claim]) -> str:
    """Return the content of a resource's file in the ledger: one line for each thing that it has."""
    head = f"{quote(owner, safe='/')} {quote(name)}"
    lines = []
    for claim in sorted(claims, key=lambda claim: (claim.kind, str(claim.target))):
        kind = f"{claim.kind}:{claim.holder}" if claim.holder else claim.kind
        lines.append(f"{head} {kind} {quote(claim.target.service or '-')} {claim.target.path}\n")
    return "".join(lines)


def parse_ledger(lines: Iterable[str]) -> Iterable[Claim]:
    """Return the entries of the ledger; lines of another form (cut, edited by hand) are left out."""
    for line in lines:
        parts = line.split(" ", 4)
        if len(parts) == 5:
            owner, name, kind, service, path = parts
            target = Target(path, None if service == "-" else unquote(service))
            kind, _, holder = kind.partition(":")
            yield Claim(unquote(owner), unquote(name), kind, target, holder)


def _pair(line: str) -> tuple[str, str]:
    owner, _, name = line.partition(" ")
    return unquote(owner), unquote(name)


def pending_text(owner: str, name: str) -> str:
    """Return the content of the mark of a resource whose commands are owed."""
    return f"{quote(owner, safe='/')} {quote(name)}\n"


def definition_text(definition: Definition) -> str:
    """Return a service's definition as it is kept on its host, one line."""
    return json.dumps(asdict(definition), sort_keys=True) + "\n"


def parse_definition(line: str) -> Definition:
    """Return a service's definition from its line."""
    fields = json.loads(line)
    filled: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    return Definition(**filled)
