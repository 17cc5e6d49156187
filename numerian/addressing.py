"""Addresses on the internet, checked and put in one form: domains, hosts, IP addresses, redirect targets, e-mail.

Every function takes the text that a person wrote and returns the form that programs use, or raises `Fault`.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit

from numerian.fault import Fault, shown

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._+-]{0,62}[a-z0-9])?")
# What may stand in a redirect target as it is: no quote, brace, dollar, semicolon or backslash, which mean
# something in the configuration of a web server.
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9._~:/?#@!&*+,=%()-]*")


def domain(text: str) -> str:
    """Return a domain name in its ASCII form, without `www.`, which the toolkit adds by itself.

    >>> domain("Privas.test")
    'privas.test'
    >>> domain("saint-étienne.test")
    'xn--saint-tienne-geb.test'

    Raises:
        Fault: it isn't a domain name that a site can have.
    """
    _refuse_address(text)
    name = ascii_domain(text)
    if name.startswith("www."):
        raise Fault(f"{shown(text)} begins with www.", f"write {name[4:]}: the name with www. is always served too")
    if "." not in name:
        raise Fault(f"{shown(text)} has no dot, so it isn't a whole domain name", f"write for example {name}.test")
    if name.rsplit(".", 1)[1].isdigit():
        raise Fault(f"{shown(text)} is an IP address, not a domain name", "write the name that visitors type")
    return name


def ascii_domain(text: str) -> str:
    """Return any dotted name in small ASCII letters (accents by punycode), or raise `Fault`."""
    name = unicodedata.normalize("NFC", text).strip().lower().removesuffix(".")
    if not name.isascii() or "xn--" in name:
        name = _punycode(name, text)
    for label in name.split("."):
        if not label:
            raise Fault(f"{shown(text)} has an empty part between dots", "write a name like privas.test")
        if not _LABEL.fullmatch(label):
            raise Fault(f"{shown(text)} isn't a domain name: {_why(label)}", "write a name like privas.test")
    if len(name) > 253:
        raise Fault(f"{shown(text)} has more than 253 characters", "write a shorter domain name")
    return name


def _why(label: str) -> str:
    if len(label) > 63:
        return f"{shown(label, 20)} has more than 63 characters"
    wrong = next((c for c in label if not re.match(r"[a-z0-9-]", c)), None)
    if wrong is not None:
        return f"{shown(wrong)} can't be in it"
    return f"{shown(label)} begins or ends with a hyphen"


def _punycode(name: str, text: str) -> str:
    import idna  # here: its tables take time to load, and most names have no accent

    try:
        decoded = idna.decode(name, uts46=True)
        encoded = idna.encode(decoded, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError, ValueError, IndexError) as error:
        raise Fault(
            f"{shown(text)} isn't a domain name", "write letters, digits and hyphens, like privas.test"
        ) from error
    foreign = next((c for c in decoded if not c.isascii() and not unicodedata.name(c, "").startswith("LATIN")), None)
    if foreign:
        letter = unicodedata.name(foreign, "unnamed").lower()
        raise Fault(
            f"{shown(text)} holds {shown(foreign)} ({letter}), which isn't a Latin letter",
            "type the name again: letters of other scripts look alike and lead elsewhere",
        )
    return encoded


def _refuse_address(text: str) -> None:
    """Say what to write when a whole address stands where a domain belongs."""
    if "://" in text or "/" in text:
        host = text.split("://", 1)[-1].split("/", 1)[0]
        known = host if re.fullmatch(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+", host) else ""
        right = known.removeprefix("www.").lower() or "only the name, like privas.test"
        raise Fault(f"{shown(text)} is an address, not a domain name", f"write {right}")
    if "@" in text:
        raise Fault(f"{shown(text)} is an e-mail address, not a domain name", "write the part after the @")
    if text.startswith("*."):
        raise Fault(f"{shown(text)} stands for many names", "write each name in a line of its own")


def ip_address(text: str) -> str:
    """Return an IPv4 or IPv6 address in its usual form.

    >>> ip_address("2001:DB8:0::1")
    '2001:db8::1'
    """
    import netaddr

    try:
        return str(netaddr.IPAddress(text.strip(), flags=netaddr.INET_PTON))
    except (netaddr.AddrFormatError, ValueError) as error:
        raise Fault(f"{shown(text)} isn't an IP address", "write one like 203.0.113.7 or 2001:db8::7") from error


def public_address(text: str) -> str:
    """Return an IP address that domains of members can point to, or raise `Fault`."""
    import netaddr

    address = netaddr.IPAddress(ip_address(text))
    if address.is_loopback() or address.is_multicast() or address.is_link_local() or int(address) == 0:
        raise Fault(f"{text.strip()} can't be reached from outside", "write the address that domains shall point to")
    return str(address)


def host(text: str) -> str:
    """Return where a server is reached: an IP address or a host name.

    >>> host("127.0.1.1"), host("Privas.test"), host("localhost")
    ('127.0.1.1', 'privas.test', 'localhost')
    """
    name = text.strip()
    if ":" in name or name.replace(".", "").isdigit():
        return ip_address(name)
    if "/" in name or "@" in name:
        raise Fault(
            f"{shown(text)} isn't a host name or an IP address", "write only the host; user and port have their keys"
        )
    return ascii_domain(name)


def url(text: str) -> str:
    """Return a web address in ASCII: http or https, a real host, no user name, no fragile character.

    >>> url("https://www.Privas.test/accès")
    'https://www.privas.test/acc%C3%A8s'
    """
    value = text.strip()
    parts = _split(value, text)
    if parts.scheme not in ("http", "https"):
        raise Fault(f"{shown(text)} isn't a web address", "begin with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise Fault(f"{shown(text)} holds a user name", "write the address without what stands before the @")
    where = host(parts.hostname or "")
    if ":" in where:
        where = f"[{where}]"
    port = f":{parts.port}" if parts.port is not None else ""
    rest = value.split("://", 1)[1]
    tail = rest[len(parts.netloc) :]
    tail = quote(unicodedata.normalize("NFC", tail), safe="".join(map(chr, range(33, 127))))
    if not _URL_CHARACTERS.fullmatch(tail):
        wrong = next(c for c in tail if not _URL_CHARACTERS.fullmatch(c))
        raise Fault(f"{shown(text)} holds {shown(wrong)}", f"write it as {quote(wrong, safe='')}")
    return f"{parts.scheme}://{where}{port}{tail}"


def _split(value: str, text: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise Fault(f"{shown(text)} isn't a web address", "write one like https://www.privas.test/") from error
    if any(c.isspace() for c in value):
        raise Fault(f"{shown(text)} holds a space", "write it as %20")
    if parts.scheme in ("http", "https") and not parts.hostname:
        raise Fault(f"{shown(text)} names no host", "write one like https://www.privas.test/")
    return parts


def host_of(address: str) -> str:
    """Return the host name in an address that `url` returned."""
    return urlsplit(address).hostname or ""


def email(text: str) -> str:
    """Return an e-mail address in small letters.

    >>> email("Mairie@privas.test")
    'mairie@privas.test'
    """
    local, at, name = text.strip().lower().rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or ".." in local:
        raise Fault(f"{shown(text)} isn't an e-mail address", "write one like mairie@privas.test")
    return f"{local}@{ascii_domain(name)}"
