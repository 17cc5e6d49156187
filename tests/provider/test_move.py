"""A set of files moves to another host with what people put into its folders: two real servers, reached by SSH."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from remote_hosts import Pool, run
from sshd_host import SshdHost, sshd_host

from provider.errors import HostError, ProviderError, RefusedError, ResourceError
from provider.kinds import moving
from provider.kinds.base import Context, State
from provider.kinds.files import Files
from provider.kinds.service import Service
from provider.remote import carry
from provider.resources import folded
from provider.runtime import Runtime

UID = "300007"
HOME = "/srv/sites/m"
WWW = f"{HOME}/www"
MARKS = "cd /var/lib/numerian && find moving moved -type f 2>/dev/null; find /srv -name '.numerian-moving*'; true"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SshdHost, SshdHost]]:
    with (
        sshd_host(tmp_path_factory.mktemp("old"), user="root") as old,
        sshd_host(tmp_path_factory.mktemp("new"), user="root") as new,
    ):
        yield old, new


@dataclass
class Two:
    """Two hosts with a service each, and one resource that moves."""

    old: SshdHost
    new: SshdHost
    warnings: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin_run()

    def begin_run(self) -> None:
        """What a new run of the engine has: a provider of its own."""
        pool = Pool({"old": self.old.connect(name="old"), "new": self.new.connect(name="new")})
        self.runtime = Runtime(pool, reporter=self)

    def warn(self, urn: str, text: str) -> None:
        self.warnings.append(text)

    def status(self, urn: str, text: str) -> None:
        self.shown.append(text)

    async def service(self, host: str, validate: list[str]) -> None:
        props = {"host": host, "name": "web", "root": "/srv/web", "validate": validate}
        props |= {"reload": ["true"], "running": ["true"], "watchSeconds": 0}
        kind = Service(self.runtime)
        context = Context("numerian", "test", f"{host}-web")
        news, failures = await kind.check(context, {}, props)
        assert not failures, failures
        await kind.create(context, news)

    async def checked(self, host: str, **more: Any) -> dict[str, Any]:
        rights = {"owner": UID, "group": UID}
        passage = {"passage/m": {"content": f"to {host}"}}
        props: dict[str, Any] = {
            "host": host,
            "service": "web",
            "files": {"m.conf": {"content": "serve m"}},
            "folders": {HOME: {}, WWW: rights},
            "seeds": {f"{WWW}/index.html": {"content": "first", **rights}},
            "moving": folded(
                {"content": [WWW], "passage": passage, "give": ["echo", "key"], "take": ["tee", "/srv/taken"]}
            ),
        }
        news, failures = await Files(self.runtime).check(self.context, {}, props | more)
        assert not failures, failures
        return dict(news)

    context = Context("numerian", "test", "m-site")

    async def create(self, host: str = "old") -> State:
        return await Files(self.runtime).create(self.context, await self.checked(host))

    async def move(self, state: State, host: str = "new", **more: Any) -> State:
        news = await self.checked(host, **more)
        return await Files(self.runtime).update(self.context, state.id, state.outputs, news)

    async def diff(self, state: State, host: str, **more: Any) -> dict[str, str]:
        news = await self.checked(host, **more)
        found = await Files(self.runtime).diff(self.context, state.id, state.outputs, news)
        return {path: change.value for path, change in found.changes.items()}

    def as_member(self, host: SshdHost, script: str) -> None:
        """Do something in the folder as its owner."""
        host.sh(f'cd {WWW} && exec setpriv --reuid={UID} --regid={UID} --clear-groups sh -c "$1"', script)


@pytest.fixture
def two(hosts: tuple[SshdHost, SshdHost]) -> Two:
    """Both hosts as if nothing had ever been deployed to them."""
    for host in hosts:
        host.sh(
            "umount /srv/sites 2>/dev/null; rm -rf /srv/sites /srv/web /srv/taken /var/lib/numerian; mkdir /srv/sites"
        )
    found = Two(*hosts)

    async def services() -> None:
        for host in ("old", "new"):
            await found.service(host, ["true"])

    run(services())
    return found


def test_files_of_people_go_along_and_the_old_place_passes_visitors_on(two: Two) -> None:
    async def story() -> None:
        state = await two.create()
        odd = "$(printf 'a\\nb')"
        two.as_member(
            two.old,
            f"echo changed >index.html; mkdir -p 'été' .hidden; echo x >'été/'\"{odd}\"; chmod 600 'été/'\"{odd}\";"
            "ln -s /etc/passwd link; mkfifo pipe; echo s >suid; chmod 4755 suid;"
            "touch -d 2020-01-02 old; chmod 500 .hidden",
        )
        assert await two.diff(state, "new") == {"host": "update"}
        state = await two.move(state)
        assert state.id == "new/m-site"
        listing = (
            f"cd {WWW} && find . ! -type p -printf '%p %y %U %G %m %l\\n' | sort;"
            "find . -type f -printf '%T@ %p\\n' | sort"
        )
        assert two.new.sh(listing).splitlines() == two.old.sh(listing).replace(" 4755 ", " 755 ").splitlines()
        assert two.new.sh(f"cat {WWW}/index.html; cat {WWW}/été/*; readlink {WWW}/link") == "changed\nx\n/etc/passwd\n"
        assert two.new.sh("cat /srv/web/current/m.conf; cat /srv/taken") == "serve mkey\n"
        # Both go on: what is there, and beside it what passes visitors on.
        assert two.old.sh("cat /srv/web/current/m.conf /srv/web/current/passage/m") == "serve mto new"
        # The second run changes nothing.
        assert await two.diff(state, "new") == {}
        assert two.new.sh(MARKS) == "" and two.old.sh(MARKS) == "moved/:srv:sites:m:www\n"

    run(story())


def test_the_old_place_is_retired_when_its_time_is_over(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        state = await two.move(await two.create())
        assert list(state.outputs["left"]) == ["old"]
        later = moving._today() + moving.timedelta(days=8)
        monkeypatch.setattr(moving, "_today", lambda: later)
        assert await two.diff(state, "new") == {"left.old": "delete"}
        state = await two.move(state)
        assert "left" not in state.outputs and await two.diff(state, "new") == {}
        assert two.old.sh("find /srv/web/current/ -type f; ls /srv/sites") == ""
        assert two.old.sh(f"cat /var/lib/numerian/archive/*-m-site{WWW}/index.html") == "first"
        assert two.old.sh("find /var/lib/numerian/ledger -name '*m-site*'") + two.old.sh(MARKS) == ""
        assert two.new.sh(f"cat {WWW}/index.html") == "first"

    run(story())


def test_an_old_host_that_is_down_by_then_holds_nobody_up(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        state = await two.move(await two.create())
        later = moving._today() + moving.timedelta(days=8)
        monkeypatch.setattr(moving, "_today", lambda: later)
        two.runtime.hosts.hosts["old"] = two.old.connect(name="old", port=9)  # type: ignore[attr-defined]
        state = await two.move(state)
        assert list(state.outputs["left"]) == ["old"]
        assert "the next run tries again: old: " in two.warnings[0]

    run(story())


def test_a_cancelled_run_copies_no_further(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    state = run(two.create())
    two.as_member(two.old, "head -c 40000000 /dev/urandom >big")
    transport = two.runtime.hosts.transport("old")
    said = carry._pump

    def pump(giver: Any, taker: Any, say: Any) -> None:
        transport.cancel()  # type: ignore[attr-defined]
        said(giver, taker, say)

    monkeypatch.setattr(carry, "_pump", pump)
    with pytest.raises(HostError, match="cancelled"):
        run(two.move(state))
    monkeypatch.setattr(carry, "_pump", said)
    two.begin_run()
    run(two.move(state))
    assert two.new.sh(f"stat -c %s {WWW}/big") == "40000000\n"


@pytest.mark.parametrize("side", ["old", "new"])
def test_a_connection_that_breaks_is_told_and_the_next_run_goes_on(
    two: Two, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    state = run(two.create())
    two.as_member(two.old, "head -c 40000000 /dev/urandom >big")
    host = {"old": two.old, "new": two.new}[side]
    pumped = carry._pump

    def pump(giver: Any, taker: Any, say: Any) -> None:
        def cut(sent: int) -> None:
            if sent > 5_000_000:
                host.sh("pkill -9 -f 'sshd(-session)?: root' || true")

        pumped(giver, taker, cut)

    monkeypatch.setattr(carry, "_pump", pump)
    with pytest.raises(HostError):
        run(two.move(state))
    assert two.new.sh("ls /srv/sites") == "" and two.old.sh("cat /srv/web/current/m.conf") == "serve m"
    monkeypatch.setattr(carry, "_pump", pumped)
    two.begin_run()
    run(two.move(state))
    assert two.new.sh(f"sha256sum {WWW}/big") == two.old.sh(f"sha256sum {WWW}/big")


def test_what_does_not_arrive_is_told_and_the_old_place_serves_on(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    state = run(two.create())
    two.as_member(two.old, "echo 1 >lost; echo 1 >kept")
    bring = carry.bring
    monkeypatch.setattr(
        carry, "bring", lambda s, t, send, *more: bring(s, t, [path for path in send if path != "./lost"], *more)
    )
    with pytest.raises(ResourceError, match=r"1 of /srv/sites/m/www didn't come to new .*: \./lost"):
        run(two.move(state))
    assert two.old.sh("ls /srv/web/current/") == "m.conf\n" and "moved" not in two.old.sh(MARKS)


def test_it_moves_back_with_what_came_since_and_what_lay_there_is_kept(two: Two) -> None:
    async def story() -> None:
        state = await two.move(await two.create())
        two.as_member(two.new, "echo newer >index.html; echo more >more.html")
        two.as_member(two.old, "echo stale >stale.html")
        state = await two.move(state, "old")
        assert two.old.sh(f"cd {WWW} && cat *") == "newer\nmore\n"
        assert two.old.sh(f"cat /var/lib/numerian/archive/*-m-site{WWW}/stale.html") == "stale\n"
        assert two.old.sh("find /srv/web/current/ -type f") == "/srv/web/current/m.conf\n"
        assert two.new.sh("cat /srv/web/current/passage/m") == "to old"
        assert list(state.outputs["left"]) == ["new"]

    run(story())


def test_what_changes_while_it_is_copied_comes_along(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is changed, one made and one taken away after the first round; one more at the very switch."""

    async def story() -> None:
        state = await two.create()
        two.as_member(two.old, "echo 1 >changes; echo 1 >goes; echo 1 >stays; echo 1 >both")
        settle, mark = carry.settle, moving.Mover._last_pass

        def settled(*args: Any) -> Any:
            held = settle(*args)
            two.as_member(two.old, "echo two >changes; rm goes; echo 1 >comes")
            return held

        def marked(self: Any, copy: Any, say: Any) -> None:
            mark(self, copy, say)
            two.as_member(two.old, "echo late >late; rm stays; echo old >both")
            two.as_member(two.new, "echo new >both")

        monkeypatch.setattr(moving, "settle", settled)
        monkeypatch.setattr(moving.Mover, "_last_pass", marked)
        await two.move(state)
        came = two.new.sh(f"cd {WWW} && for f in *; do echo $f $(cat $f); done").splitlines()
        assert came == ["both new", "changes two", "comes 1", "index.html first", "late late"]
        (warning,) = two.warnings
        assert "1 changed on both servers" in warning and warning.endswith("./both")

    run(story())


