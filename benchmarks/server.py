"""The servers of the measurements, alike, in a lab of the benchmark's own: ours hardened, the peers' as it came."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.contender import ContenderError, Counts
from lab.lab import Lab
from numerian import front
from numerian.model import Inventory
from numerian.rendering import TEMPLATES

PEERS_FRONT = "peers-front"
PEERS_SCRIPT = "/usr/local/sbin/peers-front"
_SNAPSHOT = "/var/benchmark-snapshot"
_OURS = ("/srv/front/config", "/srv/sites", "/srv/certificates", "/var/lib/numerian")
"""What `numerian up` writes for members. Folders are emptied, never removed: containers have them mounted."""

_STOP_CERTIFICATES = (
    "systemctl stop numerian-certificates.path numerian-certificates.timer numerian-certificates.service"
    " 2>/dev/null || true"
)


OURS, PEERS = "privas", "alixan"


class BenchServer:
    """A server of the lab "bench". The peers log in to theirs as root, which spares them sudo; ours lets no root in."""

    def __init__(self, name: str) -> None:
        self.lab = Lab("bench")
        self.name = name

    @property
    def address(self) -> str:
        """Where its sshd listens on this machine, at port 2222."""
        return self.lab.layout.server(self.name).loopback

    @property
    def key(self) -> Path:
        """The private key that opens it."""
        return self.lab.folder / "id_ed25519"

    @property
    def connection(self) -> dict[str, str]:
        """What an inventory says of it."""
        return {
            "address": self.address,
            "public": self.lab.layout.server(self.name).address,
            "identity": str(self.key),
            "host_keys": str(self.lab.folder / "host_keys"),
        }

    @property
    def ssh(self) -> list[str]:
        """The command line that runs a command on it as root."""
        return ["ssh", "-F", "none", "-i", str(self.key), "-p", "2222", *self._ssh_options, f"root@{self.address}"]

    _ssh_options = (
        *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
        *("-o", "LogLevel=ERROR", "-o", "BatchMode=yes"),
    )

    def up(self) -> None:
        """Bring the lab up."""
        if not self.lab.is_up():
            self.lab.up()

    def sh(self, script: str, stdin: bytes | None = None, *, timeout: float = 600) -> str:
        """Run a script on it as root, past all SSH; for what isn't measured."""
        code, out, err = self.lab.exec(self.name, ["sh", "-euc", script], stdin, timeout=timeout)
        if code != 0:
            raise ContenderError(f"on the benchmark's server: {script[:200]}\n{(out + err)[-2000:]}")
        return out

    def take_image(self, name: str, other: BenchServer) -> None:
        """Give this server an engine, with an image that another has built, and the Python that ansible wants."""
        packages = "docker.io docker-cli iptables python3"
        install = "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends"
        self.sh(f"command -v dockerd && command -v python3 || {install} {packages} >/dev/null; systemctl start docker")
        ours, theirs = (self.lab.layout.container(server.name) for server in (other, self))
        with subprocess.Popen(["docker", "exec", ours, "docker", "save", name], stdout=subprocess.PIPE) as save:
            load = ["docker", "exec", "-i", theirs, "docker", "load", "--quiet"]
            done = subprocess.run(load, stdin=save.stdout, capture_output=True, check=False)
        if save.returncode or done.returncode:
            raise ContenderError(f"the front's image didn't come to {self.name}: {done.stderr.decode()}")

    def make_peers_front(self, inventory: Inventory) -> None:
        """Start a front of the product's own image and base files for the peers, and the script that reloads it."""
        server = inventory.servers["privas"]
        base = {path: managed.content for path, managed in front.base_files(inventory.platform, server).items()}
        self.sh(
            "rm -rf /srv/peers; mkdir -p /srv/peers/config/current/sites /srv/peers/sites /srv/certificates /srv/acme;"
            f"install -d -o {front.UID} -g {front.UID} /srv/peers/log;"
            "tar -xf - -C /srv/peers/config/current",
            _tar(base),
        )
        image = front.image(inventory.platform)
        config, log = "/srv/peers/config:/srv/front/config:ro", f"/srv/peers/log:{front.LOGS}"
        validate = (
            "docker run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges --tmpfs /tmp "
            f"--tmpfs {front.LOGS}:mode=1777 --volume {config} {image} "
            f"nginx -e stderr -t -q -c {front.CONFIG}/current/nginx.conf"
        )
        script = f"#!/bin/sh\nset -e\n{validate}\n{PEERS_SCRIPT} reload\n"
        self._install("/usr/local/sbin/peers-reload", script)
        self._install(PEERS_SCRIPT, _front_script())
        self.sh(
            f"docker rm -f {PEERS_FRONT} >/dev/null 2>&1 || true;"
            f"docker run -d --name {PEERS_FRONT} --read-only --cap-drop ALL --tmpfs /tmp --restart unless-stopped"
            f" -v {config} -v {log} -v /srv/peers/sites:/srv/sites:ro -v /srv/certificates:/srv/certificates:ro"
            f" -v /srv/acme:/srv/acme:ro -p 8081:8080 {image} >/dev/null;"
            f"for i in $(seq 50); do {PEERS_SCRIPT} running 2>/dev/null && break; sleep 0.1; done;"
            f"{PEERS_SCRIPT} running"
        )

    def _install(self, path: str, script: str) -> None:
        self.sh(f"cat > {path}; chmod 755 {path}", script.encode())

    def clear_peers(self) -> None:
        """Take away what a peer wrote."""
        self.sh(f"find /srv/peers/config/current/sites /srv/peers/sites -mindepth 1 -delete;{PEERS_SCRIPT} reload")

    def make_bare(self) -> None:
        """Have it installed anew, unless nothing was deployed to it yet."""
        if not self.lab.is_bare(self.name):
            self.lab.renew(self.name)

    def snapshot(self) -> None:
        """Remember what our front has now: the starting point of each run of ours."""
        folders = " ".join(_OURS)
        self.sh(
            f"rm -rf {_SNAPSHOT}; mkdir {_SNAPSHOT};"
            f"for f in {folders}; do mkdir -p $f {_SNAPSHOT}$f; cp -a $f/. {_SNAPSHOT}$f/; done"
        )

    def restore(self) -> None:
        """Go back to the snapshot, in the same folders."""
        folders = " ".join(_OURS)
        self.sh(
            f"{_STOP_CERTIFICATES};"
            f"for f in {folders}; do find $f -mindepth 1 -delete; cp -a {_SNAPSHOT}$f/. $f/; done;"
            "/usr/local/sbin/numerian-front reload;"
            "systemctl start numerian-certificates.path numerian-certificates.timer 2>/dev/null || true"
        )

    def wait_until_quiet(self) -> None:
        """Wait until what runs after an apply (certificates, the watch) has ended: it isn't part of the next case."""
        self.sh(
            "for i in $(seq 120); do"
            "  systemctl is-active --quiet numerian-certificates.service || ! break 2>/dev/null;"
            '  [ "$(systemctl is-active numerian-certificates.service)" = activating ] || break; sleep 0.5; done'
        )

    def counts(self) -> Counts:
        """Return what the server has counted of our batches."""
        return counted(self.sh("cat /var/lib/numerian/batches.log 2>/dev/null || true"))

    def serves(self, port: int, name: str) -> bool:
        """Tell whether the front at this port answers for the name: it sends visitors on to HTTPS."""
        # For a moment after a reload the old workers still take some of the connections.
        ask = f"curl -s -o /dev/null -w '%{{redirect_url}}' -H 'Host: {name}' http://127.0.0.1:{port}/"
        script = f'for i in $(seq 20); do [ "$({ask})" != https://{name}/ ] || {{ echo yes; break; }}; sleep 0.1; done'
        return "yes" in self.sh(script)


def counted(log: str) -> Counts:
    """Count the batches of a server's log.

    >>> counted("2026-07-01T00:00:00Z write resources=2 files=4 reloads=1\\n2026-07-01T00:00:01Z read resources=2\\n")
    Counts(read_batches=1, write_batches=1, reloads=1, tries=0)
    """
    kinds = Counter(line.split()[1] for line in log.splitlines() if line.strip())
    reloads = sum(int(number) for number in re.findall(r"\breloads=(\d+)", log))
    return Counts(kinds["read"], kinds["write"], reloads, kinds["try"])


def _front_script() -> str:
    """Return the product's script that reloads its front, for the peers' one."""
    text = (TEMPLATES / "front" / "usr" / "local" / "sbin" / "numerian-front").read_text(encoding="utf-8")
    text = text.replace(front.LOGS, "/srv/peers/log")
    return re.sub(r"(?<=' )front(?= 2>)|(?<=HUP )front\b", PEERS_FRONT, text)


def _tar(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            data = content.encode()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()
