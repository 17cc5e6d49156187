"""The twelve communes' sites on real servers, visited by name from outside."""

from __future__ import annotations

import time

import pytest
from deployment import INVENTORY, STACK, Deployed

from numerian.load import load


def test_every_site_ends_on_its_main_name_over_https(sites: Deployed) -> None:
    """http and https, bare and www: four ways in, one address out."""
    for member in sites.inventory.members:
        assert member.site
        domain, main = member.site.domain, member.site.main_name
        if member.site.kind == "redirect":
            continue
        for start in (f"http://{domain}/", f"http://www.{domain}/", f"https://{domain}/", f"https://www.{domain}/"):
            code, out, err = sites.lab.curl("-L", "-o", "/dev/null", "-w", "%{http_code} %{url_effective}", start)
            assert (code, out) == (0, f"200 https://{main}/"), f"{start}: {out} {err}"


def test_a_redirect_site_leads_away_from_every_name(sites: Deployed) -> None:
    away = [member.site for member in sites.inventory.members if member.site and member.site.kind == "redirect"]
    assert away
    for site in away:
        for name in site.names:
            status, headers, _ = sites.get(f"http://{name}/x")
            assert (status, headers["location"]) == (301, f"https://{name}/x")
            status, headers, _ = sites.get(f"https://{name}/x")
            assert (status, headers["location"]) == (302, site.to)


def test_http_goes_to_https_of_the_same_name_first(sites: Deployed) -> None:
    status, headers, _ = sites.get("http://privas.test/a?b=c")
    assert (status, headers["location"]) == (301, "https://privas.test/a?b=c")


def test_an_old_domain_leads_to_the_new_one_with_its_path(sites: Deployed) -> None:
    for start in ("http://ville-privas.test/a?b=c", "https://ville-privas.test/a?b=c"):
        status, headers, _ = sites.get(start)
        assert (status, headers["location"]) == (301, "https://www.privas.test/a?b=c")


def test_a_page_comes_with_http2_compression_and_security_headers(sites: Deployed) -> None:
    code, out, _ = sites.lab.curl(
        "-o", "/dev/null", "-D", "-", "--compressed", "-w", "%{http_version}", "https://www.privas.test/"
    )
    assert code == 0 and out.endswith("2")
    head = out.lower()
    assert "content-encoding: gzip" in head
    assert "strict-transport-security: max-age=31536000" in head
    assert "content-security-policy: default-src 'self'" in head
    assert "x-content-type-options: nosniff" in head
    assert "x-robots-tag: noindex" in head
    assert "server: nginx\r" in head


def test_pages_of_errors_and_of_security(sites: Deployed) -> None:
    status, headers, body = sites.get("https://www.privas.test/nowhere")
    assert status == 404 and "Page introuvable" in body and "strict-transport-security" in headers
    status, headers, body = sites.get("https://www.privas.test/.well-known/security.txt")
    assert status == 200 and "Contact: mailto:" in body and headers["content-type"].startswith("text/plain")
    assert "Disallow: /" in sites.get("https://www.privas.test/robots.txt")[2]


def test_the_start_page_is_the_communes(sites: Deployed) -> None:
    assert "<h1>Mairie du Teil</h1>" in sites.get("https://www.le-teil.test/")[2]
    assert "non conforme" in sites.get("https://www.le-teil.test/accessibilite")[2]
    assert "Hébergement" in sites.get("https://www.le-teil.test/mentions-legales")[2]


def test_homonyms_are_two_sites(sites: Deployed) -> None:
    pages = [sites.get(f"https://www.mars-{where}.test/mentions-legales")[2] for where in ("ardeche", "loire")]
    assert all("Commune de Mars" in page for page in pages) and pages[0] != pages[1]


def test_a_name_that_is_nobodys_gets_no_answer(sites: Deployed) -> None:
    address = sites.lab.layout.server("privas").address
    assert sites.lab.curl("-H", "Host: nobody.test", f"http://{address}/")[0] in (52, 56)  # closed or reset
    assert sites.lab.curl("--resolve", f"nobody.test:443:{address}", "https://nobody.test/")[0] == 35


def test_a_name_that_does_not_point_here_is_listed_and_harms_nobody(sites: Deployed) -> None:
    told = sites.numerian("certificates", "--stack", STACK, fails=True)
    assert "www.ville-privas.test doesn't point here" in told
    assert sites.get("https://www.privas.test/")[0] == 200


def test_links_and_dot_files_of_a_member_are_not_served(sites: Deployed) -> None:
    home = "/srv/sites/07186/www"
    owner = sites.sh("privas", f"stat -c %u {home}").strip()
    sites.sh(
        "privas",
        f"cd {home} && setpriv --reuid {owner} --regid {owner} --clear-groups sh -c '"
        "ln -s /srv/certificates/07319 keys; ln -s /etc/passwd p.html; ln -s ../../07319/www other;"
        "mkdir .git; echo secret > .git/config; echo own > own.txt'",
    )
    try:
        assert sites.get("https://www.privas.test/own.txt")[2] == "own\n"
        for path in ("keys/key.pem", "p.html", "other/index.html", ".git/config"):
            assert sites.get(f"https://www.privas.test/{path}")[0] == 404, path
    finally:
        sites.sh("privas", f"cd {home} && rm -rf keys p.html other .git own.txt")