def test_who_still_writes_at_the_old_place_is_ended(two: Two) -> None:
    async def story() -> None:
        state = await two.create()
        two.old.sh(f"setsid -f setpriv --reuid={UID} --clear-groups sleep 600 </dev/null >/dev/null 2>&1")
        await two.move(state)
        assert two.old.sh("pgrep -x sleep -u 300007 || true") == ""

    run(story())


MOVE = """
import asyncio, json, sys
sys.path[:0] = json.loads(sys.argv[1])
from test_move import Two
from provider.kinds.base import State
from provider.transport import HostSpec
from sshd_host import LIMITS, SshTransport
from remote_hosts import Pool
from provider.runtime import Runtime

class There(Two):
    def __init__(self, specs):
        self.specs = specs
        lists = lambda e: {k: tuple(v) if isinstance(v, list) else v for k, v in e.items()}
        self.runtime = Runtime(Pool({n: SshTransport(HostSpec(**lists(s)), limits=LIMITS) for n, s in specs.items()}))

outputs = json.loads(sys.argv[3])
asyncio.run(There(json.loads(sys.argv[2])).move(State("old/m-site", outputs)))
"""


def test_a_provider_killed_while_it_copies_leaves_nothing_that_is_taken_for_people_s_data(two: Two) -> None:
    state = run(two.create())
    two.as_member(two.old, "for n in 1 2 3 4 5 6; do head -c 20000000 /dev/urandom >big$n; done")
    specs = {name: {**vars(host.spec), "name": name} for name, host in (("old", two.old), ("new", two.new))}
    argv = [sys.executable, "-c", MOVE, json.dumps(sys.path), json.dumps(specs), json.dumps(state.outputs)]
    process = subprocess.Popen(argv, stderr=subprocess.PIPE)
    size = "du -sk /srv/sites/.numerian-moving* 2>/dev/null | cut -f 1 | grep . || echo 0"
    deadline = time.monotonic() + 60
    while not 5_000 < int(two.new.sh(size)) < 110_000:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert two.new.sh("ls /srv/sites") == "" and two.old.sh("cat /srv/web/current/m.conf") == "serve m"
    two.as_member(two.old, "rm big1; echo since >since")
    two.begin_run()
    run(two.move(state))
    assert two.new.sh(f"cd {WWW} && sha256sum *") == two.old.sh(f"cd {WWW} && sha256sum *")
    assert two.new.sh(MARKS) == ""


