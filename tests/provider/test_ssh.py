"""The SSH transport: what it does on a good day, and the kind of error on each bad one."""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from ssh_servers import FreezingProxy, RealServer, StubServer, find_sshd, make_key, public_line

from lab import Lab
from provider.errors import (
    AuthError,
    CommandError,
    HostError,
    HostKeyError,
    HostNameError,
    HostTimeoutError,
    RouteError,
    SudoError,
)
from provider.transport import HostSpec
from provider.transport.command import check
from provider.transport.connect import Limits
from provider.transport.login import fingerprint
from provider.transport.ssh import SshTransport

QUICK = Limits(connect=1, banner=1, login=2, session=1, kill=1, first_pause=0.01)
BOUND = 15
"""Seconds within which an error must come: far below a hang, far above what a busy machine needs."""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def identity(tmp_path: Path) -> Path:
    make_key(tmp_path / "id")
    return tmp_path / "id"


@pytest.fixture
def stub(tmp_path: Path, identity: Path) -> Iterator[StubServer]:
    import paramiko

    sudo = tmp_path / "bin" / "sudo"
    sudo.parent.mkdir()
    sudo.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    sudo.chmod(0o755)
    server = StubServer(make_key(tmp_path / "host_key"), paramiko.PKey.from_path(identity), str(sudo.parent))
    yield server
    server.close()


def lab_spec(lab: Lab) -> HostSpec:
    """The lab's first server: a real sshd, on machines that have none of their own."""
    server = lab.layout.servers[0]
    keys = dict(line.split(" ", 1) for line in (lab.folder / "host_keys").read_text().splitlines())
    return HostSpec(
        server.name,
        server.loopback,
        port=2222,
        user="deploy",
        identity_files=(str(lab.folder / "id_ed25519"),),
        use_agent=False,
        host_keys=(keys[server.name],),
    )


@pytest.fixture(params=["stub", "sshd"])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HostSpec]:
    if request.param == "stub":
        yield request.getfixturevalue("stub").spec(tmp_path / "id")
        return
    sshd = find_sshd()
    if sshd is None:
        yield lab_spec(request.getfixturevalue("lab"))
        return
    folder = tmp_path / "sshd"
    folder.mkdir()
    server = RealServer(sshd, folder, os.environ.get("NUMERIAN_TEST_SSHD_USER", getpass.getuser()))
    yield server.spec()
    server.close()


@pytest.fixture
def transport(spec: HostSpec) -> Iterator[SshTransport]:
    transport = SshTransport(spec)
    yield transport
    transport.close()


def test_a_command_gives_output_and_exit_code(transport: SshTransport) -> None:
    result = transport.run(["sh", "-c", "cat; echo oops >&2; exit 3"], stdin="l'été".encode(), root=False)
    assert (result.stdout, result.stderr, result.exit_code) == ("l'été".encode(), b"oops\n", 3)


def test_arguments_arrive_as_they_are(transport: SshTransport) -> None:
    words = ["$(id)", "a b", "l'été", '"', "\\", "*", "", "line\nline"]
    result = transport.run(["printf", "%s\\0", *words], root=False)
    assert result.stdout.decode().split("\0")[:-1] == words


def test_megabytes_go_both_ways_at_once(transport: SshTransport) -> None:
    data = os.urandom(1 << 20) * 12
    result = transport.run(["sh", "-c", "tee /dev/fd/2"], stdin=data, root=False)
    assert hashlib.sha256(result.stdout).digest() == hashlib.sha256(data).digest()
    assert hashlib.sha256(result.stderr).digest() == hashlib.sha256(data).digest()


def test_stdin_that_nobody_reads_is_no_deadlock(transport: SshTransport) -> None:
    assert transport.run(["true"], stdin=b"x" * (8 << 20), root=False).exit_code == 0


def test_a_hundred_commands_share_one_connection_and_five_sessions(stub: StubServer, identity: Path) -> None:
    transport = SshTransport(stub.spec(identity))
    with ThreadPoolExecutor(20) as pool:
        results = list(pool.map(lambda n: transport.run(["echo", str(n)]).stdout, range(100)))
    assert results == [f"{n}\n".encode() for n in range(100)]
    assert stub.connections == 1
    assert stub.most_sessions <= 5
    transport.close()


def test_many_commands_at_once_are_all_answered(transport: SshTransport) -> None:
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda n: transport.run(["echo", str(n)], root=False).stdout, range(60)))
    assert results == [f"{n}\n".encode() for n in range(60)]


