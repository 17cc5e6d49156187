"""SSH servers for tests: a stub in this process that can misbehave on demand, and a real sshd where there is one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko

from provider.transport import HostSpec


def make_key(path: Path) -> paramiko.PKey:
    """Make an Ed25519 key pair in `path` and `path`.pub and return it."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", path.name, "-f", path], check=True)
    return paramiko.PKey.from_path(path)


def public_line(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


def stop(listener: socket.socket) -> None:
    """Close a listener, and wake the thread that waits in its `accept`: else the kernel keeps the port open."""
    with suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@dataclass
class Faults:
    """How the stub misbehaves: numbers count down by one at each use."""

    closed_before_banner: int = 0
    refused_channels: int = 0
    silent_exec: bool = False


@dataclass
class StubServer:
    """An SSH server whose commands are real processes of this machine, with `path` first on their PATH."""

    host_key: paramiko.PKey
    user_key: paramiko.PKey
    path: str = ""
    faults: Faults = field(default_factory=Faults)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    sessions: int = 0
    most_sessions: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()
        self.transports: list[paramiko.Transport] = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def spec(self, identity: Path, **changes: Any) -> HostSpec:
        values: dict[str, Any] = {
            "name": "stub",
            "address": "127.0.0.1",
            "port": self.port,
            "user": "deploy",
            "identity_files": (str(identity),),
            "use_agent": False,
            "host_keys": (public_line(self.host_key),),
        }
        return HostSpec(**{**values, **changes})

    def close(self) -> None:
        stop(self.listener)
        self.drop_connections()

    def drop_connections(self) -> None:
        for transport in self.transports:
            transport.close()
        self.transports.clear()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                self.connections += 1
                if self.faults.closed_before_banner > 0:
                    self.faults.closed_before_banner -= 1
                    sock.close()
                    continue
                transport = paramiko.Transport(sock)
                transport.daemon = True
                transport.add_server_key(self.host_key)
                self.transports.append(transport)
                transport.start_server(event=threading.Event(), server=_Session(self, transport))


class _Session(paramiko.ServerInterface):
    def __init__(self, server: StubServer, transport: paramiko.Transport) -> None:
        self.server = server
        self.transport = transport

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        return paramiko.AUTH_SUCCESSFUL if key == self.server.user_key else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        if self.server.faults.refused_channels > 0:
            self.server.faults.refused_channels -= 1
            return paramiko.OPEN_FAILED_RESOURCE_SHORTAGE
        return paramiko.OPEN_SUCCEEDED

    def check_channel_direct_tcpip_request(self, chanid: int, origin: Any, destination: tuple[str, int]) -> int:
        try:
            sock = socket.create_connection(destination, timeout=5)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        threading.Thread(target=_tunnel, args=(self.transport, sock), daemon=True).start()
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.server.commands.append(command.decode())
        if self.server.faults.silent_exec:
            time.sleep(30)
        threading.Thread(target=_execute, args=(self.server, channel, command), daemon=True).start()
        return True


def _tunnel(transport: paramiko.Transport, sock: socket.socket) -> None:
    channel = transport.accept(10)
    assert channel is not None

    def copy(read: Callable[[int], bytes], write: Callable[[bytes], Any], end: Callable[[], Any]) -> None:
        with suppress(OSError, EOFError):
            while data := read(65536):
                write(data)
        with suppress(OSError, EOFError):
            end()

    threading.Thread(target=copy, args=(sock.recv, channel.sendall, channel.close), daemon=True).start()
    copy(channel.recv, sock.sendall, sock.close)


def _execute(server: StubServer, channel: paramiko.Channel, command: bytes) -> None:
    with server.lock:
        server.sessions += 1
        server.most_sessions = max(server.most_sessions, server.sessions)
    environment = {**os.environ, "PATH": f"{server.path}:{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=-1, stdout=-1, stderr=-1, env=environment, start_new_session=True, bufsize=0
    )
    assert process.stdin and process.stdout and process.stderr

    def feed() -> None:
        assert process.stdin
        with suppress(OSError):
            while data := channel.recv(65536):
                process.stdin.write(data)
        with suppress(OSError):
            process.stdin.close()

    def drain(source: Any, send: Callable[[bytes], Any]) -> None:
        with suppress(OSError):
            while data := source.read(65536):
                send(data)

    def tell_end() -> None:
        code = process.wait()
        with suppress(OSError, EOFError):
            if code >= 0:
                channel.send_exit_status(code)

    threading.Thread(target=feed, daemon=True).start()
    errors = threading.Thread(target=drain, args=(process.stderr, channel.sendall_stderr), daemon=True)
    errors.start()
    end = threading.Thread(target=tell_end, daemon=True)
    end.start()
    drain(process.stdout, channel.sendall)
    errors.join()
    end.join()
    process.stdout.close()
    process.stderr.close()
    with server.lock:
        server.sessions -= 1
    with suppress(OSError, EOFError):
        channel.close()


class FreezingProxy:
    """Passes bytes to a port until it is frozen: then the peer's kernel still answers and nothing else does."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.moving = threading.Event()
        self.moving.set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def freeze(self) -> None:
        self.moving.clear()

    def close(self) -> None:
        stop(self.listener)
        self.moving.set()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.moving.wait()
                sink.sendall(data)
        with suppress(OSError):
            sink.close()


def find_sshd() -> str | None:
    """Return where a real sshd lies; NUMERIAN_TEST_SSHD names one that isn't installed."""
    return os.environ.get("NUMERIAN_TEST_SSHD") or shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/sbin")


class RealServer:
    """OpenSSH's sshd as a process on 127.0.0.1, with keys of its own, for the user that runs the tests."""

    def __init__(self, sshd: str, folder: Path, user: str) -> None:
        self.user = user
        self.host_key = make_key(folder / "host_key")
        self.identity = folder / "id"
        user_key = make_key(self.identity)
        (folder / "authorized_keys").write_text(public_line(user_key) + "\n")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        config = folder / "sshd_config"
        config.write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {folder / 'host_key'}\nPidFile none\n"
            f"AuthorizedKeysFile {folder / 'authorized_keys'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
            "PermitRootLogin yes\nAllowTcpForwarding yes\n"
        )
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=self.log)
        self._wait()

    def _wait(self) -> None:
        for _ in range(100):
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError(f"sshd doesn't start: {Path(self.log.name).read_text()}")

    def spec(self, **changes: Any) -> HostSpec:
        values: dict[str, Any] = {
            "name": "real",
            "address": "127.0.0.1",
            "port": self.port,
            "user": self.user,
            "identity_files": (str(self.identity),),
            "use_agent": False,
            "host_keys": (public_line(self.host_key),),
        }
        return HostSpec(**{**values, **changes})

    def close(self) -> None:
        self.process.terminate()
        self.process.wait()
        self.log.close()