def test_a_disk_that_is_too_small_is_told_before_and_nothing_is_left_there(two: Two) -> None:
    two.new.sh("mount -t tmpfs -o size=10m,mode=755 none /srv/sites")
    state = run(two.create())
    two.as_member(two.old, "head -c 20000000 /dev/zero >big")
    with pytest.raises(ResourceError, match=r"new has \d+ MB free at .*takes 20 MB: make room there"):
        run(two.move(state))
    assert two.new.sh("find /srv/sites -mindepth 1") == "" and two.old.sh("ls /srv/web/current/") == "m.conf\n"


def test_a_disk_that_fills_up_while_it_is_copied_is_told_and_given_back(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "_room", lambda target, needed: None)
    two.new.sh("mount -t tmpfs -o size=10m,mode=755 none /srv/sites")
    state = run(two.create())
    two.as_member(two.old, "head -c 20000000 /dev/zero >big")
    with pytest.raises(ResourceError, match=r"new ran full while .* came there; it was taken away again: make room"):
        run(two.move(state))
    assert two.new.sh("find /srv/sites -mindepth 1") == "" and two.old.sh("ls /srv/web/current/") == "m.conf\n"
    two.new.sh("umount /srv/sites")
    two.begin_run()
    run(two.move(state))
    assert two.new.sh(f"stat -c %s {WWW}/big") == "20000000\n"


