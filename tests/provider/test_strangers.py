"""Who and what somebody added by hand: named by the next refresh, taken away by the next `up`; in real containers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from remote_hosts import Bench, Shell, debian_host, run
from sshd_host import image

from lab import Lab
from provider.errors import HostError
from provider.kinds.base import State
from provider.kinds.host import Host
from provider.remote import dpkg

LISTEN = "use IO::Socket; $s = IO::Socket::INET->new(Proto => $ARGV[0], LocalAddr => $ARGV[1], Listen => $ARGV[2])"
LOCK = """
open(F, ">>", $ARGV[0]); $whole = pack("s s x4 q q i x4", 1, 0, 0, 0, 0); fcntl(F, 6, $whole) or die; sleep 4
"""


@pytest.fixture
def debian(lab: Lab) -> Iterator[Shell]:
    with debian_host(image()) as shell:
        shell.sh("useradd -m -s /bin/bash deploy; echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy")
        shell.sh("chmod 0440 /etc/sudoers.d/deploy")
        yield shell


class Base:
    """A `Host` and its state, as an operator drives it."""

    def __init__(self, shell: Shell, **props: Any) -> None:
        self.shell = shell
        self.bench = Bench(shell)
        self.kind = Host(self.bench.runtime)
        self.context = self.bench.context("base")
        self.props: dict[str, Any] = {"accounts": [{"name": "deploy"}, {"name": "ann"}], **props}
        self.state: State | None = None

    async def up(self) -> dict[str, str]:
        """Preview and apply; return what the preview named."""
        news = await self.bench.checked("base", self.props, self.kind)
        if self.state is None:
            self.state = await self.kind.create(self.context, news)
            return {}
        changes = (await self.kind.diff(self.context, self.state.id, self.state.outputs, news)).changes
        if changes:
            self.state = await self.kind.update(self.context, self.state.id, self.state.outputs, news)
        return {path: change.value for path, change in changes.items()}

    async def refresh(self) -> int:
        """Read; return the number of round trips."""
        assert self.state is not None
        before = len(self.shell.calls)
        inputs = await self.bench.checked("base", self.props, self.kind)
        self.state = await self.kind.read(self.context, self.state.id, self.state.outputs, inputs)
        return len(self.shell.calls) - before

    def told(self) -> list[str]:
        words, self.bench.warnings = self.bench.warnings, []
        return words


def test_rights_and_accounts_given_by_hand_are_named_and_taken_away(debian: Shell) -> None:
    async def life() -> None:
        base = Base(debian, rights=["deploy"], ports=[])
        await base.up()
        assert await base.refresh() == 1
        assert await base.up() == {} and base.told() == []

        debian.sh(
            "useradd -m -s /bin/bash -G sudo eve; echo 'eve ALL=(ALL) ALL' >/etc/sudoers.d/eve; echo x >~eve/mine"
        )
        debian.sh("useradd -o -u 0 -g 0 -M -s /bin/sh toor; printf 'eve:geheim' | chpasswd")
        assert await base.refresh() == 1
        assert base.told() == [
            "deb: eve may become root (group sudo, /etc/sudoers.d/eve), which isn't declared",
            "deb: toor may become root (uid 0, group root), which isn't declared",
            "deb: eve (uid 1009, /bin/bash) may log in and isn't declared",
            "deb: toor (uid 0, /bin/sh) may log in and isn't declared",
        ]
        assert await base.up() == {
            'accounts["eve"]': "delete",
            'accounts["toor"]': "delete",
            'rights["eve"]': "delete",
            'rights["toor"]': "delete",
        }
        assert debian.sh("id -Gn eve; getent shadow eve | cut -d: -f8; getent passwd eve | cut -d: -f7") == (
            "eve\n1\n/usr/sbin/nologin\n"
        )
        assert debian.sh("getent shadow eve | cut -c 1-5; cat ~eve/mine; ls /etc/sudoers.d") == (
            "eve:!\nx\nREADME\ndeploy\n"
        )
        archived = debian.sh(
            "cat /var/lib/numerian/archive/*-rights/etc/sudoers.d/eve; visudo -c >/dev/null && echo well"
        )
        assert archived == "eve ALL=(ALL) ALL\nwell\n"
        base.told()
        await base.refresh()
        assert await base.up() == {'rights["toor"]': "delete"}, "its number stays: a person has to judge that"

    run(life())


def test_what_came_since_the_refresh_waits_for_the_next_up(debian: Shell) -> None:
    """Nothing is taken away that no preview named."""

    async def life() -> None:
        base = Base(debian, rights=["deploy"])
        await base.up()
        debian.sh("useradd -m -s /bin/bash -G sudo eve")
        base.props["packages"] = ["coreutils"]
        assert await base.up() == {"packages[0]": "add"}
        assert debian.sh("id -Gn eve") == "eve sudo\n"
        assert base.told() == [
            "deb: eve may become root (group sudo), which isn't declared",
            "deb: eve (uid 1009, /bin/bash) may log in and isn't declared",
        ]
        assert await base.up() == {'accounts["eve"]': "delete", 'rights["eve"]': "delete"}
        assert debian.sh("id -Gn eve") == "eve\n"
        assert await base.up() == {} and base.told() == []

    run(life())


def test_who_we_log_in_as_keeps_its_right_even_if_nobody_declares_it(debian: Shell) -> None:
    async def life() -> None:
        base = Base(debian, rights=["deploy"])
        await base.up()
        base.props = {"accounts": [], "rights": []}
        await base.up()
        await base.refresh()
        await base.up()
        assert debian.sh("cat /etc/sudoers.d/deploy; getent passwd deploy | cut -d: -f7; id -un") == (
            "deploy ALL=(ALL) NOPASSWD: ALL\n/bin/bash\nroot\n"
        )

    run(life())


@pytest.mark.parametrize(
    ("kind", "address", "port"),
    [("tcp", "0.0.0.0:4444", "tcp/4444"), ("udp", "0.0.0.0:69", "udp/69")],
)
def test_a_listener_that_nobody_declared_is_named_with_its_program(
    debian: Shell, kind: str, address: str, port: str
) -> None:
    async def life() -> None:
        base = Base(debian, ports=["tcp/22"])
        await base.up()
        queue = "5" if kind == "tcp" else ""
        script = (
            f"{LISTEN}; print $$; $| = 1; sleep 60"
            if queue
            else f"{LISTEN.replace(', Listen => $ARGV[2]', '')}; sleep 60"
        )
        debian.sh('(perl -e "$1" "$2" "$3" $4 >/dev/null 2>&1 &) ; sleep 1', script, kind, address, queue)
        debian.sh('(perl -e "$1" tcp 127.0.0.1:5555 5 >/dev/null 2>&1 &) ; sleep 0.5', f"{LISTEN}; sleep 60")
        assert await base.refresh() == 1
        pid = debian.sh('pgrep -f "$1"', f"{kind} {address}").split()[0]
        assert base.told() == [f"deb: perl (pid {pid}) listens on {port}, which isn't declared"]
        assert await base.up() == {f'ports["{port}"]': "delete"}
        assert base.told() == [f"deb: perl (pid {pid}) listens on {port}, which isn't declared"]
        assert await base.up() == {}

    run(life())


def test_kernel_settings_that_cant_be_set_are_said(debian: Shell) -> None:
    """In this container /proc/sys is for reading: `sysctl --system` changes nothing and nothing fails."""

    async def life() -> None:
        there = debian.sh("cat /proc/sys/kernel/pid_max").strip()
        base = Base(debian, sysctls={"kernel.pid_max": there, "kernel.panic": "438", "kernel.nothing": 1})
        found = debian.sh("cat /proc/sys/kernel/panic").strip()
        await base.up()
        assert base.told() == [
            f"deb: kernel.panic is {found}, declared is 438; `sysctl --system` didn't change it",
            "deb: kernel.nothing is nothing that this kernel has, declared is 1; `sysctl --system` didn't change it",
        ]
        assert await base.refresh() == 1
        assert sorted(await base.up()) == ['sysctls["kernel.nothing"]', 'sysctls["kernel.panic"]']

    run(life())


REPOSITORY = """
mkdir -p /repo && cd /repo
for name in broken whole; do
    mkdir -p $name/DEBIAN
    printf 'Package: nt-%s\nVersion: 1\nArchitecture: all\nMaintainer: t <t@lab.test>\nDescription: x\n' $name \
        >$name/DEBIAN/control
    [ $name = whole ] || printf '#!/bin/sh\n[ -e /repo/repaired ]\n' >$name/DEBIAN/postinst
    chmod -R a+rX,go-w $name; chmod 755 $name/DEBIAN/*
    dpkg-deb -b $name nt-$name.deb >/dev/null
    cat $name/DEBIAN/control
    printf 'Filename: ./nt-%s.deb\nSize: %s\nSHA256: %s\n\n' $name "$(stat -c %s nt-$name.deb)" \
        "$(sha256sum nt-$name.deb | cut -d' ' -f1)"
done >Packages
rm -f /etc/apt/sources.list.d/*; echo 'deb [trusted=yes] file:/repo ./' >/etc/apt/sources.list
"""


def test_an_installation_that_was_cut_is_finished_before_the_next(debian: Shell) -> None:
    async def life() -> None:
        debian.sh(REPOSITORY)
        debian.sh("dpkg -i /repo/nt-broken.deb >/dev/null 2>&1; touch /repo/repaired")
        assert debian.sh("dpkg-query -W -f '${db:Status-Status}' nt-broken") == "half-configured"
        base = Base(debian, packages=["nt-whole"])
        await base.up()
        assert debian.sh("dpkg-query -W -f '${db:Status-Status} ' nt-broken nt-whole") == "installed installed "
        debian.sh("dpkg -r nt-whole")
        await base.refresh()
        assert await base.up() == {"packages[0]": "add"}

    run(life())


def test_another_apt_is_waited_for_and_named(debian: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    async def life() -> None:
        debian.sh(REPOSITORY)
        base = Base(debian, packages=["nt-whole"])
        said: list[str] = []
        monkeypatch.setattr(base.bench, "status", lambda urn, text: said.append(text))
        hold = '(perl -e "$1" /var/lib/dpkg/lock-frontend >/tmp/held 2>&1 &); sleep 1'
        debian.sh(hold, LOCK)
        monkeypatch.setattr(dpkg, "_PAUSE", 0.5)
        pid = debian.sh("pgrep perl").strip()
        await base.up()
        assert f"waiting for perl (pid {pid}), which holds /var/lib/dpkg/lock-frontend: 0 of 300 s" in said
        assert debian.sh("dpkg-query -W -f '${db:Status-Status}' nt-whole") == "installed"
        debian.sh(hold, LOCK)
        with pytest.raises(HostError, match=r"perl \(pid \d+\) holds /var/lib/dpkg/lock-frontend for more than 1 s"):
            dpkg.await_locks(debian, said.append, longest=1)

    run(life())
