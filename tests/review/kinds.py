"""The kinds of change whose words are kept in `golden/`: each an edit of the inventory, a template or an image's list.

Every one is previewed by the real engine: the whole program, both plugins, a state that an `up` made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from paper_project import PaperProject

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHdYiL2kp1ByUZvmYAeFuIGO35WMqQ7FdeKCWT1djK99"
ALBA = """\
insee: 07005
datacenter: privas
plan: village
contact: mairie@alba-la-romaine.test
site:
  domain: alba-la-romaine.test
  webmasters:
    - name: mairie
      password: 1
"""
LEAVING = "status: leaving\nleaving_on: {}\nplan:"


@dataclass(frozen=True)
class Kind:
    """One kind: what is edited, and in which surroundings it is previewed."""

    name: str
    edit: Callable[[PaperProject], None]
    more: Mapping[str, str] = field(default_factory=dict)


def _member(code: str, old: str, new: str) -> Callable[[PaperProject], None]:
    return lambda project: project.member(code, old, new)


def _file(path: str, old: str, new: str) -> Callable[[PaperProject], None]:
    return lambda project: project.edit(path, old, new)


def _added(project: PaperProject) -> None:
    (project.folder / "inventory" / "members" / "07005-alba-la-romaine.yaml").write_text(ALBA, encoding="utf-8")


def _renamed(project: PaperProject) -> None:
    """Rename a commune in the reference data, and its file with it."""
    reference = project.folder / "inventory" / "reference" / "communes.csv"
    project.edit(reference, ",Dieulefit,", ",Dieulefit-en-Drôme,")
    file = project.file("26114")
    file.rename(file.with_name("26114-dieulefit-en-drome.yaml"))


def _moved(project: PaperProject) -> None:
    project.member("07151", "datacenter: privas", "datacenter: alixan")


def _merged(project: PaperProject) -> None:
    merged = "merged:\n  into: 07186\n  until: 2098-12-31\n  site: redirect\nplan:"
    project.member("07151", "plan:", merged)


def _vanished(project: PaperProject) -> None:
    project.file("07151").unlink()


def _allowed(project: PaperProject) -> None:
    _vanished(project)
    entry = "allow:\n  - {rule: vanished, what: '07151', until: 2098-12-08, why: commune dissoute par décret}\n"
    project.edit("inventory/allow.yaml", "allow: []\n", entry)


def _packages(project: PaperProject) -> None:
    """A new date of PHP's image, whose list of packages has other versions."""
    project.list_packages("2026-08-01", "8.4.16-1~deb13u1")
    project.edit("inventory/datacenters.yaml", "php: 2026-07-01", "php: 2026-08-01")


def _weaker(project: PaperProject) -> None:
    """Somebody opens sshd to passwords and a port of the firewall to everybody."""
    access = "templates/host/etc/numerian/access"
    project.edit(f"{access}/sshd.conf.j2", "PasswordAuthentication no", "PasswordAuthentication yes")
    project.edit(f"{access}/nftables.conf.j2", "\t\tlimit rate 10", "\t\ttcp dport 3306 accept\n\t\tlimit rate 10")


def _server(project: PaperProject) -> None:
    new = (
        "servers:\n  valence:\n    datacenter: alixan\n    address: 127.0.1.3\n"
        f"    host_keys: {KEY}\n    public_addresses: [198.51.100.13]\n"
    )
    project.edit("inventory/datacenters.yaml", "servers:\n", new)


def _staff_left(project: PaperProject) -> None:
    file = project.folder / "inventory" / "staff.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text[: text.index("  ops2:")], encoding="utf-8")


def _template(project: PaperProject) -> None:
    project.edit(
        "templates/front/srv/front/config/sites/site.conf.j2",
        "    include snippets/common.conf;\n",
        "    include snippets/common.conf;\n    add_header X-Essai un;\n",
    )


def _nothing(project: PaperProject) -> None:
    """Edit nothing."""


KINDS = (
    Kind("nothing-changed", _nothing),
    Kind("commune-added", _added),
    Kind("domain-changed", _member("07151", "domain: mars-ardeche.test", "domain: mars-en-ardeche.test")),
    Kind(
        "domain-changed-old-one-kept",
        _member(
            "07151",
            "domain: mars-ardeche.test",
            "domain: mars-en-ardeche.test\n  old_domains:\n    - {domain: mars-ardeche.test, until: 2098-12-31}",
        ),
    ),
    Kind(
        "domain-exchanged",
        _member(
            "07186",
            "domain: privas.test\n  old_domains:\n    - ville-privas.test",
            "domain: ville-privas.test\n  old_domains:\n    - privas.test",
        ),
    ),
    Kind(
        "domain-beside",
        _member("07151", "domain: mars-ardeche.test", "domain: mars-ardeche.test\n  old_domains: mars07.test"),
    ),
    Kind("plan-changed", _member("26114", "plan: bourg", "plan: ville")),
    Kind("quota-lowered", _member("26114", "plan: bourg", "plan: bourg\nquota_mb: 300")),
    Kind("static-to-php", _member("07151", "domain: mars", "kind: php\n  domain: mars")),
    Kind("php-to-static", _member("07330", "  kind: php\n", "")),
    Kind("redirect-target-changed", _member("07140", "to: https://www.", "to: https://nouveau.")),
    Kind(
        "site-to-redirect",
        _member("42141", "domain: mars", "kind: redirect\n  to: https://agglo.example.test/mars\n  domain: mars"),
    ),
    Kind("maintenance-on", _member("07186", "domain: privas.test", "domain: privas.test\n  maintenance: true")),
    Kind(
        "webmaster-added",
        _member(
            "42141",
            "domain: mars-loire.test",
            f"domain: mars-loire.test\n  webmasters:\n    - name: mairie\n      keys: {KEY}",
        ),
    ),
    Kind(
        "webmaster-removed",
        _member("07186", "    - name: accueil\n      password: 1 # another number makes another password\n", ""),
    ),
    Kind("webmaster-key-changed", _member("07186", "YAeFuIGO35WMqQ7FdeKCWT1djK71", "YAeFuIGO35WMqQ7FdeKCWT1djK72")),
    Kind("webmaster-password-changed", _member("26114", "password: 1", "password: 2")),
    Kind("commune-renamed", _renamed),
    Kind("moved", _moved),
    Kind("leaving", _member("07186", "plan:", LEAVING.format("2098-03-31"))),
    Kind("left", _member("07186", "plan:", LEAVING.format("2026-01-01"))),
    Kind("merged", _merged),
    Kind("template-changed", _template),
    Kind("front-image", _file("inventory/datacenters.yaml", "front: 2026-07-01", "front: 2026-08-01")),
    Kind("php-image-with-packages", _packages),
    Kind("staff-joined", _file("inventory/staff.yaml", "  ops2:", f"  ops3:\n    keys: {KEY}\n  ops2:")),
    Kind("staff-left", _staff_left),
    Kind("access-weaker", _weaker),
    Kind("server-added", _server),
    Kind("left-out", _nothing, {"NUMERIAN_MEMBERS": "07140, 07186, 07330, 26114, 42141"}),
    Kind("guard-refuses", _vanished),
    Kind("guard-allows", _allowed),
)
