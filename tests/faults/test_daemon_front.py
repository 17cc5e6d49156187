"""The front takes a configuration and doesn't reload, or dies of it seconds later.

Each time the error names the server and what the daemon said; a re-run converges and a further one changes nothing.
"""

from __future__ import annotations

import re
import time

import pytest
from net_stack import Stack

pytestmark = pytest.mark.faults

CURRENT = "/srv/front/config/current"
LOG = "/var/log/front/error.log"


def test_nginx_is_fine_with_it_and_does_not_reload(net: Stack) -> None:
    """The front may not open its log any more: its validator, in a container of its own, can't know."""
    with net.read() as reader:
        word = net.edit()
        before = net.sh("privas", f"readlink {CURRENT}")
        net.sh("privas", f"chown root:root {LOG} && chmod 600 {LOG}")
        try:
            run = net.up()
        finally:
            net.sh("privas", f"chown 601:601 {LOG} && chmod 644 {LOG}")
        assert run.code != 0
        assert "privas: " in run.errors and "alixan: " not in run.errors
        assert "its reload failed" in run.errors and f'open() "{LOG}" failed (13: Permission denied)' in run.errors
        assert net.sh("privas", f"readlink {CURRENT}") == before
        assert net.serves("alixan", word)
        again = net.converges(word)
    net.tell("nginx", "accepts it and doesn't reload", "its log isn't its own any more", reader, run, again)


DEADLY = f"""
good=$(readlink {CURRENT})
while [ "$(readlink {CURRENT})" = "$good" ]; do sleep 0.1; done
bad=$(readlink {CURRENT})
sleep 2
while [ "$(readlink {CURRENT})" = "$bad" ]; do
    pid=$(docker inspect --format '{{{{.State.Pid}}}}' front) && [ "$pid" -gt 0 ] && kill -9 "$pid"
    sleep 0.1
done
"""
"""nginx can't live with the new generation, and with no other one."""


def test_nginx_dies_seconds_after_it_took_it(net: Stack) -> None:
    """The server's own watch puts the old generation back, with nobody there any more; the next run says so."""
    word = net.edit()
    before = net.sh("privas", f"readlink {CURRENT}").strip()
    start = "cat > /run/deadly && systemd-run --quiet --collect --unit=deadly sh /run/deadly"
    assert net.lab.exec("privas", ["sh", "-c", start], stdin=DEADLY)[0] == 0
    net.up()
    deadline = time.monotonic() + 60
    while net.sh("privas", f"readlink {CURRENT}").strip() != before:
        assert time.monotonic() < deadline, "nobody put the old generation back"
        time.sleep(0.5)
    with net.reading() as reader:
        deadline = time.monotonic() + 60
        while reader.visits < 4 or reader.failures:
            assert time.monotonic() < deadline, reader.failures[-3:]
            reader.failures.clear()
            time.sleep(2)
    run = net.up()
    assert re.search(r"privas: .*front generation \d+ died \d s after its reload; generation \d+ is back", run.text), (
        run.text
    )
    assert "`numerian up --refresh` puts in again" in run.text
    assert net.up("--refresh").code == 0
    again = net.converges(word)
    net.tell("nginx", "dies seconds after the reload", "SIGKILL while the new one is current", reader, run, again)
