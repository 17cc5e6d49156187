"""One lab as an object: what the command, the tests and the benchmark use."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lab import acme, base, docker_engine, images, layout, names, process, servers, steps
from lab.process import Say
from lab.steps import Step

BASE = "base of the servers' images"


class Lab:
    """A pair of Debian servers, a certificate authority with DNS, and a visitor.

    `Lab("lab")` is the demonstration's, `Lab("test")` the tests', `Lab("bench")` the benchmark's.
    """

    def __init__(self, name: str = "lab") -> None:
        self.layout = layout.layout(name)
        self.name = name

    @property
    def folder(self) -> Path:
        """The working folder: `id_ed25519`, `host_keys`, `root.pem` (what visitors trust), `acme-ca.pem`."""
        return self.layout.folder

    def steps(self, *, after: Mapping[str, tuple[str, ...]] | None = None) -> list[Step]:
        """Return the steps that bring it up, where a Docker engine may not answer yet.

        Args:
            after: more that a step has to wait for, by the step's name.
        """
        lab = self.layout
        found = [
            Step("Docker engine", docker_engine.ensure),
            Step("Debian base", base.ensure, ("Docker engine",)),
            Step("certificate authority (pebble)", acme.build),
            Step("image of the servers", lambda say: images.ensure("server", say), ("Debian base",)),
            Step("image of the client", lambda say: images.ensure("client", say), ("Debian base",)),
            Step(
                "image of the authority",
                lambda say: images.ensure("acme", say),
                ("Debian base", "certificate authority (pebble)"),
            ),
            Step("network", lambda say: servers.prepare(lab, say), ("Docker engine",)),
            Step("authority and DNS", lambda say: servers.start_acme(lab, say), ("image of the authority", "network")),
            Step(BASE, lambda _say: base.copy(lab.folder / "base.tar"), ("Debian base", "network")),
            Step("client", lambda say: servers.start_client(lab, say), ("image of the client", "network")),
        ]
        needs = ("image of the servers", BASE, "authority and DNS")
        found += [Step(f"server {server.name}", self._start(server.name), needs) for server in lab.servers]
        made = tuple(f"server {server.name}" for server in lab.servers)
        found.append(Step("keys and trust", lambda say: servers.join(lab, say), (*made, "client")))
        extra = after or {}
        return [Step(step.name, step.action, (*step.needs, *extra.get(step.name, ()))) for step in found]

    def up(self) -> None:
        """Bring it up; what is there already is left as it is."""
        steps.run(self.steps())

    def down(self, say: Say = process.silent) -> None:
        """Remove all that was made for it, then what no other lab needs: images, a dockerd that was started here."""
        if docker_engine.answers():
            servers.remove(self.layout, say)
            if not process.output(["docker", "ps", "--all", "--quiet", "--filter", f"label={layout.LABEL}"]):
                for name in images.remove_all():
                    say(f"image: {name}")
        if self.folder.is_dir():
            say(f"folder: {self.folder}")
            shutil.rmtree(self.folder)
        if docker_engine.stop_own():
            say("dockerd (it was started here)")

    def is_up(self) -> bool:
        """Tell whether all its machines run."""
        return docker_engine.answers() and servers.is_running(self.layout)

    def exec(
        self, machine: str, argv: Sequence[str], stdin: bytes | str | None = None, *, timeout: float = 120
    ) -> tuple[int, str, str]:
        """Run a command as root in "privas", "alixan", "acme" or "client"; return exit code, output, error output."""
        data = stdin.encode() if isinstance(stdin, str) else stdin
        command = ["docker", "exec", "-i", self.layout.container(machine), *argv]
        code, out, err = process.capture(command, stdin=data, timeout=timeout)
        return code, out.decode(errors="replace"), err.decode(errors="replace")

    def curl(self, *arguments: str, timeout: float = 30) -> tuple[int, str, str]:
        """Run curl as a visitor: names from the lab's DNS, trust in the lab's root and nothing else."""
        trust = ["--cacert", "/lab/root.pem", "--capath", "/nonexistent"]
        limit = ["--silent", "--show-error", "--max-time", str(int(timeout))]
        return self.exec("client", ["curl", *trust, *limit, *arguments], timeout=timeout + 10)

    def set_names(self, wanted: Mapping[str, str | Sequence[str]]) -> None:
        """Replace all names in the lab's DNS; a name that is left out "doesn't point here yet"."""
        names.write(self.layout, wanted)

    def addresses(self, server: str) -> tuple[str, ...]:
        """Return the addresses at which visitors reach a server: IPv4, and IPv6 where the lab has it."""
        where = self.layout.server(server)
        return (where.address, where.address6) if servers.has_ipv6(self.layout) else (where.address,)

    def renew(self, server: str) -> None:
        """Have a server installed anew, bare, with another host key: what was on it is gone."""
        servers.remove_server(self.layout, server)
        steps.run(self.steps(), out=io.StringIO())

    def is_bare(self, server: str) -> bool:
        """Tell whether nothing was deployed to a server yet: then root logs in, and nobody else."""
        return self.exec(server, ["id", "deploy"])[0] != 0

    def ssh(self, server: str, command: str, stdin: bytes = b"", *, user: str = "") -> tuple[int, str, str]:
        """Run a command on a server over SSH, from this machine, with the pinned host key.

        As `deploy` by default, as root while the server is bare.
        """
        user = user or ("root" if self.is_bare(server) else "deploy")
        where = self.layout.server(server)
        known = self.folder / "known_hosts.lab"
        lines = (line.split(" ", 1) for line in (self.folder / "host_keys").read_text().splitlines())
        known.write_text("".join(f"[{self.layout.server(name).loopback}]:2222 {key}\n" for name, key in lines))
        options = [f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "BatchMode=yes"]
        argv = ["ssh", "-F", "none", "-p", "2222", "-i", str(self.folder / "id_ed25519")]
        argv += [word for option in options for word in ("-o", option)]
        code, out, err = process.capture([*argv, f"{user}@{where.loopback}", command], stdin=stdin, timeout=60)
        return code, out.decode(errors="replace"), err.decode(errors="replace")

    def _start(self, name: str) -> Callable[[Say], str]:
        return lambda say: servers.start_server(self.layout, self.layout.server(name), say)
