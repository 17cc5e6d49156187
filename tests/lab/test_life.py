"""A member's life on real servers: each change is one edit and one `up`, and nothing of anybody is lost."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from demonstration import write_inventory
from deployment import forget_what_servers_forgot

from lab import Lab

pytestmark = pytest.mark.faults  # a dozen deployments, one after the other

ROOT = Path(__file__).resolve().parents[2]
STACK = "test-life"
INVENTORY = ROOT / ".work" / STACK / "inventory"
MEMBERS = ("07186", "07330", "26114", "26243")
"""At one datacenter a static site and one with PHP; at the other two neighbours that merge."""
PAGE = "vie-locale.html"
LAST, AFTER = "2027-03-31", "2027-04-01"


@dataclass
class Syndicate:
    """Who edits a file, says `numerian up`, and looks from outside."""

    lab: Lab

    def numerian(self, *words: str, today: str = "", fails: bool | None = False, stdin: str = "") -> str:
        environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY), "NUMERIAN_TODAY": today}
        environment["NUMERIAN_STACK"] = STACK
        argv = [str(ROOT / "bin/numerian"), *words]
        done = subprocess.run(
            argv, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, timeout=600, check=False
        )
        assert fails is None or (done.returncode != 0) == fails, done.stdout[-6000:] + done.stderr[-4000:]
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout + done.stderr

    def up(self, *, today: str = "") -> str:
        return self.numerian("up", "--yes", today=today)

    def sh(self, server: str, script: str) -> str:
        code, out, err = self.lab.exec(server, ["sh", "-c", script])
        assert code == 0, err
        return out

    def file(self, code: str) -> Path:
        (file,) = (INVENTORY / "members").glob(f"{code}-*.yaml")
        return file

    def add(self, code: str, lines: str) -> None:
        file = self.file(code)
        file.write_text(file.read_text(encoding="utf-8") + lines, encoding="utf-8")

    def edit(self, code: str, old: str, new: str) -> None:
        file = self.file(code)
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def upload(self, server: str, code: str, text: str) -> None:
        """Put a page into a member's folder, as its user."""
        page = f"/srv/sites/{code}/www/{PAGE}"
        self.sh(server, f"echo '{text}' > {page} && chown {uid(code)}:{uid(code)} {page}")

    def page(self, server: str, code: str) -> str:
        """What that page holds, and whose it is."""
        return self.sh(server, f"cd /srv/sites/{code}/www && cat {PAGE} && stat -c %u {PAGE}")

    def answer(self, server: str, name: str) -> tuple[int, str]:
        """Ask over plain HTTP for a name, wherever it leads by the DNS; return the status and where one is sent."""
        address = self.lab.addresses(server)[0]
        code, out, err = self.lab.curl(
            "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}", "--resolve",
            f"{name}:80:{address}", f"http://{name}/",
        )  # fmt: skip
        if code in (52, 56):  # the front closes the connection of whoever asks for a name that it doesn't have
            return 0, ""
        assert code == 0, err
        status, _, to = out.partition(" ")
        return int(status), to

    def virtual_host(self, server: str, code: str) -> str:
        return self.sh(server, f"cat /srv/front/config/current/sites/{code}.conf")


@pytest.fixture(scope="module")
def deployed(lab: Lab) -> Iterator[Syndicate]:
    """Four members, deployed once, each with a page of its own."""
    forget_what_servers_forgot(lab, STACK)
    write_inventory(lab, INVENTORY, MEMBERS)
    lab.set_names({})
    syndicate = Syndicate(lab)
    subprocess.run([ROOT / "bin/numerian", "stack", "init", STACK], cwd=ROOT, check=True, timeout=60)
    syndicate.numerian("up", "--yes")
    for server, code in (("privas", "07186"), ("privas", "07330"), ("alixan", "26114"), ("alixan", "26243")):
        syndicate.upload(server, code, f"ceux de {code}")
    yield syndicate
    write_inventory(lab, INVENTORY, MEMBERS)
    syndicate.numerian("destroy", "--yes", fails=None)


