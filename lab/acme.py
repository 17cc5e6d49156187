"""The lab's certificate authority: pebble, built from its Go module, validating as Let's Encrypt does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lab import cache, layout, process
from lab.errors import LabError
from lab.process import Say

MODULE = Path(__file__).resolve().parent / "pebble"
PACKAGE = "github.com/letsencrypt/pebble/v2/cmd/pebble"
OLDEST_GO = (1, 21)
"""From 1.21 on, Go fetches by itself the toolchain that a module asks for."""


def key() -> str:
    """Name this build of pebble by what it's made from."""
    return cache.recipe(MODULE, os.uname().machine)


def binary() -> Path:
    """Return where the cache keeps it."""
    return cache.folder() / f"pebble-{key()}"


def is_built() -> bool:
    """Tell whether Go isn't needed for it."""
    return binary().is_file()


def build(say: Say) -> str:
    """Build pebble into the cache, unless it's there."""
    with cache.only_one("pebble"):
        if is_built():
            return "in the cache"
        log = layout.WORK / "logs" / "pebble.log"
        new = binary().with_suffix(".new")
        command = ["go", "build", "-mod=readonly", "-trimpath", "-ldflags", "-s -w", "-o", str(new), PACKAGE]
        process.follow(command, say, log=log, cwd=MODULE, env={"CGO_ENABLED": "0"})
        new.replace(binary())
        return "built"


def missing_go() -> str:
    """Say in one sentence what is wrong with this machine's Go, or ""."""
    where = "install Go 1.25.11 or newer from https://go.dev/dl and put it on PATH"
    if shutil.which("go") is None:
        return f"there is no Go on PATH; {where}"
    try:
        words = process.output(["go", "env", "GOVERSION", "GOTOOLCHAIN"], timeout=60).splitlines()
    except LabError as error:
        return f"Go doesn't run ({error}); {where}"
    version = words[0].removeprefix("go") if words else ""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return f"Go {version or 'of an unknown version'} is too old; {where}" if numbers < OLDEST_GO else ""


def authority(container: str) -> bytes:
    """Return the certificate that the CA's own HTTPS interface is checked with (servers trust it)."""
    return process.output(["docker", "exec", container, "cat", "/var/lib/lab/ca.pem"]).encode() + b"\n"


def root(container: str) -> bytes:
    """Return the root of the certificates that it issues now (visitors trust it)."""
    url = "https://localhost:15000/roots/0"
    fetch = ["curl", "--silent", "--show-error", "--fail", "--cacert", "/var/lib/lab/ca.pem", url]
    return process.output(["docker", "exec", container, *fetch], timeout=30).encode() + b"\n"
