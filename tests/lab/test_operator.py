"""An operator's day on real servers, with nothing but the command and what it prints."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demonstration import write_inventory
from deployment import forget_what_servers_forgot

from lab import Lab

ROOT = Path(__file__).resolve().parents[2]
STACK = "test-operator"
FOLDER = ROOT / ".work" / STACK
INVENTORY = FOLDER / "inventory"
MEMBERS = ("07186", "07140", "26114")
"""A site at each datacenter, and a redirect."""


@dataclass
class Operator:
    """Who sits at the keyboard, in the checkout."""

    lab: Lab

    def shell(self, script: str, folder: Path = ROOT, *, fails: bool = False, only_results: bool = False) -> str:
        """Run what an operator would paste; return all that is printed (or without progress and faults)."""
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
        done = subprocess.run(
            ["sh", "-ec", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=900
        )
        assert fails or done.returncode == 0, done.stdout[-6000:] + done.stderr[-4000:]
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout if only_results else done.stdout + done.stderr

    def numerian(self, *words: str, fails: bool = False) -> str:
        return self.shell(" ".join(["bin/numerian", *words, "--stack", STACK]), fails=fails)

    def sh(self, server: str, script: str) -> str:
        code, out, err = self.lab.exec(server, ["sh", "-c", script])
        assert code == 0, err
        return out

    def servers(self) -> dict[str, str]:
        """What runs and lies on the servers: containers by id, every file with mode, owner and time.

        But for certificates and challenges, which come and go by themselves.
        """
        script = (
            "docker ps --no-trunc --format '{{.ID}} {{.Names}}' | sort; docker network ls -q --no-trunc | sort;"
            "find /srv /etc/numerian \\( -path '*/certificates' -o -path /srv/acme \\) -prune"
            " -o -type f -printf '%p %m %u %T@\\n' | sort;"
            "readlink /srv/front/config/current"
        )
        return {server.name: self.sh(server.name, script) for server in self.lab.layout.servers}

    def edit(self, code: str, old: str, new: str) -> None:
        (file,) = (INVENTORY / "members").glob(f"{code}-*.yaml")
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def deployed(lab: Lab) -> Iterator[Operator]:
    """The stack, deployed once; taken down at the end, so that other tests find empty servers."""
    forget_what_servers_forgot(lab, STACK)
    write_inventory(lab, INVENTORY, MEMBERS)
    lab.set_names({})
    operator = Operator(lab)
    operator.shell(f"bin/numerian stack init {STACK}")
    operator.numerian("up", "--yes")
    yield operator
    operator.numerian("destroy", "--yes", fails=True)


@pytest.fixture
def operator(deployed: Operator, lab: Lab) -> Iterator[Operator]:
    """The operator in front of the inventory as it was deployed."""
    yield deployed
    write_inventory(lab, INVENTORY, MEMBERS)


def test_a_second_up_changes_nothing(operator: Operator) -> None:
    before = operator.servers()
    assert "nothing to change" in operator.numerian("up", "--yes")
    assert operator.servers() == before


def test_a_preview_names_host_file_and_changed_lines(operator: Operator) -> None:
    operator.edit("07186", "  domain: privas.test\n", "  domain: privas.test\n  maintenance: true\n")
    lines = operator.numerian("preview").splitlines()
    assert lines[0] == "À regarder d’abord : 1 interruption"
    assert any(re.match(r"Privas · site : les visiteurs voient la page de maintenance", line) for line in lines)
    assert any(re.fullmatch(r" +~ Privas : sites/07186\.conf", line) for line in lines)
    assert any(re.match(r" +\+ .*maintenance", line) for line in lines)
    assert any(line.startswith("serveurs non consultés") for line in lines)


def test_a_preview_works_while_servers_are_down_and_a_move_is_no_change(operator: Operator) -> None:
    file = INVENTORY / "datacenters.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("port: 2222", "port: 9"), encoding="utf-8")
    assert "rien à changer" in operator.numerian("preview")
    said = operator.numerian("up", "--yes", "--refresh", fails=True)
    assert re.search(r"^  privas: ", said, re.M), said


def test_drift_is_found_by_path_and_put_back(operator: Operator) -> None:
    path = "/srv/front/config/current/sites/07186.conf"
    operator.sh("privas", f"echo '# by hand' >> {path}")
    said = operator.numerian("preview", "--refresh")
    assert "sites/07186.conf" in said
    assert "-# by hand" in said
    assert "by hand" in operator.numerian("refresh", "--yes")
    operator.numerian("up", "--yes")
    assert "by hand" not in operator.sh("privas", f"cat {path}")


def test_a_members_file_that_vanished_stops_everything(operator: Operator) -> None:
    before = operator.servers()
    (file,) = (INVENTORY / "members").glob("07186-*.yaml")
    file.unlink()
    for words in (["preview"], ["up", "--yes"]):
        said = operator.numerian(*words, fails=True)
        assert "07186" in said
        assert "status: leaving" in said
    assert operator.servers() == before


def test_the_doctor_finds_all_well(operator: Operator) -> None:
    said = operator.numerian("doctor")
    assert said.endswith("all is well\n")
    for server in operator.lab.layout.servers:
        assert re.search(rf"server {server.name} +reachable, host key and sudo right, Debian 13.*, Docker \d", said)


def test_the_doctor_names_another_host_key_with_both_fingerprints(operator: Operator) -> None:
    keys = (operator.lab.folder / "host_keys").read_text()
    swapped = FOLDER / "swapped_host_keys"
    swapped.write_text(keys.replace("privas ", "x ").replace("alixan ", "privas ").replace("x ", "alixan "))
    file = INVENTORY / "datacenters.yaml"
    text = file.read_text(encoding="utf-8").replace(str(operator.lab.folder / "host_keys"), str(swapped))
    file.write_text(text, encoding="utf-8")
    said = operator.numerian("doctor", fails=True)
    (line,) = (line for line in said.splitlines() if "server privas" in line)
    assert len(re.findall(r"SHA256:[\w+/]{43}", said[said.index(line) :].split("server")[1])) == 2


def test_certificates_are_told_by_member(operator: Operator) -> None:
    """The names point nowhere here: that is said by name, and is no error."""
    for server in operator.lab.layout.servers:
        operator.sh(server.name, "systemctl start numerian-certificates.service || true")
    words = f"bin/numerian certificates --stack {STACK} --wait 60 --json"
    told = json.loads(operator.shell(words, only_results=True))
    assert told["errors"] == []
    assert set(told["members"]) == set(MEMBERS)
    assert any("privas.test doesn't point here" in line for line in told["members"]["07186"]["waiting"])


def test_a_lost_state_costs_a_re_run_and_changes_nothing_on_the_servers(operator: Operator) -> None:
    """The state is deleted; then only what the program prints is followed."""
    before = operator.servers()
    shutil.rmtree(FOLDER / "state")
    said = operator.numerian("up", "--yes", fails=True)
    init = re.search(r"run `(numerian stack init [\w-]+)`", said)
    assert init, said
    operator.shell(f"bin/{init.group(1)}")
    said = operator.numerian("up", "--yes", fails=True)
    adopt = re.search(r"run `(numerian adopt --stack [\w-]+)` and what it prints", said)
    assert adopt, said
    printed = operator.shell(f"bin/{adopt.group(1)}", only_results=True)
    operator.shell(printed)
    assert "rien à changer" in operator.numerian("preview")
    assert operator.servers() == before


def blocks(page: str) -> list[str]:
    """The shell blocks of a page of the docs, each as it would be pasted."""
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("block", blocks("docs/operate.md"), ids=lambda block: block.splitlines()[0][:40])
def test_the_guides_commands_run(block: str, operator: Operator, tmp_path: Path) -> None:
    """Each block of docs/operate.md, with this stack in the place of production; git in a repository of its own."""
    git = 'git() { command git -C "$SCRATCH" -c user.name=ops1 -c user.email=ops1@numerian.test "$@"; }\n'
    scratch = tmp_path / "repository"
    (scratch / "inventory").mkdir(parents=True)
    prepare = f'SCRATCH={scratch}\n{git}git init -q\nfor n in 1 2; do echo $n > "$SCRATCH/inventory/a"; git add .; '
    prepare += "git commit -qm $n; done\n"
    prepare += f'export PATH="{Path(sys.executable).parent}:$PATH"\neval "$(bin/numerian env --stack {STACK})"\n'
    operator.shell(prepare + block.replace("production", STACK))


def test_the_readmes_tour_onboards_a_commune(operator: Operator) -> None:
    """Each block of the tour in turn, as pasted, with this stack and these servers in the place of the lab's."""
    lab = operator.lab
    (two_commands, *tour) = blocks("README.md")
    assert "make lab" in two_commands
    said = []
    for block in tour:
        if "make lab\n" in block:
            server = lab.layout.server("privas")
            lab.set_names({f"{www}loriol-sur-drome.test": server.address for www in ("", "www.")})
        script = block.replace("make lab\n", "")
        script = re.sub(r"^(bin/numerian (?!env|check|new|show|list)\w+)", rf"\1 --stack {STACK}", script, flags=re.M)
        script = script.replace("--stack lab", f"--stack {STACK}").replace(
            "(bin/numerian env)", f"(bin/numerian env --stack {STACK})"
        )
        script = script.replace(".work/lab/root.pem", str(lab.folder / "root.pem")).replace(
            "127.0.1.1", lab.layout.server("privas").loopback
        )
        said.append(operator.shell(script))
    written, checked, previewed, applied, visited, shown, looked_at = said[:7]
    assert f"écrit : {(INVENTORY / 'members' / '26166-loriol-sur-drome.yaml').relative_to(ROOT)}" in written
    assert "4 members" in checked
    assert "Loriol-sur-Drôme · site : nouveau site" in previewed and "serveurs non consultés" in previewed
    assert "+ Files 26166-site" in applied
    assert "<h1>Mairie de Loriol-sur-Drôme</h1>" in visited
    assert "https://www.loriol-sur-drome.test/ — des fichiers" in shown and "1 of 4 members" in shown
    assert "nothing to change" in looked_at
