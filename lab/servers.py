"""The machines of a lab as containers: made, started, made ready, removed.

A server is Debian with systemd and sshd, and takes a Docker engine of its own; it needs no `--privileged`.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from lab import acme, bridges, cache, images, layout, process
from lab.errors import CommandFailedError, LabError
from lab.layout import Layout, Server
from lab.process import Say

READY_SECONDS = 120.0
RECIPE_LABEL = f"{layout.LABEL}.recipe"

# What systemd and an engine inside need, and no more. Without SYS_PTRACE, `docker exec` inside fails for a container
# whose user isn't root: runc may not open its namespaces. The last word of the command lets systemd 257 start on a
# machine with cgroup v1; elsewhere it's ignored.
SERVER_OPTIONS = (
    *("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
    *("--security-opt", "systempaths=unconfined", "--cgroupns=host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"),
    *("--tmpfs", "/run", "--tmpfs", "/run/lock"),
)
# Docker turns IPv6 off for every interface but its own network's: bridges made inside would have none.
INNER_IPV6 = ("--sysctl", "net.ipv6.conf.all.disable_ipv6=0", "--sysctl", "net.ipv6.conf.default.disable_ipv6=0")
SERVER_COMMAND = ("/sbin/init", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")

TRUST = """
file=/usr/local/share/ca-certificates/numerian-lab.crt
cat > $file.new
if cmp -s $file.new $file; then rm $file.new; else mv $file.new $file && update-ca-certificates; fi
"""


def prepare(lab: Layout, say: Say) -> str:
    """Make the network and the working folder with the operator's key."""
    if any(_owners(lab, running=False)):
        say("removing what a run of another checkout left behind")
        _remove_all(lab, say)
    lab.folder.mkdir(parents=True, exist_ok=True)
    (lab.folder / "resolv.conf").write_text(f"nameserver {lab.acme}\n")
    key = lab.folder / "id_ed25519"
    if not key.exists():
        process.output(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"operator@{lab.name}", "-f", str(key)])
    if process.capture(["docker", "network", "inspect", lab.network])[0] == 0:
        return "already there"
    bridges.remove_left_behind(ipaddress.IPv4Network(f"{lab.prefix}.0/24"), say)
    say("network")
    make = ["docker", "network", "create", *_labels(lab), "--subnet", f"{lab.prefix}.0/24"]
    # Without IPv6 on the machine the lab has none either.
    if process.capture([*make, "--ipv6", "--subnet", f"{lab.prefix6}::/64", lab.network])[0]:
        process.output([*make, lab.network])
        return "made, without IPv6"
    return "made"


def _authorities(lab: Layout) -> bytes:
    """What servers trust: the CA's interface, and what it issues."""
    return b"".join((lab.folder / name).read_bytes() for name in ("acme-ca.pem", "root.pem"))


def start_server(lab: Layout, server: Server, say: Say) -> str:
    """Have a server run, with systemd up, as bare as a hoster gives it: root is let in with the operator's key."""
    options = [*SERVER_OPTIONS, "--volume", f"{lab.volume(server.name)}:/var/lib/docker", *_resolver(lab)]
    options += ["--volume", f"{lab.folder}/base.tar:/lab/base.tar:ro"]
    for outside, inside in layout.PUBLISHED.items():
        options += ["--publish", f"{server.loopback}:{outside}:{inside}"]
    how = _start(lab, server.name, "server", options, SERVER_COMMAND, server.address, server.address6)
    say("waiting for systemd")
    _wait_for_systemd(lab, server.name)
    public = (lab.folder / "id_ed25519.pub").read_bytes()
    write = "umask 077; mkdir -p /root/.ssh; cat > /root/.ssh/authorized_keys"
    run(lab, server.name, ["sh", "-c", write], stdin=public)
    say("trusting the CA")
    run(lab, server.name, ["sh", "-c", TRUST], stdin=_authorities(lab))
    say("waiting for sshd")
    _wait_for_banner(server)
    return how


