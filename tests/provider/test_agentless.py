"""A host with nothing but dropbear and BusyBox: reached over SSH, it is served as any other."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from remote_hosts import Bench, Shell, run
from ssh_servers import make_key, public_line

from lab import Lab, base
from provider.transport import HostSpec, Result
from provider.transport.ssh import SshTransport

DOCKERFILE = """
FROM {base} AS tools
RUN apt-get -q update && apt-get -q -y --no-install-recommends install dropbear-bin busybox-static \\
    && mkdir -p /host/bin /host/etc/dropbear /host/root/.ssh /host/srv /host/tmp /host/var/lib /host/usr \\
    && cp /bin/busybox /host/bin/ && cp /usr/sbin/dropbear /host/bin/ \\
    && ldd /usr/sbin/dropbear | grep -o '/[^ ]*' | while read -r lib; do \\
           mkdir -p "/host${{lib%/*}}" && cp "$lib" "/host$lib"; done \\
    && dropbearkey -t ed25519 -f /host/etc/dropbear/key \\
    && printf 'root::0:0:root:/root:/bin/sh\\nann:x:1007:1007::/:/bin/sh\\n' > /host/etc/passwd \\
    && printf 'root:x:0:\\nann:x:1007:\\n' > /host/etc/group && echo /bin/sh > /host/etc/shells
FROM scratch
COPY --from=tools /host /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY authorized_keys /root/.ssh/authorized_keys
RUN ["/bin/chmod", "-R", "go-rwx", "/root", "/etc/dropbear"]
CMD ["/bin/dropbear", "-F", "-E", "-s", "-r", "/etc/dropbear/key", "-p", "22"]
"""
ANN = {"owner": "ann", "group": "ann"}


@dataclass
class SshShell(Shell):
    """A host whose `run` goes over SSH; `sh` looks at it from beside, for the test."""

    transport: Any = None

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        self.calls.append(argv)
        return self.transport.run(argv, stdin=stdin, timeout=timeout, root=root)


def docker(*words: str, stdin: str | None = None) -> str:
    done = subprocess.run(["docker", *words], input=stdin, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


@pytest.fixture(scope="module")
def bench(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("dropbear")
    name = f"numerian-test-dropbear-{uuid.uuid4().hex[:8]}"
    key = make_key(folder / "id")
    (folder / "authorized_keys").write_text(public_line(key) + "\n")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(base=base.tag()))
    docker("build", "-q", "-t", name, str(folder))
    try:
        docker("run", "-d", "--name", name, "-p", "127.0.0.1::22", name)
        port = int(docker("port", name, "22").splitlines()[0].rpartition(":")[2])
        spec = HostSpec(
            "bb", "127.0.0.1", port, "root", (str(folder / "id"),), use_agent=False, host_keys=(host_key(port),)
        )
        transport = SshTransport(spec)
        yield Bench(SshShell("bb", ["docker", "exec", "-i", name], transport=transport))
        transport.close()
    finally:
        docker("rm", "-f", name)
        docker("rmi", "-f", name)


def host_key(port: int) -> str:
    """What the host shows at first: the test's operator trusts it, as a person would at the machine's console."""
    for _ in range(50):
        scan = subprocess.run(
            ["ssh-keyscan", "-t", "ed25519", "-p", str(port), "127.0.0.1"], capture_output=True, text=True
        )
        if keys := [line.split(" ", 1)[1] for line in scan.stdout.splitlines() if not line.startswith("#")]:
            return keys[0]
        time.sleep(0.2)
    raise AssertionError("dropbear doesn't answer")


def test_a_site_lives_on_dropbear_and_busybox(bench: Bench) -> None:
    async def life() -> None:
        await bench.create(
            "front-service",
            kind=bench.service,
            name="front",
            root="/srv/front",
            validate=["sh", "-c", '! grep -rn BAD "$1"', "sh", "{generation}"],
            reload=["sh", "-c", "echo reloaded >>/tmp/reloads"],
            running=["true"],
            watchSeconds=0,
        )
        props = {
            "service": "front",
            "files": {"sites/1.conf": {"content": "server 1\n"}, "/etc/motd": {"content": "Bonjour\n"}},
            "folders": {"/srv/sites/1": {}, "/srv/sites/1/www": {**ANN, "mode": "0750"}},
            "seeds": {"/srv/sites/1/www/index.html": {"content": "<h1>1</h1>", **ANN}},
        }
        state = await bench.create("1", **props)
        assert bench.shell.sh("cat /srv/front/current/sites/1.conf /etc/motd") == "server 1\nBonjour\n"
        assert bench.shell.sh("stat -c '%U %a' /srv/sites/1/www/index.html") == "ann 644\n"
        assert len(bench.batches()) == 2
        assert await bench.read("1", state) == state

        bench.shell.sh("echo by hand >/etc/motd; echo mine >/srv/sites/1/www/index.html")
        found = await bench.read("1", state)
        assert found is not None and found.outputs["files"]["/etc/motd"]["content"] == "by hand\n"
        state = await bench.update("1", found, **props)
        assert bench.shell.sh("cat /etc/motd /srv/sites/1/www/index.html") == "Bonjour\nmine\n"

        await bench.delete("1", state)
        assert bench.shell.sh("ls /srv/front/current/sites 2>/dev/null || true") == ""
        archived = bench.shell.sh("find /var/lib/numerian/archive -name index.html -exec cat {} +")
        assert archived == "mine\n"

    run(life())
