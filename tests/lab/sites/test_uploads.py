"""Webmasters upload: from outside, with OpenSSH's client, and with whatever else such a login lets them try."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployment import INVENTORY, ROOT, STACK, Deployed
from webmaster import KEY, KNOWN, PORT, Webmaster, on_terminal, password_in

from numerian.wording import megabytes

HOME = "/srv/sites/07186"


@pytest.fixture(scope="module")
def uploads(sites: Deployed) -> Iterator[Deployed]:
    """The agency of Privas gets the key of the visitor's machine, Vallon's room shrinks to 6 MB; one `up`."""
    client = sites.lab
    client.exec("client", ["sh", "-c", f"rm -f {KEY}*; ssh-keygen -q -t ed25519 -N '' -f {KEY}"])
    key = " ".join(client.exec("client", ["cat", f"{KEY}.pub"])[1].split()[:2])
    (file,) = (INVENTORY / "members").glob("07186-*.yaml")
    before = file.read_text(encoding="utf-8")
    (small,) = (INVENTORY / "members").glob("07330-*.yaml")
    generous = small.read_text(encoding="utf-8")
    file.write_text(re.sub(r"keys: ssh-ed25519 \S+", f"keys: {key}", before), encoding="utf-8")
    small.write_text(generous.replace("plan: ", "quota_mb: 6\nplan: ", 1), encoding="utf-8")
    sites.numerian("up", "--stack", STACK, "--yes")
    trust_host_key(sites)
    yield sites
    file.write_text(before, encoding="utf-8")
    small.write_text(generous, encoding="utf-8")
    sites.numerian("up", "--stack", STACK, "--yes")


def trust_host_key(sites: Deployed) -> None:
    address = sites.lab.layout.server("privas").address
    scan = f"ssh-keyscan -q -t ed25519 -p {PORT} {address} > {KNOWN}"
    assert sites.lab.exec("client", ["sh", "-c", scan])[0] == 0


@pytest.fixture(scope="module")
def agency(uploads: Deployed) -> Webmaster:
    """Logs in by key."""
    return Webmaster(uploads, "communication-07186", "privas")


@pytest.fixture(scope="module")
def letter(uploads: Deployed) -> str:
    """What an operator sees on his terminal after he said yes."""
    return on_terminal("welcome", "07186")


@pytest.fixture(scope="module")
def desk(uploads: Deployed, letter: str) -> Webmaster:
    """Logs in with the generated password."""
    return Webmaster(uploads, "accueil-07186", "privas", password_in(letter, "accueil-07186"))


@pytest.fixture(scope="module")
def vallon(uploads: Deployed) -> Webmaster:
    """The webmaster of a site with PHP and little room."""
    password = password_in(on_terminal("welcome", "vallon-pont-d-arc"), "mairie-07330")
    return Webmaster(uploads, "mairie-07330", "privas", password)


def give(sites: Deployed, name: str, content: str) -> str:
    """Lay a file on the visitor's machine; return its path."""
    sites.lab.exec("client", ["sh", "-c", f"cat > /root/{name}"], content)
    return f"/root/{name}"


def states_of(sites: Deployed, code: str) -> str:
    return sites.numerian("site", "states", "--stack", STACK, code)


def wait_for_state(sites: Deployed, code: str, known: str) -> None:
    """The watch keeps a state some seconds after a session."""
    deadline = time.monotonic() + 30
    while states_of(sites, code) == known:
        assert time.monotonic() < deadline, known
        time.sleep(1)


def test_what_is_uploaded_is_served_at_once(agency: Webmaster, desk: Webmaster) -> None:
    """By key and by password: within a second of the end of the session."""
    for webmaster in (agency, desk):
        content = f"<h1>{webmaster.login}</h1>\n"
        page = give(webmaster.sites, "page.html", content)
        code, said = webmaster.sftp(f"put {page} neu.html")
        asked = time.monotonic()
        assert code == 0, said
        assert webmaster.sites.get("https://www.privas.test/neu.html")[2] == content
        assert time.monotonic() - asked < 1