@pytest.mark.parametrize("root", [False, True])
def test_a_silent_command_is_an_error_and_is_ended_on_the_host(
    transport: SshTransport, spec: HostSpec, root: bool
) -> None:
    if root and spec.name == "real" and spec.user != "root":
        pytest.skip("this sshd logs in somebody who may not use sudo")
    mark = f"sleep 3{os.getpid()}{root:d}"
    started = time.monotonic()
    with pytest.raises(HostTimeoutError, match=r"was silent for 0\.5 s"):
        transport.run(["sh", "-c", f"echo begun; {mark}; true"], timeout=0.5, root=root)
    assert time.monotonic() - started < BOUND
    count = ["sh", "-c", f"ps ax | grep -v grep | grep -c '[s]{mark[1:]}'"]
    while transport.run(count, root=False).stdout.strip() != b"0":
        assert time.monotonic() - started < BOUND


def test_a_command_that_speaks_now_and_then_is_not_silent(transport: SshTransport) -> None:
    result = transport.run(["sh", "-c", "for i in 1 2 3 4 5; do sleep 0.7; echo $i; done"], timeout=2.5, root=False)
    assert result.stdout.split() == [b"1", b"2", b"3", b"4", b"5"]


def test_a_cancelled_command_is_ended_on_the_host(transport: SshTransport) -> None:
    threading.Timer(0.5, transport.cancel).start()
    with pytest.raises(HostError, match="cancelled"):
        transport.run(["sleep", "60"], root=False)
    with pytest.raises(HostError, match="cancelled"):
        transport.run(["true"], root=False)


def test_output_of_a_process_left_behind_does_not_hold_up(transport: SshTransport) -> None:
    started = time.monotonic()
    assert transport.run(["sh", "-c", "sleep 60 & echo done"], root=False).stdout == b"done\n"
    assert time.monotonic() - started < BOUND


def test_a_stream_speaks_both_ways(transport: SshTransport) -> None:
    stream = transport.open_channel(["cat"])
    stream.sendall(b"ping")
    assert stream.recv(100) == b"ping"
    stream.shutdown_write()
    assert stream.recv(100) == b""
    stream.close()
    stream.close()


def test_a_command_that_is_not_there_is_said_by_the_shell(transport: SshTransport) -> None:
    result = transport.run(["no-such-command"], root=False)
    assert result.exit_code == 127
    assert result.stderr.startswith(b"sh: ") and b"no-such-command" in result.stderr


def test_a_killed_command_is_told_apart(transport: SshTransport) -> None:
    result = transport.run(["sh", "-c", "kill -KILL $$"], root=False)
    assert result.exit_code != 0
    with pytest.raises(CommandError):
        check("host", ["x"], result)


def test_check_tells_exit_code_and_last_lines(transport: SshTransport) -> None:
    argv = ["sh", "-c", "seq 1 100; exit 7"]
    with pytest.raises(CommandError) as caught:
        check("privas", argv, transport.run(argv, root=False))
    assert caught.value.exit_code == 7
    assert caught.value.output.splitlines()[-1] == "100"
    assert len(caught.value.output.splitlines()) == 15
    assert str(caught.value).startswith("privas: ")


def test_a_changed_host_key_names_both_fingerprints(spec: HostSpec, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    shown = {fingerprint(__import__("base64").b64decode(line.split()[1])) for line in spec.host_keys}
    with pytest.raises(HostKeyError) as caught:
        SshTransport(replace(spec, host_keys=(public_line(other),))).run(["true"])
    assert caught.value.pinned == (other.fingerprint,)
    assert caught.value.shown in shown
    assert other.fingerprint in str(caught.value) and caught.value.shown in str(caught.value)


def test_a_host_key_of_another_kind_is_a_changed_key(spec: HostSpec) -> None:
    import paramiko

    other = paramiko.ECDSAKey.generate()
    with pytest.raises(HostKeyError) as caught:
        SshTransport(replace(spec, host_keys=(public_line(other),))).run(["true"])
    assert caught.value.shown.startswith("SHA256:")
    assert caught.value.shown != other.fingerprint


def test_without_a_pinned_key_nothing_is_accepted(spec: HostSpec) -> None:
    with pytest.raises(HostKeyError, match="no host key is pinned, it shows SHA256:"):
        SshTransport(replace(spec, host_keys=())).run(["true"])


def test_a_wrong_key_names_the_user_and_the_keys_tried(spec: HostSpec, tmp_path: Path) -> None:
    wrong = make_key(tmp_path / "wrong")
    missing = str(tmp_path / "missing")
    with pytest.raises(AuthError) as caught:
        SshTransport(replace(spec, identity_files=(str(tmp_path / "wrong"), missing), use_agent=False)).run(["true"])
    assert spec.user in str(caught.value)
    assert f"{tmp_path / 'wrong'} ({wrong.fingerprint})" in str(caught.value)
    assert f"{missing}: no such file" in str(caught.value)


def test_no_key_at_all_says_how_to_have_one(spec: HostSpec) -> None:
    with pytest.raises(AuthError, match="there is no key to log in with"):
        SshTransport(replace(spec, identity_files=(), use_agent=False)).run(["true"])


def test_a_locked_key_asks_for_the_agent(stub: StubServer, identity: Path) -> None:
    import subprocess

    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "passphrase", "-P", "", "-f", identity], check=True)
    with pytest.raises(AuthError, match=f"locked by a passphrase: `ssh-add {identity}`"):
        SshTransport(stub.spec(identity)).run(["true"])


