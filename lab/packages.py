"""Debian packages that this machine lacks: which ones, and their installation when the user is root."""

from __future__ import annotations

import importlib.util
import os
import shutil

from lab import docker_engine, layout, process
from lab.process import Say

APT = {"DEBIAN_FRONTEND": "noninteractive"}


FOR_TESTS = {
    "busybox": "busybox-static",
    "strace": "strace",
    "chromium": "chromium",
    "node": "nodejs",
    "npm": "npm",
}
"""A host of the tests has BusyBox alone; strace cuts an apply at each of its system calls; pages are looked at in a
browser, which a program for Node drives."""


def missing(*, base: bool, tests: bool = False) -> list[str]:
    """Name the packages that the set-up needs and this machine lacks.

    Args:
        base: whether a Debian base must still be made (only that needs debootstrap).
        tests: whether the tests run here.
    """
    wanted = []
    has_engine = docker_engine.answers() or shutil.which("dockerd", path=process.system_path())
    if not has_engine or not shutil.which("docker"):
        wanted.append("docker.io")
    if base and not shutil.which("debootstrap", path=process.system_path()):
        wanted.append("debootstrap")
    if not shutil.which("ssh-keygen"):
        wanted.append("openssh-client")
    if not (layout.ROOT / ".venv").is_dir() and importlib.util.find_spec("ensurepip") is None:
        wanted.append("python3-venv")
    if tests:
        wanted += [package for program, package in FOR_TESTS.items() if not shutil.which(program)]
    return wanted


def can_install() -> bool:
    """Tell whether packages can be installed here at all: root, on a machine that has apt."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(names: list[str], say: Say) -> str:
    """Install packages; return what was done."""
    if not names:
        return "nothing missing"
    log = layout.WORK / "logs" / "packages.log"
    process.follow(["apt-get", "-q", "update"], say, log=log, env=APT)
    process.follow(["apt-get", "-q", "-y", "install", *names], say, log=log, env=APT)
    return "installed " + ", ".join(names)