def test_the_letter_tells_what_connects(letter: str, desk: Webmaster) -> None:
    """The command in it works by the site's own name, and its fingerprint is that of the server that answers."""
    lab = desk.sites.lab
    told = re.search(r"Empreinte +(SHA256:\S+)", letter)
    assert told and told.group(1) in lab.exec("client", ["ssh-keygen", "-l", "-f", KNOWN])[1]
    assert "sftp -P 2022 communication-07186@www.privas.test" in letter
    script = f"sftp -i {KEY} -o StrictHostKeyChecking=accept-new -P 2022 communication-07186@www.privas.test"
    code, out, err = lab.exec("client", ["sh", "-c", script], "pwd\n")
    assert code == 0 and "/www" in out, err


def test_a_password_is_told_to_a_terminal_only(uploads: Deployed, desk: Webmaster) -> None:
    """No file, pipe, state in clear, log or server holds it."""
    assert desk.password not in uploads.numerian("welcome", "--stack", STACK, "07186")
    assert "mot de passe : (non affiché)" in uploads.numerian("welcome", "--stack", STACK, "07186")
    for file in INVENTORY.parent.rglob("*"):
        if file.is_file():
            assert desk.password.encode() not in file.read_bytes(), file
    held = uploads.sh("privas", f"grep -rlF {desk.password} /srv/sftp /var/log /etc/numerian || true")
    assert held == ""
    assert uploads.sh("privas", "stat -Lc '%a %U' /srv/sftp/config/current/accounts/shadow").strip() == "600 root"


def test_a_webmaster_sees_and_changes_his_own_folder_only(agency: Webmaster) -> None:
    page = give(agency.sites, "page.html", "x\n")
    for attempt in (
        f"put {page} /index.html",
        f"put {page} /dev/index.html",
        "ls /dev",
        "get /etc/passwd",
        "get /../../../../etc/passwd",
        "ls /srv/sites/07319",
        "get ../../07319/www/index.html",
        "rm /dev/log",
        "rename /www /other",
        "rmdir /dev",
    ):
        code, said = agency.sftp(attempt)
        assert re.search("denied|[Nn]ot found|No such file|Failure|Can't", said), f"{attempt}: {code} {said}"
    # The root of a session shows two folders, and nothing of any other member.
    seen = agency.sftp("ls -1 /")[1].splitlines()
    assert [line for line in seen if not line.startswith("sftp>")] == ["/dev", "/www"]


def test_links_are_refused_where_a_webmaster_may_write(agency: Webmaster) -> None:
    """In his own folder, so that nothing but the rule can be the reason."""
    page = give(agency.sites, "page.html", "x\n")
    _, said = agency.sftp(f"put {page} real.html", "symlink /etc/passwd soft", "ln real.html hard", "ls -1")
    assert "symlink" in said and "denied" in said
    listed = agency.sites.sh("privas", f"ls {HOME}/www").split()
    assert "real.html" in listed and not {"soft", "hard"} & set(listed)


def test_there_is_no_shell_and_no_way_on(agency: Webmaster) -> None:
    assert "uid=" not in agency.ssh("id")[1]
    assert "uid=" not in agency.ssh("-tt", "id")[1]
    for options in (
        ["-W", "127.0.0.1:22"],
        ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "8099:127.0.0.1:22"],
    ):
        code, said = agency.ssh(options=options)
        assert code != 0 and re.search("prohibited|failed|refused", said), said
    page = give(agency.sites, "page.html", "x\n")
    copied = f"scp -O -i {KEY} -o UserKnownHostsFile={KNOWN} -P {PORT} {page} {agency.login}@"
    target = agency.sites.lab.layout.server("privas").address
    assert agency.sites.lab.exec("client", ["sh", "-c", f"{copied}{target}:/www/by-scp.html"])[0] != 0