def test_keys_come_from_the_agent(
    stub: StubServer, identity: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    agent = tmp_path / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], stdout=subprocess.DEVNULL)
    try:
        while not agent.exists():
            time.sleep(0.02)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))
        subprocess.run(["ssh-add", "-q", identity], check=True)
        transport = SshTransport(stub.spec(identity, identity_files=(), use_agent=True))
        assert transport.run(["echo", "in"]).stdout == b"in\n"
        transport.close()
    finally:
        process.terminate()
        process.wait()


def test_an_unknown_name_is_said(stub: StubServer, identity: Path) -> None:
    with pytest.raises(HostNameError, match=r"nowhere\.invalid can't be resolved"):
        SshTransport(stub.spec(identity, address="nowhere.invalid")).run(["true"])


def test_a_refused_connection_is_said(stub: StubServer, identity: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(RouteError, match=f"127.0.0.1 port {port} refuses"):
        SshTransport(stub.spec(identity, port=port)).run(["true"])


def test_a_socket_that_accepts_and_is_silent_is_a_timeout(stub: StubServer, identity: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(HostTimeoutError, match="didn't finish the SSH handshake in 1 s"):
            SshTransport(stub.spec(identity, port=silent.getsockname()[1]), limits=QUICK).run(["true"])
        assert time.monotonic() - started < BOUND


def test_a_server_that_hangs_at_exec_is_a_timeout(stub: StubServer, identity: Path) -> None:
    stub.faults.silent_exec = True
    started = time.monotonic()
    with pytest.raises(HostTimeoutError, match="it may have run"):
        SshTransport(stub.spec(identity), limits=QUICK).run(["true"])
    assert time.monotonic() - started < BOUND
    assert len(stub.commands) == 1


@pytest.fixture
def proxy(stub: StubServer) -> Iterator[FreezingProxy]:
    proxy = FreezingProxy(stub.port)
    yield proxy
    proxy.close()


def test_a_pooled_connection_that_became_half_open_is_a_timeout(
    stub: StubServer, identity: Path, proxy: FreezingProxy
) -> None:
    transport = SshTransport(stub.spec(identity, port=proxy.port), limits=QUICK)
    transport.run(["true"])
    proxy.freeze()
    started = time.monotonic()
    with pytest.raises(HostTimeoutError):
        transport.run(["true"])
    assert time.monotonic() - started < BOUND
    assert len(stub.commands) == 1
    proxy.moving.set()
    assert transport.run(["echo", "back"]).stdout == b"back\n"
    transport.close()


def test_a_connection_that_becomes_half_open_under_way_is_a_timeout(
    stub: StubServer, identity: Path, proxy: FreezingProxy
) -> None:
    transport = SshTransport(stub.spec(identity, port=proxy.port), limits=QUICK)
    transport.run(["true"])
    threading.Timer(0.5, proxy.freeze).start()
    started = time.monotonic()
    with pytest.raises(HostTimeoutError, match="was silent for 1 s"):
        transport.run(["sh", "-c", "while :; do echo x; sleep 0.1; done"], stdin=b"x" * (8 << 20), timeout=1)
    assert time.monotonic() - started < BOUND
    transport.close()


def test_a_vanished_peer_is_found_out_while_a_command_may_still_be_silent(
    stub: StubServer, identity: Path, proxy: FreezingProxy
) -> None:
    limits = replace(QUICK, pulse=0.2, silent=1.5)
    transport = SshTransport(stub.spec(identity, port=proxy.port), limits=limits)
    assert transport.run(["sleep", "3"], timeout=10).exit_code == 0, "a host that answers is no half-open connection"
    threading.Timer(0.5, proxy.freeze).start()
    started = time.monotonic()
    with pytest.raises(HostTimeoutError, match="half-open"):
        transport.run(["sleep", "60"], timeout=60)
    assert time.monotonic() - started < BOUND
    transport.close()


def test_what_a_busy_server_refuses_is_tried_again(stub: StubServer, identity: Path) -> None:
    stub.faults.closed_before_banner = 2
    stub.faults.refused_channels = 2
    transport = SshTransport(stub.spec(identity), limits=QUICK)
    assert transport.run(["echo", "in"]).stdout == b"in\n"
    assert len(stub.commands) == 1
    transport.close()


def test_a_port_that_is_not_ssh_is_said(stub: StubServer, identity: Path) -> None:
    stub.faults.closed_before_banner = 100
    with pytest.raises(RouteError, match="closes connections before it speaks SSH"):
        SshTransport(stub.spec(identity), limits=QUICK).run(["true"])


def test_a_server_without_free_sessions_is_said(stub: StubServer, identity: Path) -> None:
    stub.faults.refused_channels = 100
    with pytest.raises(RouteError, match="refuses to open a session"):
        SshTransport(stub.spec(identity), limits=QUICK).run(["true"])


def test_refusals_at_once_harm_no_command_under_way(stub: StubServer, identity: Path) -> None:
    transport = SshTransport(stub.spec(identity), limits=QUICK)
    with ThreadPoolExecutor(8) as pool:
        slow = pool.submit(transport.run, ["sh", "-c", "sleep 1; echo done"])
        time.sleep(0.3)
        stub.faults.refused_channels = 8
        quick = [pool.submit(transport.run, ["echo", str(number)]) for number in range(6)]
        assert [each.result().stdout for each in quick] == [f"{number}\n".encode() for number in range(6)]
        assert slow.result().stdout == b"done\n"
    assert stub.connections == 1
    transport.close()


def test_a_dead_connection_is_opened_again_for_the_next_command(stub: StubServer, identity: Path) -> None:
    transport = SshTransport(stub.spec(identity), limits=QUICK)
    transport.run(["true"])
    stub.drop_connections()
    assert transport.run(["echo", "again"]).stdout == b"again\n"
    assert stub.connections == 2
    transport.close()


def test_a_command_cut_off_is_not_run_again(stub: StubServer, identity: Path, tmp_path: Path) -> None:
    transport = SshTransport(stub.spec(identity), limits=QUICK)
    threading.Timer(0.5, stub.drop_connections).start()
    with pytest.raises(RouteError, match="may or may not have finished"):
        transport.run(["sh", "-c", f"echo run >>{tmp_path}/runs; sleep 1"])
    assert (tmp_path / "runs").read_text() == "run\n"
    assert len(stub.commands) == 1
    transport.close()


def test_sudo_is_used_unless_the_user_is_root(stub: StubServer, identity: Path) -> None:
    transport = SshTransport(stub.spec(identity))
    transport.run(["true"])
    transport.run(["true"], root=False)
    assert [command.startswith("sudo -n -- ") for command in stub.commands] == [True, False]
    transport.close()
    transport = SshTransport(stub.spec(identity, user="root"))
    transport.run(["true"])
    assert not stub.commands[-1].startswith("sudo")
    transport.close()


def test_a_refusal_by_sudo_names_the_command(stub: StubServer, identity: Path, tmp_path: Path) -> None:
    (tmp_path / "bin" / "sudo").write_text("#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n")
    with pytest.raises(SudoError) as caught:
        SshTransport(stub.spec(identity)).run(["nginx", "-t"])
    assert caught.value.command == "nginx -t"
    assert "deploy may not run `nginx -t` as root: sudo: a password is required" in str(caught.value)
    assert "NOPASSWD" in str(caught.value)


def test_an_exit_code_under_sudo_is_the_commands_own(stub: StubServer, identity: Path) -> None:
    transport = SshTransport(stub.spec(identity))
    result = transport.run(["sh", "-c", "echo 'sudo: not me' >&2; exit 1"])
    assert (result.stderr, result.exit_code) == (b"sudo: not me\n", 1)
    transport.close()


def test_a_host_behind_another_is_reached_through_it(stub: StubServer, identity: Path) -> None:
    bastion = SshTransport(stub.spec(identity, name="bastion"))
    hidden = SshTransport(stub.spec(identity, name="hidden", jump="bastion"), {"bastion": bastion}.__getitem__)
    assert hidden.run(["echo", "deep"]).stdout == b"deep\n"
    hidden.close()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lost = SshTransport(stub.spec(identity, name="lost", jump="bastion", port=port), {"bastion": bastion}.__getitem__)
    with pytest.raises(RouteError, match="lost: can't be reached through its jump host: bastion: "):
        lost.run(["true"])
    bastion.close()


def test_nothing_is_printed_by_the_library_underneath(
    stub: StubServer, identity: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    stub.faults.closed_before_banner = 100
    with pytest.raises(RouteError):
        SshTransport(stub.spec(identity), limits=QUICK).run(["true"])
    assert "Traceback" not in capfd.readouterr().err


def test_errors_hold_no_argument_beyond_one_line(stub: StubServer, identity: Path) -> None:
    with pytest.raises(HostTimeoutError) as caught:
        SshTransport(stub.spec(identity)).run(["sh", "-c", "sleep 9; " + "x\n" * 5000], timeout=0.3)
    assert len(str(caught.value)) < 600
