"""What a server gets for its members' webmasters, and the letter that tells them how to connect."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from numerian import uploads, welcome
from numerian.command.site import changed, room_of
from numerian.model import (
    Acme,
    HostIdentity,
    Images,
    Logs,
    Member,
    Plan,
    Platform,
    Server,
    Site,
    Webmaster,
)
from numerian.model import Uploads as Settings

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ/KOZnb548X2UCI"
PLATFORM = Platform(
    host_identity=HostIdentity(name="Numérian", address=("1 rue de l'Exemple",), phone="04 65 71 00 00"),
    acme=Acme(directory="https://acme.lab.test:14000/dir"),
    images=Images(front=date(2026, 7, 1), sftp=date(2026, 8, 1)),
    logs=Logs(uploads_days=400),
    uploads=Settings(keep_days=7),
    security_contact="securite@numerian.test",
)
SERVER = Server(name="privas", datacenter="privas", address="127.0.1.1", public_addresses=("198.51.100.11",))
DESK = Webmaster(name="accueil", password=1)
AGENCY = Webmaster(name="agence", keys=(f"{KEY} jeanne@portable",))


def member(code: str, *webmasters: Webmaster, kind: str = "static", **other: object) -> Member:
    values: dict[str, object] = {
        "code": code,
        "name": "Lemps",
        "kind": "commune",
        "departement": code[:2],
        "departement_name": "Ardèche",
        "epci": "CC d'exemple",
        "population": 700,
        "siren": "210701397",
        "longitude": 4.7,
        "latitude": 45.0,
        "file": Path(f"{code}-lemps.yaml"),
        "datacenter": "privas",
        "server": "privas",
        "plan": Plan(name="bourg", label="Bourg", quota_mb=2000, canonical="www"),
        "site": Site(domain=f"lemps-{code.lower()}.test", kind=kind, webmasters=webmasters),
    }
    return Member.model_validate({**values, **other})


def test_a_login_is_a_function_of_one_member() -> None:
    """Homonyms don't share one, and a renamed commune keeps its own."""
    logins = [name for name, _, _ in uploads.logins([member("07140", DESK), member("26161", DESK, AGENCY)])]
    assert logins == ["accueil-07140", "accueil-26161", "agence-26161"]
    assert uploads.login(member("2A004", DESK), DESK) == "accueil-2a004"


def test_all_logins_of_a_member_are_one_user_shut_into_one_folder() -> None:
    passwd = uploads.account_files([member("07140", DESK, AGENCY)])["accounts/passwd"].content
    uid = 200_000 + int("07140", 36)
    assert passwd.splitlines() == [
        f"accueil-07140:x:{uid}:{uid}::/srv/sites/07140:/usr/sbin/nologin",
        f"agence-07140:x:{uid}:{uid}::/srv/sites/07140:/usr/sbin/nologin",
    ]


def test_no_password_stands_in_a_file_and_no_comment_of_a_key() -> None:
    files = uploads.account_files([member("07140", DESK, AGENCY)])
    assert files["accounts/shadow"].mode == files["host_key"].mode == "0600"
    assert files["accounts/shadow"].content.splitlines() == [
        "accueil-07140:${secret:accueil-07140}:20000::::::",
        "agence-07140:*:20000::::::",
    ]
    assert files["keys/agence-07140"].content == f"restrict {KEY} agence-07140\n"
    assert "keys/accueil-07140" not in files


def test_where_nobody_has_a_password_none_is_asked() -> None:
    with_one = uploads.account_files([member("07140", DESK)])["sshd_config"].content
    without = uploads.account_files([member("07140", AGENCY)])["sshd_config"].content
    assert "\nPasswordAuthentication yes\n" in with_one and "\nPasswordAuthentication no\n" in without


def test_sshd_drops_no_word_of_the_forced_command() -> None:
    """It takes nine words and forgets the others without a message: then nothing would be forbidden."""
    lines = uploads.account_files([member("07140", DESK)])["sshd_config"].content.splitlines()
    (forced,) = [line for line in lines if line.startswith("ForceCommand ")]
    assert "-Psymlink,hardlink" in forced.split() and len(forced.split()) - 1 <= 9


