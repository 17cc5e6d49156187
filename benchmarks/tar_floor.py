"""The floor: ready files in one tar over one ssh, validate, reload. Nobody who checks anything can be faster."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.contender import Case, run
from benchmarks.peer import Peer


class TarFloor(Peer):
    """One tar; "nothing to do" is one round trip that hashes every file."""

    name = "floor: tar over ssh"

    def work(self, case: Case, folder: Path) -> None:
        """Send the whole tree, or hash it."""
        if case is Case.AGAIN:
            find = "find /srv/peers/config/current/sites /srv/peers/sites -type f -print0 | xargs -0 sha256sum"
            run([*self.server.ssh, find])
            return
        pack = subprocess.Popen(["tar", "-C", folder / "tree", "-cz", "."], stdout=subprocess.PIPE)
        with pack:
            unpack = "tar -xzf - -C /srv/peers && /usr/local/sbin/peers-reload"
            subprocess.run([*self.server.ssh, unpack], stdin=pack.stdout, check=True)