def test_the_container_can_little(uploads: Deployed) -> None:
    shown = "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.CapAdd}} {{.HostConfig.SecurityOpt}}"
    found = uploads.sh("privas", f"docker inspect sftp --format '{shown}'").strip()
    assert found == "true [ALL] [CAP_SETGID CAP_SETUID CAP_SYS_CHROOT] [no-new-privileges]"
    mounts = uploads.sh("privas", "docker inspect sftp --format '{{range .Mounts}}{{.Source}} {{.RW}}\n{{end}}'")
    assert sorted(mounts.split("\n")) == ["", "", "/srv/sftp false", "/srv/sites true", "/var/log/sftp true"]


def test_the_log_says_who_changed_what_from_where(agency: Webmaster) -> None:
    page = give(agency.sites, "page.html", "x\n")
    agency.sftp(f"put {page} told.html", "rename told.html then.html", "rm then.html")
    log = agency.sites.sh("privas", "cat /var/log/sftp/sftp.log")
    session = re.findall(rf"internal-sftp\[(\d+)\]: session opened for local user {agency.login} from \[(.*)\]", log)[
        -1
    ]
    assert session[1] == agency.sites.lab.layout.client
    mine = [line for line in log.splitlines() if f"internal-sftp[{session[0]}]" in line]
    assert any('open "/www/told.html" flags WRITE,CREATE,TRUNCATE' in line for line in mine)
    assert any('rename old "/www/told.html" new "/www/then.html"' in line for line in mine)
    assert any('remove name "/www/then.html"' in line for line in mine)
    assert agency.sites.sh("privas", "stat -c %a /var/log/sftp").strip() == "750"
    assert "maxage 366" in agency.sites.sh("privas", "cat /etc/logrotate.d/numerian-uploads")


def test_who_comes_by_ipv6_is_written_down_alike(agency: Webmaster) -> None:
    """Not as the gateway of Docker's network, on which all would share one penalty for guessing."""
    lab = agency.sites.lab
    if len(lab.addresses("privas")) == 1:
        pytest.skip("this machine has no IPv6")
    script = f"sftp -6 -i {KEY} -o StrictHostKeyChecking=accept-new -P {PORT} {agency.login}@www.privas.test"
    code, _, err = lab.exec("client", ["sh", "-c", script], "pwd\n")
    assert code == 0, err
    last = agency.sites.sh("privas", "grep 'session opened for local user' /var/log/sftp/sftp.log | tail -n 1")
    assert f"from [{lab.layout.prefix6}" in last, last


def test_a_mistake_is_undone_and_so_is_the_undoing(agency: Webmaster) -> None:
    """A page is overwritten, another deleted, a third too many; then everything is as it was."""
    sites = agency.sites
    first = give(sites, "first.html", "first\n")
    known = states_of(sites, "07186")
    agency.sftp("mkdir photos", f"put {first} photos/a.html", f"put {first} b.html")
    wait_for_state(sites, "07186", known)
    known = states_of(sites, "07186")
    second = give(sites, "second.html", "second\n")
    agency.sftp("rm photos/a.html", "rmdir photos", f"put {second} b.html", f"put {second} c.html")
    wait_for_state(sites, "07186", known)

    said = sites.numerian("site", "undo", "--stack", STACK, "--yes", "07186")
    for line in ("- c.html", "+ photos/", "+ photos/a.html", "~ b.html"):
        assert line in said
    assert sites.get("https://www.privas.test/photos/a.html")[2] == "first\n"
    assert sites.get("https://www.privas.test/b.html")[2] == "first\n"
    assert sites.get("https://www.privas.test/c.html")[0] == 404
    owners = sites.sh("privas", f"find {HOME}/www -printf '%U\n' | sort -u").split()
    assert owners == [str(sites.inventory.by_code["07186"].uid)]

    sites.numerian("site", "undo", "--stack", STACK, "--yes", "07186")
    assert sites.get("https://www.privas.test/c.html")[2] == "second\n"


