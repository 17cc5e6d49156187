"""A datacenter is down: the other's members go on, the server is named, and when it's back a run converges."""

from __future__ import annotations

import subprocess
import time

import pytest
from net_stack import Stack

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    ("fall", "rise", "words"),
    [
        ("stop", "start", "refuses the connection; is sshd running there"),
        ("pause", "unpause", "didn't finish the SSH handshake in 10 s; the host hangs"),
    ],
)
def test_one_datacenter_is_down(net: Stack, fall: str, rise: str, words: str) -> None:
    """Switched off, and hanging with its ports still open."""
    container = net.lab.layout.container("alixan")
    word = net.edit()
    resources = net.state_is_valid()
    subprocess.run(["docker", fall, container], check=True, capture_output=True, timeout=60)
    try:
        with net.reading() as reader:
            run = net.up()
            refreshed = net.up("--refresh")
    finally:
        subprocess.run(["docker", rise, container], check=True, capture_output=True, timeout=60)
        net.lab.up()
    assert not [failure for failure in reader.failures if "privas" in failure]
    for told in (run, refreshed):
        assert told.code != 0 and told.seconds < 120
        assert "alixan: " in told.errors and words in told.errors and "privas" not in told.errors
    assert net.serves("privas", word)
    assert net.state_is_valid() == resources, "nothing of the server that was down may be taken for gone"
    deadline = time.monotonic() + 60
    while "true" not in net.sh("alixan", "docker inspect front --format '{{.State.Running}}' || true"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    again = net.converges(word)
    net.tell("server", f"a datacenter is down: {fall}", "all through an up", reader, run, again)
