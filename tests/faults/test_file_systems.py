"""File systems that are really full, out of inodes or read-only while an apply works; then they aren't any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from report import Report
from runner import Runner
from world import SERVER, World

pytestmark = pytest.mark.faults

WORK = "/var/lib/numerian"


@contextmanager
def small(world: World, room: str, folder: str = WORK) -> Iterator[None]:
    """Let a folder be a file system of its own with hardly any room left; what was written there stays afterwards."""
    world.sh(
        SERVER,
        f"cd {folder} && tar -cf /run/kept.tar . && k=$(du -sk . | cut -f1) && i=$(find . | wc -l) &&"
        f" mount -t tmpfs -o {room},mode=755 tmpfs {folder} && tar -xpf /run/kept.tar -C {folder} && cd {folder} &&"
        " free=$(df -k --output=avail . | tail -n 1);"
        ' [ "$free" -gt 9999 ] || dd if=/dev/zero of=fill bs=1k status=none count=$((free - 20))',
    )
    try:
        yield
    finally:
        world.sh(
            SERVER,
            f"cd {folder} && rm -f fill && tar -cf /run/kept.tar . && cd / && umount -l {folder} &&"
            f" find {folder} -mindepth 1 -delete && tar -xpf /run/kept.tar -C {folder} && rm /run/kept.tar",
        )


@contextmanager
def read_only(world: World, folder: str) -> Iterator[None]:
    world.sh(SERVER, f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}")
    try:
        yield
    finally:
        world.sh(SERVER, f"umount -l {folder}")


@pytest.mark.parametrize(
    ("room", "word"),
    [("size=$((k + 2048))k", "No space left on device"), ("nr_inodes=$((i + 30))", "No space left on device")],
    ids=["no blocks left", "no inodes left"],
)
def test_a_full_disk(runner: Runner, table: Report, room: str, word: str) -> None:
    row = table.add(runner.under("server", f"{WORK} full ({room.split('=')[0]})", small(runner.world, room)))
    assert (row.wrong, word in row.first.said, SERVER in row.first.said) == ((), True, True), row.first.said[-2000:]


@pytest.mark.parametrize("folder", ["/srv/front/config", "/etc/logrotate.d", WORK])
def test_a_file_system_that_turned_read_only(runner: Runner, table: Report, folder: str) -> None:
    row = table.add(runner.under("server", f"{folder} read-only", read_only(runner.world, folder)))
    said = row.first.said
    assert (row.wrong, "Read-only file system" in said, SERVER in said) == ((), True, True), said[-2000:]
