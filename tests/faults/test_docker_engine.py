"""A server's Docker engine fails under an `up`: restarts, builds that are cut, no memory, a power cut."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from net_stack import HANGS, Run, Stack

pytestmark = pytest.mark.faults

CURRENT = "/srv/front/config/current"
DAYS = iter(date(2026, 8, 1) + timedelta(days=number) for number in range(100))


def new_image(net: Stack) -> str:
    """Date the front's image anew: the next `up` builds it and replaces the front."""
    day = next(DAYS).isoformat()
    net.settings(r"front: 20\d\d-\d\d-\d\d", f"front: {day}")
    return day


def goes_on(net: Stack, day: str) -> Run:
    """A re-run converges to the image of that day, and a further one changes nothing."""
    again = net.up()
    assert again.code == 0, again.text
    for server in ("privas", "alixan"):
        assert net.sh(server, "docker inspect front --format '{{.Config.Image}} {{.State.Running}}'").endswith("true\n")
        label = net.sh(server, """docker inspect front --format '{{index .Config.Labels "numerian.date"}}'""")
        assert label.strip() == day
    assert net.state_is_valid()
    further = net.up()
    assert further.code == 0 and "nothing to change" in further.text, further.text
    return again


@contextmanager
def when(condition: Callable[[], bool], act: Callable[[], object]) -> Iterator[threading.Event]:
    """Act once, as soon as the condition holds."""
    over, acted = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            if condition():
                act()
                acted.set()
                return
            time.sleep(0.1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield acted
    finally:
        over.set()
        thread.join(60)


def builds(net: Stack) -> str:
    """Return the container in which a build runs its step, or ""."""
    return net.sh(
        "privas",
        "docker ps --format '{{.ID}} {{.Names}}' | grep -Ev ' (front|sftp|php-.*)$' | cut -d' ' -f1 | head -n 1",
    ).strip()


def test_dockerd_restarts_during_an_apply(net: Stack) -> None:
    """Live-restore keeps the front serving; the build under way is lost, and is told."""
    with net.read() as reader:
        day = new_image(net)
        with when(lambda: bool(builds(net)), lambda: net.sh("privas", "systemctl restart docker.service")) as struck:
            run = net.up()
        assert struck.is_set()
        assert run.code != 0 and "privas: " in run.errors, run.text
        again = goes_on(net, day)
    net.tell("dockerd", "restarts", "in the build of an image", reader, run, again)


def test_a_build_is_killed(net: Stack) -> None:
    with net.read() as reader:
        day = new_image(net)
        with when(lambda: bool(builds(net)), lambda: net.sh("privas", f"docker kill {builds(net)}")) as struck:
            run = net.up()
        assert struck.is_set()
        words = r"privas: RemoteImage privas-front-image: image \S+ can't be built"
        assert run.code != 0 and re.search(words, run.errors), run.text
        again = goes_on(net, day)
    net.tell("docker build", "SIGKILL", "its container", reader, run, again)


def test_memory_runs_out_in_a_build(net: Stack) -> None:
    """The build's container gets less memory than apt needs: the kernel kills it, and the error says what it means."""
    squeeze = "docker update --memory 12m --memory-swap 12m "
    with net.read() as reader:
        day = new_image(net)
        with when(lambda: bool(builds(net)), lambda: net.sh("privas", squeeze + builds(net))) as struck:
            run = net.up()
        assert struck.is_set()
        assert run.code != 0 and "privas: " in run.errors and "memory" in run.errors, run.text
        again = goes_on(net, day)
    net.tell("docker build", "out of memory", "12 MB for apt", reader, run, again)


def test_the_operators_side_is_killed_while_it_builds(net: Stack) -> None:
    """Command, engine and plugins die at once (a laptop's battery): nothing is half replaced, the lock is told."""
    with net.read() as reader:
        day = new_image(net)
        running = net.start()
        deadline = time.monotonic() + HANGS
        while not builds(net):
            assert time.monotonic() < deadline and running.poll() is None
            time.sleep(0.1)
        for pid in family(running.pid):
            os.kill(pid, signal.SIGKILL)
        running.wait(30)
        again = net.up()
        assert "the lock of an engine that died here" in again.text, again.text
        assert again.code == 0, again.text
        goes_on(net, day)
    net.tell("command, engine, plugins", "SIGKILL", "in the build of an image", reader, again, again)


def test_a_front_that_a_killed_run_made_is_taken_in(net: Stack) -> None:
    """Command, engine and plugins die when a new front serves and no state knows it: the next run imports it."""
    look = "docker inspect front --format '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' || true"
    before = net.sh("privas", look)
    with net.read() as reader:
        # Other ports: another container of the same image.
        net.settings(r'public_addresses: \[(\S+), "[^"]*11"\]', r"public_addresses: [\1]")
        running = net.start()
        deadline = time.monotonic() + HANGS
        while (made := net.sh("privas", look)) == before or not made.endswith(" true\n"):
            assert time.monotonic() < deadline and running.poll() is None
        for pid in family(running.pid):
            os.kill(pid, signal.SIGKILL)
        running.wait(30)
        assert (net.folder / "unsaved").is_file(), "the run was over"
        again = net.up()
        assert again.code == 0, again.text
        assert "taking in 1 thing of Docker's that the cut run made: privas-front-container" in again.text
        assert net.sh("privas", look) == made
        assert net.state_is_valid()
        further = net.up()
        assert further.code == 0 and "nothing to change" in further.text, further.text
    net.tell("command, engine, plugins", "SIGKILL", "a new front serves that no state knows", reader, again, further)


def family(pid: int) -> list[int]:
    """Return a process with all that descend from it."""
    parents: dict[int, list[int]] = {}
    for line in subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout.splitlines():
        child, parent = map(int, line.split())
        parents.setdefault(parent, []).append(child)
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def test_the_server_restarts_between_swap_and_reload(net: Stack) -> None:
    """The new generation is current, the front hasn't read it, and the power goes. The boot serves it."""
    word = net.edit()
    before = net.sh("privas", f"readlink {CURRENT}")
    program = "/usr/local/sbin/numerian-front"
    net.sh("privas", f"cp -p {program} {program}.kept && sed -i 's/^reload() {{/&\\nsleep 60/' {program}")
    container = net.lab.layout.container("privas")

    def swapped() -> bool:
        return net.sh("privas", f"readlink {CURRENT}") != before

    def power_cut() -> None:
        net.sh("privas", f"mv {program}.kept {program}; sync")
        subprocess.run(["docker", "restart", "--time", "0", container], check=True, capture_output=True, timeout=120)

    with when(swapped, power_cut) as struck:
        run = net.up()
    assert struck.is_set()
    assert run.code != 0 and "privas: " in run.errors, run.text
    net.lab.up()
    with net.reading() as reader:
        deadline = time.monotonic() + 90
        while reader.visits < 4 or reader.failures:
            assert time.monotonic() < deadline, reader.failures[-3:]
            reader.failures.clear()
            time.sleep(2)
    again = net.converges(word)
    net.tell("server", "restarts", "between swap and reload", reader, run, again)
