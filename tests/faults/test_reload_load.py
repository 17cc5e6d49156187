"""Visitors by the ten thousand while a front of 438 sites reloads 50 times, and while its image is exchanged.

A failed new connection is one that a visitor sees; a lost request is one that fails although it is sent once more when
an idle connection turns out closed, as browsers do.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest
from load_front import SERVER, deploy_front, none_lost, summary, visited
from net_stack import Stack
from report import Report, Row

from lab import Lab

pytestmark = pytest.mark.faults

SITES = int(os.environ.get("NUMERIAN_LOAD_SITES", "438"))
CONNECTIONS = int(os.environ.get("NUMERIAN_LOAD_CONNECTIONS", "100000"))
RELOADS = int(os.environ.get("NUMERIAN_LOAD_RELOADS", "50"))
PAUSE = 4.0
"""Seconds between two reloads: they go on as long as visitors come."""


@pytest.fixture(scope="module")
def front(lab: Lab, table: Report) -> Iterator[Stack]:
    made = deploy_front(lab, "test-faults-load", SITES, table)
    yield made
    made.numerian("destroy", "--stack", made.name, "--yes")


def test_no_visitor_notices_a_reload(front: Stack, table: Report) -> None:
    over = threading.Event()
    done: list[float] = []

    def reload() -> None:
        while not over.is_set():
            started = time.monotonic()
            front.sh(SERVER, "/usr/local/sbin/numerian-front reload")
            done.append(time.monotonic() - started)
            over.wait(PAUSE)

    thread = threading.Thread(target=reload)
    with visited(front.lab, SERVER, connections=CONNECTIONS) as told:
        thread.start()
    over.set()
    thread.join()
    assert len(done) >= RELOADS
    none_lost(told, connections=CONNECTIONS)
    about = f"{len(done)} of {sum(done) / len(done):.2f} s, {SITES} sites and certificates"
    table.add(Row("nginx", "reloads under load", "", about, summary(told), "", ""))


def test_no_visitor_is_refused_while_the_image_is_exchanged(front: Stack, table: Report) -> None:
    """The container is replaced, new connections wait for the new one: late, but none lost."""
    front.settings(r"front: 20\d\d-\d\d-\d\d", "front: 2026-08-01")
    with visited(front.lab, SERVER, new=8, kept=8) as told:
        run = front.up()
        time.sleep(3)
    assert run.code == 0, run.text
    none_lost(told, connections=100)
    table.add(Row("nginx", "a new image under load", "", f"{SITES} sites", summary(told), run, ""))