def test_visits_hold_no_full_address_and_the_security_log_does(sites: Deployed) -> None:
    sites.get("https://www.privas.test/a-visit?who=me", "--ipv4")
    client = sites.lab.layout.client
    visit = sites.sh("privas", "grep a-visit /var/log/front/visits.log | tail -n 1")
    assert visit.startswith(client.rpartition(".")[0] + ".0 ") and client not in visit and "who=me" not in visit
    assert f"[{client}]:" in sites.sh("privas", "grep a-visit /var/log/front/security.log | tail -n 1")
    assert sites.sh("privas", "stat -c %a /var/log/front").strip() == "750"


def test_a_visitor_by_ipv6_is_served_and_written_down_alike(sites: Deployed) -> None:
    """With their own address in the security log, not with that of a proxy in between."""
    if len(sites.lab.addresses("privas")) == 1:
        pytest.skip("this machine has no IPv6")
    assert sites.get("https://www.privas.test/?by-six", "--ipv6")[0] == 200
    address = sites.sh("privas", "grep by-six /var/log/front/security.log | tail -n 1").split("]")[0].partition("[")[2]
    assert address.startswith(sites.lab.layout.prefix6)
    assert address not in sites.sh("privas", "cat /var/log/front/visits.log")


def test_logs_are_rotated_while_the_front_goes_on(sites: Deployed) -> None:
    sites.get("https://www.privas.test/?before")
    sites.sh("privas", "logrotate --force /etc/logrotate.d/numerian-front")
    deadline = time.monotonic() + 20
    while "after-rotation" not in sites.sh("privas", "cat /var/log/front/security.log 2>/dev/null || true"):
        assert time.monotonic() < deadline, "the front never opened its new log"
        assert sites.get("https://www.privas.test/?after-rotation")[0] == 200
    rotated = sites.sh("privas", "ls /var/log/front")
    for kind in ("visits", "security"):
        assert f"{kind}.log-" in rotated


def test_the_front_can_do_little_and_its_keys_are_not_for_everybody(sites: Deployed) -> None:
    modes = sites.sh("privas", "stat -L -c '%a %U %G' /srv/certificates/07186/key.pem /srv/certificates/07186")
    assert modes.splitlines() == ["640 acme front", "750 acme front"]
    state = sites.sh("privas", "docker inspect front --format '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}}'")
    assert state.strip() == "601:601 true"


@pytest.fixture(scope="module")
def changed(sites: Deployed) -> Deployed:
    """People edit their pages, three decisions change in the inventory, one `up --refresh` follows."""
    home = "/srv/sites/07319/www"
    sites.sh("privas", f"echo '<h1>Le nôtre</h1>' > {home}/index.html; rm -f {home}/accessibilite.html")
    sites.edit("07319", "phone: 04 65 71 00 07", "phone: 04 65 71 00 08")
    sites.edit("07319", "  domain: le-teil.test\n", "  domain: le-teil.test\n  old_domains: vieux-teil.test\n")
    sites.edit("07186", "  domain: privas.test\n", "  domain: privas.test\n  maintenance: true\n")
    sites.point(load(INVENTORY))
    sites.numerian("up", "--stack", STACK, "--yes", "--refresh")
    return sites


def test_what_people_put_there_is_never_touched_again(changed: Deployed) -> None:
    assert changed.get("https://www.le-teil.test/")[2] == "<h1>Le nôtre</h1>\n"


def test_a_new_old_domain_gets_into_the_certificate_by_itself(changed: Deployed) -> None:
    deadline = time.monotonic() + 90
    while changed.lab.curl("-o", "/dev/null", "https://vieux-teil.test/")[0] != 0:
        assert time.monotonic() < deadline, changed.sh("privas", "cat /srv/certificates/status/07319")
        time.sleep(1)
    status, headers, _ = changed.get("https://vieux-teil.test/x")
    assert (status, headers["location"]) == (301, "https://www.le-teil.test/x")


def test_maintenance_comes_and_goes(changed: Deployed) -> None:
    status, headers, body = changed.get("https://www.privas.test/anything")
    assert (status, headers["retry-after"]) == (503, "3600")
    assert "Site en maintenance" in body and "strict-transport-security" in headers
    assert changed.get("https://www.le-teil.test/")[0] == 200
    changed.edit("07186", "  maintenance: true\n", "")
    changed.numerian("up", "--stack", STACK, "--yes")
    assert changed.get("https://www.privas.test/")[0] == 200


def test_a_member_that_vanished_is_stopped_by_the_guard(changed: Deployed) -> None:
    (file,) = (INVENTORY / "members").glob("07011-*.yaml")
    text = file.read_text(encoding="utf-8")
    file.unlink()
    try:
        told = changed.numerian("preview", "--stack", STACK, fails=True)
        assert "status: leaving" in told
    finally:
        file.write_text(text, encoding="utf-8")
