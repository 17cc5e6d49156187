"""The server itself: restarted between swap and reload, out of memory, with a package manager that is at work."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from cutter import Cut
from report import Report
from runner import Runner
from world import SERVER, World

pytestmark = pytest.mark.faults

MEMORY = """
for root in /sys/fs/cgroup/memory /sys/fs/cgroup; do
    [ -e $root/cgroup.procs ] || continue
    mkdir -p $root/faults
    for limit in memory.limit_in_bytes memory.max; do [ ! -e $root/faults/$limit ] || echo %d >$root/faults/$limit; done
    echo $$ >$root/faults/cgroup.procs
    break
done
"""


@contextmanager
def restarted(world: World, at: int) -> Iterator[None]:
    """Restart the server as soon as the apply has come to its `at`-th sync; it is cut there."""

    def restart() -> None:
        while not over.is_set():
            if "tree" in world.lab.exec(SERVER, ["cat", "/run/cut/log"])[1]:
                subprocess.run(["docker", "restart", "-t", "0", world.lab.layout.container(SERVER)], check=True)
                return
            time.sleep(0.2)

    over, thread = threading.Event(), threading.Thread(target=restart)
    thread.start()
    try:
        with world.cutting("there", Cut(("sync",), at, "tree")):
            yield
            over.set()
            thread.join()
    finally:
        over.set()


def test_a_server_that_restarts_between_swap_and_reload(runner: Runner, table: Report) -> None:
    """The swap's own sync comes after its rename and before the reload."""
    calls = runner.count("there", Cut(("sync",)))
    at = next(call.number for call in calls if call.paths == "/srv/front/config")
    row = table.add(
        runner.under("server", "restarted between swap and reload", restarted(runner.world, at), interrupts=True)
    )
    assert row.wrong == ()
    assert SERVER in row.first.said


@pytest.mark.parametrize("megabytes", [2, 8])
def test_an_apply_that_runs_out_of_memory(runner: Runner, table: Report, megabytes: int) -> None:
    """With 2 MB not even its shell gets far; with 8 MB it is the validator's Docker client that is killed."""
    script = MEMORY % (megabytes << 20)
    row = table.add(runner.under("server", f"{megabytes} MB of memory", runner.world.before_applies(script)))
    assert row.wrong == ()
    assert row.first.code == 1, row.first.said
    assert "out of memory" in row.first.said, row.first.said
    assert "refuses what" not in row.first.said, "its files aren't at fault"


@contextmanager
def half_configured(world: World) -> Iterator[None]:
    """A package that dpkg unpacked and never configured, as a cut upgrade leaves it."""
    make = (
        "mkdir -p /run/half/DEBIAN && cd /run/half && printf 'Package: half\\nVersion: 1\\nArchitecture: all\\n"
        "Maintainer: a <a@numerian.test>\\nDescription: half\\n' >DEBIAN/control &&"
        " dpkg-deb -b . /run/half.deb >/dev/null && dpkg --unpack /run/half.deb && apt-get -q -y remove lego"
    )
    world.sh(SERVER, make)
    try:
        yield
    finally:
        world.sh(SERVER, "dpkg --purge --force-all half; rm -rf /run/half /run/half.deb")


def test_a_dpkg_that_was_left_half_configured(runner: Runner, table: Report) -> None:
    """A package of ours is missing too: the next run finishes what dpkg began, then installs it."""
    row = table.add(runner.under("server", "dpkg half-configured, a package gone", half_configured(runner.world)))
    assert row.wrong == ()
    assert "lego" in runner.world.sh(SERVER, "dpkg-query -W -f '${Status} ${Package}' lego")


@contextmanager
def locked_dpkg(world: World, seconds: int) -> Iterator[None]:
    """Another apt at work for a while."""
    hold = (
        "apt-get -q -y remove lego; nohup perl -MFcntl -e 'open F, q(>>/var/lib/dpkg/lock-frontend);"
        " fcntl F, F_SETLK, pack(q(s s l! l! i), F_WRLCK, 0, 0, 0, 0) or die; sleep shift' %d >/dev/null 2>&1 &"
    )
    world.sh(SERVER, hold % seconds)
    yield


def test_another_apt_at_work_is_waited_for(runner: Runner, table: Report) -> None:
    row = table.add(runner.under("server", "dpkg locked for 15 s", locked_dpkg(runner.world, 15)))
    assert row.wrong == ()
    assert row.first.code == 0, row.first.said[-2000:]
