"""What a visitor sees of the lab's sites: each by name, over http and https, trusting only the lab's root.

The visitor is the lab's client: a machine outside the servers that knows no other authority.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from lab.errors import LabError
from lab.lab import Lab
from lab.layout import Layout

VISIT = "%{url} %{http_code} %{exitcode} %{redirect_url}\\n"
WRONG_SHOWN = 10
MOST_ROWS = 40
"""A longer table is nobody's to read: then only the sites that don't answer as they should have a row."""
WRONG_CERTIFICATE = {35, 51, 60}
"""curl's exit codes for a handshake or a certificate that fails."""


@dataclass(frozen=True)
class Site:
    """One member's site, as `numerian sites --json` tells it."""

    code: str
    name: str
    server: str
    kind: str
    main_name: str
    names: tuple[str, ...]
    to: str
    maintenance: bool

    @property
    def other_names(self) -> tuple[str, ...]:
        """The names that lead to the main one."""
        return tuple(name for name in self.names if name != self.main_name)

    @property
    def urls(self) -> list[str]:
        """All addresses that must answer."""
        return [f"{scheme}://{name}/" for name in self.names for scheme in ("https", "http")]

    @classmethod
    def read(cls, facts: dict[str, object]) -> Site:
        """Take the facts of one entry of `numerian sites --json`."""
        names = facts["names"]
        if not isinstance(names, list):
            raise LabError(f"the site of {facts.get('code')} has no list of names")
        words = {key: str(facts.get(key) or "") for key in ("code", "name", "server", "kind", "main_name", "to")}
        return cls(**words, names=tuple(map(str, names)), maintenance=bool(facts.get("maintenance")))


@dataclass(frozen=True)
class Answer:
    """What one visit gave: the HTTP status, where it leads to, or curl's exit code."""

    status: int
    failure: int
    leads_to: str

    def __str__(self) -> str:
        if self.failure in WRONG_CERTIFICATE:
            return "no certificate"
        if self.failure == 6:
            return "no such name"
        return f"no answer ({self.failure})" if self.failure else str(self.status)


def visit(lab: Lab, sites: Iterable[Site]) -> dict[str, Answer]:
    """Visit all addresses of the sites from the client, side by side, following no redirect."""
    urls = [url for site in sites for url in site.urls]
    # One after the other: curl 8.14 takes an open connection by TLS for a visit over http too, and is answered there.
    by_scheme = [[url for url in urls if url.startswith(f"{scheme}:")] for scheme in ("https", "http")]
    return {url: answer for some in by_scheme if some for url, answer in _visit(lab, some).items()}


def _visit(lab: Lab, urls: Sequence[str]) -> dict[str, Answer]:
    config = "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls)
    # Its exit code is that of any one visit; each visit's own is in what it writes.
    trust = ["--cacert", "/lab/root.pem", "--capath", "/nonexistent"]
    many = ["--silent", "--parallel", "--parallel-max", "8", "--connect-timeout", "5", "--max-time", "20"]
    command = ["curl", *trust, *many, "--write-out", VISIT, "--config", "-"]
    _, out, err = lab.exec("client", command, stdin=config, timeout=300)
    answers = {}
    for line in out.splitlines():
        url, status, failure, *leads_to = line.split(" ")
        answers[url] = Answer(int(status), int(failure), leads_to[0] if leads_to else "")
    missing = [url for url in urls if url not in answers]
    if missing:
        raise LabError(f"the client didn't visit {missing[0]} ({err.strip() or 'no word of curl'})")
    return answers


def judge(site: Site, url: str, answer: Answer) -> bool:
    """Tell whether an address answers as it should.

    >>> names = ("www.privas.test", "privas.test")
    >>> site = Site("07186", "Privas", "privas", "static", "www.privas.test", names, "", False)
    >>> judge(site, "http://privas.test/", Answer(301, 0, "https://www.privas.test/"))
    True
    >>> judge(site, "https://privas.test/", Answer(200, 0, ""))
    False
    """
    if answer.failure:
        return False
    scheme, _, host = url.rstrip("/").partition("://")
    moved = answer.status in (301, 302, 307, 308)
    if scheme == "https" and host == site.main_name:
        if site.maintenance:
            return answer.status == 503
        if site.kind == "redirect":
            return moved and answer.leads_to.rstrip("/") == site.to.rstrip("/")
        return answer.status == 200
    # http may first go to https under the same name: that address is judged by itself.
    targets = {f"https://{site.main_name}/"} | ({f"https://{host}/"} if scheme == "http" else set())
    if site.kind == "redirect" and not site.maintenance:
        targets.add(site.to)
    return moved and answer.leads_to in targets


def command(layout: Layout, site: Site) -> str:
    """Return what a person can paste on this machine to try a site."""
    loopback = layout.server(site.server).loopback
    resolve = f"{site.main_name}:443:{loopback}"
    return f"curl --cacert .work/{layout.name}/root.pem --resolve {resolve} https://{site.main_name}/"


def show(lab: Lab, sites: Sequence[Site], out: TextIO) -> bool:
    """Print the table; tell whether every address of every site answers as it should."""
    answers = visit(lab, sites)
    return tell(lab.layout, sites, answers, out)


def tell(layout: Layout, sites: Sequence[Site], answers: Mapping[str, Answer], out: TextIO) -> bool:
    """Print what the visits gave; tell whether every address of every site answers as it should."""
    rows = [("", "code", "member", "server", "https", "other names", "http → https", "try it")]
    wrong, good = [], 0
    for site in sites:
        bad = [url for url in site.urls if not judge(site, url, answers[url])]
        wrong += [f"{url}: {_told(answers[url])}" for url in bad]
        good += not bad
        if len(sites) > MOST_ROWS and not bad:
            continue
        rows.append(
            (
                "✗" if bad else "✓",
                site.code,
                site.name,
                site.server,
                _told(answers[f"https://{site.main_name}/"]),
                _sum(answers, bad, [f"https://{name}/" for name in site.other_names]),
                _sum(answers, bad, [f"http://{name}/" for name in site.names]),
                command(layout, site),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows[: MOST_ROWS + 1] if len(rows) > 1 else []:
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    for line in wrong[:WRONG_SHOWN]:
        out.write(f"  {line}\n")
    if len(wrong) > WRONG_SHOWN:
        out.write(f"  … and {len(wrong) - WRONG_SHOWN} more\n")
    out.write(f"{good} of {len(sites)} sites answer under all their names\n")
    return not wrong


def _told(answer: Answer) -> str:
    return f"{answer} → {answer.leads_to}" if answer.leads_to else str(answer)


def _sum(answers: Mapping[str, Answer], bad: list[str], urls: list[str]) -> str:
    good = [url for url in urls if url not in bad]
    if len(good) < len(urls):
        return f"{len(good)} of {len(urls)}"
    return " ".join(sorted({str(answers[url]) for url in urls})) + f" ×{len(urls)}" if urls else "–"