def test_a_move_that_was_cut_after_the_switch_copies_nothing_over_newer_data(two: Two) -> None:
    async def story() -> None:
        state = await two.create()
        await two.move(state)  # whose end the state never heard of
        two.as_member(two.new, "echo newer >index.html")
        moved = await two.move(state)
        assert two.new.sh(f"cat {WWW}/index.html") == "newer\n"
        assert list(moved.outputs["left"]) == ["old"]

    run(story())


def test_an_old_host_that_refuses_to_pass_visitors_on_keeps_serving_and_the_next_run_copies_again(two: Two) -> None:
    async def story() -> None:
        state = await two.create()
        await two.service("old", ["sh", "-c", "! test -e {root}/{generation}/passage/m"])
        with pytest.raises(RefusedError):
            await two.move(state)
        two.as_member(two.old, "echo later >index.html")
        await two.service("old", ["true"])
        await two.move(state)
        assert two.new.sh(f"cat {WWW}/index.html") == "later\n"
        assert two.new.sh("ls -d /var/lib/numerian/archive/* 2>/dev/null || true") == ""

    run(story())


def test_folders_without_a_word_about_moving_stay(two: Two) -> None:
    state = run(two.create())
    with pytest.raises(ProviderError, match=r"doesn't say \(`moving`\) what of them goes along"):
        run(two.move(state, moving=None))


def test_root_copies_from_no_folder_that_somebody_else_can_change(two: Two) -> None:
    state = run(two.create())
    two.old.sh(f"chown {UID} {HOME}")
    with pytest.raises(ResourceError, match=f"lies in a folder of uid {UID}"):
        run(two.move(state))


def test_many_move_at_once_a_few_copies_at_a_time_and_their_writes_go_together(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    under_way: list[int] = []
    most = 0
    settle = carry.settle

    def counted(*args: Any) -> Any:
        nonlocal most
        under_way.append(1)
        most = max(most, len(under_way))
        time.sleep(0.3)
        try:
            return settle(*args)
        finally:
            under_way.pop()

    monkeypatch.setattr(moving, "settle", counted)

    async def story() -> None:
        kind = Files(two.runtime)
        inputs = {n: await two.checked("old") for n in range(8)}
        text = {
            n: json.dumps(props).replace("/sites/m", f"/sites/m{n}").replace(UID, f"30001{n}")
            for n, props in inputs.items()
        }
        there = {
            # `moving` is JSON within JSON.
            n: json.loads(re.sub(r'/m(\\?")', rf"/m{n}\1", t.replace('"m.conf"', f'"m{n}.conf"')))
            for n, t in text.items()
        }
        here = {n: props | {"host": "new"} for n, props in there.items()}

        def context(n: int) -> Context:
            return Context("numerian", "test", f"m{n}-site")

        states = await asyncio.gather(*(kind.create(context(n), there[n]) for n in there))
        two.new.sh("rm -f /var/lib/numerian/batches.log")
        await asyncio.gather(*(kind.update(context(n), s.id, s.outputs, here[n]) for n, s in enumerate(states)))

    run(story())
    assert 1 < most <= moving.AT_ONCE
    assert two.new.sh("ls /srv/sites; ls /srv/web/current/ | wc -l").split() == [*(f"m{n}" for n in range(8)), "8"]
    writes = two.new.sh("grep -c ' write ' /var/lib/numerian/batches.log")
    assert int(writes) < 16  # two for each would be 16
