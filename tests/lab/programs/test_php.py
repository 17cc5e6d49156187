"""PHP sites: what visitors see, what a program may take, and how images are rolled."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from deployment import Deployed

from numerian import images, php

CODE = "07330"
SITE = "https://www.vallon-pont-d-arc.test"
NEIGHBOUR = "https://les-vans.test/"
"""Of the same server, with PHP too."""
STATIC = "https://www.privas.test/"
HOME = f"/srv/sites/{CODE}/www"


def put(sites: Deployed, path: str, text: str, *, code: str = CODE) -> None:
    """Write a file into a member's folder as its webmaster does: under the member's uid."""
    home = f"/srv/sites/{code}/www"
    sites.sh(
        "privas",
        f"u=$(stat -c %u {home}); cd {home}; setpriv --reuid $u --regid $u --clear-groups sh -c "
        f"'mkdir -p \"$(dirname {path})\"; cat > {path}' <<'END_OF_FILE'\n{text}\nEND_OF_FILE",
    )


def remove(sites: Deployed, *paths: str) -> None:
    sites.sh("privas", f"cd {HOME} && rm -rf {' '.join(paths)}")


def test_a_new_php_site_shows_the_start_page(sites: Deployed) -> None:
    for url in (f"{SITE}/", f"{SITE}/index.php"):
        status, headers, body = sites.get(url)
        assert status == 200 and "<h1>Mairie de Vallon-Pont-d’Arc</h1>" in body
        assert headers["content-type"] == "text/html; charset=utf-8"
    assert sites.get(f"{SITE}/mentions-legales")[0] == 200
    status, _, body = sites.get(f"{SITE}/nowhere/at/all")
    assert status == 404 and "Page introuvable" in body


def test_a_program_answers_and_says_nothing_of_itself(sites: Deployed) -> None:
    put(sites, "hello.php", '<?php echo "hello ", $_GET["a"], " ", PHP_MAJOR_VERSION, " ", $_SERVER["HTTPS"];')
    try:
        status, headers, body = sites.get(f"{SITE}/hello.php?a=b", "-H", "Proxy: http://evil.test")
        assert (status, body.strip()) == (200, "hello b 8 on")
        assert "x-powered-by" not in headers and "strict-transport-security" in headers
    finally:
        remove(sites, "hello.php")


def test_a_file_that_a_visitor_sends_arrives_and_one_above_the_plan_is_refused(sites: Deployed) -> None:
    put(sites, "take.php", '<?php echo $_FILES["f"]["error"] ?? "none", " ", $_FILES["f"]["size"] ?? 0;')
    try:
        make = "head -c 15000000 /dev/zero > /tmp/fits; head -c 20000000 /dev/zero > /tmp/big"
        sites.lab.exec("client", ["sh", "-c", make])
        assert sites.get(f"{SITE}/take.php", "-F", "f=@/tmp/fits")[2].strip() == "0 15000000"
        assert sites.get(f"{SITE}/take.php", "-F", "f=@/tmp/big")[0] == 413
    finally:
        remove(sites, "take.php")


def test_while_php_is_away_visitors_read_why_and_neighbours_notice_nothing(sites: Deployed) -> None:
    sites.sh("privas", f"docker stop php-{CODE}")
    try:
        status, headers, body = sites.get(f"{SITE}/")
        assert (status, headers["retry-after"], headers["cache-control"]) == (503, "30", "no-store")
        assert "Site momentanément indisponible" in body and "strict-transport-security" in headers
        for neighbour in (STATIC, NEIGHBOUR, f"{SITE}/index.html", f"{SITE}/mentions-legales"):
            assert sites.get(neighbour)[0] == 200, neighbour
    finally:
        sites.sh("privas", f"docker start php-{CODE}")
    until(lambda: sites.get(f"{SITE}/")[0] == 200)


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.2)


BOMBS = {
    # Each as the member's own uid in his container, for as long as it is let.
    "memory": 'php -r \'ini_set("memory_limit", -1); $a = []; while (true) { $a[] = str_repeat("x", 1 << 20); }\'',
    "processes": "bomb() { bomb & bomb & }; bomb; sleep 4",
    "processors": "for i in 1 2 3 4; do timeout 4 sh -c 'while :; do :; done' & done; wait",
    "the disk of /tmp": "cat /dev/zero > /tmp/full",
}


@pytest.mark.parametrize("what", BOMBS)
def test_who_takes_all_that_he_can_takes_nothing_from_his_neighbours(sites: Deployed, what: str) -> None:
    with ThreadPoolExecutor(1) as thread:
        inside = ["timeout", "20", "docker", "exec", f"php-{CODE}", "sh", "-c", BOMBS[what]]
        bombing = thread.submit(sites.lab.exec, "privas", inside)
        time.sleep(0.5)
        took = [answer_seconds(sites, url) for _ in range(3) for url in (STATIC, NEIGHBOUR)]
        code, out, err = bombing.result()
    assert max(took) < 5, took
    if what == "memory":
        assert code == 137, f"it wasn't ended: {code} {out} {err}"
    if what == "the disk of /tmp":
        assert "No space left" in err
    sites.sh("privas", f"docker restart --time 1 php-{CODE}")
    until(lambda: sites.get(f"{SITE}/")[0] == 200)


def answer_seconds(sites: Deployed, url: str) -> float:
    code, out, err = sites.lab.curl("-o", "/dev/null", "-w", "%{http_code} %{time_total}", url)
    status, seconds = out.split()
    assert (code, status) == (0, "200"), err
    return float(seconds)


def test_limits_are_what_the_plan_says_seen_from_inside(sites: Deployed) -> None:
    plan = sites.inventory.by_code[CODE].plan.php
    fork = "for (1..60) { my $p = fork // last; if (!$p) { sleep 3; exit } $n++ } print $n; 1 while wait > 0"
    started = int(inside(sites, ["perl", "-e", fork]))
    assert plan.processes < started < 2 * plan.processes + 16
    busy = "for i in 1 2 3 4; do timeout 2 sh -c 'while :; do :; done' & done; wait; times | tail -n 1"
    minutes = re.findall(r"(\d+)m([\d.]+)s", inside(sites, ["sh", "-c", busy]))
    assert sum(60 * int(m) + float(s) for m, s in minutes) < 2 * plan.cpu * 1.5 + 0.3
    show = "echo ini_get('memory_limit'), ' ', ini_get('upload_max_filesize'), ' ', ini_get('max_execution_time');"
    put(sites, "show.php", f"<?php {show}")
    try:
        memory = php.memory_of_one(plan)
        assert sites.get(f"{SITE}/show.php")[2].strip() == f"{memory}M {plan.upload_mb}M {plan.seconds}"
    finally:
        remove(sites, "show.php")


def inside(sites: Deployed, argv: list[str]) -> str:
    """Run a program in the member's container, as the member's uid."""
    code, out, err = sites.lab.exec("privas", ["docker", "exec", f"php-{CODE}", *argv])
    assert code == 0, out + err
    return out


FIRST, NEWER = date(2026, 11, 1), date(2026, 11, 2)
CONVERT, CONVERTED = "07231", "https://www.saint-etienne-de-fontbellon.test"
VERSION = "version.php"


def set_date(sites: Deployed, day: date) -> None:
    file = sites.folder / "datacenters.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\n    php: .*", f"\n    php: {day.isoformat()}", text), encoding="utf-8")


def write_list(day: date, versions: dict[str, str]) -> None:
    lines = [f"{name} {version}\n" for name, version in sorted(versions.items())]
    images.list_path("php", day).write_text("".join(lines), encoding="utf-8")


def image_id(sites: Deployed, day: date) -> str:
    return sites.sh("privas", f"docker image inspect --format '{{{{.Id}}}}' {images.reference('php', day)}").strip()


@pytest.fixture(scope="package")
def rolled(sites: Deployed) -> Iterator[Deployed]:
    """Rolled to the packages of a list, while a static site with files of its own becomes one with PHP.

    To the end of all: without its list the next `up` would build the image anew.
    """
    # What an earlier run left behind, then two images of older days.
    left = "docker image ls --format '{{.Repository}}:{{.Tag}}' numerian/php | grep -v 2026-07-01"
    sites.sh("privas", f"{left} | xargs --no-run-if-empty docker image rm")
    for tag in ("2026-05-01", "2026-06-01"):
        sites.sh("privas", f"docker tag {images.reference('php', date(2026, 7, 1))} numerian/php:{tag}")
    put(sites, "index.html", "<h1>Le nôtre</h1>", code=CONVERT)
    put(sites, VERSION, "<?php echo PHP_VERSION;")
    told = sites.numerian("images", "php", "--date", FIRST.isoformat(), "--stack", sites.stack)
    try:
        assert f"php: {FIRST.isoformat()}" in told
        set_date(sites, FIRST)
        sites.edit(CONVERT, "site:\n", "site:\n  kind: php\n")
        sites.numerian("up", "--stack", sites.stack, "--yes")
        yield sites
    finally:
        for day in (FIRST, NEWER):
            images.list_path("php", day).unlink(missing_ok=True)
        remove(sites, VERSION)


def test_an_image_holds_exactly_what_its_list_says(rolled: Deployed) -> None:
    held = rolled.sh("privas", f"docker run --rm {images.reference('php', FIRST)} cat /usr/share/numerian/packages")
    assert images.versions(held) == images.versions(images.packages("php", FIRST))
    used = rolled.sh("privas", "docker ps --filter name=php- --format '{{.Names}} {{.Image}}'").splitlines()
    assert len(used) == 3 and {line.split()[1] for line in used} == {image_id(rolled, FIRST)[7:19]}


def test_a_static_site_with_php_shows_the_pages_that_people_wrote(rolled: Deployed) -> None:
    assert rolled.get(f"{CONVERTED}/")[2] == "<h1>Le nôtre</h1>\n"
    put(rolled, "program.php", "<?php $password = 'geheim'; echo 'it runs';", code=CONVERT)
    assert rolled.get(f"{CONVERTED}/program.php")[2] == "it runs"


def test_two_images_are_kept_and_older_ones_go(rolled: Deployed) -> None:
    kept = rolled.sh("privas", "docker image ls --format '{{.Tag}}' numerian/php").split()
    assert sorted(kept) == ["2026-07-01", FIRST.isoformat()]


def test_a_list_that_debian_no_longer_has_fails_by_name_and_what_ran_runs_on(rolled: Deployed) -> None:
    write_list(NEWER, images.versions(images.packages("php", FIRST)) | {"php8.4-fpm": "8.4.1-1"})
    set_date(rolled, NEWER)
    told = rolled.numerian("up", "--stack", rolled.stack, "--yes", fails=True)
    assert "8.4.1-1" in told and "php8.4-fpm" in told
    assert rolled.get(f"{SITE}/{VERSION}")[0] == 200
    assert rolled.sh("privas", "docker ps --all --quiet --filter status=exited") == ""
    set_date(rolled, FIRST)


def test_the_preview_shows_which_packages_change_and_going_back_builds_nothing(rolled: Deployed) -> None:
    """Forward to another version of PHP that Debian has too, and back: each an edit of the date."""
    before = image_id(rolled, FIRST)
    first = images.versions(images.packages("php", FIRST))
    now, other = two_versions(rolled)
    assert rolled.get(f"{SITE}/{VERSION}")[2].strip() == now.partition("-")[0]
    write_list(NEWER, {name: other if version == now else version for name, version in first.items()})
    set_date(rolled, NEWER)
    told = rolled.numerian("preview", "--stack", rolled.stack)
    assert f"-php8.4-fpm {now}" in told and f"+php8.4-fpm {other}" in told
    changed = [name for name, version in first.items() if version == now]
    assert len(re.findall(r"^ *[-+][a-z0-9.+-]+ [0-9]\S*$", told, re.MULTILINE)) == 2 * len(changed)

    # The first of the server can't start, and holds up none of those after him.
    rolled.sh("privas", f"chown root: /srv/sites/{CONVERT}/php/socket")
    rolled.numerian("up", "--stack", rolled.stack, "--yes")
    assert rolled.get(f"{CONVERTED}/")[0] == 503
    assert rolled.get(f"{SITE}/{VERSION}")[2].strip() == other.partition("-")[0]

    set_date(rolled, FIRST)
    rolled.edit(CONVERT, "  kind: php\n", "")
    rolled.numerian("up", "--stack", rolled.stack, "--yes")
    assert rolled.get(f"{SITE}/{VERSION}")[2].strip() == now.partition("-")[0]
    assert image_id(rolled, FIRST) == before


def two_versions(sites: Deployed) -> tuple[str, str]:
    """Return the version of PHP that the image holds, and another that Debian has."""
    ask = "apt-get -qq update && apt-cache madison php8.4-fpm | cut -d'|' -f2"
    found = sites.sh("privas", f'docker run --rm debian:trixie-slim sh -c "{ask}"').split()
    now = images.versions(images.packages("php", FIRST))["php8.4-fpm"]
    others = [version for version in found if version != now]
    if not others:
        pytest.skip("Debian has one version of PHP only, today")
    return now, others[0]


def test_back_to_static_nothing_is_lost_and_no_program_is_shown(rolled: Deployed) -> None:
    assert rolled.get(f"{CONVERTED}/")[2] == "<h1>Le nôtre</h1>\n"
    status, _, body = rolled.get(f"{CONVERTED}/program.php")
    assert status == 404 and "geheim" not in body
    home = f"/srv/sites/{CONVERT}/www"
    assert "geheim" in rolled.sh("privas", f"cat {home}/program.php; rm {home}/program.php")
    assert f"php-{CONVERT}" not in rolled.sh("privas", "docker ps --all --format '{{.Names}}'")
