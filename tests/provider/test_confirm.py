"""A reload that may lock everybody out: a connection made after it keeps it, or the server itself goes back."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from remote_hosts import Bench, run
from sshd_host import SshdHost, sshd_host

from lab import Lab
from provider.errors import RefusedError
from provider.kinds.base import State

ROOT = "/etc/access"
RELOAD = """
cp -f "$1/sshd.conf" /etc/ssh/sshd_config.d/access.conf 2>/dev/null || rm -f /etc/ssh/sshd_config.d/access.conf
nft flush ruleset
[ ! -e "$1/nft.conf" ] || nft -f "$1/nft.conf" || exit 1
/usr/sbin/sshd -t && kill -HUP "$(pgrep -o -x sshd)"
"""
OPEN = "table inet access {\n}\n"
CLOSED = """table inet access {
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ESTABLISHED
    }
}
"""
KEEPS_OLD = CLOSED.replace("ESTABLISHED", "ct state established accept")
CUTS_ALL = CLOSED.replace("ESTABLISHED", "")
SECONDS = 6
SILENT = "doesn't answer within 2 s|no answer while deploy logs in"
"""A packet that is dropped, before or after the connection stands."""


@pytest.fixture
def host(lab: Lab, tmp_path: Path) -> Iterator[SshdHost]:
    with sshd_host(tmp_path, user="deploy") as machine:
        machine.sh("useradd -m deploy; cp -r /root/.ssh /home/deploy; chown -R deploy: /home/deploy")
        machine.sh("echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy")
        yield machine


async def access(bench: Bench, **props: Any) -> State:
    """Define the service, with a first generation that lets everybody in."""
    given = {
        "name": "access",
        "root": ROOT,
        "validate": ["sh", "-c", '! grep -q BAD "$1/sshd.conf"', "sh", "{generation}"],
        "reload": ["sh", "-c", RELOAD, "sh", "{root}/{generation}"],
        "running": ["pgrep", "-x", "sshd"],
        "watchSeconds": SECONDS,
        "confirm": True,
        **props,
    }
    await bench.create("access-service", kind=bench.service, **given)
    return await bench.create("access", **generation("LogLevel INFO", OPEN))


def generation(sshd: str, nft: str, motd: str = "1") -> dict[str, Any]:
    """Files of a generation, one elsewhere, and a command that is owed when that changes."""
    files = {"sshd.conf": f"{sshd}\n", "nft.conf": nft, "/etc/nt/motd": motd}
    return {
        "service": "access",
        "files": {path: {"content": text} for path, text in files.items()},
        "run": [["sh", "-c", "cat /etc/nt/motd >>/tmp/ran"]],
    }


def current(host: SshdHost) -> str:
    return host.sh(f"cat {ROOT}/current/sshd.conf").strip()


def settled(host: SshdHost) -> bool:
    """Nothing waits, nothing is owed."""
    left = "cd /var/lib/numerian && ls services/access | grep -v -e definition -e root; ls pending journal incoming"
    return host.sh(f"{left} | grep -v -e : -e '^$'; true") == ""


def gets_in(host: SshdHost) -> bool:
    newcomer = host.connect()
    try:
        return newcomer.run(["true"]).exit_code == 0
    finally:
        newcomer.close()


def test_what_lets_us_in_is_kept(host: SshdHost) -> None:
    async def kept() -> None:
        bench = host.bench()
        state = await access(bench)
        before = host.calls.count(["renew"])
        state = await bench.update("access", state, **generation("LogLevel VERBOSE", OPEN, "2"))
        assert host.calls.count(["renew"]) - before >= 2, "one sees the reload over, another one confirms"
        assert current(host) == "LogLevel VERBOSE"
        assert host.sh("cat /tmp/ran") == "12"
        assert await bench.read("access", state) == state
        time.sleep(SECONDS + 2)
        assert current(host) == "LogLevel VERBOSE"
        assert settled(host) and bench.warnings == []
        assert len(host.sh("pgrep -f '^sshd-session: deploy@' || true").split()) == 1, "the old connection is gone"

    run(kept())


@pytest.mark.parametrize(
    ("sshd", "nft", "why"),
    [
        ("DenyUsers deploy", OPEN, "the server accepts none of the keys tried for deploy"),
        ("LogLevel VERBOSE", KEEPS_OLD, SILENT),
        ("LogLevel VERBOSE", CUTS_ALL, SILENT),
    ],
    ids=["sshd refuses us", "firewall lets only old connections in", "firewall cuts the old ones too"],
)
def test_what_locks_us_out_is_put_back_by_the_server(host: SshdHost, sshd: str, nft: str, why: str) -> None:
    async def locked() -> None:
        bench = host.bench()
        state = await access(bench)
        with pytest.raises(RefusedError) as caught:
            await bench.update("access", state, **generation(sshd, nft))
        said = "generation 3 wasn't confirmed by a new connection within 6 s of its reload; generation 2 is back"
        assert str(caught.value).startswith(f"deb: access: {said}. A new connection failed: ")
        assert re.search(why, str(caught.value))
        assert current(host) == "LogLevel INFO"
        assert gets_in(host)
        found = await bench.read("access", state)
        assert found is not None and found.outputs["files"]["sshd.conf"]["content"] == "LogLevel INFO\n"
        await bench.update("access", found, **generation("LogLevel DEBUG", OPEN))
        assert current(host) == "LogLevel DEBUG" and bench.warnings == []

    run(locked())


RUN = """
import asyncio, json, sys
sys.path.insert(0, {tests!r})
from sshd_host import SshdHost
from provider.transport import HostSpec
from test_confirm import generation
spec = json.loads({spec!r})
host = SshdHost("deb", {prefix!r}, spec=HostSpec(**{{**spec, "identity_files": tuple(spec["identity_files"])}}))
host.renew = lambda: sys.exit(print("reloaded", flush=True) or sys.stdin.read())
asyncio.run(host.bench().create("access", **generation("LogLevel VERBOSE", {nft!r})))
"""


def test_a_run_that_is_killed_before_it_confirms_changes_nothing(host: SshdHost) -> None:
    """The server goes back by itself, and the next run says so."""

    async def first() -> State:
        return await access(host.bench())

    state = run(first())
    import json

    spec = json.dumps({**vars(host.spec), "host_keys": list(host.spec.host_keys)})
    text = RUN.format(tests=str(Path(__file__).parent), spec=spec, prefix=host.prefix, nft=OPEN)
    words = [sys.executable, "-c", text]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as other:
        assert other.stdout and other.stdout.readline() == b"reloaded\n"
        other.kill()
    for _ in range(100):
        if current(host) == "LogLevel VERBOSE":
            break
        time.sleep(0.1)
    assert current(host) == "LogLevel VERBOSE", "the reload is the server's"
    for _ in range(2 * SECONDS):
        if current(host) == "LogLevel INFO":
            break
        time.sleep(1)
    assert current(host) == "LogLevel INFO"

    async def next_run() -> None:
        bench = host.bench()
        assert await bench.read("access", state) == state
        await bench.update("access", state, **generation("LogLevel VERBOSE", OPEN))
        assert "generation 3 wasn't confirmed by a new connection within 6 s" in bench.warnings[0]
        assert "generation 2 is back" in bench.warnings[0]
        assert current(host) == "LogLevel VERBOSE"

    run(next_run())


def test_others_wait_until_it_is_decided(host: SshdHost) -> None:
    """A second operator's batch neither builds on what may be put back nor is lost."""

    async def decided() -> None:
        bench = host.bench()
        state = await access(bench)
        import asyncio

        other = SshdHost("deb", host.prefix, spec=host.spec).bench()
        locked = asyncio.create_task(bench.update("access", state, **generation("DenyUsers deploy", OPEN)))
        for _ in range(100):
            await asyncio.sleep(0.1)
            if host.sh("ls -d /var/lib/numerian/services/access/watch-* 2>/dev/null; true"):
                break
        more = {"service": "access", "files": {"more.conf": {"content": "x"}}}
        await other.create("more", **more)
        with pytest.raises(RefusedError):
            await locked
        assert host.sh(f"cat {ROOT}/current/sshd.conf {ROOT}/current/more.conf") == "LogLevel INFO\nx"

    run(decided())


def test_a_reload_that_fails_is_put_back_and_said(host: SshdHost) -> None:
    async def fails() -> None:
        bench = host.bench()
        state = await access(bench)
        with pytest.raises(RefusedError, match=r"generation 3 couldn't be reloaded: .*generation 2 is back"):
            await bench.update("access", state, **generation("LogLevel VERBOSE", "table what {"))
        assert current(host) == "LogLevel INFO" and gets_in(host)

    run(fails())


def test_a_daemon_that_dies_after_it_was_confirmed_gets_its_old_generation_back(host: SshdHost) -> None:
    async def dies() -> None:
        bench = host.bench()
        state = await access(bench, running=["sh", "-c", "! [ -e /tmp/dead ]"])
        await bench.update("access", state, **generation("LogLevel VERBOSE", OPEN))
        host.sh("touch /tmp/dead; sleep 3; rm /tmp/dead")
        assert current(host) == "LogLevel INFO"
        await bench.create("other", files={"/etc/nt/other": {"content": "x"}})
        assert "access generation 3 died" in bench.warnings[0].replace("\t", " ")

    run(dies())