def start_acme(lab: Layout, say: Say) -> str:
    """Have the certificate authority and the DNS run."""
    options = ["--network-alias", "acme.lab.test", "--env", f"LAB_ACME_ADDRESS={lab.acme}"]
    how = _start(lab, "acme", "acme", [*options, "--env", "PEBBLE_VA_NOSLEEP=1"], (), lab.acme, "")
    say("waiting until the CA answers")
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            (lab.folder / "acme-ca.pem").write_bytes(acme.authority(lab.container("acme")))
            _keep_root(lab.folder / "root.pem", acme.root(lab.container("acme")))
        except CommandFailedError as error:
            if time.monotonic() > deadline:
                raise LabError(f"the lab's CA gave no answer within {READY_SECONDS:.0f} s: {error}") from error
            time.sleep(0.2)
        else:
            return how


def start_client(lab: Layout, say: Say) -> str:
    """Have the visitor's machine run."""
    say("starting")
    return _start(lab, "client", "client", _resolver(lab), (), lab.client, "")


def join(lab: Layout, say: Say) -> str:
    """Take down the host keys of the servers, and have the visitor trust the CA's root."""
    lines = []
    for server in lab.servers:
        say(f"host key of {server.name}")
        key = run(lab, server.name, ["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]).split()
        lines.append(f"{server.name} {key[0]} {key[1]}\n")
    (lab.folder / "host_keys").write_text("".join(lines))
    root = (lab.folder / "root.pem").read_bytes()
    run(lab, "client", ["sh", "-c", "mkdir -p /lab && cat > /lab/root.pem"], stdin=root)
    return ""


def run(lab: Layout, machine: str, argv: list[str], *, stdin: bytes | None = None) -> str:
    """Run a command as root in a machine and return what it printed."""
    return process.output(["docker", "exec", "-i", lab.container(machine), *argv], stdin=stdin, timeout=300)


def remove(lab: Layout, say: Say) -> None:
    """Remove the lab's containers, volumes and network; only what was made for it, from this checkout."""
    for problem in foreign(lab):
        raise LabError(problem)
    _remove_all(lab, say)


def remove_server(lab: Layout, machine: str) -> None:
    """Remove one server, with all that is on it."""
    process.output(["docker", "rm", "--force", "--volumes", lab.container(machine)], timeout=120)
    process.output(["docker", "volume", "rm", lab.volume(machine)], timeout=60)


def _remove_all(lab: Layout, say: Say) -> None:
    ours = ["--filter", f"label={layout.LABEL}={lab.name}"]
    for kind, listing, drop in (
        ("containers", ["docker", "ps", "--all", *ours, "--format", "{{.Names}}"], ["docker", "rm", "--force"]),
        ("volumes", ["docker", "volume", "ls", *ours, "--format", "{{.Name}}"], ["docker", "volume", "rm"]),
        ("network", ["docker", "network", "ls", *ours, "--format", "{{.Name}}"], ["docker", "network", "rm"]),
    ):
        names = process.output(listing).split()
        if names:
            say(f"{kind}: {', '.join(names)}")
            process.output([*drop, *names], timeout=120)


def has_ipv6(lab: Layout) -> bool:
    """Tell whether the lab's network has IPv6: where the machine has none, it has none either."""
    return process.output(["docker", "network", "inspect", "-f", "{{.EnableIPv6}}", lab.network]) == "true"


def is_running(lab: Layout) -> bool:
    """Tell whether all machines of the lab run."""
    names = process.output(
        ["docker", "ps", "--filter", f"label={layout.LABEL}={lab.name}", "--format", "{{.Names}}"]
    ).split()
    return set(names) == {lab.container(machine) for machine in lab.machines}


def foreign(lab: Layout) -> Iterator[str]:
    """Say which containers of these names belong to another checkout (one that is gone owns nothing)."""
    for name, owner in _owners(lab, running=True):
        if owner:
            yield f"the container {name} is of the checkout {owner}; run `python3 -m lab down --name {lab.name}` there"
        else:
            yield f"a container {name} is there that no checkout made; remove it with `docker rm --force {name}`"


def _owners(lab: Layout, *, running: bool) -> Iterator[tuple[str, str]]:
    """Return the containers that another checkout owns, with its folder ("" for none).

    Those of a lab for tests that don't run are left behind by a run that was cut: nobody's (`running=False` asks for
    them). The demonstration's are somebody's even then.
    """
    look = f'{{{{.State.Running}}}} {{{{index .Config.Labels "{layout.FOLDER_LABEL}"}}}}'
    for machine in lab.machines:
        name = lab.container(machine)
        code, out, _ = process.capture(["docker", "inspect", "--format", look, name])
        runs, _, owner = out.decode().strip().partition(" ")
        if code or owner == str(layout.ROOT):
            continue
        left_behind = bool(owner) and (not Path(owner).is_dir() or (lab.name != "lab" and runs != "true"))
        if left_behind != running:
            yield name, owner


def _start(
    lab: Layout, machine: str, kind: str, options: list[str], command: tuple[str, ...], address: str, address6: str
) -> str:
    name = lab.container(machine)
    if address6 and has_ipv6(lab):
        options = ["--ip6", address6, *INNER_IPV6, *options]
    recipe = cache.recipe(images.tag(kind), *options, *command)
    state = f'{{{{.State.Running}}}} {{{{index .Config.Labels "{RECIPE_LABEL}"}}}}'
    code, out, _ = process.capture(["docker", "inspect", "--format", state, name])
    if code == 0:
        running, _, made_from = out.decode().strip().partition(" ")
        # What was deployed on the demonstration's servers stays, even if their recipe changed since.
        if lab.name == "lab" or made_from == recipe:
            if running == "true":
                return "runs" if made_from == recipe else "runs (made from an older recipe)"
            process.output(["docker", "start", name])
            return "started again"
        process.output(["docker", "rm", "--force", "--volumes", name])
        process.capture(["docker", "volume", "rm", lab.volume(machine)])
    if kind == "server":
        process.output(["docker", "volume", "create", *_labels(lab), lab.volume(machine)])
    identity = ["--name", name, "--hostname", machine, *_labels(lab), "--label", f"{RECIPE_LABEL}={recipe}"]
    place = ["--network", lab.network, "--ip", address]
    process.output(["docker", "run", "--detach", *identity, *place, *options, images.tag(kind), *command], timeout=120)
    return "made"


def _labels(lab: Layout) -> list[str]:
    return ["--label", f"{layout.LABEL}={lab.name}", "--label", f"{layout.FOLDER_LABEL}={layout.ROOT}"]


def _resolver(lab: Layout) -> list[str]:
    # Not --dns: on a network of ours that gives a loopback resolver, which containers inside a server can't use.
    return ["--volume", f"{lab.folder}/resolv.conf:/etc/resolv.conf:ro"]


def _wait_for_systemd(lab: Layout, machine: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        ask = ["docker", "exec", lab.container(machine), "systemctl", "is-system-running", "--wait"]
        _, out, err = process.capture(ask, timeout=READY_SECONDS)
        state = out.decode().strip()
        if state == "running":
            return
        if state == "degraded":
            failed = run(lab, machine, ["systemctl", "--failed", "--no-legend", "--plain"])
            # A service that a person broke on a server that was made before is no reason to refuse the lab.
            if "ssh.service" not in failed:
                return
            raise LabError(f"{machine}: systemd says degraded:\n    {failed}", "see journalctl on it")
        if time.monotonic() > deadline:
            raise LabError(f"{machine}: systemd isn't up after {READY_SECONDS:.0f} s ({state or err.decode().strip()})")
        time.sleep(0.2)


def _wait_for_banner(server: Server) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with socket.create_connection((server.loopback, 2222), timeout=5) as connection:
                if connection.recv(64).startswith(b"SSH-2.0"):
                    return
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise LabError(f"{server.name}: no sshd answers at {server.loopback}:2222")
        time.sleep(0.1)


def _keep_root(file: Path, root: bytes) -> None:
    # pebble makes a new root at each start: the old ones stay, for the certificates that were issued before.
    known = file.read_bytes() if file.exists() else b""
    if root not in known:
        file.write_bytes(known + root)
