"""No member reaches another: every pair of the twelve, in both directions, static and PHP alike.

The attacker has what a webmaster has: he puts anything that his uid can make into his folder, and his programs run in
his container. Each member's folder holds a secret that says whose it is; wherever it turns up elsewhere, it leaked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from deployment import Deployed

from numerian import php
from numerian.model import Member

ATTACK = Path(__file__).with_name("attack.php").read_text(encoding="utf-8")
MARK = "secret of"
HOME = "/srv/sites/{}/www"

# As the member's uid: a secret of its own, and links to whatever of everybody's a link can be made to.
PREPARE = r"""
cd "/srv/sites/$1/www" || exit 1
echo "secret of $1" > secret.txt
echo "<?php /* secret of $1 */ echo 'secret of $1';" > secret.php
mkdir -p links && cd links || exit 1
mkfifo pipe
for other in $2; do
    home=/srv/sites/$other
    ln -s "$home/www/secret.txt" "file-$other.txt"
    ln -s "../../../$other/www/secret.txt" "relative-$other.txt"
    ln -s "$home/www" "folder-$other"
    ln -s "$home/www/secret.php" "program-$other.php"
    ln -s "$home/php/socket" "socket-$other"
    ln -s "/srv/certificates/$other/key.pem" "key-$other.txt"
    ln "$home/www/secret.txt" "hard-$other.txt" 2>/dev/null && echo "hard link to $other"
    ln "/srv/certificates/$other/key.pem" "hardkey-$other.txt" 2>/dev/null && echo "hard link to the key of $other"
done
ln -s /var/log/front/security.log log.txt; ln -s /srv/front/config/current/nginx.conf conf.txt; ln -s / root
exit 0
"""

# Swapped by one rename each, as fast as the machine can: a file and a folder of one's own, and links to another's.
SWAP = r"""
chdir "/srv/sites/$ARGV[0]/www/links" or die; my $victim = "/srv/sites/$ARGV[1]/www";
mkdir "own";
for my $name ("own.txt", "own/secret.txt", "own.php") { open my $f, ">", $name; print $f "mine\n"; close $f }
my $end = time + $ARGV[2]; my $n = 0;
while (time < $end) {
    symlink "$victim/secret.txt", "a"; rename "a", "swapped.txt";
    symlink "$victim", "b"; rename "b", "swapped";
    symlink "$victim/secret.php", "c"; rename "c", "swapped.php";
    link "own.txt", "a"; rename "a", "swapped.txt";
    unlink "swapped"; mkdir "swapped"; link "own/secret.txt", "swapped/secret.txt";
    link "own.php", "c"; rename "c", "swapped.php";
    unlink "swapped/secret.txt"; rmdir "swapped"; $n++;
}
print $n;
"""


def as_member(sites: Deployed, member: Member, program: list[str], script: str, *words: str) -> str:
    """Run a program under a member's uid on the server itself: more than an upload can do."""
    uid = str(member.uid)
    drop = ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups", "--no-new-privs"]
    code, out, err = sites.lab.exec(member.server, [*drop, *program, *words], stdin=script)
    assert code == 0, out + err
    return out


def url(member: Member) -> str:
    assert member.site
    return f"https://{member.site.main_name}"


def served(member: Member) -> bool:
    return member.site is not None and member.site.kind != "redirect"


@pytest.fixture(scope="module")
def attackers(sites: Deployed) -> Iterator[Deployed]:
    """Everybody's folder holds a secret, and links to all others'."""
    members = sites.inventory.members
    for member in members:
        others = " ".join(other.code for other in members if other != member)
        assert as_member(sites, member, ["sh", "-s"], PREPARE, member.code, others) == "", "a hard link was made"
    yield sites
    for member in members:
        sites.sh(member.server, f"cd {HOME.format(member.code)} && rm -rf secret.txt secret.php links attack.php")


def test_everybody_shows_his_own_file(attackers: Deployed) -> None:
    """Else the tests below would find nothing for the wrong reason."""
    for member in filter(served, attackers.inventory.members):
        assert attackers.get(f"{url(member)}/secret.txt")[2] == f"{MARK} {member.code}\n"


def test_no_link_in_a_folder_leads_anybody_elsewhere(attackers: Deployed) -> None:
    members = attackers.inventory.members
    for member in filter(served, members):
        names = [
            f"{kind}-{other.code}{rest}"
            for other in members
            if other != member
            for kind, rest in (
                ("file", ".txt"),
                ("relative", ".txt"),
                ("folder", "/secret.txt"),
                ("program", ".php"),
                ("socket", "/fpm.sock"),
                ("key", ".txt"),
            )
        ]
        names += ["log.txt", "conf.txt", "root/etc/passwd", "pipe", ".%2e/%2e%2e/07186/www/secret.txt"]
        out = fetch(attackers, f"{url(member)}/links/{{{','.join(names)}}}")
        statuses = re.findall("^=([0-9]+)$", out, re.MULTILINE)
        assert len(statuses) == len(names) and set(statuses) <= {"404", "400"}, member.code
        assert MARK not in out and "PRIVATE KEY" not in out, member.code


def fetch(sites: Deployed, pattern: str, *arguments: str, timeout: float = 60) -> str:
    """Ask for all addresses of a pattern over one connection; return bodies, and statuses as lines `=404`."""
    code, out, err = sites.lab.curl(
        "--path-as-is", "--fail-early", "-w", "\n=%{http_code}\n", *arguments, pattern, timeout=timeout
    )
    assert code == 0, err
    return out


