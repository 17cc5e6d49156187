"""PHP sites: what visitors see, what a program may take, and how images are rolled."""

from __future__ import annotations

from deployment import Deployed

CODE = "07330"
SITE = "https://www.vallon-pont-d-arc.test"
NEIGHBOUR = "https://les-vans.test"
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
