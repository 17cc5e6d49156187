"""From a request to its comment, as the forges' jobs do it."""

from __future__ import annotations

import re
import sys

from conftest import STACK, World

CANARIES = {"GITHUB_TOKEN": "canary-github-token", "PULUMI_CONFIG_PASSPHRASE": "canary-passphrase"}
"""What may lie around in a job's environment, though no job of ours has it while it looks at a request."""
NEW = """\
insee: 07019
datacenter: privas
plan: village
contact: mairie@aubenas.test
site:
  domain: aubenas.test
"""


def change(world: World, code: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return the edit of a member's file."""
    path, text = world.member(code)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return {path: text}


def without_times(text: str) -> str:
    return re.sub(r"\(\d+\.\d s\)", "", text)


def test_a_blinded_state_previews_as_the_real_one(world: World) -> None:
    """Six kinds of change: a domain, a new member, a new login, another password, PHP, a member that leaves."""
    request = world.request(
        {
            **change(world, "07151", ("domain: mars-ardeche.test", "domain: mars-en-ardeche.test")),
            "inventory/members/07019-aubenas.yaml": NEW,
            **change(world, "07011", ("site:\n", "site:\n  webmasters: [{name: accueil, password: 1}]\n")),
            **change(world, "07330", ("password: 1", "password: 2")),
            **change(world, "07319", ("site:\n", "site:\n  kind: php\n")),
            **change(world, "42141", ("insee: 42141\n", "insee: 42141\nstatus: leaving\nleaving_on: 2020-01-01\n")),
        }
    )
    text = world.reviewed(request, **CANARIES)
    tree = world.path(f"trees/{request.replace('/', '-')}")
    real = world.run(
        "operator",
        *(sys.executable, "-m", "numerian", "preview", "--stack", STACK),
        NUMERIAN_INVENTORY=str(tree / "inventory"),
    ).stdout
    for sign in ("mars-en-ardeche.test", "07019-site", "accueil-07011-password", "mairie-07330-password", "07319-php"):
        assert sign in real
    shown = text.replace("\u200b", "").partition("```text\n")[2].partition("\n```")[0]
    assert without_times(shown).splitlines() == without_times(real).strip().splitlines()


def test_code_of_a_request_is_never_run_and_its_values_are_data(world: World) -> None:
    trap = world.path("trapped")
    code = f"import os, pathlib; pathlib.Path({str(trap)!r}).write_text(str(os.environ))\n"
    hostile = "<!-- numerian: review --> @maire <img src=x onerror=alert(1)> ``` ~~~ </details>"
    request = world.request(
        {
            **{name: code for name in ("__main__.py", "ci/review.py", "numerian/__init__.py", "provider/server.py")},
            "templates/front/etc/nginx/nginx.conf.j2": "{{ ''.__class__ }} ${secret:account}\n",
            ".github/workflows/review.yml": "on: pull_request\n",
            ".gitlab-ci.yml": f"review: {{script: [env > {trap}]}}\n",
            "inventory/reference/communes.csv": "code\n",
            "inventory/schema/member.json": "{}\n",
            "`id`.txt\n@maire": "x",
            **change(
                world,
                "07330",
                ("- Mairie\n", f"- 'Mairie {hostile}'\n    - |-\n      ${{secret:account}}\n      /merge\n"),
            ),
        }
    )
    text = world.reviewed(request, code=1, **CANARIES)
    assert not trap.exists()
    print(text)