def test_a_rename_deletes_nothing(deployed: Syndicate, tmp_path: Path) -> None:
    """The reference data gives a commune another name: its file is called anew, and nothing goes."""
    communes = INVENTORY / "reference/communes.csv"
    communes.write_text(communes.read_text("utf-8").replace(",Dieulefit,", ",Dieulefit-en-Drôme,"), encoding="utf-8")
    assert "rename it to 26114-dieulefit-en-drome.yaml" in deployed.numerian("check", fails=True)
    deployed.file("26114").rename(INVENTORY / "members/26114-dieulefit-en-drome.yaml")
    deployed.numerian("preview", "--format", "json", "--output", str(tmp_path / "review.json"))
    counts = json.loads((tmp_path / "review.json").read_text("utf-8"))["counts"]
    assert counts["items_deleted"] == counts["items_replaced"] == counts["members_gone"] == 0
    deployed.up()
    assert "Dieulefit-en-Drôme" in deployed.virtual_host("alixan", "26114")
    assert deployed.page("alixan", "26114") == f"ceux de 26114\n{uid('26114')}\n"


def test_an_old_domain_leads_to_the_new_one_until_its_last_day(deployed: Syndicate) -> None:
    deployed.edit("07186", "  domain: privas.test\n", "  domain: nouveau-privas.test\n")
    deployed.edit("07186", "  old_domains:\n", f"  old_domains:\n    - {{domain: privas.test, until: {LAST}}}\n")
    deployed.up(today=LAST)
    for name in ("privas.test", "www.privas.test", "ville-privas.test"):
        assert deployed.answer("privas", name) == (301, "https://www.nouveau-privas.test/")
    asked = "cat /srv/front/config/current/certificates/07186"
    assert "\nprivas.test\n" in deployed.sh("privas", asked)
    deployed.up(today=AFTER)
    assert deployed.answer("privas", "privas.test")[1] != "https://www.nouveau-privas.test/"
    assert deployed.answer("privas", "ville-privas.test") == (301, "https://www.nouveau-privas.test/")
    assert "\nprivas.test\n" not in deployed.sh("privas", asked)
    assert "privas.test leads here no more" in deployed.numerian("check", today=AFTER)
    assert deployed.page("privas", "07186").startswith("ceux de 07186\n")


def test_a_domain_of_another_is_taken_only_when_that_is_allowed(deployed: Syndicate) -> None:
    """The domain that Privas has no more goes to another member: the line that the guard says lets it pass."""
    deployed.edit("07186", f"    - {{domain: privas.test, until: {LAST}}}\n", "")
    deployed.edit("07330", "  domain: vallon-pont-d-arc.test\n", "  domain: ville-privas.test\n")
    deployed.edit("07186", "  old_domains:\n    - ville-privas.test\n", "")
    said = deployed.numerian("up", "--yes", fails=True)
    assert "domain ville-privas.test is that of 07186 Privas" in said
    line = said[said.index("- {rule: domain") :].split("}")[0] + "}"
    allow = INVENTORY / "allow.yaml"
    before = allow.read_text("utf-8")
    allow.write_text(f"allow:\n  {line}\n".replace("…", "the agency owns it"), encoding="utf-8")
    assert "07330" in deployed.numerian("preview")
    allow.write_text(before, encoding="utf-8")
    deployed.edit("07330", "  domain: ville-privas.test\n", "  domain: vallon-pont-d-arc.test\n")


def test_two_communes_merge_and_both_sites_are_kept(deployed: Syndicate) -> None:
    deployed.add("26243", f"merged:\n  into: 26114\n  until: {LAST}\n  site: keep\n")
    deployed.up(today=LAST)
    assert deployed.answer("alixan", "le-poet-laval.test") == (301, "https://le-poet-laval.test/")
    assert "root /srv/sites/26243/www;" in deployed.virtual_host("alixan", "26243")
    assert deployed.page("alixan", "26243").startswith("ceux de 26243\n")


