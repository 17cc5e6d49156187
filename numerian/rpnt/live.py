"""The site's criteria measured from outside, as the State does: real requests under each name, many side by side.

Names are asked of the DNS like any visitor, or reached straight at the members' servers (before the DNS leads there,
and in the lab). Redirects are followed as browsers do, but not into a private network: a site that was broken into
sends nobody there. Each request has a time limit that nothing on the other side can stretch.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from numerian.rpnt.criteria import Criterion, State
from numerian.rpnt.verdict import TESTED_WITH_THE_SITE, WHILE_DOWN, Kept, evaluate, failed, passed

SIDE_BY_SIDE = 24
"""Members at once: few for the machine, and no server of ours takes them for an attack."""
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
"""Of one request, from its first byte to the end of its headers."""
MOST_HOPS = 5
PORTS = {"http": 80, "https": 443}
_MOVED = (301, 302, 303, 307, 308)
_AGENT = {"User-Agent": "numerian-rpnt", "Accept": "text/html", "Connection": "close"}

_CHECK_CERTIFICATE = "`numerian certificates` dit pourquoi"
_CHECK_SERVER = "`numerian doctor`, puis `numerian up --refresh` remettent en place ce qui manque"


@dataclass(frozen=True)
class Outside:
    """How sites are looked at. `addresses`: by host name, where to connect instead of asking the DNS."""

    trust: Path | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)

    def contexts(self) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        """Return how TLS is spoken: as browsers do, and without a look at the certificate."""
        blind = ssl.create_default_context()
        blind.check_hostname = False
        blind.verify_mode = ssl.CERT_NONE
        return ssl.create_default_context(cafile=str(self.trust) if self.trust else None), blind


@dataclass(frozen=True)
class Journey:
    """Where an address led: the last address, its status (0: none, `failure` says why), what was untrusted on the way.

    >>> Journey("https://www.privas.test/", 200).host
    'www.privas.test'
    """

    end: str
    status: int
    failure: str = ""
    untrusted: str = ""

    @property
    def host(self) -> str:
        """The host name where it ended."""
        return urlsplit(self.end).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether it ended with HTTPS."""
        return self.end.startswith("https://")


def measure(
    members: Mapping[str, Kept], outside: Outside, told: Callable[[int], None] = lambda _done: None
) -> dict[str, list[Criterion]]:
    """Return the criteria of members, by code: what is declared from what is kept, what is tested by looking.

    Args:
        members: What is kept of each (`numerian.kept.kept`).
        outside: How to look.
        told: Is called with the number of members that are done.
    """
    contexts = outside.contexts()
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        work = {pool.submit(_member, kept, outside.addresses, contexts): code for code, kept in members.items()}
        found = {}
        for done in as_completed(work):
            found[work[done]] = done.result()
            told(len(found))
    return {code: found[code] for code in members}


def worse(promised: Sequence[Criterion], seen: Sequence[Criterion]) -> list[Criterion]:
    """Return what was seen to fail although the inventory says that it passes."""
    pairs = zip(promised, seen, strict=True)
    return [two for one, two in pairs if one.state is State.PASSED and two.state is State.FAILED]


