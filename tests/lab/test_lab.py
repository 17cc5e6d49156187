"""The lab is what it says: real servers, with nothing between them and a test but SSH."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab import Lab, LabError, images, layout, preflight, steps, table
from lab.steps import Step
from numerian import front, host, uploads

SERVERS = ("privas", "alixan")
PRIVAS, ALIXAN = (server.address for server in layout.layout(layout.for_tests()[1]).servers)


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_runs_systemd_without_a_failed_unit(lab: Lab, server: str) -> None:
    code, out, _ = lab.exec(server, ["systemctl", "is-system-running", "--wait"])
    _, failed, _ = lab.exec(server, ["systemctl", "--failed", "--no-legend"])
    assert (code, out.strip(), failed) == (0, "running", "")


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_is_debian_13_with_security_updates(lab: Lab, server: str) -> None:
    assert lab.exec(server, ["cat", "/etc/debian_version"])[1].startswith("13")
    assert (
        "trixie-security"
        in lab.exec(server, ["sh", "-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* || :"])[1]
    )


@pytest.mark.parametrize("server", SERVERS)
def test_sshd_answers_with_the_pinned_key(lab: Lab, server: str) -> None:
    """Root is let in on a bare server, `deploy` on one that something was deployed to."""
    code, out, err = lab.ssh(server, "hostname && $(command -v sudo) id -un")
    assert (code, out.split(), err) == (0, [server, "root"], "")


def test_a_new_server_is_bare_and_has_all_packages_downloaded(lab: Lab) -> None:
    wanted = sorted({*host.PACKAGES, *front.PACKAGES, *uploads.PACKAGES})
    script = """
    for program in docker sudo nft iptables; do ! command -v $program || exit 1; done
    ! id deploy 2>/dev/null || exit 2
    for package; do
        dpkg-query -W "$package" >/dev/null 2>&1 || ls /var/cache/apt/archives/"$package"_*.deb >/dev/null || exit 3
    done
    """
    image = images.tag("server")
    run = ["docker", "run", "--rm", "--network", "none", image, "sh", "-euc", script, "sh", *wanted]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def engine(lab: Lab) -> Lab:
    """A lab whose servers have a Docker engine, whatever was deployed to them before."""
    install = """
    export DEBIAN_FRONTEND=noninteractive
    command -v dockerd || apt-get install -qy --no-install-recommends docker.io docker-cli iptables
    systemctl start docker.service
    """
    with ThreadPoolExecutor() as pool:
        for code, _, err in pool.map(lambda server: lab.exec(server, ["sh", "-ec", install], timeout=300), SERVERS):
            assert code == 0, err
    return lab


def test_another_host_key_is_refused(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = dict(line.split(" ", 1) for line in (lab.folder / "host_keys").read_text().splitlines())
    swapped = f"privas {keys['alixan']}\nalixan {keys['privas']}\n"
    elsewhere = tmp_path / "lab"
    elsewhere.mkdir()
    (elsewhere / "host_keys").write_text(swapped)
    key = elsewhere / "id_ed25519"
    key.write_bytes((lab.folder / "id_ed25519").read_bytes())
    key.chmod(0o600)
    monkeypatch.setattr(Lab, "folder", elsewhere)
    code, _, err = lab.ssh("privas", "true")
    assert code == 255
    assert "REMOTE HOST IDENTIFICATION HAS CHANGED" in err


@pytest.mark.parametrize("server", SERVERS)
def test_the_engine_inside_runs_a_container_with_a_memory_limit(engine: Lab, server: str) -> None:
    run = "docker run --rm --network none --memory 64m debian:trixie-slim cat /etc/debian_version"
    code, out, err = engine.exec(server, run.split())
    assert code == 0, err
    assert out.startswith("13")


def test_the_engine_inside_enters_a_container_whose_user_is_not_root(engine: Lab) -> None:
    lab = engine
    name = "lab-test-exec"
    lab.exec("privas", ["docker", "rm", "--force", name])
    options = ["--user", "601:601", "--cap-drop", "ALL", "--network", "none", "--read-only"]
    code, _, err = lab.exec(
        "privas", ["docker", "run", "-d", "--name", name, *options, "debian:trixie-slim", "sleep", "60"]
    )
    try:
        assert code == 0, err
        assert lab.exec("privas", ["docker", "exec", name, "id", "-u"])[1].strip() == "601"
    finally:
        lab.exec("privas", ["docker", "rm", "--force", name])


def test_a_port_published_inside_answers_outside(engine: Lab) -> None:
    lab = engine
    # The minimal base has nothing that listens but perl.
    perl = (
        "use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;"
        "while (my $c = $s->accept) { <$c>; print $c qq(HTTP/1.0 200 OK\\r\\n\\r\\nhere); close $c }"
    )
    name = "lab-test-port"
    lab.exec("privas", ["docker", "rm", "--force", name])
    argv = [
        "docker",
        "run",
        "--detach",
        "--name",
        name,
        "--publish",
        "8088:8080",
        "debian:trixie-slim",
        "perl",
        "-e",
        perl,
    ]
    code, _, err = lab.exec("privas", argv)
    try:
        assert code == 0, err
        address = lab.layout.server("privas").address
        _, out, err = lab.curl("--retry", "5", "--retry-connrefused", f"http://{address}:8088/")
        assert out == "here", err
    finally:
        lab.exec("privas", ["docker", "rm", "--force", name])


def test_a_name_leads_where_it_is_told_and_a_name_left_out_does_not_exist(lab: Lab) -> None:
    lab.set_names({"www.privas.test": PRIVAS, "privas.test": PRIVAS})
    assert lab.exec("client", ["dig", "+short", "www.privas.test"])[1].strip() == PRIVAS
    lab.set_names({"privas.test": ALIXAN})
    assert lab.exec("client", ["dig", "+short", "privas.test"])[1].strip() == ALIXAN
    assert "NXDOMAIN" in lab.exec("client", ["dig", "www.privas.test"])[1]
    assert lab.exec("privas", ["getent", "hosts", "www.privas.test"])[0] == 2


def test_servers_trust_the_authoritys_interface_and_visitors_do_not(lab: Lab) -> None:
    url = "https://acme.lab.test:14000/dir"
    code, out, err = lab.exec("privas", ["curl", "--silent", "--show-error", url])
    assert code == 0, err
    assert "newOrder" in json.loads(out)
    assert lab.curl(url)[0] == 60


def test_the_authority_validates_as_a_real_one_does(lab: Lab) -> None:
    code, out, _ = lab.exec("acme", ["sh", "-c", "tr '\\0' '\\n' < /proc/$(pgrep -x pebble)/environ"])
    assert code == 0
    assert "PEBBLE_VA_ALWAYS_VALID" not in out


def test_the_client_trusts_nothing_but_the_labs_root(lab: Lab) -> None:
    _, count, _ = lab.exec("client", ["grep", "-c", "BEGIN CERTIFICATE", "/lab/root.pem"])
    assert int(count) >= 1
    assert (
        lab.exec("client", ["openssl", "x509", "-in", "/lab/root.pem", "-noout", "-issuer"])[1].count("Pebble Root")
        == 1
    )
    assert lab.exec("client", ["test", "-e", "/etc/ssl/certs/ca-certificates.crt"])[0] == 1


def test_bringing_it_up_again_changes_nothing(lab: Lab) -> None:
    before = lab.exec("privas", ["cat", "/proc/sys/kernel/random/boot_id", "/etc/machine-id"])
    started = lab.exec("privas", ["stat", "-c", "%Y", "/proc/1"])
    lab.up()
    assert lab.exec("privas", ["cat", "/proc/sys/kernel/random/boot_id", "/etc/machine-id"]) == before
    assert lab.exec("privas", ["stat", "-c", "%Y", "/proc/1"]) == started


def test_after_the_machine_was_off_all_is_there_again(lab: Lab) -> None:
    lab.set_names({"kept.test": PRIVAS})
    old_root = (lab.folder / "root.pem").read_text()
    for machine in ("acme", "client"):
        subprocess.run(
            ["docker", "stop", "--time", "5", lab.layout.container(machine)], check=True, capture_output=True
        )
    assert not lab.is_up()
    lab.up()
    assert lab.is_up()
    assert lab.exec("client", ["dig", "+short", "kept.test"])[1].strip() == PRIVAS
    # The authority has a new root: visitors trust it beside the one that issued what servers still hold.
    assert (lab.folder / "root.pem").read_text().startswith(old_root)
    assert (lab.folder / "root.pem").read_text().count("BEGIN") == old_root.count("BEGIN") + 1
    assert lab.exec("client", ["cat", "/lab/root.pem"])[1] == (lab.folder / "root.pem").read_text()


def test_a_port_that_is_taken_is_named_with_its_holder() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"(process {os.getpid()})" in preflight.holder("127.0.0.1", port)


def test_steps_wait_for_what_they_need_and_all_failures_are_told() -> None:
    order: list[str] = []

    def work(name: str) -> Step:
        return Step(name, lambda _say: order.append(name) or "", {"c": ("a", "b")}.get(name, ()))  # type: ignore[func-returns-value]

    out = io.StringIO()
    steps.run([work("c"), work("a"), work("b")], out=out)
    assert order[-1] == "c"
    assert out.getvalue().count("✓") == 3

    def fail(_say: object) -> str:
        raise LabError("no", "do so")

    ran: list[str] = []
    after = Step("after", lambda _say: ran.append("after") or "", ("bad",))  # type: ignore[func-returns-value]
    with pytest.raises(steps.StepsFailedError, match="bad: no; do so"):
        steps.run([Step("bad", fail), after], out=io.StringIO())
    assert ran == []


def test_an_unknown_lab_or_machine_is_named() -> None:
    with pytest.raises(LabError, match="there are lab, test, bench"):
        Lab("production")
    with pytest.raises(LabError, match="it has privas, alixan, acme, client"):
        layout.layout("lab").container("lyon")


def test_a_site_is_judged_by_its_kind() -> None:
    names = ("www.lemps.test", "lemps.test")
    moved = table.Site("07140", "Lemps", "privas", "redirect", names[0], names, "https://ailleurs.test/", False)
    closed = table.Site("07140", "Lemps", "privas", "static", names[0], names, "", True)
    assert table.judge(moved, "https://www.lemps.test/", table.Answer(301, 0, "https://ailleurs.test/"))
    assert not table.judge(moved, "https://www.lemps.test/", table.Answer(200, 0, ""))
    assert table.judge(closed, "https://www.lemps.test/", table.Answer(503, 0, ""))
    assert not table.judge(closed, "https://www.lemps.test/", table.Answer(0, 60, ""))
    assert not table.judge(closed, "http://lemps.test/", table.Answer(200, 0, ""))