def test_an_undo_follows_no_planted_link(agency: Webmaster) -> None:
    """Whoever runs as the member (a hacked PHP) puts a link in the place of a folder that comes back."""
    sites = agency.sites
    uid = sites.inventory.by_code["07186"].uid
    page = give(sites, "page.html", "mine\n")
    known = states_of(sites, "07186")
    agency.sftp("mkdir trap", f"put {page} trap/evil.html")
    wait_for_state(sites, "07186", known)
    state = states_of(sites, "07186").splitlines()[1].split()[0]
    plant = "rm -r trap; ln -s /srv/sites/07319/www trap; ln -s /etc/shadow secret.html"
    sites.sh("privas", f"cd {HOME}/www && setpriv --reuid {uid} --regid {uid} --clear-groups sh -c '{plant}'")
    sites.numerian("site", "undo", "--stack", STACK, "--yes", "--to", state, "07186")
    assert sites.sh("privas", f"cat {HOME}/www/trap/evil.html") == "mine\n"
    assert "evil.html" not in sites.sh("privas", "ls /srv/sites/07319/www")
    assert sites.sh("privas", f"find /srv/states/07186 {HOME} -type f -name secret.html") == ""


def test_whatever_keeps_and_puts_back_sees_no_other_member(agency: Webmaster) -> None:
    """Pages must be readable for the front, so any user of the server could read them: a link that is swapped in just
    while a state is kept would bring a neighbour's program, with its passwords, into that state."""
    sites = agency.sites
    uid = sites.inventory.by_code["07186"].uid
    look = "ls /srv/sites; cat /srv/sites/07319/www/mentions-legales.html"
    anybody = sites.sh("privas", f"setpriv --reuid {uid} --regid {uid} --clear-groups sh -c '{look}'")
    assert "07319" in anybody and "<html" in anybody
    inside = sites.sh("privas", f"numerian-states as {uid} {HOME}/www here sh -c '{look} 2>&1; id -u; ls'")
    assert "No such file" in inside and "<html" not in inside
    assert inside.splitlines()[0] == "07186" and str(uid) in inside and "index.html" in inside


def test_states_are_out_of_reach_and_share_what_did_not_change(uploads: Deployed, agency: Webmaster) -> None:
    assert uploads.sh("privas", "stat -c '%a %U' /srv/states").strip() == "700 root"
    links = uploads.sh("privas", "find /srv/states/07186 -name accessibilite.html -printf '%i\n' | sort -u").split()
    live = uploads.sh("privas", f"stat -c '%i %h' {HOME}/www/accessibilite.html").split()
    assert len(links) == 1 and live[0] not in links and live[1] == "1"


def test_at_full_room_nothing_is_lost_and_deleting_goes_on(vallon: Webmaster, agency: Webmaster) -> None:
    """6 MB of room: 8 MB are stopped, a page isn't emptied by trying, the neighbour notices nothing, room releases."""
    sites = vallon.sites
    sites.lab.exec("client", ["sh", "-c", "head -c 4000000 /dev/urandom > /root/big"])
    page = give(sites, "page.html", "<h1>Vallon</h1>\n")
    assert vallon.sftp(f"put {page} kept.html", "put /root/big one.bin", "put /root/big two.bin")[0] == 0
    wait_for_standing(sites, "07330", "full")

    told = sites.numerian("site", "room", "--stack", STACK, fails=True)
    assert re.search(r"07330 .* 6 +measured +full: uploads are stopped", told)
    _, said = vallon.sftp(f"put {page} kept.html", f"put {page} more.html", "rename one.bin old.bin")
    assert said.count("denied") == 2, said
    assert sites.get("https://www.vallon-pont-d-arc.test/kept.html")[2] == "<h1>Vallon</h1>\n"
    write = 'docker exec php-07330 php -r \'var_dump(@file_put_contents("/srv/sites/07330/www/p.txt", "x"));\''
    assert "bool(false)" in sites.sh("privas", write)
    assert agency.sftp(f"put {page} neighbour.html")[0] == 0

    assert vallon.sftp("rm old.bin", "rm two.bin")[0] == 0
    wait_for_standing(sites, "07330", "ok")
    assert vallon.sftp(f"put {page} more.html")[0] == 0
    assert "int(1)" in sites.sh("privas", write)