def _member(
    kept: Kept, addresses: Mapping[str, str], contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> list[Criterion]:
    promised = evaluate(kept)
    if "site" not in kept["kinds"]:
        return promised
    domain, canonical = kept["site"]["domain"], kept["site"]["canonical"]
    main, other = (f"www.{domain}", domain) if canonical == "www" else (domain, f"www.{domain}")
    visits = {
        (scheme, name): travel(f"{scheme}://{name}/", addresses, contexts)
        for name in (main, other)
        for scheme in ("https", "http")
    }
    seen = {one.rule.id: one for one in _judge(domain, main, other, visits)}
    return [_with_known_remedy(one, seen.get(one.rule.id, one)) for one in promised]


def _with_known_remedy(promised: Criterion, seen: Criterion) -> Criterion:
    """A failure that the inventory foretells has its remedy there."""
    return promised if promised.state is seen.state is State.FAILED else seen


def _judge(domain: str, main: str, other: str, visits: Mapping[tuple[str, str], Journey]) -> Iterator[Criterion]:
    site = visits["https", main]
    foreign = site.host.removeprefix("www.") != domain
    moved = failed("1.6", f"mène à {site.host}", f"servir le site sous {domain}, ou déclarer l’adresse d’arrivée")
    if site.status != 200:
        yield failed("1.3", site.failure or f"{site.end} répond {site.status}", _CHECK_SERVER)
        for number in TESTED_WITH_THE_SITE[1:]:
            yield moved if number == "1.6" and foreign else failed(number, WHILE_DOWN, _CHECK_SERVER)
        return
    yield passed("1.3", f"{site.end} répond 200")
    plain = visits["http", main]
    secure = plain.is_secure
    yield (
        passed("1.4", "http mène à https")
        if secure
        else failed("1.4", f"http://{main} ne mène pas à https ({_told(plain)})", _CHECK_SERVER)
    )
    untrusted = next((one.untrusted for one in visits.values() if one.untrusted), "")
    yield failed("1.5", untrusted, _CHECK_CERTIFICATE) if untrusted else passed("1.5", "certificat reconnu et à jour")
    yield moved if foreign else passed("1.6", f"le site répond sous {site.host}")
    ways = (
        (f"http://{main}", plain),
        (f"http://{other}", visits["http", other]),
        (f"https://{other}", visits["https", other]),
    )
    wrong = [f"{way} : {_told(one)}" for way, one in ways if one.end != site.end or one.status != 200]
    yield failed("1.7", " ; ".join(wrong), _CHECK_SERVER) if wrong else passed("1.7", "http et l’autre nom y mènent")


def _told(journey: Journey) -> str:
    return journey.failure or f"{journey.end} répond {journey.status}"


def travel(url: str, addresses: Mapping[str, str], contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Journey:
    """Follow an address to where it ends."""
    untrusted = ""
    own = _bare(url)
    for _ in range(MOST_HOPS):
        try:
            reached = (_address_of(url, addresses, is_own=_bare(url) == own), PORTS[urlsplit(url).scheme])
            try:
                status, leads_to = _ask(url, reached, contexts[0])
            except ssl.SSLCertVerificationError as error:
                # Seen once more without the look at the certificate: the other criteria are about the site behind it.
                untrusted = untrusted or f"certificat de {urlsplit(url).hostname} refusé ({error.verify_message})"
                status, leads_to = _ask(url, reached, contexts[1])
            following = urljoin(url, leads_to)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Journey(url, 0, f"{url} ne répond pas ({_why(error)})", untrusted)
        if status not in _MOVED or not leads_to:
            return Journey(url, status, "", untrusted)
        if not following.startswith(("http://", "https://")) or not (following.isascii() and following.isprintable()):
            return Journey(url, 0, f"{url} mène à une adresse qui n’en est pas une", untrusted)
        url = following
    return Journey(url, 0, f"plus de {MOST_HOPS} redirections", untrusted)


def _bare(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _address_of(url: str, addresses: Mapping[str, str], *, is_own: bool) -> str:
    """Return where to connect: as told, else by the DNS; a foreign name must lead to the public internet."""
    host = urlsplit(url).hostname or ""
    if host in addresses or is_own:
        return addresses.get(host, host)
    found = str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    if not ipaddress.ip_address(found).is_global:
        raise ValueError("adresse d’un réseau privé")
    return found


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "ce nom n’existe pas dans le DNS"
    if isinstance(error, TimeoutError):
        return "trop lent"
    if isinstance(error, ConnectionRefusedError):
        return "connexion refusée"
    return str(getattr(error, "reason", "") or getattr(error, "strerror", "") or error or type(error).__name__)


def _ask(url: str, reached: tuple[str, int], context: ssl.SSLContext) -> tuple[int, str]:
    """Ask for one address; return the status and where it leads ("" for nowhere)."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    with socket.create_connection(reached, CONNECT_SECONDS) as raw, _limited(raw) as over:
        connection = http.client.HTTPConnection(host)
        try:
            connection.sock = context.wrap_socket(raw, server_hostname=host) if parts.scheme == "https" else raw
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers=_AGENT)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location") or ""
        except (OSError, http.client.HTTPException) as error:
            if over.is_set():
                raise TimeoutError from error
            raise
        finally:
            connection.close()


@contextmanager
def _limited(stream: socket.socket) -> Iterator[threading.Event]:
    """Cut a connection when its time is over, however slowly the other side goes on talking; the event says so."""
    over = threading.Event()

    def cut() -> None:
        over.set()
        try:
            stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    timer = threading.Timer(ANSWER_SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()
