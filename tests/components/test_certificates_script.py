"""numerian-certificates against stubs of lego, getent and curl: what it asks of the CA, and what it says of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "templates/front/usr/local/sbin/numerian-certificates"

STUBS = {
    # Addresses by name, one file each.
    "getent": 'cat "$ROOT/dns/$3" 2>/dev/null || exit 2',
    "curl": 'if [ -e "$ROOT/front-is-down" ]; then exit 7; fi; echo here',
    "chgrp": "exit 0",
    "sleep": "exit 0",
    # Issues for the names asked, unless a file says what it answers for one of them.
    "lego": r"""
names= path=
while [ $# -gt 1 ]; do
    case $1 in --domains) names="$names $2"; shift ;; --path) path=$2; shift ;; esac
    shift
done
echo "$names" >> "$ROOT/asked"
mkdir -p "$path/accounts/ca.test/a@b.test"
echo '{}' > "$path/accounts/ca.test/a@b.test/account.json"
bad=0
for name in $names; do
    if [ -e "$ROOT/ca/$name" ]; then
        [ "$bad" = 1 ] || printf '%s Could not obtain certificates:\n\terror: a problem:\n' '2026/01/01 00:00:00'
        cat "$ROOT/ca/$name"
        bad=1
    fi
done
if [ "$bad" = 1 ]; then exit 1; fi
first=${names# }; first=${first%% *}
mkdir -p "$path/certificates"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
    -addext "subjectAltName=DNS:$(echo $names | sed 's/ /,DNS:/g')" -days "$(cat "$ROOT/days")" \
    -keyout "$path/certificates/$first.key" -out "$path/certificates/$first.crt" 2>/dev/null
""",
}


class Server:
    """A folder that stands for a server's root, with the script in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked_for = root / "srv/front/config/generations/1/certificates"
        for folder in ("bin", "dns", "ca", "etc/numerian", "var/lib/acme", "srv/acme", "srv/certificates"):
            (root / folder).mkdir(parents=True)
        self.asked_for.mkdir(parents=True)
        (root / "srv/front/config/current").symlink_to("generations/1")
        (root / "days").write_text("90")
        self.settings("https://ca.test/dir")
        key = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-quiet"]
        key = [word for word in key if word != "-quiet"]
        with (root / "etc/numerian/acme-account.pem").open("wb") as file:
            subprocess.run(key, stdout=file, stderr=subprocess.DEVNULL, check=True)
        for name, body in STUBS.items():
            self._program(f"bin/{name}", f"#!/bin/sh\n{body}\n")
        text = SCRIPT.read_text(encoding="utf-8")
        for path in ("/etc/numerian", "/srv/", "/var/lib/acme"):
            text = text.replace(f"={path}", f"={root}{path}")
        self._program("numerian-certificates", text)

    def settings(self, directory: str) -> None:
        lines = [f"directory {directory}", "email a@b.test", "address 198.51.100.11", "address 2001:db8::11"]
        (self.root / "etc/numerian/certificates").write_text("\n".join(lines) + "\n")

    def want(self, code: str, *names: str, here: bool = True) -> None:
        (self.asked_for / code).write_text("".join(f"{name}\n" for name in names))
        for name in names if here else ():
            self.point(name, "198.51.100.11")

    def point(self, name: str, *addresses: str) -> None:
        (self.root / "dns" / name).write_text("".join(f"{address} STREAM {name}\n" for address in addresses))

    def refuse(self, name: str, kind: str = "unauthorized", why: str = "no such page") -> None:
        line = f"[{name}] acme: error: 403 :: urn:ietf:params:acme:error:{kind} :: {why}, url: \n"
        (self.root / "ca" / name).write_text(line)

    def run(self, *words: str, stdin: bytes = b"") -> bytes:
        environment = {**os.environ, "PATH": f"{self.root}/bin:{os.environ['PATH']}", "ROOT": str(self.root)}
        done = subprocess.run(
            [self.root / "numerian-certificates", *words],
            env=environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    def status(self, code: str) -> list[str]:
        return (self.root / "srv/certificates/status" / code).read_text().splitlines()

    def orders(self) -> list[str]:
        """What was asked of the CA since the last look."""
        file = self.root / "asked"
        asked = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return sorted(line.strip() for line in asked)

    def age(self, path: str, seconds: int) -> None:
        then = time.time() - seconds
        os.utime(self.root / path, (then, then))

    def _program(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")
        (self.root / path).chmod(0o755)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    yield Server(tmp_path)


def test_a_certificate_is_asked_once_for_all_names_and_put_where_the_front_looks(server: Server) -> None:
    server.want("07186", "www.privas.test", "privas.test")
    server.run()
    assert server.orders() == ["www.privas.test privas.test"]
    assert server.status("07186")[0].startswith("issued until ")
    place = server.root / "srv/certificates/07186"
    assert place.is_symlink() and sorted(p.name for p in place.iterdir()) == ["fullchain.pem", "key.pem"]
    assert (place / "key.pem").stat().st_mode & 0o777 == 0o640
    server.run()
    assert server.orders() == []


def test_a_name_that_points_elsewhere_is_left_out_and_listed(server: Server) -> None:
    server.want("07186", "www.privas.test", "privas.test")
    server.point("privas.test", "198.51.100.99")
    server.run()
    assert server.orders() == ["www.privas.test"]
    assert server.status("07186")[1] == "waiting: privas.test doesn't point here (resolves to 198.51.100.99)"
    server.run()
    assert server.orders() == []
    server.point("privas.test", "198.51.100.11", "2001:db8::11")
    server.run()
    assert server.orders() == ["www.privas.test privas.test"]
    assert len(server.status("07186")) == 1


def test_one_foreign_address_among_ours_is_elsewhere(server: Server) -> None:
    """A CA may ask any of them."""
    server.want("07186", "privas.test")
    server.point("privas.test", "198.51.100.11", "2001:db8::99")
    server.run()
    assert server.orders() == []


def test_a_name_without_an_address_waits(server: Server) -> None:
    server.want("07186", "privas.test", here=False)
    server.run()
    assert server.status("07186") == ["waiting: privas.test doesn't point here (no address)"]


def test_more_names_make_a_new_certificate_and_fewer_too(server: Server) -> None:
    server.want("07186", "privas.test")
    server.run()
    server.want("07186", "privas.test", "vieux.test")
    server.run()
    server.want("07186", "privas.test")
    server.run()
    assert server.orders() == ["privas.test", "privas.test", "privas.test vieux.test"]
    assert len(list((server.root / "srv/certificates/.versions").iterdir())) == 1


def test_a_refused_name_holds_up_neither_its_member_nor_others(server: Server) -> None:
    server.want("07186", "www.privas.test", "privas.test")
    server.want("07319", "le-teil.test")
    server.refuse("privas.test", why="Fetching http://privas.test/.well-known/acme-challenge/x: Connection refused")
    server.run()
    assert server.orders() == ["le-teil.test", "www.privas.test", "www.privas.test privas.test"]
    assert server.status("07186")[0].endswith(": www.privas.test")
    assert server.status("07186")[1] == "refused: privas.test: unauthorized: Connection refused"
    assert server.status("07319")[0].startswith("issued until ")


def test_what_was_refused_is_asked_again_after_an_hour_then_later_and_later(server: Server) -> None:
    server.want("07186", "privas.test")
    server.refuse("privas.test")
    server.run()
    server.run()
    assert server.orders() == ["privas.test"]
    refusal = "var/lib/acme/members/07186/refused"
    server.age(refusal, 3700)
    server.run()
    assert server.orders() == ["privas.test"]
    server.age(refusal, 3700)
    server.run()
    assert server.orders() == []
    server.age(refusal, 7300)
    server.run()
    assert server.orders() == ["privas.test"]
    assert server.status("07186") == ["refused: privas.test: unauthorized: no such page"]


def test_a_refused_name_makes_no_equal_certificate_again_and_again(server: Server) -> None:
    """The CA counts equal certificates by the week."""
    server.want("07186", "www.privas.test", "privas.test")
    server.refuse("privas.test")
    server.run()
    server.orders()
    server.age("var/lib/acme/members/07186/refused", 90000)
    server.run()
    assert server.orders() == ["www.privas.test privas.test"]


def test_a_changed_wish_is_asked_at_once(server: Server) -> None:
    server.want("07186", "privas.test")
    server.refuse("privas.test")
    server.run()
    server.want("07186", "privas.test", "www.privas.test")
    server.run()
    assert "privas.test www.privas.test" in server.orders()


def test_a_limit_of_the_ca_stops_all_new_orders_for_a_while(server: Server) -> None:
    server.want("07011", "limited.test")
    server.refuse("limited.test", "rateLimited", "too many certificates")
    said = "limited.test: rateLimited: too many certificates"
    server.run()
    server.orders()
    server.want("07186", "privas.test")
    server.run()
    assert server.orders() == []
    assert server.status("07186") == [f"waiting: the CA limits our rate ({said})"]
    server.age("var/lib/acme/paused", 3700)
    server.run()
    assert "privas.test" in server.orders()


def test_a_ca_that_does_not_answer_is_no_refusal(server: Server) -> None:
    server.want("07186", "privas.test")
    (server.root / "ca/privas.test").write_text("2026/01/01 00:00:00 Could not create client: dial tcp: no route\n")
    server.run()
    assert server.status("07186") == ["waiting: the CA can't be asked (Could not create client: dial tcp: no route)"]
    (server.root / "ca/privas.test").unlink()
    server.run()
    assert server.status("07186")[0].startswith("issued")


def test_a_front_that_does_not_answer_is_waited_for(server: Server) -> None:
    server.want("07186", "privas.test")
    (server.root / "front-is-down").touch()
    server.run()
    assert server.orders() == []
    assert server.status("07186") == ["waiting: the front doesn't answer for privas.test on port 80"]


def test_a_certificate_is_renewed_in_the_last_third_of_its_life(server: Server) -> None:
    server.want("07186", "privas.test")
    (server.root / "days").write_text("0")
    server.run()
    (server.root / "days").write_text("90")
    server.run()
    server.run()
    assert server.orders() == ["privas.test", "privas.test"]


def test_another_ca_is_asked_for_everything_anew(server: Server) -> None:
    """From a CA's staging directory to its real one is an edit."""
    server.want("07186", "privas.test")
    server.run()
    server.settings("https://other.test/dir")
    server.run()
    assert server.orders() == ["privas.test", "privas.test"]


def test_a_member_that_left_keeps_no_key_here(server: Server) -> None:
    server.want("07186", "privas.test")
    server.want("07319", "le-teil.test")
    server.run()
    (server.asked_for / "07319").unlink()
    server.run()
    left = [str(path) for path in server.root.rglob("*07319*")]
    assert left == []
    assert server.status("07186")[0].startswith("issued")


def test_the_account_is_the_derived_key_in_the_form_that_lego_reads(server: Server) -> None:
    server.want("07186", "privas.test")
    server.run()
    key = (server.root / "var/lib/acme/accounts/ca.test/a@b.test/keys/a@b.test.key").read_text()
    assert key.startswith("-----BEGIN EC PRIVATE KEY-----")


def test_a_certificate_goes_along_to_another_server_and_is_asked_anew_there_when_it_is_due(
    server: Server, tmp_path: Path
) -> None:
    server.want("07186", "www.privas.test", "privas.test")
    server.run()
    given = server.run("give", "07186")
    other = Server(tmp_path / "other")
    other.want("07186", "www.privas.test", "privas.test", here=False)
    other.run("take", "07186", stdin=given)
    mine = other.root / "srv/certificates/07186"
    for name in ("fullchain.pem", "key.pem"):
        assert (mine / name).read_bytes() == (server.root / "srv/certificates/07186" / name).read_bytes()
    assert (mine / "key.pem").stat().st_mode & 0o777 == 0o640
    other.run()
    assert other.orders() == []
    assert "issued until" in (other.root / "srv/certificates/status/07186").read_text()
    other.want("07186", "www.privas.test", "privas.test")
    other.run()
    assert other.orders() == []


def test_nothing_is_given_where_there_is_no_certificate(server: Server) -> None:
    server.want("07186", "www.privas.test", here=False)
    assert server.run("give", "07186") == b""
