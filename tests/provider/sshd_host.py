"""A Debian container with a real sshd: reached as in production, and looked at from beside."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remote_hosts import Bench, Shell
from ssh_servers import make_key, public_line

from lab import base, cache, kept
from provider.transport import HostSpec, Result
from provider.transport.connect import Limits
from provider.transport.ssh import SshTransport

DOCKERFILE = """
FROM {base}
RUN apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install \\
      openssh-server sudo iproute2 nftables procps && apt-get clean && mkdir -p /run/sshd
"""
LIMITS = Limits(connect=2, banner=3, login=5, session=3, attempts=3)


def image() -> str:
    """Return the image's name; it is made when it isn't there and stays in the cache for the next run."""
    text = DOCKERFILE.format(base=base.tag())
    with tempfile.TemporaryDirectory() as folder, cache.only_one("image-sshd"):
        (Path(folder) / "Dockerfile").write_text(text)
        recipe = cache.recipe(Path(folder))
        tag = f"numerian-lab/sshd:{recipe}"
        file = cache.folder() / f"image-sshd-{recipe}.tar"
        kept.ensure(tag, file, lambda: docker("build", "-q", "-t", tag, folder))
    return tag


def docker(*words: str) -> str:
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@dataclass
class SshdHost(Shell):
    """A host whose `run` goes over SSH; `sh` looks at it from beside, as root, for the test."""

    spec: HostSpec = field(default_factory=lambda: HostSpec("deb", "127.0.0.1"))
    said: list[str] = field(default_factory=list)
    """What the operator was told of the connection."""

    def __post_init__(self) -> None:
        self.transport = self.connect()
        self.accounts = self.transport.accounts

    def connect(self, **changes: Any) -> SshTransport:
        """Return a transport of a new run, as another operator's provider would have it."""
        spec = HostSpec(**{**vars(self.spec), **changes})
        return SshTransport(spec, limits=LIMITS, say=self.said.append)

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        self.calls.append(argv)
        return self.transport.run(argv, stdin=stdin, timeout=timeout, root=root)

    def end_first_contact(self, *, made: bool = False) -> None:
        self.transport.end_first_contact(made=made)

    def renew(self) -> None:
        self.calls.append(["renew"])
        self.transport.renew()

    def bench(self) -> Bench:
        return Bench(self)


@contextmanager
def sshd_host(folder: Path, *, user: str, **changes: Any) -> Iterator[SshdHost]:
    """Start a container in which root alone has our key; `user` is who the transport logs in as."""
    key = make_key(folder / "id")
    name = f"numerian-test-sshd-{uuid.uuid4().hex[:8]}"
    limits = ["--init", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_ADMIN"]
    docker("run", "-d", "--rm", *limits, "--name", name, image(), "sleep", "3600")
    shell = Shell("deb", ["docker", "exec", "-i", name])
    try:
        shell.sh('mkdir -p -m 700 /root/.ssh && echo "$1" >/root/.ssh/authorized_keys', public_line(key))
        shell.sh("/usr/sbin/sshd -E /var/log/sshd")
        spec = HostSpec(
            "deb",
            # Its own address: through a forwarded port, docker's proxy would stand between us and its firewall.
            docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name),
            22,
            user,
            (str(folder / "id"),),
            use_agent=False,
            host_keys=(shell.sh("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub").strip(),),
            **changes,
        )
        wait_for_sshd(spec.address)
        host = SshdHost("deb", shell.prefix, spec=spec)
        yield host
        host.transport.close()
    finally:
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)


def wait_for_sshd(address: str) -> None:
    """Wait until sshd answers from outside: the container's address may need a moment longer than its sshd."""
    for _ in range(100):
        with suppress(OSError), socket.create_connection((address, 22), timeout=1):
            return
        time.sleep(0.1)
    raise AssertionError(f"no sshd answers at {address}")
