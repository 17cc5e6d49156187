"""The server's script that holds members to their room, with commands in the place of quotas that no kernel here has.

What it does on btrfs and by measure is tried on real servers (tests/lab); here is what it asks of a file system with
user quotas, and what it says when something is missing.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "templates/uploads/usr/local/sbin/numerian-uploads"
CODE, UID = "07186", 207186


class Server:
    """Folders as on a server, and commands that write down how they were called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("bin", "sites", "states", "records", "full"):
            (root / name).mkdir()
        (root / "sites" / CODE / "www").mkdir(parents=True)
        (root / "settings").write_text(f"keep_days 5\nmember {CODE} {UID} 2000\nmember 07319 207319 500\n")

    def stub(self, name: str, body: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {self.root}/calls\n{body}\n')
        path.chmod(0o755)

    def calls(self) -> list[str]:
        file = self.root / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def run(self, *words: str) -> str:
        ground = {"SITES": "sites", "STATES": "states", "RECORDS": "records", "FULL": "full", "UPLOADS": "settings"}
        environment = {f"NUMERIAN_{name}": str(self.root / path) for name, path in ground.items()}
        environment["PATH"] = f"{self.root}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", str(SCRIPT), *words], env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_file_system_with_user_quotas_holds_the_room_itself(server: Server) -> None:
    """In KB, for the member's user, on the file system that the folder lies on; used is what the quota says."""
    server.stub("findmnt", 'case "$*" in *TARGET*) echo /srv ;; *) echo rw,relatime,usrquota ;; esac')
    server.stub("setquota", "")
    server.stub("quota", "echo 'Filesystem blocks quota limit'; echo '/dev/sdb1 1700000* 0 2048000'")
    server.run("measure", CODE)
    assert f"setquota -u {UID} 0 2048000 0 0 /srv" in server.calls()
    assert server.run("status").split()[:5] == [CODE, "1700000", "2000", "warned", "quota"]


def test_without_quotas_it_is_measured(server: Server) -> None:
    server.stub("findmnt", 'case "$*" in *TARGET*) echo /srv ;; *) echo rw,relatime ;; esac')
    server.stub("setquota", "exit 1")
    server.run("measure", CODE)
    assert not [call for call in server.calls() if call.startswith("setquota")]
    assert server.run("status").split()[3:5] == ["ok", "measured"]


def test_a_member_whose_folder_is_not_there_yet_is_no_error(server: Server) -> None:
    server.run("measure", "07319")
    assert server.run("status") == ""
