"""Hosts to try the scripts on: a chroot that holds BusyBox and nothing else, and a Debian container."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provider.kinds.base import Context, State
from provider.kinds.files import Files
from provider.kinds.service import Service
from provider.runtime import Runtime
from provider.transport import Result


@dataclass
class Shell:
    """A transport that runs commands behind a fixed prefix (`chroot …`, `docker exec …`) and counts them."""

    host: str
    prefix: list[str]
    calls: list[list[str]] = field(default_factory=list)
    accounts: frozenset[str] = frozenset({"deploy"})

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        self.calls.append(argv)
        done = subprocess.run([*self.prefix, *argv], input=stdin, capture_output=True, timeout=timeout)
        return Result(done.stdout, done.stderr, done.returncode)

    def sh(self, script: str, *words: str) -> str:
        """Run a line of a test's own and return what it prints; it has to succeed."""
        done = subprocess.run([*self.prefix, "sh", "-c", script, "sh", *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def end_first_contact(self, *, made: bool = False) -> None: ...

    def renew(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class Pool:
    """The host table of a test."""

    hosts: dict[str, Any]

    def transport(self, name: str, stack: str = "") -> Any:
        return self.hosts[name]


@dataclass
class Bench:
    """A host with the kinds that work on it, and shortcuts to drive them."""

    shell: Shell
    warnings: list[str] = field(default_factory=list)
    chain: str = ""
    """The types of the parents of what is made and deleted."""

    def __post_init__(self) -> None:
        self.runtime = Runtime(Pool({self.shell.host: self.shell}), reporter=self)
        self.files = Files(self.runtime)
        self.service = Service(self.runtime)

    def warn(self, urn: str, text: str) -> None:
        self.warnings.append(text)

    def status(self, urn: str, text: str) -> None: ...

    def context(self, name: str, stack: str = "test") -> Context:
        return Context("numerian", stack, name, self.chain)

    async def checked(self, name: str, props: dict[str, Any], kind: Any = None) -> dict[str, Any]:
        kind = kind or self.files
        news, failures = await kind.check(self.context(name), {}, {"host": self.shell.host, **props})
        assert not failures, failures
        return dict(news)

    async def create(self, name: str, /, kind: Any = None, stack: str = "test", **props: Any) -> State:
        kind = kind or self.files
        return await kind.create(self.context(name, stack), await self.checked(name, props, kind))

    async def update(self, name: str, state: State, /, kind: Any = None, **props: Any) -> State:
        kind = kind or self.files
        news = await self.checked(name, props, kind)
        return await kind.update(self.context(name), state.id, state.outputs, news)

    async def read(self, name: str, state: State, kind: Any = None) -> State | None:
        kind = kind or self.files
        return await kind.read(self.context(name), state.id, state.outputs, state.outputs)

    async def delete(self, name: str, state: State) -> None:
        await self.files.delete(self.context(name), state.id, state.outputs)

    async def diff(self, name: str, state: State, **props: Any) -> dict[str, str]:
        news = await self.checked(name, props)
        changes = (await self.files.diff(self.context(name), state.id, state.outputs, news)).changes
        return {path: change.value for path, change in changes.items()}

    def batches(self, kind: str = "write") -> list[str]:
        log = self.shell.sh("cat /var/lib/numerian/batches.log 2>/dev/null || true")
        return [line for line in log.splitlines() if f" {kind} " in line]


def run(coroutine: Any) -> Any:
    """Drive one coroutine."""
    return asyncio.run(coroutine)


@contextmanager
def busybox_host(folder: Path) -> Iterator[Shell]:
    """A root folder with BusyBox's applets and nothing else."""
    busybox = shutil.which("busybox")
    assert busybox
    for name in ("bin", "etc", "proc", "dev", "tmp", "var/lib", "srv"):
        (folder / name).mkdir(parents=True)
    shutil.copy(busybox, folder / "bin/busybox")
    subprocess.run(["chroot", str(folder), "/bin/busybox", "--install", "-s", "/bin"], check=True)
    folder.chmod(0o755)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\nann:x:1007:1007::/:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nann:x:1007:\n")
    subprocess.run(["mknod", "-m", "666", str(folder / "dev/null"), "c", "1", "3"], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(folder / "proc")], check=True)
    try:
        yield Shell("bb", ["chroot", str(folder)])
    finally:
        subprocess.run(["umount", str(folder / "proc")], check=False)


@contextmanager
def machine_host(folder: Path) -> Iterator[Shell]:
    """A root folder with this machine's own sh, tar and coreutils, and nothing else of it."""
    for name in ("usr", "etc", "proc", "dev", "tmp", "var/lib", "srv", "cut"):
        (folder / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            (folder / name).symlink_to(f"usr/{name}")
    (folder / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\nann:x:1007:1007::/:/bin/sh\n")
    (folder / "etc/group").write_text("root:x:0:\nann:x:1007:\n")
    subprocess.run(["mknod", "-m", "666", str(folder / "dev/null"), "c", "1", "3"], check=True)
    subprocess.run(["mount", "--bind", "/usr", str(folder / "usr")], check=True)
    subprocess.run(["mount", "-t", "proc", "proc", str(folder / "proc")], check=True)
    try:
        yield Shell("machine", ["chroot", str(folder)])
    finally:
        subprocess.run(["umount", str(folder / "proc"), str(folder / "usr")], check=False)


@contextmanager
def debian_host(image: str) -> Iterator[Shell]:
    """A container of the lab's servers' image, with nothing running in it."""
    limits = ["--network", "none", "--cap-add", "SYS_ADMIN", "--cap-add", "SYS_PTRACE"]
    run = ["docker", "run", "-d", "--rm", "--init", *limits, image, "sleep", "3600"]
    started = subprocess.run(run, capture_output=True, text=True, check=True)
    container = started.stdout.strip()
    try:
        shell = Shell("deb", ["docker", "exec", "-i", container])
        shell.sh("useradd -u 1007 -M ann 2>/dev/null || true")
        yield shell
    finally:
        subprocess.run(["docker", "rm", "-f", container], capture_output=True, check=False)