def test_the_guides_commands_show_the_room_that_is_used(uploads: Deployed, tmp_path: Path) -> None:
    """docs/site.md's block, as pasted: what the servers measured stands in the member's page."""
    guide = (ROOT / "docs" / "site.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```sh\n(.*?)^```", guide, re.M | re.S)
    uploads.sh("privas", f"dd if=/dev/zero of={HOME}/www/film.bin bs=1M count=3 && numerian-uploads measure 07186")
    script = f'numerian() {{ {sys.executable} -m numerian "$@" --stack {STACK}; }}\n{block}'
    environment = {**os.environ, "NUMERIAN_INVENTORY": str(INVENTORY)}
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    uploads.sh("privas", f"rm {HOME}/www/film.bin && numerian-uploads measure 07186")
    assert done.returncode == 0, done.stdout + done.stderr
    used = json.loads((tmp_path / "room.json").read_text(encoding="utf-8"))["members"]["07186"]["used_kb"]
    page = (tmp_path / "portrait" / "membres" / "07186.html").read_text(encoding="utf-8")
    assert used >= 3 * 1024 and f"dont {megabytes(used // 1024)} utilisés" in page
    assert (ROOT / ".work" / STACK / "portrait" / "index.html").is_file()


def wait_for_standing(sites: Deployed, code: str, standing: str) -> None:
    deadline = time.monotonic() + 40
    while f" {standing} " not in sites.sh("privas", f"numerian-uploads status | grep ^{code}"):
        assert time.monotonic() < deadline, sites.sh("privas", "numerian-uploads status")
        time.sleep(0.5)


def test_a_session_goes_on_while_accounts_change(agency: Webmaster) -> None:
    """A reload takes new accounts and ends nobody's session."""
    page = give(agency.sites, "page.html", "x\n")
    script = f"sleep 4; echo put {page} after-reload.html"
    login = f"sftp -q -i {KEY} -o UserKnownHostsFile={KNOWN} -P {PORT} {agency.login}@"
    address = agency.sites.lab.layout.server("privas").address
    start = f"({script}) | {login}{address} > /root/session 2>&1 &"
    agency.sites.lab.exec("client", ["sh", "-c", start])
    time.sleep(1.5)
    agency.sites.sh("privas", "numerian-sftp reload")
    deadline = time.monotonic() + 15
    while agency.sites.get("https://www.privas.test/after-reload.html")[0] != 200:
        assert time.monotonic() < deadline, agency.sites.lab.exec("client", ["cat", "/root/session"])
        time.sleep(0.5)


def test_guessing_is_slow(uploads: Deployed) -> None:
    """A machine that tries passwords is kept out after a few; the webmasters' own machine isn't."""
    target = uploads.lab.layout.server("privas").address
    guess = (
        "printf '#!/bin/sh\\necho guess' > /tmp/guess && chmod +x /tmp/guess;"
        "export SSH_ASKPASS=/tmp/guess SSH_ASKPASS_REQUIRE=force DISPLAY=:;"
        "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do"
        f"  ssh -p {PORT} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=3"
        f"   -o PreferredAuthentications=password accueil-07186@{target} 2>&1; done; true"
    )
    said = uploads.sh("alixan", guess)
    heard = said.count("Too many authentication failures")  # three guesses each
    unheard = len(re.findall(r"Connection (?:closed|reset) by \d", said))
    assert 1 <= heard <= 5 and unheard == 12 - heard, said
    assert Webmaster(uploads, "communication-07186", "privas").sftp("pwd")[0] == 0


def test_the_servers_own_accounts_do_not_log_in(uploads: Deployed) -> None:
    for login in ("root", "sshd", "nobody", "deploy"):
        assert Webmaster(uploads, login, "privas").sftp("pwd")[0] != 0