def test_a_hash_is_the_same_in_every_run_and_another_for_each_login_and_version() -> None:
    first = uploads.password_hash("abcdefghijkm", "accueil-07140", 1)
    assert first == uploads.password_hash("abcdefghijkm", "accueil-07140", 1)
    assert first.startswith("$6$")
    others = [("accueil-26161", 1), ("accueil-07140", 2)]
    assert first not in [uploads.password_hash("abcdefghijkm", *other) for other in others]


def test_whoever_changes_files_is_watched() -> None:
    """By webmasters or by PHP; a static site without a webmaster changes by nobody."""
    quiet, desk, php = member("07140"), member("07141", DESK), member("07142", kind="php")
    assert uploads.writing([quiet, desk, php]) == (desk, php)
    assert uploads.uploading([quiet, desk, php]) == (desk,)
    settings = uploads.watch_files(PLATFORM, (desk, php))["/etc/numerian/uploads"].content
    assert [line for line in settings.splitlines() if line[0] != "#"] == [
        "keep_days 7",
        f"member 07141 {desk.uid} 2000",
        f"member 07142 {php.uid} 2000",
    ]
    assert uploads.watch_folders()[uploads.STATES].mode == "0700"


def test_the_log_is_kept_as_long_as_the_inventory_says() -> None:
    rotation = uploads.host_files(PLATFORM)["/etc/logrotate.d/numerian-uploads"].content
    assert "maxage 400" in rotation and "rotate 400" in rotation


def test_the_image_judges_a_generation_without_network_or_rights() -> None:
    command = uploads.validate_command(PLATFORM)
    assert "numerian/sftp:2026-08-01" in command
    assert command[command.index("--network") + 1] == "none" and command[command.index("--cap-drop") + 1] == "ALL"


def test_the_letter_says_all_that_a_webmaster_needs() -> None:
    text = welcome.letter(
        member("07140", DESK, AGENCY), PLATFORM, SERVER, "SHA256:abc+/", {"accueil-07140": "geheim-No-42"}
    )
    for part in (
        "Mairie de Lemps : déposer les pages de www.lemps-07140.test",
        "Serveur       www.lemps-07140.test",
        "198.51.100.11",
        "Port          2022",
        "SHA256:abc+/",
        "accueil-07140  mot de passe : geheim-No-42",
        "agence-07140   clé SSH (1 enregistrée)",
        "sftp -P 2022 accueil-07140@www.lemps-07140.test",
        "2\u202f000 Mo (formule Bourg)",
        "gardés 7 jours",
        "04 65 71 00 00",
    ):
        assert part in text, part


def test_a_letter_for_no_terminal_holds_no_password() -> None:
    text = welcome.letter(member("07140", DESK), PLATFORM, SERVER, "SHA256:abc", {})
    assert "mot de passe : (non affiché)" in text


def test_a_letter_to_somebody_with_php_names_his_first_page() -> None:
    text = welcome.letter(member("07140", DESK, kind="php"), PLATFORM, SERVER, "SHA256:abc", {})
    assert "La page d’accueil est index.php" in text


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("*deleting   photos/a b.jpg", ("-", "photos/a b.jpg")),
        (">f+++++++++ index.html", ("+", "index.html")),
        ("<f.st...... index.html", ("~", "index.html")),
        ("cd+++++++++ photos/", ("+", "photos/")),
        (".f...p..... index.html", ("~", "index.html")),
        ("cL+++++++++ a -> b", ("+", "a -> b")),
    ],
)
def test_what_rsync_would_do_is_told_in_signs(line: str, told: tuple[str, str]) -> None:
    assert list(changed([line])) == [told]


def test_the_folder_itself_is_no_change() -> None:
    assert list(changed([".d..t...... ./", ".d...p..... ./"])) == []


def test_room_is_told_in_percent_of_the_plan() -> None:
    room = room_of("07140 1638400 2000 warned btrfs 1795000000 3")
    assert (room.percent, room.standing, room.held) == (80, "warned", "btrfs")
