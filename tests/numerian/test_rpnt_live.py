"""Looking from outside, at small servers of the test's own: each fault is seen as what it is."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from numerian.rpnt import Criterion, evaluate, live
from numerian.rpnt.live import Outside, measure, worse

NAMES = ("www.privas.test", "privas.test")
SITE = {"kind": "static", "domain": "privas.test", "canonical": "www", "to": None, "maintenance": False}
KEPT = {"kinds": ["site"], "site": SITE}
Answer = Callable[[str, str], tuple[int, str]]
Look = Callable[..., dict[str, Criterion]]


def good(scheme: str, host: str) -> tuple[int, str]:
    """Answer as the front does."""
    return (200, "") if (scheme, host) == ("https", NAMES[0]) else (301, f"https://{NAMES[0]}/")


def certificate(folder: Path, *, days: int = 2, names: tuple[str, ...] = NAMES) -> Path:
    """Write a self-signed certificate and its key; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, names))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "site.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """Return a function that serves with an answer of the test's and measures; it returns the criteria by number."""
    with ExitStack() as stack:

        def serve(answer: Answer = good, kept: dict[str, Any] = KEPT, **kinds: Any) -> dict[str, Criterion]:
            file = certificate(tmp_path, **kinds)
            for scheme in ("http", "https"):
                server = _server(scheme, answer, file)
                stack.callback(server.server_close)
                stack.callback(server.shutdown)
                monkeypatch.setitem(live.PORTS, scheme, server.server_port)
            outside = Outside(file, dict.fromkeys(NAMES, "127.0.0.1"))
            return {one.rule.id: one for one in measure({"07186": kept}, outside)["07186"]}

        yield serve


def _server(scheme: str, answer: Answer, file: Path) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, leads_to = answer(scheme, self.headers["Host"])
            self.send_response(status)
            if leads_to:
                self.send_header("Location", leads_to)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if scheme == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def failing(found: dict[str, Criterion]) -> list[str]:
    return [number for number, one in found.items() if one.state == "failed"]


def test_a_sound_site_passes(look: Look) -> None:
    found = look()
    assert [one.state for number, one in found.items() if number < "2"] == ["passed"] * 8
    assert found["1.3"].reason == "https://www.privas.test/ répond 200"


@pytest.mark.parametrize("status", [404, 503])
def test_a_site_that_answers_wrongly_takes_what_is_tested_with_it(look: Look, status: int) -> None:
    found = look(lambda scheme, host: (status, ""))
    assert failing(found) == ["1.3", "1.4", "1.5", "1.6", "1.7"]
    assert str(status) in found["1.3"].reason
    assert [one.rule.id for one in worse(evaluate(KEPT), list(found.values()))] == failing(found)


def test_a_certificate_that_is_over_is_that_alone(look: Look) -> None:
    found = look(days=-1)
    assert failing(found) == ["1.5"]
    assert "expired" in found["1.5"].reason


def test_a_certificate_of_another_name_is_that_alone(look: Look) -> None:
    found = look(names=("www.privas.test",))
    assert failing(found) == ["1.5"]
    assert found["1.5"].reason.startswith("certificat de privas.test refusé")


def test_http_that_stays(look: Look) -> None:
    found = look(lambda scheme, host: (200, "") if scheme == "http" else good(scheme, host))
    assert failing(found) == ["1.4", "1.7"]


def test_a_bare_name_that_leads_nowhere(look: Look) -> None:
    found = look(lambda scheme, host: (404, "") if host == "privas.test" else good(scheme, host))
    assert failing(found) == ["1.7"]
    assert "https://privas.test/ répond 404" in found["1.7"].reason


def test_a_redirect_by_choice_keeps_its_word(look: Look) -> None:
    site = {**SITE, "kind": "redirect", "to": "https://elsewhere.example.test/"}
    found = look(lambda scheme, host: (302, "https://elsewhere.example.test/"), {"kinds": ["site"], "site": site})
    assert found["1.6"].reason.startswith("échoue par choix")
    assert "DNS" in found["1.3"].reason


def test_nobody_is_sent_into_a_private_network(look: Look) -> None:
    seen: list[str] = []

    def answer(scheme: str, host: str) -> tuple[int, str]:
        seen.append(host)
        return 302, "http://127.0.0.1/"

    found = look(answer)
    assert "réseau privé" in found["1.3"].reason
    assert set(seen) == set(NAMES)


def test_a_loop_ends(look: Look) -> None:
    found = look(lambda scheme, host: (301, f"https://{host}/"))
    assert found["1.3"].reason == "plus de 5 redirections"


@pytest.mark.parametrize("target", ["https://[", "javascript:alert(1)", "https://a\x1b[31m.test/"])
def test_a_target_that_is_none(look: Look, target: str) -> None:
    found = look(lambda scheme, host: (301, target))
    assert found["1.3"].state == "failed"
    assert found["1.3"].reason.isprintable()


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        live_ports = {"http": free.getsockname()[1], "https": free.getsockname()[1]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "PORTS", live_ports)
        found = measure({"07186": KEPT}, Outside(addresses=dict.fromkeys(NAMES, "127.0.0.1")))["07186"]
    assert found[2].reason == "https://www.privas.test/ ne répond pas (connexion refusée)"


def test_a_server_that_dribbles_is_cut(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then keeps a plain time-out from ever being over."""
    monkeypatch.setattr(live, "ANSWER_SECONDS", 0.6)

    def dribble(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_dribble, args=(client,), daemon=True).start()

    def _dribble(client: socket.socket) -> None:
        try:
            while True:
                client.sendall(b"H")
                time.sleep(0.1)
        except OSError:
            client.close()

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=dribble, args=(server,), daemon=True).start()
        monkeypatch.setattr(live, "PORTS", dict.fromkeys(("http", "https"), server.getsockname()[1]))
        started = time.monotonic()
        journey = live.travel("http://privas.test/", {"privas.test": "127.0.0.1"}, Outside().contexts())
        assert "trop lent" in journey.failure
        assert time.monotonic() - started < 3


def test_a_member_without_a_site_here_is_not_looked_at() -> None:
    nobody = {"kinds": [], "site": None}
    assert measure({"07186": nobody}, Outside())["07186"] == evaluate(nobody)


def test_progress_is_told(look: Look) -> None:
    told: list[int] = []
    nobody = {"kinds": [], "site": None}
    measure({"1": nobody, "2": nobody}, Outside(), told.append)
    assert told == [1, 2]
