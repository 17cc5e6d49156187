"""The same work for all: real communes with invented domains, as an inventory for us and as variables for the peers.

The peers get the product's own virtual-host template, so that nginx has the same to read.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import jinja2

ROOT = Path(__file__).resolve().parent.parent
_VHOST = ROOT / "templates" / "front" / "srv" / "front" / "config" / "sites" / "site.conf.j2"
_HERE = Path(__file__).parent / "peers"
_REFERENCE = ROOT / "inventory" / "reference"
FIRST_INVENTED = 90_001


@dataclass(frozen=True)
class Site:
    """A member as the peers' templates see it, by the names that the product's template uses."""

    code: str
    label: str
    own_names: tuple[str, ...]
    old_names: tuple[str, ...]
    other_names: tuple[str, ...]
    main_name: str
    content: str
    php: bool = False

    @property
    def domain(self) -> str:
        """The bare domain."""
        return self.other_names[0]


def sites(count: int) -> list[Site]:
    """Return the first communes of the reference data as sites; beyond them, invented ones."""
    with (_REFERENCE / "communes.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["code"])
    found = [_site(row["code"], row["name"]) for row in rows[:count]]
    return found + [_site(code, f"Commune inventée {code}") for code in _invented(count - len(rows))]


def _invented(count: int) -> list[str]:
    """Return codes that no commune of the reference data has; they sort after all of those."""
    return [str(FIRST_INVENTED + number) for number in range(max(count, 0))]


def _site(code: str, label: str) -> Site:
    bare, www = f"commune-{code.lower()}.test", f"www.commune-{code.lower()}.test"
    return Site(code, label, (bare, www), (), (bare,), www, "files")


def vhost_template() -> str:
    """Return the product's virtual-host template with the member's values taken from `item`, for peers' loops."""
    text = _VHOST.read_text(encoding="utf-8").replace(" | one_line", "")
    names = "|".join(asdict(_site("0", "0")))
    return re.sub(r"\{[{%].*?[%}]\}", lambda tag: re.sub(rf"(?<![\w.])({names})\b", r"item.\1", tag.group()), text)


def write_for_peers(folder: Path, count: int) -> None:
    """Write the members' variables, the templates, and a rendered tree for the floor."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    members = [asdict(site) for site in sites(count)]
    (folder / "members.json").write_text(json.dumps({"members": members}))
    page = (_HERE / "page.j2").read_text(encoding="utf-8")
    texts = {"vhost.j2": vhost_template(), "page.j2": page}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    # As ansible sets it: the product's own renderer has blocks that leave no empty lines.
    strict = jinja2.StrictUndefined
    engine = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False, undefined=strict)  # noqa: S701 - nginx
    vhost_of, page_of = (engine.from_string(text) for text in texts.values())
    for member in members:
        conf = folder / "tree" / "config" / "current" / "sites" / f"{member['code']}.conf"
        index = folder / "tree" / "sites" / member["code"] / "www" / "index.html"
        for path, template in ((conf, vhost_of), (index, page_of)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(template.render(item=member) + "\n", encoding="utf-8")


def write_inventory(folder: Path, count: int, connection: dict[str, str]) -> None:
    """Write an inventory of one server and this many members; files that are right already are left alone."""
    members = folder / "members"
    members.mkdir(parents=True, exist_ok=True)
    wanted = {f"{site.code}-{_slug(site.label)}.yaml": _member(site) for site in sites(count)}
    for path in members.iterdir():
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        if not (members / name).is_file():
            (members / name).write_text(text, encoding="utf-8")
    for name in ("plans.yaml", "staff.yaml"):
        shutil.copyfile(ROOT / "inventory" / name, folder / name)
    _write_reference(folder / "reference", count)
    (folder / "datacenters.yaml").write_text(_DATACENTERS.format(**connection), encoding="utf-8")


def _write_reference(folder: Path, count: int) -> None:
    """Write the reference data with the invented communes that this many members need."""
    folder.mkdir(exist_ok=True)
    for name in ("communes.csv", "departements.csv"):
        text = (_REFERENCE / name).read_text(encoding="utf-8")
        if name == "communes.csv":
            extra = _invented(count - text.count("\n") + 1)
            text += "".join(f"{code},Commune inventée {code},07,,,100,,,,4.5,44.5,\n" for code in extra)
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text:
            (folder / name).write_text(text, encoding="utf-8")


def _slug(label: str) -> str:
    from numerian.suggest import slug

    return slug(label)


def _member(site: Site) -> str:
    return f"insee: {site.code}\ndatacenter: privas\nplan: village\nsite:\n  domain: {site.domain}\n"


_DATACENTERS = """format: 2
platform:
  name: Numérian
  noindex: true
  security_contact: securite@numerian.test
  host_identity: {{name: Numérian, address: [1 rue de l’Exemple, 07000 Privas], phone: 04 65 71 00 00}}
  acme: {{directory: "https://acme.lab.test:14000/dir", email: certificats@numerian.test}}
  images: {{front: 2026-07-01}}
  deploy: {{keys_files: {identity}.pub}}
  logs: {{visits_days: 390, security_days: 30}}
datacenters:
  privas: {{label: Privas}}
servers:
  privas:
    datacenter: privas
    address: {address}
    port: 2222
    sshd_port: 22
    own_kernel: false
    user: deploy
    first_user: root
    identity_files: {identity}
    host_keys_file: {host_keys}
    public_addresses: {public}
"""