def test_nothing_leaks_while_a_link_is_swapped_under_the_front(attackers: Deployed) -> None:
    """Each static and each PHP attacker against a neighbour on his server, with hundreds of looks a second."""
    members = attackers.inventory.members
    pairs = [
        next((one, other) for one in members for other in members if is_pair(one, other, kinds))
        for kinds in (("static", "php"), ("php", "static"), ("php", "php"), ("static", "static"))
    ]
    for attacker, victim in pairs:
        with ThreadPoolExecutor(1) as thread:
            swapping = thread.submit(
                as_member, attackers, attacker, ["perl", "-"], SWAP, attacker.code, victim.code, "2"
            )
            seen = ""
            while not swapping.done():
                seen += fetch(attackers, f"{url(attacker)}/links/{{swapped.txt,swapped/secret.txt,swapped.php}}?[1-60]")
        assert int(swapping.result()) > 100 and seen.count("\n=") > 100
        assert "mine" in seen, "the front never saw the attacker's own file"
        assert MARK not in seen, f"{attacker.code} got at {victim.code}"


def is_pair(one: Member, other: Member, kinds: tuple[str, str]) -> bool:
    return bool(
        one.site
        and other.site
        and one != other
        and one.server == other.server
        and (one.site.kind, other.site.kind) == kinds
    )


@pytest.mark.parametrize("way", ["by the front", "with everything that the container has"])
def test_a_hacked_php_site_reaches_nothing_of_anybody(attackers: Deployed, way: str) -> None:
    """By the front PHP's own fences stand too (open_basedir); the second way goes around them."""
    members = attackers.inventory.members
    hacked = [member for member in members if php.is_php(member)]
    assert len(hacked) >= 2
    at = ",".join(server.address for server in attackers.lab.layout.servers)
    for member in hacked:
        others = ",".join(other.code for other in members if other != member)
        as_member(
            attackers, member, ["sh", "-s"], f"cat > {HOME.format(member.code)}/attack.php <<'END'\n{ATTACK}\nEND\n"
        )
        if way == "by the front":
            status, _, told = attackers.get(f"{url(member)}/attack.php?own={member.code}&others={others}&at={at}")
            assert status == 200, told
        else:
            inside = ["docker", "exec", php.container(member).name, "php", f"{HOME.format(member.code)}/attack.php"]
            code, told, err = attackers.lab.exec(member.server, [*inside, member.code, others, at])
            assert code == 0, err
        result = json.loads(told)
        assert result["tried"] > 11 * 20, result
        assert result["home"] == {"read": True, "write": True, "temporary": True, "session": True}
        assert result["reached"] == [], f"{member.code}: {result['reached']}"


def test_a_socket_that_leads_to_another_member_brings_nothing_of_his(attackers: Deployed) -> None:
    """The folder of the socket is the member's own: he may put a link to another's socket there."""
    one, other = (member for member in attackers.inventory.members if php.is_php(member))
    folder = f"/srv/sites/{one.code}/php/socket"
    link = f"mv {folder}/fpm.sock {folder}/mine && ln -s {php.socket(other)} {folder}/fpm.sock"
    attackers.sh(one.server, link)
    try:
        for path in ("secret.php", "attack.php", "index.php", ""):
            status, _, body = attackers.get(f"{url(one)}/{path}")
            assert status >= 400 and MARK not in body and "Mairie" not in body, body
    finally:
        attackers.sh(one.server, f"mv -f {folder}/mine {folder}/fpm.sock")
    assert attackers.get(f"{url(one)}/secret.php")[2] == f"{MARK} {one.code}"


def test_programs_run_only_where_they_belong(attackers: Deployed) -> None:
    """A name with something behind it, an upload folder, another ending, configuration that comes as a file."""
    one = next(member for member in attackers.inventory.members if php.is_php(member))
    static = next(
        m for m in attackers.inventory.members if m.site and m.site.kind == "static" and m.server == one.server
    )
    script = """cd "/srv/sites/$1/www/links"
    echo "<?php echo 'r'.'an';" > p.txt
    mkdir -p ../wp-content/uploads/2026 ../IMG
    for name in ../wp-content/uploads/2026/p.php ../IMG/p.php p.phtml p.php7 p.phar p.PHP p.inc; do cp p.txt $name; done
    echo "auto_prepend_file=$PWD/p.txt" > .user.ini; echo "AddHandler php .txt" > .htaccess; echo mine > plain.php
    """
    for member in (one, static):
        as_member(attackers, member, ["sh", "-s"], script, member.code)
    try:
        for path in ("wp-content/uploads/2026/p.php", "IMG/p.php", "links/p.phtml", "links/p.php7", "links/p.phar"):
            for member in (one, static):
                status, _, body = attackers.get(f"{url(member)}/{path}")
                assert status == 404 and "echo" not in body and "ran" not in body, path
        for path in ("links/p.PHP", "links/p.inc", "links/plain.php/x", "links/.user.ini", "links/.htaccess"):
            assert attackers.get(f"{url(one)}/{path}")[0] == 404, path
        assert attackers.get(f"{url(static)}/links/plain.php")[0] == 404, "a program's source is shown"
        assert attackers.get(f"{url(one)}/links/plain.php")[2] == "mine\n"
        for path in ("links/p.txt/x.php", "links/p.txt%00.php", "links/p.txt%0a.php"):
            status, _, body = attackers.get(f"{url(one)}/{path}")
            assert status in (400, 404) and "ran" not in body, path
    finally:
        for member in (one, static):
            attackers.sh(member.server, f"cd {HOME.format(member.code)} && rm -rf wp-content IMG")
