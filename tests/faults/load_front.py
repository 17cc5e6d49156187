"""A front with hundreds of sites and as many certificates, and visitors who count what fails.

The sites come from the product's own templates by `numerian up`; the certificates from an authority of the test's own,
put where the front looks. The visitors are the Go program in `load/`, run in the lab's client machine.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from net_stack import Stack
from report import Report
from wire import Wire

from benchmarks.work import Site, sites, write_inventory
from lab import Lab, cache

PROGRAM = Path(__file__).parent / "load"
SERVER = "privas"
GROUP, ACME = 601, 602


def build() -> Path:
    """Have the Go program built, in the cache."""
    binary = cache.folder() / f"load-{cache.recipe(PROGRAM, os.uname().machine)}"
    with cache.only_one("load"):
        if not binary.exists():
            new = binary.with_suffix(".new")
            command = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(new), "."]
            subprocess.run(command, cwd=PROGRAM, env={**os.environ, "CGO_ENABLED": "0"}, check=True, timeout=600)
            new.replace(binary)
    return binary


@dataclass
class Authority:
    """A certificate authority of the test's own: P-256, as the front's ciphers ask for."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @classmethod
    def new(cls) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "load test root")])
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(key, builder.sign(key, hashes.SHA256()))

    def issue(self, site: Site) -> tuple[bytes, bytes]:
        """Return a site's chain and key as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, site.main_name)])
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in site.own_names])
        leaf = _builder(subject, self.root.subject, key).add_extension(names, critical=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return _pem(leaf.sign(self.key, hashes.SHA256())) + self.pem(), private

    def pem(self) -> bytes:
        return _pem(self.root)


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def invite(lab: Lab, roots: bytes, names: Iterable[str]) -> None:
    """Get the visitors ready in the client's machine: whom they trust, what they ask."""
    put = {
        "load": build().read_bytes(),
        "load-root.pem": roots,
        "load-names": "".join(f"{n}\n" for n in names).encode(),
    }
    _unpack(lab, "client", "/lab", _tar({path: (content, 0o755, 0, 0) for path, content in put.items()}))


@contextmanager
def visited(lab: Lab, server: str, **options: int | str) -> Iterator[dict[str, Any]]:
    """Let visitors come; the dict holds what they saw when they have gone, by protocol.

    With `connections` they come until so many were opened; else until the block is left.
    """
    words = [f"-{name}={value}" for name, value in options.items()]
    command = ["/lab/load", f"-address={lab.layout.server(server).address}:443"]
    command += ["-roots=/lab/load-root.pem", "-names=/lab/load-names", *words]
    told: dict[str, Any] = {}
    running = subprocess.Popen(
        ["docker", "exec", lab.layout.container("client"), *command], stdout=subprocess.PIPE, text=True
    )
    try:
        yield told
    finally:
        if "connections" not in options:
            lab.exec("client", ["pkill", "-TERM", "-x", "load"])
        out, _ = running.communicate(timeout=1800)
    told.update(json.loads(out))


def summary(told: dict[str, Any]) -> str:
    """Return what the visitors saw, as lines for people."""
    lines = []
    for protocol in ("h1", "h2"):
        saw = told[protocol]
        lines.append(
            f"{protocol}: {saw['connections']} new connections, failed {saw['failed'] or 0}, "
            f"ms {spread(saw['new_ms'])}; {saw['requests']} requests on kept ones, sent again {saw['again']}, "
            f"lost {saw['lost']}, ms {spread(saw['kept_ms'])} {saw['errors'] or ''}".rstrip()
        )
    return "\n".join(lines)


def spread(values: dict[str, float]) -> str:
    """Return median, 99th percentile and largest."""
    return "/".join(f"{values[name]:.0f}" for name in ("p50", "p99", "max") if values)


def none_lost(told: dict[str, Any], *, connections: int) -> None:
    """No new connection failed and no request was lost, with either protocol."""
    assert told["h1"]["connections"] + told["h2"]["connections"] >= connections, told
    for protocol in ("h1", "h2"):
        assert told[protocol]["failed"] == {} and told[protocol]["lost"] == 0, summary(told)
        assert told[protocol]["requests"] > 0


def deploy_front(lab: Lab, name: str, count: int, table: Report) -> Stack:
    """Deploy so many sites on one server, with certificates, and invite visitors."""
    stack = Stack(lab, name, Wire((lab.layout.server(SERVER).loopback, 2222)), table)
    where = lab.layout.server(SERVER)
    connection = {
        "address": where.loopback,
        "identity": str(lab.folder / "id_ed25519"),
        "host_keys": str(lab.folder / "host_keys"),
        "public": where.address,
    }
    write_inventory(stack.inventory, count, connection)
    stack.numerian("stack", "init", name)
    first = stack.up()
    assert first.code == 0, first.text[-3000:]
    authority = Authority.new()
    _unpack(lab, SERVER, "/srv/certificates", _store(authority, count))
    invite(lab, authority.pem(), [site.main_name for site in sites(count)])
    return stack


def _store(authority: Authority, count: int) -> bytes:
    files: dict[str, tuple[bytes, int, int, int]] = {}
    for site in sites(count):
        chain, key = authority.issue(site)
        files[f"{site.code}/fullchain.pem"] = (chain, 0o644, ACME, GROUP)
        files[f"{site.code}/key.pem"] = (key, 0o640, ACME, GROUP)
    return _tar(files)


def _tar(files: dict[str, tuple[bytes, int, int, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path, (content, mode, owner, group) in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode, entry.uid, entry.gid = len(content), mode, owner, group
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _unpack(lab: Lab, machine: str, folder: str, archive: bytes) -> None:
    # Folders that are missing belong to root, and whoever may pass may pass.
    code, _, err = lab.exec(machine, ["sh", "-c", f"umask 022; tar -xpf - -C {folder}"], stdin=archive)
    assert code == 0, err
