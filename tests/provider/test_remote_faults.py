"""Runs that are cut, disks that are full, locks that are left: the next run repairs, and no reader sees a mix."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from remote_hosts import Bench, Shell, machine_host, run

from provider.errors import CommandError, HostError, ProviderError
from provider.kinds.base import State
from provider.transport import Result

ROOT = "/srv/front/config"
ANN = {"owner": "1007", "group": "1007"}
CHANGING = ("mv", "ln", "rm", "cp", "tar", "mkdir", "sync")

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="a chroot needs root")


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("faults")
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    with machine_host(folder / "root") as host:
        yield host


@pytest.fixture
def bench(shell: Shell) -> Bench:
    shell.sh("rm -rf /var/lib/numerian /srv/* /etc/nt /tmp/* /tmp/.[a-z]*")
    return Bench(shell)


class Cut(Shell):
    """A host on which the N-th command of an apply that writes kills the whole run, or fails."""

    fault = "kill -9 0"

    def arm(self, when: int, commands: Iterable[str] = CHANGING) -> None:
        """Put a program of the same name before each command that changes something; it counts, and strikes once."""
        cut = Path(self.prefix[1]) / "cut"
        for command in commands:
            real = shutil.which(command)
            count = f"read -r n </cut/n; n=$((n + 1)); echo $n >/cut/n; [ $n -ne {when} ] || {self.fault}"
            (cut / command).write_text(f'#!/bin/sh\n{count}\nexec {real} "$@"\n')
            (cut / command).chmod(0o755)
        (cut / "n").write_text("0\n")

    def count(self) -> int:
        return int((Path(self.prefix[1]) / "cut/n").read_text() or "0")

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        if "apply" not in argv:
            return super().run(argv, stdin=stdin, timeout=timeout, root=root)
        env = {"PATH": "/cut:/usr/bin:/bin:/usr/sbin:/sbin"}
        done = subprocess.run(
            [*self.prefix, *argv], input=stdin, capture_output=True, timeout=60, env=env, start_new_session=True
        )
        return Result(done.stdout, done.stderr, done.returncode)


async def service(bench: Bench) -> None:
    await bench.create(
        "front-service",
        kind=bench.service,
        name="front",
        root=ROOT,
        validate=["sh", "-c", 'cd "$1" && cmp -s a b', "sh", "{generation}"],
        reload=["sh", "-c", "cat current/a >/tmp/loaded"],
        running=["true"],
        watchSeconds=0,
    )


def props(text: str) -> dict[str, Any]:
    """Two files that a reader must only ever see equal, one elsewhere, a folder and a seed."""
    return {
        "service": "front",
        "files": {
            "a": {"content": text},
            "b": {"content": text},
            "/etc/nt/c": {"content": text},
            "/etc/nt/d": {"content": text},
        },
        "folders": {f"/srv/{text}": {}, f"/srv/{text}/w": ANN},
        "seeds": {f"/srv/{text}/w/index.html": {"content": "seed", **ANN}},
        "run": [["sh", "-c", "cat /etc/nt/c >/tmp/ran"]],
    }


class Reader(threading.Thread):
    """Reads the generation all the time, as a daemon would, and notes every mix of old and new."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self.mixes: list[str] = []
        self.seen: set[str] = set()
        self.over = False

    def run(self) -> None:
        while not self.over:
            try:
                folder = os.open(self.root / "current", os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                continue
            try:
                texts = [Path(f"/proc/self/fd/{folder}/{name}").read_text() for name in ("a", "b")]
                self.seen.add(texts[0])
                if texts[0] != texts[1] or texts[0] not in ("old", "new"):
                    self.mixes.append(" ".join(texts))
            except FileNotFoundError as error:
                self.mixes.append(str(error))
            finally:
                os.close(folder)


def settled(bench: Bench, when: int) -> None:
    look = f"cat {ROOT}/current/a {ROOT}/current/b /etc/nt/c /etc/nt/d /tmp/loaded /tmp/ran /srv/new/w/index.html"
    assert bench.shell.sh(look) == "new" * 6 + "seed"
    assert bench.shell.sh("find /srv /etc -name '.numerian-*'; cd /var/lib/numerian; ls incoming journal pending") == (
        "incoming:\n\njournal:\n\npending:\n"
    ), when
    assert bench.shell.sh("stat -c '%u %a' /srv/new/w /srv/new/w/index.html") == "1007 755\n1007 644\n"


@pytest.mark.parametrize(
    "fault", ["kill -9 0", "{ echo 'No space left on device' >&2; exit 1; }"], ids=["killed", "full disk"]
)
def test_a_run_that_is_cut_anywhere_is_repaired_by_the_next(bench: Bench, fault: str) -> None:
    """Cut at the N-th changing command, with a reader beside: old or new, never a mix."""
    cut = Cut(bench.shell.host, bench.shell.prefix)
    cut.fault = fault
    root = Path(bench.shell.prefix[1]) / ROOT.lstrip("/")
    clear = "rm -rf /var/lib/numerian /srv/* /etc/nt /tmp/*"

    async def deployed() -> State:
        bench.shell.sh(clear)
        await service(bench)
        return await bench.create("x", **props("old"))

    # The same start for each cut, made once: with owners, times and hard links as an apply leaves them.
    state = asyncio.run(deployed())
    bench.shell.sh("tar -C / -cf /cut/start.tar var/lib/numerian srv etc/nt tmp")

    async def once(when: int) -> bool:
        bench.shell.sh(f"{clear}; tar -C / -xpf /cut/start.tar")
        reader = Reader(root)
        reader.start()
        cut.arm(when)
        try:
            await Bench(cut).update("x", state, **props("new"))
        except ProviderError:
            pass
        reached = cut.count() >= when
        try:
            await Bench(bench.shell).create("x", **props("new"))
        finally:
            reader.over = True
            reader.join()
        assert reader.mixes == [], when
        settled(bench, when)
        return reached

    cuts = 1
    while asyncio.run(once(cuts)):
        cuts += 1 if "kill" in fault else 3
    assert cuts > 20, "the faults weren't injected"


def test_a_disk_that_refuses_at_the_last_moment_is_told(bench: Bench) -> None:
    """The kernel may say only at `fsync` that what was written never came to the disk."""
    cut = Cut(bench.shell.host, bench.shell.prefix)
    cut.fault = "{ echo 'sync: error syncing: Input/output error' >&2; exit 1; }"

    async def refused() -> None:
        state = await bench.create("x", files={"/etc/nt/a": {"content": "old"}})
        for name in CHANGING:
            (Path(cut.prefix[1]) / "cut" / name).unlink(missing_ok=True)
        cut.arm(2, ["sync"])  # the first asks what this `sync` can do
        with pytest.raises(CommandError, match="Input/output error"):
            await Bench(cut).update("x", state, files={"/etc/nt/a": {"content": "new"}})
        await bench.update("x", state, files={"/etc/nt/a": {"content": "new"}})
        assert bench.shell.sh("cat /etc/nt/a; ls /var/lib/numerian/incoming") == "new"

    run(refused())


def test_a_full_disk_fails_cleanly(bench: Bench) -> None:
    srv = Path(bench.shell.prefix[1]) / "srv"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k,mode=755", "tmpfs", str(srv)], check=True)
    try:

        async def full() -> None:
            await service(bench)
            small = {"a": {"content": "old"}, "b": {"content": "old"}}
            state = await bench.create("x", service="front", files=small)
            large = {"a": {"content": "n" * 400_000}, "b": {"content": "n" * 400_000}}
            with pytest.raises(CommandError, match="No space left"):
                await bench.update("x", state, service="front", files=large)
            assert bench.shell.sh(f"cat {ROOT}/current/a {ROOT}/current/b; ls {ROOT}/generations") == "oldold1\n2\n"
            new = {"a": {"content": "new"}, "b": {"content": "new"}}
            await bench.update("x", state, service="front", files=new)
            assert bench.shell.sh(f"cat {ROOT}/current/a {ROOT}/current/b") == "newnew"

        run(full())
    finally:
        subprocess.run(["umount", str(srv)], check=True)


@pytest.mark.parametrize(
    "holder",
    [
        "999999:1:$(cat /proc/sys/kernel/random/boot_id)",
        "1:1:$(cat /proc/sys/kernel/random/boot_id)",
        "1:1:another-boot",
    ],
)
def test_a_lock_whose_holder_is_dead_is_taken_over(bench: Bench, holder: str) -> None:
    boot = "boot=/proc/sys/kernel/random/boot_id"
    bench.shell.sh(f'{boot}; mkdir -p /var/lib/numerian && ln -s "{holder}" /var/lib/numerian/lock')
    run(asyncio.wait_for(bench.create("x", files={"/etc/nt/a": {"content": "x"}}), 30))
    assert bench.shell.sh("cat /etc/nt/a; ls /var/lib/numerian | grep lock || true") == "x"


def test_a_lock_that_is_held_is_waited_for(bench: Bench) -> None:
    """The holder's own start and boot make it alive; it ends, and the lock is free."""
    hold = (
        "boot=/proc/sys/kernel/random/boot_id; mkdir -p /var/lib/numerian;"
        " read -r s </proc/$$/stat; s=${s##*) }; set -- $s; read -r b <$boot;"
        ' ln -s "$$:${20}:$b" /var/lib/numerian/lock; echo held; sleep 2; rm /var/lib/numerian/lock'
    )
    holder = subprocess.Popen([*bench.shell.prefix, "sh", "-c", hold], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    run(asyncio.wait_for(bench.create("x", files={"/etc/nt/a": {"content": "x"}}), 30))
    assert holder.poll() is not None or holder.wait(1) == 0


def test_two_writers_at_once_both_get_through(bench: Bench) -> None:
    """Two runs from two machines: one lock, nothing is lost."""

    async def both() -> None:
        await service(bench)
        one, two = Bench(bench.shell), Bench(bench.shell)
        await asyncio.gather(
            *(one.create(f"one{n}", files={f"/etc/nt/one{n}": {"content": "1"}}) for n in range(5)),
            *(two.create(f"two{n}", files={f"/etc/nt/two{n}": {"content": "2"}}) for n in range(5)),
        )
        assert len(bench.shell.sh("ls /etc/nt").split()) == 10
        assert len(bench.shell.sh("ls /var/lib/numerian/ledger").split()) == 10

    run(both())


def test_links_swapped_while_the_work_goes_on_lead_nowhere(bench: Bench) -> None:
    """A member swaps its folders for links all the time while seeds and folders are made in them."""
    swap = (
        "cd /srv/m/www; while [ ! -e /tmp/over ]; do rm -rf d .numerian-seeds; ln -s /etc/nt d;"
        " ln -s /etc/nt .numerian-seeds; rm -f d .numerian-seeds; mkdir -p d; done"
    )

    async def swapped() -> None:
        bench.shell.sh("mkdir -p /etc/nt && echo top >/etc/nt/shadow && chmod 700 /etc/nt")
        folders: dict[str, Any] = {"/srv/m": {}, "/srv/m/www": ANN}
        state = await bench.create("m", folders=folders)
        before = bench.shell.sh("ls -la /etc /etc/nt")
        bench.shell.sh("chmod 777 /tmp")
        user = ["chroot", "--userspec=1007:1007", bench.shell.prefix[1], "sh", "-c", swap]
        swapper = subprocess.Popen(user, stderr=subprocess.DEVNULL)
        try:
            for n in range(20):
                more = {f"/srv/m/www/d/{n}.html": {"content": "seed", **ANN}}
                try:
                    state = await bench.update("m", state, folders={**folders, f"/srv/m/www/d/s{n}": ANN}, seeds=more)
                except (CommandError, HostError):
                    pass
        finally:
            bench.shell.sh("touch /tmp/over")
            swapper.wait(10)
        assert bench.shell.sh("ls -la /etc /etc/nt") == before

    run(swapped())
