"""The connection to one server fails in every way it can, in the middle of an `up`; the other server's members go on.

Each time: an error within a limit, never a hang; the server named, with a remedy; what was served stays served; a
re-run converges and a further one changes nothing.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from net_stack import Run, Stack

pytestmark = pytest.mark.faults

LIMIT = 100
"""Seconds within which an `up` on a broken connection has to end, on a busy machine."""
BREAKS = "the connection broke while|closed the connection|no session could be opened|unfinished log-ins"
SILENT = "half-open|didn't finish the SSH handshake|no answer within"
NEVER = 1 << 60


@pytest.fixture(autouse=True)
def mended(net: Stack) -> Iterator[None]:
    yield
    net.wire.mend()


def refused(run: Run, words: str) -> None:
    """The run failed in time, and its errors name the server, only that one, and say what it is."""
    assert run.code != 0 and run.seconds < LIMIT, f"{run.seconds}: {run.text}"
    assert "privas: " in run.errors and "alixan: " not in run.errors, run.errors
    assert re.search(words, run.errors), run.errors


@pytest.fixture(scope="module")
def bytes_of_an_apply(net: Stack) -> int:
    """How many bytes a change of two members sends to `privas`."""
    net.edit()
    net.wire.at(NEVER, lambda: None)
    assert net.up().code == 0
    return net.wire.sent


@pytest.mark.parametrize("part", [0.05, 0.5, 0.95])
def test_the_peer_vanishes(net: Stack, bytes_of_an_apply: int, part: float) -> None:
    """Half-open: from one byte on nothing comes through, in either direction, and nobody closes the connection."""
    with net.read() as reader:
        word = net.edit()
        net.wire.at(int(bytes_of_an_apply * part), net.wire.freeze)
        run = net.up()
        assert net.wire.struck.is_set()
        refused(run, SILENT)
        assert net.serves("alixan", word)
        net.wire.mend()
        again = net.converges(word)
    net.tell("connection", "half-open: a relay goes silent", f"{part:.0%} of an apply", reader, run, again)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_the_connection_is_reset(net: Stack, bytes_of_an_apply: int, part: float) -> None:
    with net.read() as reader:
        word = net.edit()
        net.wire.at(int(bytes_of_an_apply * part), net.wire.cut)
        run = net.up()
        assert net.wire.struck.is_set()
        refused(run, BREAKS)
        net.wire.mend()
        again = net.converges(word)
    net.tell("connection", "reset", f"{part:.0%} of an apply", reader, run, again)


def packets(net: Stack, how: str, match: str) -> None:
    """Insert (-I) or delete (-D) rules of privas's kernel that drop packets of port 22, both ways."""
    rules = [("INPUT", "--dport"), ("OUTPUT", "--sport")]
    net.sh("privas", "; ".join(f"iptables {how} {chain} -p tcp {port} 22 {match} -j DROP" for chain, port in rules))


