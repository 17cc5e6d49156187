"""A webmaster on the visitor's machine, with OpenSSH's own client: what tests of uploads share."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deployment import INVENTORY, ROOT, STACK, Deployed

KEY = "/root/webmaster"
KNOWN = "/root/known_hosts"
PORT = "2022"


@dataclass(frozen=True)
class Webmaster:
    """One login: with a password, or with the key of the visitor's machine."""

    sites: Deployed
    login: str
    server: str
    password: str = ""

    def sftp(self, *commands: str) -> tuple[int, str]:
        """Run commands in one session, going on after one that fails; return sftp's exit code and all that it said."""
        code, out, err = self._client("sftp", "-q", "-P", PORT, "-b", "-", commands=[f"-{one}" for one in commands])
        return code, out + err

    def ssh(self, *words: str, options: Sequence[str] = ()) -> tuple[int, str]:
        """Try for more than SFTP."""
        code, out, err = self._client("ssh", "-p", PORT, *options, words=words)
        return code, out + err

    def _client(
        self, program: str, *options: str, words: Sequence[str] = (), commands: Sequence[str] = ()
    ) -> tuple[int, str, str]:
        trust = ["-o", f"UserKnownHostsFile={KNOWN}", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"]
        target = f"{self.login}@{self.sites.lab.layout.server(self.server).address}"
        if self.password:
            # A batch (-b) never asks for a password unless this comes first.
            how = ["-o", "BatchMode=no", "-o", "PreferredAuthentications=password"]
            argv = ["env", f"SSHPASS={self.password}", "sshpass", "-e", program, *how]
        else:
            argv = [program, "-i", KEY, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]
        stdin = "".join(f"{command}\n" for command in commands)
        return self.sites.lab.exec("client", [*argv, *trust, *options, target, *words], stdin, timeout=60)


def on_terminal(*words: str, answer: str = "y\n") -> str:
    """Run `numerian …` on a terminal of its own, answer its questions, return all that stands there in the end."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY), "TERM": "dumb"}
    program = Path(sys.executable).parent / "numerian"
    os.write(controller, answer.encode() * 5)
    process = subprocess.Popen(
        [program, *words, "--stack", STACK], cwd=ROOT, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    said = b""
    while True:
        try:
            said += os.read(controller, 65536)
        except OSError:  # the other end is closed: the command is over
            break
    assert process.wait(timeout=60) == 0, said.decode()
    os.close(controller)
    return said.decode().replace("\r\n", "\n")


def password_in(letter: str, login: str) -> str:
    """Return the password that a letter tells."""
    found = re.search(rf"^ +{re.escape(login)} +mot de passe : (\w+)$", letter, re.M)
    assert found, letter
    return found.group(1)
