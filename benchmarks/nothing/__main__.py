"""As many resources as the product declares for N members, over a provider that does nothing.

A member is a component and one resource with two files. From the environment come N (NOTHING_MEMBERS), and whether
the SDK is tuned as for the product (NOTHING_TUNED).
"""

from __future__ import annotations

import os

import pulumi

_VHOST = "server {{ listen 8443 ssl; server_name www.commune-{0:04d}.test; root /srv/sites/{0:04d}/www; }}\n" * 20
_PAGE = "<!doctype html><html lang=fr><meta charset=utf-8><title>Commune n° {0}</title><h1>Commune n° {0}</h1>\n" * 10


def main() -> None:
    """Declare the members."""
    if os.environ.get("NOTHING_TUNED"):
        from components import sdk_tuning

        sdk_tuning.apply()
    for number in range(1, int(os.environ["NOTHING_MEMBERS"]) + 1):
        code = f"{number:05d}"
        commune = pulumi.ComponentResource("nothing:index:Commune", code)
        files = {
            f"sites/{code}.conf": {"content": _VHOST.format(number), "mode": "0644", "owner": "root", "group": "root"},
            f"/srv/sites/{code}/www/index.html": {"content": _PAGE.format(number), "mode": "0644"},
        }
        pulumi.CustomResource(
            "nothing:index:Files",
            code,
            {"host": "privas", "files": files},
            opts=pulumi.ResourceOptions(parent=commune),
        )


main()