def test_or_the_addresses_of_one_lead_to_the_other_until_the_last_day(deployed: Syndicate) -> None:
    deployed.edit("26243", "  site: keep\n", "  site: redirect\n")
    deployed.up(today=LAST)
    assert 'return 302 "https://www.dieulefit.test/";' in deployed.virtual_host("alixan", "26243")
    assert "le-poet-laval.test" in deployed.sh("alixan", "cat /srv/front/config/current/certificates/26243")
    assert deployed.page("alixan", "26243").startswith("ceux de 26243\n"), "its files stay where they are"
    deployed.up(today=AFTER)
    said = deployed.numerian("archives", "list", "26243")
    assert "-26243-site" in said and "Le Poët-Laval" in said
    deployed.sh("alixan", "test ! -e /srv/sites/26243 && test ! -e /srv/front/config/current/sites/26243.conf")
    deployed.file("26243").unlink()
    assert "vanished" not in deployed.up(today=AFTER)


def test_a_member_with_php_leaves_and_its_archive_is_there_at_once(deployed: Syndicate) -> None:
    uploaded = deployed.page("privas", "07330")
    deployed.add("07330", f"status: leaving\nleaving_on: {AFTER}\n")
    deployed.up(today=LAST)
    assert deployed.answer("privas", "www.vallon-pont-d-arc.test")[0] == 301
    assert "is served still: its time ends with 2027-04-01" in deployed.numerian(
        "purge", "07330", "--yes", today=LAST, fails=True
    )
    deployed.up(today=AFTER)
    said = deployed.numerian("archives", "list", "07330")
    assert "-07330-site" in said and "pages" in said, said
    assert "php-07330" not in deployed.sh("privas", "docker ps --all --format '{{.Names}}'")
    deployed.sh("privas", "test ! -e /srv/sites/07330 && test ! -e /srv/front/config/current/sites/07330.conf")
    place = next(line.split()[-1] for line in said.splitlines() if "-07330-site" in line)
    assert uploaded == deployed.sh("privas", f"cd $(find {place} -type d -name www) && cat {PAGE} && stat -c %u {PAGE}")


def test_a_member_that_returns_has_its_pages_again(deployed: Syndicate) -> None:
    deployed.edit("07330", f"status: leaving\nleaving_on: {AFTER}\n", "")
    deployed.up()
    deployed.sh("privas", f"test ! -e /srv/sites/07330/www/{PAGE}")
    assert "files came back" in deployed.numerian("archives", "restore", "vallon pont d arc", "--yes")
    assert deployed.page("privas", "07330") == f"ceux de 07330\n{uid('07330')}\n"
    assert "rien à changer" in deployed.numerian("preview", "--refresh")


def test_a_purge_names_what_it_deletes_and_is_written_down(deployed: Syndicate) -> None:
    assert "is served" in deployed.numerian("purge", "07330", "--yes", fails=True)
    deployed.add("07330", "status: leaving\nleaving_on: 2026-01-01\n")
    deployed.up()
    listed = deployed.numerian("archives", "list", "07330").splitlines()[1:]
    assert len(listed) >= 2
    assert "nothing was deleted" in deployed.numerian("purge", "07330", fails=True)
    said = deployed.numerian("purge", "07330", "--yes")
    log = deployed.sh("privas", f"tail -n {len(listed)} /var/lib/numerian/purges.log")
    for line in listed:
        path = line.split()[-1]
        assert line in said
        assert re.search(f"purge 07330 by .*: {path} \\(", log), log
        deployed.sh("privas", f"test ! -e {path}")
    assert "nothing is kept of 07330" in deployed.numerian("purge", "07330", "--yes")


def uid(code: str) -> int:
    return 200_000 + int(code, 36)
