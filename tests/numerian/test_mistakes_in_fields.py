"""What a person is told about a value that doesn't fit: the place, what is wrong, what would be right."""

# ruff: noqa: E501 (what is said stands as it is said)

from __future__ import annotations

from textwrap import dedent

import pytest
from small_inventory import DATACENTERS, FILE, PRIVAS, Make

from numerian.load import check

# title: (files that differ from the small inventory, what is said: place and fault, then the remedy)
CASES: dict[str, tuple[dict[str, str | bytes | None], str]] = {
    "an operator who would be root": (
        {
            "staff.yaml": "staff:\n  root:\n    keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIDIvCcKdN0av7gr14KmzHDNgFgxyZ/KOZnb548X2UCI\n"
        },
        """
        staff.yaml:2:3: "root" is an account of the servers' own
          → name the function, like ops1
        """,
    ),
    "a mistyped day of the week": (
        {"datacenters.yaml": DATACENTERS.replace("label: Privas\n", "label: Privas\n    reboot: mradi 03:30\n")},
        """
        datacenters.yaml:14:13: "mradi" isn't a day of the week
          → did you mean mardi 03:30?
        """,
    ),
    "an hour that no clock has": (
        {"datacenters.yaml": DATACENTERS.replace("label: Privas\n", "label: Privas\n    reboot: mardi 24:30\n")},
        """
        datacenters.yaml:14:13: "mardi 24:30" holds no time of the day
          → write one like mardi 03:30
        """,
    ),
    "a mistyped key": (
        {FILE: PRIVAS + "site_: x\n"},
        """
        members/07186-privas.yaml:6:1: unknown key "site_"
          → did you mean "site"?
        """,
    ),
    "a key that belongs one level deeper": (
        {FILE: PRIVAS + "domian: x\n"},
        """
        members/07186-privas.yaml:6:1: unknown key "domian"
          → did you mean "domain" under site:?
        """,
    ),
    "a webmaster who can't log in": (
        {FILE: PRIVAS + "  webmasters:\n    - name: accueil\n"},
        """
        members/07186-privas.yaml:7:7: nothing lets this webmaster log in
          → add keys:, or password: 1 for a generated one
        """,
    ),
    "two webmasters of one name": (
        {
            FILE: PRIVAS
            + "  webmasters:\n    - name: accueil\n      password: 1\n    - name: accueil\n      password: 2\n"
        },
        """
        members/07186-privas.yaml:9:13: "accueil" is there twice
          → give each a name of its own
        """,
    ),
    "a person's name for a webmaster": (
        {FILE: PRIVAS + "  webmasters:\n    - name: Jeanne D.\n      password: 1\n"},
        """
        members/07186-privas.yaml:7:13: "Jeanne D." isn't a name that is taken
          → write small letters, digits and hyphens
        """,
    ),
    "a password that somebody chose": (
        {FILE: PRIVAS + "  webmasters:\n    - name: accueil\n      password: soleil\n"},
        """
        members/07186-privas.yaml:8:17: "soleil" isn't a whole number
          → write digits only
        """,
    ),
    "a mistyped key in a group": (
        {FILE: PRIVAS + "  domian: x\n"},
        """
        members/07186-privas.yaml:6:3: unknown key "domian"
          → did you mean "domain"?
        """,
    ),
    "a key like no other": (
        {FILE: PRIVAS + "zzz: x\n"},
        """
        members/07186-privas.yaml:6:1: unknown key "zzz"
          → write one of: contact, datacenter, departement, insee, leaving_on, merged, php, plan, quota_mb, server, siren, site, status, town_hall
        """,
    ),
    "a number of processors that is none": (
        {FILE: PRIVAS + "php:\n  cpu: une\n"},
        """
        members/07186-privas.yaml:7:8: "une" isn't a number
          → write digits with at most two decimals, such as 0.5
        """,
    ),
    "more processors than there are": (
        {FILE: PRIVAS + "php:\n  cpu: 100\n"},
        """
        members/07186-privas.yaml:7:8: 100 is out of range
          → write a number from 0.1 to 64, such as 0.5
        """,
    ),
    "a setting of PHP that isn't ours": (
        {FILE: PRIVAS + "php:\n  memory: 512\n"},
        """
        members/07186-privas.yaml:7:3: unknown key "memory"
          → did you mean "memory_mb"?
        """,
    ),
    "missing keys": (
        {FILE: "contact: mairie@a.test\n"},
        """
        members/07186-privas.yaml:1:1: "datacenter" is missing
          → write datacenter: privas
        members/07186-privas.yaml:1:1: "plan" is missing
          → write plan: village
        """,
    ),
    "a site without its domain": (
        {FILE: PRIVAS.replace("domain: privas.test", "kind: static")},
        """
        members/07186-privas.yaml:4:1: "domain" is missing
          → write domain: privas.test
        """,
    ),
    "a key without a value": (
        {FILE: PRIVAS.replace("domain: privas.test", "domain:")},
        """
        members/07186-privas.yaml:5:3: "domain" is empty
          → write domain: privas.test
        """,
    ),
    "nothing that identifies": (
        {FILE: PRIVAS.replace(": 07186", ":")},
        """
        members/07186-privas.yaml:1:1: nothing says which member this is
          → add insee: (commune), siren: (EPCI) or departement:
        """,
    ),
    "two identities": (
        {FILE: PRIVAS + "siren: 200071413\n"},
        """
        members/07186-privas.yaml:6:8: insee and siren can't stand together
          → keep only insee
        """,
    ),
    "an INSEE code whose zero is missing": (
        {FILE: PRIVAS.replace("07186", "7186")},
        """
        members/07186-privas.yaml:1:8: "7186" isn't an INSEE code: its zero is missing
          → write 07186
        """,
    ),
    "homonyms instead of a code": (
        {FILE: PRIVAS.replace("07186", "Mars")},
        """
        members/07186-privas.yaml:1:8: "Mars" isn't an INSEE code
          → write 07151 (Mars, Ardèche) or 42141 (Mars, Loire)
        """,
    ),
    "a name instead of a code": (
        {FILE: PRIVAS.replace("07186", "Le Teuil")},
        """
        members/07186-privas.yaml:1:8: "Le Teuil" isn't an INSEE code
          → write 07319 (Le Teil, Ardèche)
        """,
    ),
    "a SIREN with a mistyped digit": (
        {FILE: PRIVAS.replace("insee: 07186", "siren: 200071414")},
        """
        members/07186-privas.yaml:1:8: 200071414 isn't a SIREN: its last digit doesn't fit the others
          → look for a mistyped digit
        members/07186-privas.yaml:1:8: no EPCI with the code 200071414 is in the reference data (départements 07, 26, 42)
          → did you mean 200071413 (CA Privas Centre Ardèche)?
        """,
    ),
    "a SIRET": (
        {FILE: PRIVAS.replace("insee: 07186", "siren: 21070186800018")},
        """
        members/07186-privas.yaml:1:8: "21070186800018" is a SIRET
          → write its SIREN, the first nine digits: 210701868
        """,
    ),
    "a site that is a text": (
        {FILE: PRIVAS.replace("site:\n  domain: privas.test", "site: privas.test")},
        """
        members/07186-privas.yaml:4:7: keys belong here, not a value
          → write them on the next lines, indented by two spaces
        """,
    ),
    "a list instead of a text": (
        {FILE: PRIVAS + "contact: [a@b.test]\n"},
        """
        members/07186-privas.yaml:6:10: a list stands where a text belongs
          → write the text on the same line, after the colon
        """,
    ),
    "a group instead of a text": (
        {FILE: PRIVAS + "contact:\n  a: b\n"},
        """
        members/07186-privas.yaml:6:1: a group of keys stands where a text belongs
          → write the text on the same line, after the colon
        """,
    ),
    "no e-mail address": (
        {FILE: PRIVAS + "contact: mairie\n"},
        """
        members/07186-privas.yaml:6:10: "mairie" isn't an e-mail address
          → write one like mairie@privas.test
        """,
    ),
    "a word that isn't known": (
        {FILE: PRIVAS + "status: partant\n"},
        """
        members/07186-privas.yaml:6:9: "partant" isn't known here
          → write one of: active, leaving
        """,
    ),
    "nearly a word that is known": (
        {FILE: PRIVAS + "  kind: statique\n"},
        """
        members/07186-privas.yaml:6:9: "statique" isn't known here
          → did you mean static?
        """,
    ),
    "neither yes nor no": (
        {FILE: PRIVAS + "  maintenance: peut-être\n"},
        """
        members/07186-privas.yaml:6:16: "peut-être" is neither yes nor no
          → write true or false
        """,
    ),
    "leaving without a date": (
        {FILE: PRIVAS + "status: leaving\n"},
        """
        members/07186-privas.yaml:6:9: a leaving member needs a date
          → add leaving_on: 2027-03-31
        """,
    ),
    "a date of leaving while active": (
        {FILE: PRIVAS + "leaving_on: 2027-03-31\n"},
        """
        members/07186-privas.yaml:6:13: an active member has no such date
          → remove it, or set status: leaving
        """,
    ),
    "a French date": (
        {FILE: PRIVAS + "status: leaving\nleaving_on: 31/12/2026\n"},
        """
        members/07186-privas.yaml:7:13: "31/12/2026" isn't a date in the order year, month, day
          → write 2026-12-31
        """,
    ),
    "a day that isn't": (
        {FILE: PRIVAS + "status: leaving\nleaving_on: 2027-02-30\n"},
        """
        members/07186-privas.yaml:7:13: there is no day "2027-02-30"
          → write one that is in the calendar, like 2027-03-31
        """,
    ),
    "a word for a date": (
        {FILE: PRIVAS + "status: leaving\nleaving_on: bientôt\n"},
        """
        members/07186-privas.yaml:7:13: "bientôt" isn't a date
          → write one like 2027-03-31
        """,
    ),
    "a date far away": (
        {FILE: PRIVAS + "status: leaving\nleaving_on: 9999-01-01\n"},
        """
        members/07186-privas.yaml:7:13: 9999-01-01 is far away
          → write a date between 2000 and 2100
        """,
    ),
    "a number with a space": (
        {FILE: PRIVAS + "quota_mb: 1 000\n"},
        """
        members/07186-privas.yaml:6:11: "1 000" isn't a whole number
          → write 1000
        """,
    ),
    "a number out of range": (
        {FILE: PRIVAS + "quota_mb: 0\n"},
        """
        members/07186-privas.yaml:6:11: 0 is out of range
          → write a number from 1 to 10000000
        """,
    ),
    "a word for a number": (
        {FILE: PRIVAS + "quota_mb: beaucoup\n"},
        """
        members/07186-privas.yaml:6:11: "beaucoup" isn't a whole number
          → write digits only
        """,
    ),
    "a telephone number whose zero is missing": (
        {FILE: PRIVAS + "town_hall:\n  phone: 465710001\n"},
        """
        members/07186-privas.yaml:7:10: "465710001" isn't a telephone number: its zero is missing
          → write 0465710001
        """,
    ),
    "a short telephone number": (
        {FILE: PRIVAS + "town_hall:\n  phone: 36 39\n"},
        """
        members/07186-privas.yaml:7:10: "36 39" isn't a French telephone number
          → write its ten digits, like 04 65 71 00 01
        """,
    ),
    "an empty text": (
        {FILE: PRIVAS + "town_hall:\n  director: ''\n"},
        """
        members/07186-privas.yaml:7:13: this text is empty
          → write a value or remove the line
        """,
    ),
    "an empty line of a list": (
        {FILE: PRIVAS + "town_hall:\n  hours:\n    - a\n    -\n"},
        """
        members/07186-privas.yaml:9:6: this is empty
          → write a value or remove the line
        """,
    ),
    "a list in a list": (
        {FILE: PRIVAS + "town_hall:\n  hours:\n    - [a]\n"},
        """
        members/07186-privas.yaml:8:7: a list stands where a text belongs
          → write the text on the same line, after the colon
        """,
    ),
    "a text that is too long": (
        {
            FILE: PRIVAS
            + "town_hall:\n  director: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        },
        """
        members/07186-privas.yaml:7:13: this text has 201 characters
          → write at most 200
        """,
    ),
    "all at once, with places": (
        {FILE: PRIVAS + "contact: x\nquota_mb: y\nplna: z\ntown_hall:\n  phone: 1\n"},
        """
        members/07186-privas.yaml:6:10: "x" isn't an e-mail address
          → write one like mairie@privas.test
        members/07186-privas.yaml:7:11: "y" isn't a whole number
          → write digits only
        members/07186-privas.yaml:8:1: unknown key "plna"
          → did you mean "plan"?
        members/07186-privas.yaml:10:10: "1" isn't a French telephone number
          → write its ten digits, like 04 65 71 00 01
        """,
    ),
    "www.": (
        {FILE: PRIVAS.replace("privas.test", "www.privas.test")},
        """
        members/07186-privas.yaml:5:11: "www.privas.test" begins with www.
          → write privas.test: the name with www. is always served too
        """,
    ),
    "an address": (
        {FILE: PRIVAS.replace("privas.test", "https://www.privas.test/")},
        """
        members/07186-privas.yaml:5:11: "https://www.privas.test/" is an address, not a domain name
          → write privas.test
        """,
    ),
    "no dot": (
        {FILE: PRIVAS.replace("privas.test", "privas")},
        """
        members/07186-privas.yaml:5:11: "privas" has no dot, so it isn't a whole domain name
          → write for example privas.test
        """,
    ),
    "an e-mail address": (
        {FILE: PRIVAS.replace("privas.test", "mairie@privas.test")},
        """
        members/07186-privas.yaml:5:11: "mairie@privas.test" is an e-mail address, not a domain name
          → write the part after the @
        """,
    ),
    "a wildcard": (
        {FILE: PRIVAS.replace("privas.test", '"*.privas.test"')},
        """
        members/07186-privas.yaml:5:11: "*.privas.test" stands for many names
          → write each name in a line of its own
        """,
    ),
    "a space": (
        {FILE: PRIVAS.replace("privas.test", "pri vas.test")},
        """
        members/07186-privas.yaml:5:11: "pri vas.test" isn't a domain name: " " can't be in it
          → write a name like privas.test
        """,
    ),
    "a hyphen at the edge": (
        {FILE: PRIVAS.replace("privas.test", "-a.test")},
        """
        members/07186-privas.yaml:5:11: "-a.test" isn't a domain name: "-a" begins or ends with a hyphen
          → write a name like privas.test
        """,
    ),
    "two dots": (
        {FILE: PRIVAS.replace("privas.test", "a..test")},
        """
        members/07186-privas.yaml:5:11: "a..test" has an empty part between dots
          → write a name like privas.test
        """,
    ),
    "an underscore": (
        {FILE: PRIVAS.replace("privas.test", "a_b.test")},
        """
        members/07186-privas.yaml:5:11: "a_b.test" isn't a domain name: "_" can't be in it
          → write a name like privas.test
        """,
    ),
    "a letter that only looks Latin": (
        {FILE: PRIVAS.replace("privas.test", "privаs.test")},
        """
        members/07186-privas.yaml:5:11: "privаs.test" holds "а" (cyrillic small letter a), which isn't a Latin letter
          → type the name again: letters of other scripts look alike and lead elsewhere
        """,
    ),
    "an IP address": (
        {FILE: PRIVAS.replace("privas.test", "192.0.2.1")},
        """
        members/07186-privas.yaml:5:11: "192.0.2.1" is an IP address, not a domain name
          → write the name that visitors type
        """,
    ),
    "a label that is too long": (
        {FILE: PRIVAS.replace("privas.test", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test")},
        """
        members/07186-privas.yaml:5:11: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…" isn't a domain name: "aaaaaaaaaaaaaaaaaaaa…" has more than 63 characters
          → write a name like privas.test
        """,
    ),
    "no punycode": (
        {FILE: PRIVAS.replace("privas.test", "xn--zzzzzz9999.test")},
        """
        members/07186-privas.yaml:5:11: "xn--zzzzzz9999.test" isn't a domain name
          → write letters, digits and hyphens, like privas.test
        """,
    ),
    "a path": (
        {FILE: PRIVAS.replace("privas.test", "../etc/passwd")},
        """
        members/07186-privas.yaml:5:11: "../etc/passwd" is an address, not a domain name
          → write only the name, like privas.test
        """,
    ),
    "a template": (
        {FILE: PRIVAS.replace("privas.test", '"{{ x }}.test"')},
        """
        members/07186-privas.yaml:5:11: "{{ x }}.test" isn't a domain name: "{" can't be in it
          → write a name like privas.test
        """,
    ),
    "a shell substitution": (
        {FILE: PRIVAS.replace("privas.test", "$(id).test")},
        """
        members/07186-privas.yaml:5:11: "$(id).test" isn't a domain name: "$" can't be in it
          → write a name like privas.test
        """,
    ),
    "a line break": (
        {FILE: PRIVAS.replace("privas.test", '"a.test\\nb"')},
        """
        members/07186-privas.yaml:5:11: "a.test\\nb" holds a line break (U+000A)
          → type the text again, on one line, without it
        """,
    ),
    "NUL": (
        {FILE: PRIVAS.replace("privas.test", '"a.test\\0"')},
        """
        members/07186-privas.yaml:5:11: "a.test\\x00" holds NUL (U+0000)
          → type the text again, on one line, without it
        """,
    ),
    "a right-to-left override": (
        {FILE: PRIVAS.replace("privas.test", '"\\u202ea.test"')},
        """
        members/07186-privas.yaml:5:11: "\\u202ea.test" holds a right-to-left override (U+202E)
          → type the text again, on one line, without it
        """,
    ),
    "a quote": (
        {FILE: PRIVAS.replace("privas.test", '"a\'.test"')},
        """
        members/07186-privas.yaml:5:11: "a'.test" isn't a domain name: "'" can't be in it
          → write a name like privas.test
        """,
    ),
    "an old domain twice": (
        {FILE: PRIVAS + "  old_domains: [a.test, A.test]\n"},
        """
        members/07186-privas.yaml:6:25: "a.test" is there twice
          → remove this one
        """,
    ),
    "an old domain with a day that is none": (
        {FILE: PRIVAS + "  old_domains:\n    - b.test\n    - {domain: a.test, until: bientôt}\n"},
        """
        members/07186-privas.yaml:8:31: "bientôt" isn't a date
          → write one like 2027-03-31
        """,
    ),
    "an old domain without its name": (
        {FILE: PRIVAS + "  old_domains:\n    - {until: 2027-03-31, domian: a.test}\n"},
        """
        members/07186-privas.yaml:7:7: "domain" is missing
          → write domain: ville-privas.test
        members/07186-privas.yaml:7:27: unknown key "domian"
          → did you mean "domain"?
        """,
    ),
    "a merged commune that leaves": (
        {FILE: PRIVAS + "merged: {into: 07011, until: 2027-03-31}\nstatus: leaving\nleaving_on: 2027-01-01\n"},
        """
        members/07186-privas.yaml:7:9: a merged commune doesn't leave
          → keep merged: and its until: only
        """,
    ),
    "what the guard is told to let pass": (
        {
            "allow.yaml": """\
allow:
  - {rule: vanish, what: 07186, until: 2027-03-31, why: tried}
  - {rule: vanished, what: privas, until: 2027-03-31, why: tried}
  - {rule: many, what: mail, until: 2027-03-31, why: tried}
  - {rule: domain, what: Privas.test, until: 2027-03-31, why: tried}
  - {rule: capacity, what: privas, until: 2027-03-31}
  - {rule: capacity, what: privas, until: 2027-03-31, why: …}
"""
        },
        """
        allow.yaml:2:12: "vanish" isn't known here
          → did you mean vanished?
        allow.yaml:3:28: "privas" isn't the code of a member
          → write one like 07186
        allow.yaml:4:24: no kind of service is called "mail"
          → write one of: site
        allow.yaml:5:26: "Privas.test" isn't how the domain is kept
          → write privas.test
        allow.yaml:6:5: "why" is missing
          → write why:
        allow.yaml:7:60: this says no reason
          → say why it may pass, for whoever reviews the change
        """,
    ),
    "a redirect without a target": (
        {FILE: PRIVAS + "  kind: redirect\n"},
        """
        members/07186-privas.yaml:6:9: a redirect needs its target
          → add to: https://…
        """,
    ),
    "a target without a redirect": (
        {FILE: PRIVAS + "  to: https://a.test\n"},
        """
        members/07186-privas.yaml:6:7: a static site leads nowhere
          → remove this line, or write kind: redirect above
        """,
    ),
    "no scheme": (
        {FILE: PRIVAS + "  kind: redirect\n  to: a.test\n"},
        """
        members/07186-privas.yaml:7:7: "a.test" isn't a web address
          → begin with https:// or http://
        """,
    ),
    "another scheme": (
        {FILE: PRIVAS + "  kind: redirect\n  to: ftp://a.test\n"},
        """
        members/07186-privas.yaml:7:7: "ftp://a.test" isn't a web address
          → begin with https:// or http://
        """,
    ),
    "a script": (
        {FILE: PRIVAS + "  kind: redirect\n  to: javascript:alert(1)\n"},
        """
        members/07186-privas.yaml:7:7: "javascript:alert(1)" isn't a web address
          → begin with https:// or http://
        """,
    ),
    "a user name": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://u:p@a.test\n"},
        """
        members/07186-privas.yaml:7:7: "https://u:p@a.test" holds a user name
          → write the address without what stands before the @
        """,
    ),
    "a redirect to itself": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://www.privas.test/x\n"},
        """
        members/07186-privas.yaml:7:7: https://www.privas.test/x leads back to this site
          → write another site's address
        """,
    ),
    "no host": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://\n"},
        """
        members/07186-privas.yaml:7:7: "https://" names no host
          → write one like https://www.privas.test/
        """,
    ),
    "a space in a web address": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://a.test/a b\n"},
        """
        members/07186-privas.yaml:7:7: "https://a.test/a b" holds a space
          → write it as %20
        """,
    ),
    "a variable of the web server": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://a.test/$host\n"},
        """
        members/07186-privas.yaml:7:7: "https://a.test/$host" holds "$"
          → write it as %24
        """,
    ),
    "a brace in a web address": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://a.test/{x}\n"},
        """
        members/07186-privas.yaml:7:7: "https://a.test/{x}" holds "{"
          → write it as %7B
        """,
    ),
    "a quote in a web address": (
        {FILE: PRIVAS + '  kind: redirect\n  to: https://a.test/"x\n'},
        """
        members/07186-privas.yaml:7:7: 'https://a.test/"x' holds '"'
          → write it as %22
        """,
    ),
    "an IP address as a target": (
        {FILE: PRIVAS + "  kind: redirect\n  to: http://127.0.0.1/\n"},
        """
        members/07186-privas.yaml:7:7: "127.0.0.1" isn't a name that visitors can reach
          → write a domain name
        """,
    ),
    "a target nobody reaches": (
        {FILE: PRIVAS + "  kind: redirect\n  to: http://localhost/\n"},
        """
        members/07186-privas.yaml:7:7: "localhost" isn't a name that visitors can reach
          → write a domain name
        """,
    ),
    "a port that isn't": (
        {FILE: PRIVAS + "  kind: redirect\n  to: https://a.test:99999/\n"},
        """
        members/07186-privas.yaml:7:7: "https://a.test:99999/" isn't a web address
          → write one like https://www.privas.test/
        """,
    ),
    "a broken IPv6 address": (
        {FILE: PRIVAS + "  kind: redirect\n  to: http://[::1/\n"},
        """
        members/07186-privas.yaml:7:7: "http://[::1/" isn't a web address
          → write one like https://www.privas.test/
        """,
    ),
}


@pytest.mark.parametrize("title", CASES)
def test_a_mistake_is_told_at_its_place_with_its_remedy(title: str, make: Make) -> None:
    files, expected = CASES[title]
    folder = make(files)
    said = [f"{p.file.relative_to(folder)}:{p.line}:{p.column}: {p.message}\n  → {p.remedy}" for p in check(folder)]
    assert "\n".join(said).replace(f"{folder}/", "") == dedent(expected).strip()
