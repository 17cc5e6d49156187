"""What only shows when the files are seen together, and in the files that members share."""

# ruff: noqa: E501 (what is said stands as it is said)

from __future__ import annotations

from textwrap import dedent

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian.load import check

# title: (files that differ from the small inventory, what is said: place and fault, then the remedy)
CASES: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    "a mistyped datacenter": (
        {FILE: PRIVAS.replace("datacenter: privas", "datacenter: privsa")},
        """
        members/07186-privas.yaml:2:13: no datacenter is called "privsa"
          → did you mean "privas"?
        """,
    ),
    "a mistyped plan": (
        {FILE: PRIVAS.replace("village", "vilage")},
        """
        members/07186-privas.yaml:3:7: no plan is called "vilage"
          → did you mean "village"?
        """,
    ),
    "a server that isn't": (
        {FILE: PRIVAS + "server: alixan\n"},
        """
        members/07186-privas.yaml:6:9: no server is called "alixan"
          → write one of: privas
        """,
    ),
    "a server of another datacenter": (
        {
            FILE: PRIVAS + "server: alixan\n",
            "datacenters.yaml": DATACENTERS.replace("servers:", "  alixan:\n    label: Alixan\nservers:")
            + "  alixan:\n    datacenter: alixan\n    address: 127.0.1.2\n",
        },
        """
        members/07186-privas.yaml:6:9: server "alixan" stands in "alixan"
          → name a server of "privas", or change datacenter:
        """,
    ),
    "two datacenters that restart on one day": (
        {
            "datacenters.yaml": DATACENTERS.replace(
                "label: Privas\n",
                "label: Privas\n    reboot: mardi 3:30\n  alixan:\n    label: A\n    reboot: Mardi 05:00\n",
            )
            + "  alixan:\n    datacenter: alixan\n    address: 127.0.1.2\n",
        },
        """
        datacenters.yaml:17:13: privas restarts on mardi too
          → write another day, such as lundi
        """,
    ),
    "more than a server has room for": (
        {
            FILE: PRIVAS + "quota_mb: 2001\n",
            "members/07140-lemps.yaml": PRIVAS.replace("07186", "07140").replace("privas.test", "lemps.test"),
            "datacenters.yaml": DATACENTERS + "    capacity:\n      sites: 1\n      disk_gb: 2\n",
        },
        """
        datacenters.yaml:19:14: privas has room for sites: 1, and its members need 2
          → move members to another server (server:), or raise it if there is room; to go on all the same, write into allow.yaml: - {rule: capacity, what: privas, until: 2026-12-08, why: …}
        datacenters.yaml:20:16: privas has room for disk_gb: 2, and its members need 3
          → move members to another server (server:), or raise it if there is room; to go on all the same, write into allow.yaml: - {rule: capacity, what: privas, until: 2026-12-08, why: …}
        """,
    ),
    "mergers into nobody, into itself, into one that was merged, into one without a site": (
        {
            FILE: PRIVAS + "merged: {into: 07186, until: 2027-03-31}\n",
            "members/07140-lemps.yaml": PRIVAS.replace("07186", "07140").replace("privas.test", "lemps.test")
            + "merged: {into: 07151, until: 2027-03-31}\n",
            "members/07319-le-teil.yaml": PRIVAS.replace("07186", "07319").replace("privas.test", "teil.test")
            + "merged: {into: 07140, until: 2027-03-31}\n",
            "members/07011-vallees-d-antraigues-asperjoc.yaml": PRIVAS.replace("07186", "07011").partition("site:")[0],
            "members/07016-asperjoc.yaml": PRIVAS.replace("07186", "07016").replace("privas.test", "asperjoc.test")
            + "merged: {into: 07011, until: 2027-03-31}\n",
        },
        """
        members/07016-asperjoc.yaml:6:16: Vallées-d'Antraigues-Asperjoc (07011) has no site that answers
          → write site: keep, or give it a site first
        members/07140-lemps.yaml:6:16: no member has the code 07151
          → write the code of a member, or give that one a file first
        members/07186-privas.yaml:6:16: Privas can't be merged into itself
          → write the code of the other commune
        members/07319-le-teil.yaml:6:16: Lemps (07140) is no more, or leaves
          → write the commune that both are part of now
        """,
    ),
    "a server that may be full, and isn't": (
        {"allow.yaml": "allow:\n  - {rule: capacity, what: pirvas, until: 2027-03-31, why: tried}\n"},
        """
        allow.yaml:2:28: no server is called "pirvas"
          → did you mean "privas"?
        """,
    ),
    "a code that another commune has": (
        {FILE: PRIVAS.replace("07186", "07187")},
        """
        members/07186-privas.yaml:1:1: this file is about Prunet (07187) and its name isn't
          → rename it to 07187-prunet.yaml, or write insee: 07186 if Privas is meant
        """,
    ),
    "a code of elsewhere, which YAML would read as 516": (
        {FILE: PRIVAS.replace("07186", "01004")},
        """
        members/07186-privas.yaml:1:8: no commune with the code 01004 is in the reference data (départements 07, 26, 42)
          → did you mean 07186 (Privas), 07104 (Issamoulenc)?
        """,
    ),
    "a code that nobody has": (
        {FILE: None, "members/07999-privat.yaml": PRIVAS.replace("07186", "07999")},
        """
        members/07999-privat.yaml:1:8: no commune with the code 07999 is in the reference data (départements 07, 26, 42)
          → did you mean 07186 (Privas), 42185 (Rivas), 07299 (Saint-Symphorien-de-Mahun)?
        """,
    ),
    "a commune that was merged into another": (
        {FILE: None, "members/07016-antraigues-sur-volane.yaml": PRIVAS.replace("07186", "07016")},
        """
        members/07016-antraigues-sur-volane.yaml:1:8: commune 07016 is part of Vallées-d'Antraigues-Asperjoc now
          → write 07011, or say merged: (into: 07011, until: a date) while its site is kept
        """,
    ),
    "an EPCI of elsewhere": (
        {FILE: PRIVAS.replace("insee: 07186", "siren: 200046977")},
        """
        members/07186-privas.yaml:1:8: no EPCI with the code 200046977 is in the reference data (départements 07, 26, 42)
          → look the code up, or renew the reference data (inventory/reference)
        """,
    ),
    "a file name that doesn't fit": (
        {FILE: None, "members/07186-privat.yaml": PRIVAS},
        """
        members/07186-privat.yaml:1:1: this file is about Privas (07186) and its name isn't
          → rename it to 07186-privas.yaml
        """,
    ),
    "a file name with an accent": (
        {FILE: None, "members/07231-saint-étienne-de-fontbellon.yaml": PRIVAS.replace("07186", "07231")},
        """
        members/07231-saint-étienne-de-fontbellon.yaml:1:1: this file is about Saint-Étienne-de-Fontbellon (07231) and its name isn't
          → rename it to 07231-saint-etienne-de-fontbellon.yaml
        """,
    ),
    "a member twice": (
        {"members/07186-privas-2.yaml": PRIVAS.replace("privas.test", "b.test")},
        """
        members/07186-privas-2.yaml:1:1: this file is about Privas (07186) and its name isn't
          → rename it to 07186-privas.yaml
        members/07186-privas.yaml:1:1: Privas (07186) has a file already: members/07186-privas-2.yaml
          → keep one of the two
        """,
    ),
    "a domain at two members": (
        {"members/07151-mars.yaml": PRIVAS.replace("07186", "07151")},
        """
        members/07186-privas.yaml:5:11: domain "privas.test" is taken at members/07151-mars.yaml:5:11
          → keep it at one member only
        """,
    ),
    "a domain that is another's old domain, written otherwise": (
        {
            "members/07151-mars.yaml": PRIVAS.replace("07186", "07151").replace(
                "privas.test", "mars.test\n  old_domains: [Privas.test.]"
            )
        },
        """
        members/07186-privas.yaml:5:11: domain "privas.test" is taken at members/07151-mars.yaml:6:17
          → keep it at one member only
        """,
    ),
    "a domain with an accent and its punycode": (
        {
            FILE: PRIVAS.replace("privas.test", "vallée.test"),
            "members/07151-mars.yaml": PRIVAS.replace("07186", "07151").replace("privas.test", "xn--valle-esa.test"),
        },
        """
        members/07186-privas.yaml:5:11: domain "vallée.test" is taken at members/07151-mars.yaml:5:11
          → keep it at one member only
        """,
    ),
    "redirects in a ring": (
        {
            FILE: PRIVAS + "  kind: redirect\n  to: https://www.mars.test/\n",
            "members/07151-mars.yaml": PRIVAS.replace("07186", "07151").replace(
                "privas.test", "mars.test\n  kind: redirect\n  to: http://privas.test"
            ),
        },
        """
        members/07151-mars.yaml:7:7: this redirect comes back: mars.test → privas.test → mars.test
          → name the site that answers
        members/07186-privas.yaml:7:7: this redirect comes back: privas.test → mars.test → privas.test
          → name the site that answers
        """,
    ),
    "a fault in one field hides none of the others": (
        {
            FILE: PRIVAS + "contact: x\nserver: y\n",
            "members/07151-mars.yaml": PRIVAS.replace("07186", "07151") + "contact: z\n",
        },
        """
        members/07151-mars.yaml:6:10: "z" isn't an e-mail address
          → write one like mairie@privas.test
        members/07186-privas.yaml:5:11: domain "privas.test" is taken at members/07151-mars.yaml:5:11
          → keep it at one member only
        members/07186-privas.yaml:6:10: "x" isn't an e-mail address
          → write one like mairie@privas.test
        members/07186-privas.yaml:7:9: no server is called "y"
          → write one of: privas
        """,
    ),
    "a file that ends in .yml": (
        {"members/07151-mars.yml": PRIVAS},
        """
        members/07151-mars.yml:1:1: this file isn't read: its name doesn't end in .yaml
          → rename it to 07151-mars.yaml
        """,
    ),
    "no datacenters.yaml": (
        {"datacenters.yaml": None},
        """
        datacenters.yaml:1:1: this file is missing
          → write it: every inventory has one
        """,
    ),
    "no plans.yaml": (
        {"plans.yaml": None},
        """
        plans.yaml:1:1: this file is missing
          → write it: every inventory has one
        """,
    ),
    "no plan at all": (
        {"plans.yaml": "plans: {}\n"},
        """
        members/07186-privas.yaml:3:7: no plan is called "village"
          → none is there yet: add it first
        """,
    ),
    "a jump to itself": (
        {"datacenters.yaml": DATACENTERS + "    jump: privas\n"},
        """
        datacenters.yaml:18:11: this way of jumps never ends: privas → privas
          → name a server that is reached directly
        """,
    ),
    "a ring of jumps": (
        {
            "datacenters.yaml": DATACENTERS
            + "    jump: a\n  a:\n    datacenter: privas\n    address: 127.0.1.2\n    jump: privas\n"
        },
        """
        datacenters.yaml:18:11: this way of jumps never ends: privas → a → privas
          → name a server that is reached directly
        datacenters.yaml:22:11: this way of jumps never ends: a → privas → a
          → name a server that is reached directly
        """,
    ),
    "a jump to nobody": (
        {"datacenters.yaml": DATACENTERS + "    jump: prives\n"},
        """
        datacenters.yaml:18:11: no server is called "prives"
          → did you mean "privas"?
        """,
    ),
    "values of a server that don't fit": (
        {
            "datacenters.yaml": DATACENTERS
            + "    port: 70000\n    user: Root!\n    public_addresses: [127.0.0.1, 010.1.1.1, 192.0.2.0/24]\n    host_keys: ssh-rsa AAAA\n    identity_files: a b\n"
        },
        """
        datacenters.yaml:18:11: 70000 is out of range
          → write a number from 1 to 65535
        datacenters.yaml:19:11: "Root!" isn't a user name
          → write small letters, digits, hyphens and underscores
        datacenters.yaml:20:24: 127.0.0.1 can't be reached from outside
          → write the address that domains shall point to
        datacenters.yaml:20:35: "010.1.1.1" isn't an IP address
          → write one like 203.0.113.7 or 2001:db8::7
        datacenters.yaml:20:46: "192.0.2.0/24" isn't an IP address
          → write one like 203.0.113.7 or 2001:db8::7
        datacenters.yaml:21:16: RSA keys aren't taken
          → make a key with ssh-keygen -t ed25519 and write its .pub
        datacenters.yaml:22:21: "a b" isn't a path that is taken
          → write letters, digits and . _ / ~ @ + - only
        """,
    ),
    "two servers at one address, a datacenter that isn't, a name that isn't taken": (
        {
            "datacenters.yaml": DATACENTERS
            + "  alixan:\n    datacenter: prvas\n    address: 127.0.1.1\n  Bad Name:\n    datacenter: privas\n    adress: x\n"
        },
        """
        datacenters.yaml:19:17: no datacenter is called "prvas"
          → did you mean "privas"?
        datacenters.yaml:20:14: 127.0.1.1 port 22 belongs to privas already
          → write the address of this server
        datacenters.yaml:21:3: "Bad Name" isn't a name that is taken
          → write small letters, digits and hyphens
        datacenters.yaml:21:3: "address" is missing
          → write address: 192.0.2.10
        datacenters.yaml:23:5: unknown key "adress"
          → did you mean "address"?
        """,
    ),
    "a datacenter without a server": (
        {"datacenters.yaml": DATACENTERS.replace("datacenters:\n", "datacenters:\n  lyon:\n    label: Lyon\n")},
        """
        datacenters.yaml:12:3: no server stands in datacenter "lyon"
          → add one under servers:, or remove it here
        """,
    ),
    "staff": (
        {
            "staff.yaml": "staff:\n  Prénom Nom:\n    keys: a\n  ops1:\n    keys: |\n      -----BEGIN OPENSSH PRIVATE KEY-----\n      abc\n  ops2:\n    keys: ssh-ed25519 AAAA\n"
        },
        """
        staff.yaml:2:3: "Prénom Nom" isn't a user name
          → write small letters, digits, hyphens and underscores
        staff.yaml:3:11: "a" isn't a type of key that is taken
          → write a public key of type ssh-ed25519
        staff.yaml:5:11: this is a private key
          → remove it from here and from the history, make another, write its .pub
        staff.yaml:9:11: this public key is damaged
          → copy the whole line of the .pub file again
        """,
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_mistake_is_told_at_its_place_with_its_remedy(
    title: str, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMERIAN_TODAY", "2026-12-01")
    files, expected = CASES[title]
    folder = make(files)
    said = [f"{p.file.relative_to(folder)}:{p.line}:{p.column}: {p.message}\n  → {p.remedy}" for p in check(folder)]
    assert "\n".join(said).replace(f"{folder}/", "") == dedent(expected).strip()
