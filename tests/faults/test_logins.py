"""Wrong passphrase, changed host key, wrong sudo rights: the error says the remedy, and nothing was done."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
import pytest
from report import Report, Row
from world import FOLDER, INVENTORY, SERVER, STACK, World

pytestmark = pytest.mark.faults

NEW_KEYS = 21
"""The client's last message of the key exchange (RFC 4253, section 7.3). All that comes after it is what we send."""
SUDOERS = "/etc/sudoers.d/zz-faults"


def test_a_wrong_passphrase(world: World, table: Report) -> None:
    file = FOLDER / "passphrase"
    right = file.read_text(encoding="utf-8")
    file.write_text("wrong\n", encoding="utf-8")
    try:
        run, plain = world.up(refresh=False), world.pulumi("up", "--yes", "--skip-preview")
    finally:
        file.write_text(right, encoding="utf-8")
    table.add(Row("passphrase", "wrong", "", "numerian", "", run, world.up(refresh=False)))
    table.add(Row("passphrase", "wrong", "", "plain pulumi", "", plain.said.strip().splitlines()[-1], ""))
    assert run.code == 1
    assert "the passphrase isn't the one that this stack was made with; `numerian doctor` says which file" in run.said
    assert "incorrect passphrase" in plain.said


class OtherMachine:
    """Somebody who answers at a server's address with a key of his own, and writes down what he is sent."""

    def __init__(self) -> None:
        self.key = paramiko.ECDSAKey.generate()
        self.messages: list[list[int]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            got: list[int] = []
            self.messages.append(got)
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.key)
            self._listen_in(transport, got)
            transport.start_server(event=threading.Event())

    @staticmethod
    def _listen_in(transport: paramiko.Transport, got: list[int]) -> None:
        read = transport.packetizer.read_message

        def recording() -> tuple[int, paramiko.Message]:
            kind, message = read()
            got.append(kind)
            return kind, message

        transport.packetizer.read_message = recording  # type: ignore[method-assign]

    def close(self) -> None:
        self._listener.close()


def test_nothing_is_sent_to_a_host_whose_key_changed(world: World, table: Report) -> None:
    """Neither by our provider nor by Docker's, nor when the key is of another kind than the pinned one."""
    other = OtherMachine()
    file = INVENTORY / "datacenters.yaml"
    right = file.read_text(encoding="utf-8")
    begin, end = right.index("  privas:\n    datacenter"), right.index("  alixan:\n    datacenter")
    moved = re.sub(r"address: \S+", "address: 127.0.0.1", right[begin:end])
    moved = re.sub(r"port: \d+", f"port: {other.port}", moved)
    file.write_text(right[:begin] + moved + right[end:], encoding="utf-8")
    try:
        run = world.up()
        doctor = world.numerian("doctor", "--stack", STACK)
    finally:
        file.write_text(right, encoding="utf-8")
        other.close()
    table.add(Row("host key", "changed", "", f"{len(other.messages)} connections", "", run, world.up()))
    assert run.code == 1
    assert len(set(re.findall(r"SHA256:[\w+/]{43}", run.said))) == 2, run.said
    assert "nothing was sent" in run.said
    assert SERVER in run.said
    assert doctor.code == 1
    finished = [got[got.index(NEW_KEYS) + 1 :] for got in other.messages if NEW_KEYS in got]
    assert finished, "no key exchange came to its end"
    assert all(after == [] for after in finished), finished


@contextmanager
def sudoers(world: World, lines: str) -> Iterator[None]:
    world.write(SERVER, SUDOERS, lines, "440")
    try:
        yield
    finally:
        world.sh(SERVER, f"rm {SUDOERS}")


@pytest.mark.parametrize(
    "lines",
    [
        "deploy ALL=(ALL:ALL) !ALL\n",
        "deploy ALL=(ALL:ALL) !ALL\ndeploy ALL=(root) NOPASSWD: /usr/bin/id\n",
        "deploy ALL=(ALL:ALL) PASSWD: ALL\n",
    ],
    ids=["removed", "limited", "with a password"],
)
def test_wrong_sudo_rights(world: World, table: Report, lines: str) -> None:
    world.begin_again()
    before = world.sh(SERVER, "readlink /srv/front/config/current; ls /srv/sites")
    with sudoers(world, lines):
        run, doctor = world.up(), world.numerian("doctor", "--stack", STACK)
        after = world.sh(SERVER, "readlink /srv/front/config/current; ls /srv/sites")
    again = world.up()
    table.add(Row("sudo", lines.splitlines()[-1], "", "deploy", "", run, again))
    assert (run.code, doctor.code, after) == (1, 1, before)
    for said in (run.said, doctor.said):
        assert re.search(r"deploy may not run .* as root", said), said
        assert "allow it in /etc/sudoers.d: `deploy ALL=(ALL:ALL) NOPASSWD: ALL`" in said
    assert again.code == 0, again.said
