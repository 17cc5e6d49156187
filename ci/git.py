"""Git, for its objects alone: nothing of a request is ever checked out, so no link, filter or hook of it acts."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ci.errors import CiError

TOKEN = "NUMERIAN_GIT_TOKEN"  # noqa: S105 (a variable's name)
"""What a remote over https asks for, where a job has it."""
_QUIET = ("-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=false", "-c", "protocol.ext.allow=never")


@dataclass(frozen=True)
class Entry:
    """One file that differs between two trees; `mode` is git's ("000000": taken out), `size` in bytes."""

    path: str
    mode: str
    oid: str
    size: int


class Repository:
    """A local clone and its remote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str, stdin: bytes = b"") -> bytes:
        """Return what git prints.

        Raises:
            CiError: git failed; its own last words.
        """
        code, out, err = self._attempt(words, stdin)
        if code:
            said = err.decode(errors="replace").strip().splitlines() or [f"exit code {code}"]
            raise CiError(f"`git {words[0]}` failed: {said[-1]}")
        return out

    def word(self, *words: str) -> str:
        """Return git's one line."""
        return self.run(*words).decode().strip()

    def fetch(self, remote: str, *refs: str) -> list[str]:
        """Fetch refs; return the commit of each.

        Raises:
            CiError: the remote has no such ref, or doesn't answer.
        """
        names = [f"refs/numerian/{number}" for number in range(len(refs))]
        pairs = [f"+{ref}:{name}" for ref, name in zip(refs, names, strict=True)]
        self.run("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", remote, *pairs)
        return [self.word("rev-parse", "--verify", f"{name}^{{commit}}") for name in names]

    def merged(self, target: str, request: str) -> str | None:
        """Return the tree that a merge would give, or None where the two conflict."""
        code, out, err = self._attempt(("merge-tree", "--write-tree", "--no-messages", target, request), b"")
        if code > 1 or not out:
            raise CiError(f"`git merge-tree` failed: {err.decode(errors='replace').strip() or f'exit code {code}'}")
        return None if code else out.split()[0].decode()

    def changed(self, old: str, new: str) -> list[Entry]:
        """Return every file that differs between two trees, as it is in the new one."""
        words = self.run("diff-tree", "-r", "-z", "--no-renames", old, new).decode("utf-8", "surrogateescape")
        parts = words.split("\0")[:-1]
        found = [(name, *meta.split()[1:4:2]) for meta, name in zip(parts[::2], parts[1::2], strict=True)]
        sizes = self._sizes([oid for _, _, oid in found])
        return [Entry(name, mode, oid, sizes.get(oid, 0)) for name, mode, oid in found]

    def blob(self, oid: str) -> bytes:
        """Return a file's bytes."""
        return self.run("cat-file", "blob", oid)

    def _sizes(self, oids: list[str]) -> dict[str, int]:
        wanted = "".join(f"{oid}\n" for oid in oids if oid.strip("0"))
        lines = self.run("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=wanted.encode()).decode()
        pairs = [line.split() for line in lines.splitlines()]
        return {oid: int(size) for oid, size in pairs if size.isdigit()}

    def _attempt(self, words: tuple[str, ...], stdin: bytes) -> tuple[int, bytes, bytes]:
        command = ["git", *_QUIET, *words]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), input=stdin, capture_output=True)
        return done.returncode, done.stdout, done.stderr


def _environment() -> dict[str, str]:
    """Return git's environment. A token goes by it: arguments are everybody's to read, and a checkout keeps its own."""
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8"}
    if token := environment.pop(TOKEN, ""):
        word = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        settings = {"http.extraHeader": f"Authorization: Basic {word}", "http.followRedirects": "false"}
        environment["GIT_CONFIG_COUNT"] = str(len(settings))
        for number, (key, value) in enumerate(settings.items()):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment
