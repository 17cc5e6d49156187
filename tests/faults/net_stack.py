"""Two communes of each datacenter on the lab's servers, with the way to `privas` leading over a wire that can fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demonstration import write_inventory
from report import Report, Row
from visitor import Reader
from wire import Wire

from lab import Lab
from numerian.load import load

ROOT = Path(__file__).resolve().parents[2]
NUMERIAN = Path(sys.executable).parent / "numerian"
MEMBERS = ("07186", "07319", "26114", "26161")
HANGS = 600
"""Seconds after which a command that hasn't ended counts as hanging."""


@dataclass(frozen=True)
class Run:
    """What became of a command."""

    code: int
    text: str
    seconds: float

    @property
    def errors(self) -> str:
        """What is told after the count of errors; "" when there is none."""
        return re.split(r"^\d+ errors?:\n", self.text, maxsplit=1, flags=re.M)[1] if " error" in self.text else ""

    @property
    def fault(self) -> str:
        """The first error, else the line of counts, with the seconds it took."""
        counts = re.findall(r"^.*unchanged \([\d.]+ s\)$", self.text, re.M)
        return f"{(self.errors.splitlines() or counts or [''])[0].strip()} [{self.seconds:.0f} s]"


@dataclass
class Stack:
    """A deployed stack of a test's own."""

    lab: Lab
    name: str
    wire: Wire
    table: Report | None = None
    edits: int = 0

    @property
    def folder(self) -> Path:
        return ROOT / ".work" / self.name

    @property
    def inventory(self) -> Path:
        return self.folder / "inventory"

    def numerian(self, *words: str) -> Run:
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(self.inventory)}
        started = time.monotonic()
        done = subprocess.run(
            [NUMERIAN, *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=HANGS,
            check=False,
        )
        run = Run(done.returncode, done.stdout, time.monotonic() - started)
        assert "Traceback" not in run.text, run.text
        return run

    def up(self, *words: str) -> Run:
        return self.numerian("up", "--stack", self.name, "--yes", *words)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start an `up` and don't wait for it."""
        return subprocess.Popen(
            [NUMERIAN, "up", "--stack", self.name, "--yes", *words],
            cwd=ROOT,
            env={**os.environ, "NUMERIAN_INVENTORY": str(self.inventory)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def edit(self) -> str:
        """Give every commune a new old domain; return the word that only the new configuration holds."""
        self.edits += 1
        word = f"vieux-{self.edits}"
        for file in (self.inventory / "members").iterdir():
            text = re.sub(r"\n  old_domains:(?: .*|(?:\n    - .*)+)", "", file.read_text(encoding="utf-8"))
            domain = f"  old_domains: {word}-{file.name[:5]}.test\n"
            file.write_text(re.sub(r"(\n  domain: .*\n)", rf"\1{domain}", text, count=1), encoding="utf-8")
        return word

    def settings(self, old: str, new: str) -> None:
        """Replace text of datacenters.yaml."""
        file = self.inventory / "datacenters.yaml"
        text = file.read_text(encoding="utf-8")
        assert re.search(old, text), old
        file.write_text(re.sub(old, new, text), encoding="utf-8")

    def over_the_wire(self) -> None:
        """Lead the way to `privas` over the wire."""
        where = self.lab.layout.server("privas").loopback
        self.settings(
            rf"address: {re.escape(where)}\n    port: 2222\b", f"address: 127.0.0.1\n    port: {self.wire.port}"
        )

    def sh(self, server: str, script: str) -> str:
        code, out, err = self.lab.exec(server, ["sh", "-c", script])
        assert code == 0, err + out
        return out

    def serves(self, server: str, word: str) -> bool:
        """Tell whether the configuration that serves holds `word`."""
        return word in self.sh(server, "cat /srv/front/config/current/sites/*.conf")

    def state_is_valid(self) -> int:
        """Have plain Pulumi export the state; return the number of its resources. No step may be pending."""
        script = f'eval "$({NUMERIAN} env --stack {self.name})"; exec pulumi stack export --stack {self.name}'
        done = subprocess.run(["sh", "-ec", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        deployment = json.loads(done.stdout)["deployment"]
        assert not deployment.get("pending_operations"), deployment["pending_operations"]
        return len(deployment["resources"])

    def converges(self, word: str) -> Run:
        """A run puts right what a fault left, and is returned; a further one changes nothing."""
        again = self.up()
        assert again.code == 0, again.text
        for server in ("privas", "alixan"):
            assert self.serves(server, word)
        assert self.state_is_valid()
        further = self.up()
        assert further.code == 0 and "nothing to change" in further.text, further.text
        return again

    def tell(self, process: str, fault: str, about: str, seen: object, first: Run, second: Run) -> None:
        """Add a row to the table of faults; a test that comes so far saw all promises kept."""
        if self.table:
            self.table.add(Row(process, fault, "", about, seen, first, second))

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """Visit a site of each server all the while; at the end none of the visits may have failed."""
        with self.reading() as reader:
            yield reader
        assert reader.visits > 3 and not reader.failures, reader.failures[:5]

    def reading(self) -> Reader:
        return Reader({
            "www.privas.test": self.lab.layout.server("privas").loopback,
            "www.dieulefit.test": self.lab.layout.server("alixan").loopback,
        }, self.lab.folder / "root.pem")  # fmt: skip


def deploy(lab: Lab, name: str, table: Report) -> Stack:
    """Deploy the four communes, wait for their certificates, and lead the way to privas over a wire."""
    stack = Stack(lab, name, Wire((lab.layout.server("privas").loopback, 2222)), table)
    write_inventory(lab, stack.inventory, MEMBERS)
    inventory = load(stack.inventory)
    where = {name: lab.layout.server(m.server).address for m in inventory.members if m.site for name in m.site.names}
    lab.set_names(where)
    made = stack.numerian("stack", "init", name)
    assert made.code == 0, made.text
    stack.over_the_wire()
    first = stack.up()
    assert first.code == 0, first.text
    for server in lab.layout.servers:
        stack.sh(server.name, "systemctl start --no-block numerian-certificates.service")
    stack.numerian("certificates", "--stack", name, "--wait", "120")
    return stack
