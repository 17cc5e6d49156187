"""Build an engine from the Go module proxy: `pulumi` and the Python language host.

Two modules of ours (`pulumi/`, `language/`) pin every dependency with its hash; they hold no code. The language host
comes from an older SDK because later versions moved it to a module that the proxy doesn't serve.

Standard library only: it runs before the virtual environment exists.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BuildError, DiskSpaceError, GoMissingError

Say = Callable[[str], None]

GO_REQUIRED = (1, 25, 11)
DISK_BYTES = 4 * 2**30
"""What a build from nothing writes: module cache 1.7 GB, build cache 1.5 GB, binaries."""

MARKER = "built-by-numerian"
"""A file beside the binaries that tells an engine of ours from an official one found on PATH."""

_HERE = Path(__file__).parent
_RECIPE = "1"
"""Raise it when a change below makes other binaries from the same modules."""


@dataclass(frozen=True)
class Module:
    """One Go program: the folder of its go.mod, the package to build, and the version it shall report."""

    folder: str
    package: str
    binary: str
    version: str

    @property
    def path(self) -> Path:
        """The folder of the go.mod."""
        return _HERE / self.folder

    def command(self, target: Path) -> list[str]:
        """Return the build's command line, writing to `target`."""
        stamp = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={self.version}"
        return ["go", "build", "-mod=readonly", "-trimpath", "-v", "-ldflags", stamp, "-o", str(target), self.package]


MODULES = (
    Module("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", "pulumi", "v3.259.0"),
    Module(
        "language",
        "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        "pulumi-language-python",
        "v3.78.1",
    ),
)

_COMPANIONS = ("python/cmd/pulumi-language-python-exec", "python/dist/pulumi-resource-pulumi-python")
"""Files of the SDK's module that the language host looks for beside `pulumi`."""


def folder() -> Path:
    """Return where these binaries belong in the cache: a folder of their own for each recipe."""
    digest = hashlib.sha256(f"{_RECIPE} {platform.system()} {platform.machine()}".encode())
    for module in MODULES:
        digest.update(" ".join(module.command(Path("x"))).encode())
        for name in ("go.mod", "go.sum"):
            digest.update((module.path / name).read_bytes())
    cache = os.environ.get("NUMERIAN_CACHE") or Path.home() / ".cache" / "numerian"
    return Path(cache).absolute() / "engine" / digest.hexdigest()[:16]


def is_built() -> bool:
    """Tell whether the cache holds these binaries."""
    return (folder() / "bin" / MARKER).is_file()


def check() -> None:
    """Say what a build lacks, before anything is changed.

    Raises:
        GoMissingError: no Go, or too old a one that can't fetch a newer toolchain.
        DiskSpaceError: too little room where Go and we keep what is built.
    """
    _check_go()
    for place in {*_go_folders(), folder()}:
        free = shutil.disk_usage(_existing(place)).free
        if free < DISK_BYTES:
            raise DiskSpaceError(
                f"building the Pulumi engine needs {DISK_BYTES / 2**30:.0f} GB at {place} and {free / 2**30:.1f} GB "
                "are free: make room, or point NUMERIAN_CACHE, GOMODCACHE and GOCACHE at a larger disk"
            )


def _check_go() -> None:
    wanted = ".".join(map(str, GO_REQUIRED))
    remedy = f"install Go {wanted} or newer (https://go.dev/dl/) or the official Pulumi (https://www.pulumi.com/docs/install/)"
    if shutil.which("go") is None:
        raise GoMissingError(f"there is neither a Pulumi nor a Go on PATH to build one: {remedy}")
    # Asked in the module's folder, a Go from 1.21 on fetches the toolchain that go.mod names, where it may.
    run = subprocess.run(["go", "version"], cwd=MODULES[0].path, capture_output=True, text=True, env=_environment())
    found = re.search(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?", run.stdout)
    version = tuple(int(part or 0) for part in found.groups()) if found else (0, 0, 0)
    if run.returncode != 0 or version < GO_REQUIRED:
        shown = found.group(0) if found else "go"
        why = f" ({run.stderr.strip().splitlines()[-1]})" if run.stderr.strip() else ""
        raise GoMissingError(
            f"{shown} is too old to build the Pulumi engine and can't fetch a newer one{why}: {remedy}"
        )


def _go_folders() -> list[Path]:
    run = subprocess.run(["go", "env", "GOMODCACHE", "GOCACHE"], capture_output=True, text=True, env=_environment())
    return [Path(line) for line in run.stdout.split("\n") if line]


def _existing(place: Path) -> Path:
    return next(p for p in (place, *place.parents) if p.exists())


def _environment() -> dict[str, str]:
    # A workspace or vendoring of the surroundings is none of our business; cgo would want a C compiler.
    return {**os.environ, "GOWORK": "off", "CGO_ENABLED": "0"}


def build(say: Say) -> Path:
    """Return the folder of the binaries, built first if the cache lacks them. Two at once don't build twice.

    Raises:
        GoMissingError, DiskSpaceError: as `check`.
        BuildError: Go failed; its last lines are in the message.
    """
    target = folder()
    if is_built():
        return target / "bin"
    check()
    with _locked(target.with_suffix(".lock"), say):
        if not is_built():
            _build_into(target, say)
    return target / "bin"


def _build_into(target: Path, say: Say) -> None:
    # Built beside the target and renamed at the end: a build that was cut short is never taken for a whole one.
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target.parent) as name:
        binaries = Path(name) / "engine" / "bin"
        binaries.mkdir(parents=True)
        for module in MODULES:
            _go_build(module, binaries / module.binary, say)
        sdk = _sdk_folder()
        for companion in _COMPANIONS:
            copy = binaries / Path(companion).name
            shutil.copyfile(sdk / companion, copy)
            copy.chmod(0o755)
        (binaries / MARKER).write_text("".join(f"{m.binary} {m.version}\n" for m in MODULES))
        shutil.rmtree(target, ignore_errors=True)
        binaries.parent.rename(target)


def _go_build(module: Module, target: Path, say: Say) -> None:
    say(f"engine: building {module.binary} {module.version} with Go (minutes the first time, then kept)")
    started = spoken = time.monotonic()
    last: deque[str] = deque(maxlen=15)
    packages = downloads = 0
    with subprocess.Popen(
        module.command(target),
        cwd=module.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker: PIPE was asked for
        for line in process.stdout:
            last.append(line.rstrip())
            downloads += line.startswith("go: downloading")
            packages += "/" in line and not line.startswith("go: ")
            if time.monotonic() - spoken > 10:
                spoken = time.monotonic()
                say(
                    f"engine: {module.binary}: {downloads} modules fetched, {packages} packages compiled, "
                    f"{spoken - started:.0f} s"
                )
    if process.returncode != 0:
        raise BuildError(f"Go could not build {module.binary} {module.version}:", output="\n".join(last))
    say(f"engine: {module.binary} built in {time.monotonic() - started:.0f} s")


def _sdk_folder() -> Path:
    command = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi/sdk/v3"]
    run = subprocess.run(command, cwd=MODULES[0].path, capture_output=True, text=True, env=_environment())
    if run.returncode != 0 or not run.stdout.strip():
        raise BuildError("Go does not say where the Pulumi SDK's files are:", output=run.stderr.strip())
    return Path(run.stdout.strip())


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("engine: another process is building it; waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
