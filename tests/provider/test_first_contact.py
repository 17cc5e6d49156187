"""A bare server: the first log-in is the first user's, every later one is that of the everyday account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from remote_hosts import run
from sshd_host import SshdHost, sshd_host

from lab import Lab
from provider.errors import AuthError, SudoError
from provider.kinds.host import Host


@pytest.fixture
def host(lab: Lab, tmp_path: Path) -> Iterator[SshdHost]:
    with sshd_host(tmp_path, user="deploy", first_user="root") as bare:
        yield bare


def own_key(host: SshdHost) -> str:
    return host.sh("cat /root/.ssh/authorized_keys").strip()


def who(host: SshdHost) -> str:
    """Whom the pooled connection belongs to."""
    return host.run(["id", "-un"], root=False).stdout.decode().strip()


async def make_deploy(host: SshdHost, **more: Any) -> None:
    bench = host.bench()
    account = {"name": "deploy", "groups": [], "keys": [own_key(host)], "shell": "/bin/bash", **more}
    await bench.create("base", kind=Host(bench.runtime), accounts=[account])


def test_root_works_until_the_everyday_account_can(host: SshdHost) -> None:
    """The account alone doesn't suffice: it has to be able to become root as well."""

    async def life() -> None:
        assert who(host) == "root"
        assert host.said == ["deb: first contact as root (deploy can't log in there yet)"]
        await make_deploy(host)
        assert who(host) == "root", "no sudo yet"

        rule = {"content": "deploy ALL=(ALL:ALL) NOPASSWD: ALL\n", "mode": "0440"}
        await host.bench().create("sudo", files={"/etc/sudoers.d/deploy": rule})
        assert who(host) == "deploy"
        assert host.run(["id", "-un"]).stdout == b"root\n"
        assert len(host.said) == 1

        host.sh("echo PermitRootLogin no >/etc/ssh/sshd_config.d/no-root.conf; pkill -HUP -o sshd; sleep 0.5")
        assert who(host) == "deploy"
        later = host.connect()
        assert later.run(["id", "-un"]).stdout == b"root\n"
        later.close()
        assert "root@" not in host.sh("ps -o args= -C sshd-session"), "nothing is left of the first contact"

    run(life())


def test_an_account_that_may_not_become_root_leaves_the_work_to_the_first_user(host: SshdHost) -> None:
    """A run that begins between the account and its right to sudo goes on where the last one stopped."""

    async def life() -> None:
        await make_deploy(host)
        later = host.connect()
        assert later.run(["id", "-un"], root=False).stdout == b"deploy\n"
        assert later.run(["cat"], stdin=b"once").stdout == b"once"
        assert later.run(["id", "-un"], root=False).stdout == b"root\n"
        later.close()
        assert host.said[1] == "deb: first contact as root (deploy may not become root there yet)"
        without = host.connect(first_user=None)
        with pytest.raises(SudoError, match="deploy may not run"):
            without.run(["true"])
        without.close()

    run(life())


def test_who_neither_knows_is_told_about_both(host: SshdHost) -> None:
    host.sh("rm /root/.ssh/authorized_keys")
    with pytest.raises(AuthError, match=r"keys tried for deploy: .*; nor as root, for a first contact: .*for root: "):
        who(host)
    assert host.said == []


def test_what_runs_on_the_first_contact_ends_there(host: SshdHost) -> None:
    """The connection is exchanged under a command that is under way."""
    stream = host.transport.open_channel(["sh", "-c", "read -r line; id -un; echo $line"])
    host.sh("useradd -m deploy; cp -r /root/.ssh /home/deploy; chown -R deploy: /home/deploy")
    host.sh("echo 'deploy ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy")
    host.end_first_contact(made=True)
    assert who(host) == "deploy"
    stream.sendall(b"still there\n")
    assert b"".join(iter(lambda: stream.recv(100), b"")) == b"root\nstill there\n"
    stream.close()
    assert "root@" not in host.sh("sleep 0.5; ps -o args= -C sshd-session")