def test_packets_are_dropped_on_the_server(net: Stack, bytes_of_an_apply: int) -> None:
    """Half-open again, by the server's own kernel."""
    with net.read() as reader:
        word = net.edit()
        net.wire.at(bytes_of_an_apply // 2, lambda: packets(net, "-I", ""))
        try:
            run = net.up()
        finally:
            packets(net, "-D", "")
        refused(run, SILENT)
        assert net.serves("alixan", word)
        again = net.converges(word)
    net.tell("connection", "half-open: iptables drops port 22", "half of an apply", reader, run, again)


def test_sshd_is_killed(net: Stack, bytes_of_an_apply: int) -> None:
    """The server closes in the middle: the sessions of its sshd are killed."""

    def kill() -> None:
        net.sh("privas", "pkill -KILL -f '^sshd-session' || true")

    with net.read() as reader:
        word = net.edit()
        net.wire.at(bytes_of_an_apply // 2, kill)
        run = net.up()
        refused(run, BREAKS)
        again = net.converges(word)
    net.tell("connection", "closed: SIGKILL to sshd-session", "half of an apply", reader, run, again)


def test_three_packets_of_ten_are_lost(net: Stack) -> None:
    """In each direction: slow, but it goes through, or it says why and the next run does it."""
    lose = "-m statistic --mode random --probability 0.3"
    with net.read() as reader:
        word = net.edit()
        packets(net, "-I", lose)
        try:
            run = net.up()
        finally:
            packets(net, "-D", lose)
        if run.code:
            refused(run, f"{SILENT}|{BREAKS}|doesn't answer")
        again = net.converges(word)
    net.tell("connection", "30 % loss each way", "iptables -m statistic", reader, run, again)


def test_256_kilobits_a_second(net: Stack) -> None:
    with net.read() as reader:
        word = net.edit()
        net.wire.mend()
        net.wire.rate = 256_000 / 8
        run = net.up()
        assert run.code == 0, run.text
        net.wire.mend()
        again = net.converges(word)
    net.tell("connection", "256 kbit/s", "relay", reader, run, again)


def test_nobody_listens(net: Stack) -> None:
    with net.read() as reader:
        word = net.edit()
        net.wire.refuse()
        try:
            run = net.up()
        finally:
            net.wire.listen()
        refused(run, "refuses the connection; is sshd running there")
        assert net.serves("alixan", word)
        again = net.converges(word)
    net.tell("connection", "refused", "closed port", reader, run, again)


@pytest.mark.parametrize(("delay", "fine"), [(5.0, True), (40.0, False)])
def test_the_banner_comes_late(net: Stack, delay: float, fine: bool) -> None:
    with net.read() as reader:
        word = net.edit()
        net.wire.mend()
        net.wire.banner_delay = delay
        run = net.up()
        if fine:
            assert run.code == 0, run.text
        else:
            refused(run, "didn't finish the SSH handshake in 10 s; the host hangs, or what listens there isn't SSH")
        net.wire.mend()
        again = net.converges(word)
    net.tell("connection", "slow banner", f"{delay:g} s late", reader, run, again)


@contextmanager
def sshd_says(net: Stack, line: str) -> Iterator[None]:
    """Have `privas`'s sshd work by one more setting."""
    file = "/etc/ssh/sshd_config.d/00-fault.conf"
    net.sh("privas", f"echo '{line}' > {file} && systemctl reload ssh.service && sleep 2")
    try:
        yield
    finally:
        net.sh("privas", f"rm {file} && systemctl reload ssh.service")


def test_the_server_gives_one_session_at_a_time(net: Stack) -> None:
    """MaxSessions 1: what is refused is asked again, so an `up` only takes longer, or says which setting it is."""
    with net.read() as reader:
        word = net.edit()
        with sshd_says(net, "MaxSessions 1"):
            run = net.up("--refresh")
        if run.code:
            refused(run, "refuses to open a session .*MaxSessions")
        again = net.converges(word)
    net.tell("connection", "too many sessions", "MaxSessions 1", reader, run, again)


def test_the_server_has_too_many_unfinished_log_ins(net: Stack) -> None:
    """MaxStartups: strangers hold all that the server has."""
    where = (net.lab.layout.server("privas").loopback, 2222)
    with net.read() as reader:
        word = net.edit()
        with sshd_says(net, "MaxStartups 3:100:3"):
            strangers = [socket.create_connection(where, timeout=10) for _ in range(8)]
            try:
                # Whom it has no room for it tells so, and closes.
                greetings = [stranger.recv(8) for stranger in strangers]
                assert not all(greeting == b"SSH-2.0-" for greeting in greetings), "sshd has room for all of them"
                run = net.up()
            finally:
                for stranger in strangers:
                    stranger.close()
        refused(run, "closes connections before it speaks SSH.*MaxStartups")
        again = net.converges(word)
    net.tell("connection", "too many log-ins", "MaxStartups 3:100:3, held by strangers", reader, run, again)
