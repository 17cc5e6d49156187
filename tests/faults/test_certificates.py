"""Certificates that end, or have ended, while the authority is away: the front serves on, and a remedy is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from reader import Reader
from report import Report, Row
from world import SERVER, STACK, Run, World

pytestmark = pytest.mark.faults

CODE, NAME = "07186", "www.privas.test"
_PLACE = f"""
set -e
cd /srv/certificates && version=.versions/{CODE}.faults && rm -rf $version && mkdir -m 750 $version
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={NAME} \
    -addext subjectAltName=DNS:{NAME} \
    -not_before "$(date -u -d '-89 days' +%Y%m%d%H%M%SZ)" -not_after "$(date -u -d 'ENDS' +%Y%m%d%H%M%SZ)" \
    -keyout $version/key.pem -out $version/fullchain.pem 2>/dev/null
chmod 640 $version/*.pem && chown -R acme:front $version && ln -s $version .{CODE}.new && mv -fT .{CODE}.new {CODE}
"""


@contextmanager
def authority_away(world: World) -> Iterator[None]:
    """The authority takes connections and answers nothing."""
    assert world.lab.exec("acme", ["pkill", "-STOP", "-x", "pebble"])[0] == 0
    try:
        yield
    finally:
        world.lab.exec("acme", ["pkill", "-CONT", "-x", "pebble"])


def ask_again(world: World) -> None:
    world.sh(SERVER, "systemctl start numerian-certificates.service || true", timeout=400)


@pytest.mark.parametrize(
    ("ends", "told"),
    [("+90 minutes", "ends in 1 h "), ("-2 hours", "expired 2 h ")],
    ids=["short-lived", "expired"],
)
def test_a_certificate_that_ends_while_the_authority_is_away(world: World, table: Report, ends: str, told: str) -> None:
    remedy = f"`ssh {SERVER} sudo systemctl start numerian-certificates.service` asks the CA again at once"
    world.sh(SERVER, _PLACE.replace("ENDS", ends))
    with authority_away(world), Reader(world.lab, SERVER, world.names, {}) as seen:
        ask_again(world)
        certificates = world.numerian("certificates", "--stack", STACK)
        doctor = world.numerian("doctor", "--stack", STACK)
        up = world.up(refresh=False)
    ask_again(world)
    renewed = world.numerian("certificates", "--stack", STACK)
    well = world.numerian("doctor", "--stack", STACK)
    line = next((line for line in certificates.said.splitlines() if CODE in line), "")
    table.add(Row("certificate", f"{ends}, authority away", "", NAME, seen, Run(1, line), Run(0, renewed.said)))
    assert seen.lost == []
    assert up.code == 0, up.said
    for run in (certificates, doctor):
        assert run.code == 1
        assert told in run.said, run.said
        assert "the CA can't be asked" in run.said
        assert remedy in run.said
    assert renewed.code == 0, renewed.said
    assert "all is well" in well.said
