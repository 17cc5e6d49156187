"""From a request to its comment, as the forges' jobs do it. All that needs the deployed stack is in this module."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import forge
import pytest
from ci_world import STACK, World

from ci import review, tree
from ci.blind import PREFIX

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
SIGNS = ("mars-en-ardeche.test", "Aubenas", "accueil-07011", "mairie-07330", "Le Teil", "supprime")
HOSTILE = "<!-- numerian: review --> @maire #1 <img src=x onerror=alert(1)> ``` ~~~ </details> $(id) `id`"


def change(world: World, code: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return the edit of a member's file."""
    path, text = world.member(code)
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return {path: text}


def six_kinds(world: World) -> dict[str, str]:
    """A domain, a new member, a new login, another password, PHP, a member that leaves."""
    return {
        **change(world, "07151", ("domain: mars-ardeche.test", "domain: mars-en-ardeche.test")),
        "inventory/members/07019-aubenas.yaml": NEW,
        **change(world, "07011", ("site:\n", "site:\n  webmasters: [{name: accueil, password: 1}]\n")),
        **change(world, "07330", ("password: 1", "password: 2"), ("- Mairie\n", f"- 'Mairie {HOSTILE}'\n")),
        **change(world, "07319", ("site:\n", "site:\n  kind: php\n")),
        **change(world, "42141", ("insee: 42141\n", "insee: 42141\nstatus: leaving\nleaving_on: 2020-01-01\n")),
    }


def test_nothing_secret_is_in_what_was_published(world: World) -> None:
    branch = world.git("origin", "log", "--format=%H", "numerian-state").split()
    text = world.git("origin", "show", f"numerian-state:{STACK}.json")
    assert len(branch) == 1
    assert len(world.secrets) > 12
    assert [secret for secret in world.secrets if secret in text] == []
    assert "ciphertext" not in text
    assert text.count(PREFIX) > 12


def test_a_later_copy_takes_the_place_of_the_one_before_and_leaves_other_stacks(world: World) -> None:
    world.git("operator", "push", "--quiet", "origin", "origin/main:refs/heads/elsewhere")
    copy = json.loads(world.path("state.json").read_text())
    other = world.path("other.json")
    other.write_text(json.dumps({**copy, "stack": "other"}))
    for file, stack in ((other, "other"), (world.path("state.json"), STACK)):
        world.ci("publish", "--stack", stack, str(file))
    names = world.git("origin", "ls-tree", "--name-only", "numerian-state").split()
    assert names == ["other.json", f"{STACK}.json"]
    assert world.git("origin", "rev-list", "--count", "numerian-state") == "1"


def test_from_a_change_to_its_comment(world: World) -> None:
    """Six kinds of change at once: the blinded state previews them as the real one does, and code is never run."""
    trap = world.path("trapped")
    code = f"import os, pathlib; pathlib.Path({str(trap)!r}).write_text(str(os.environ))\n"
    elsewhere: dict[str, str | bytes | tuple[str, str] | None] = {
        **{name: code for name in ("__main__.py", "ci/review.py", "numerian/__init__.py", "provider/server.py")},
        "templates/front/etc/nginx/nginx.conf.j2": "{{ ''.__class__ }} ${secret:account}\n",
        ".github/workflows/review.yml": "on: pull_request\n",
        ".gitlab-ci.yml": f"review: {{script: [env > {trap}]}}\n",
        ".gitattributes": "* filter=x merge=x export-subst\n",
        "inventory/reference/communes.csv": "code\n",
        f"stacks/Pulumi.{STACK}.yaml": "config: {}\n",
        "`id`.txt\n@maire": "x",
    }
    request = world.request({**elsewhere, **six_kinds(world)})
    text = world.reviewed(request, **CANARIES)
    assert not trap.exists()
    for name in elsewhere:
        assert f"`{re.sub(r'[^A-Za-z0-9_./-]', '?', name)}`" in text
    inventory = str(world.path("trees") / request.replace("/", "-") / "inventory")
    real = world.path("real.md")
    words = ("preview", "--stack", STACK, "--format", "markdown", "--output", str(real))
    world.run("operator", sys.executable, "-m", "numerian", *words, NUMERIAN_INVENTORY=inventory)
    assert text.partition("\n---\n")[0].strip() == real.read_text().strip()
    for sign in SIGNS:
        assert sign in text.replace("\u200b", "")
    assert not re.search(r"@[a-z]|^\s*/", re.sub(r"(?s)(`+).*?\1", "", text), re.M)
    with forge.serving("github") as github:
        done = world.ci("comment", "--forge", "github", "--number", "7", _file(world, request), **github.environment)
        assert "a comment was written" in done.stdout
        assert [one["body"] for one in github.comments] == [text]


def _file(world: World, request: str) -> str:
    return str(world.path(f"{request.replace('/', '-')}.md"))


def test_what_came_to_the_target_meanwhile_is_not_taken_back(world: World) -> None:
    """A request from an older commit is reviewed as its merge would be; one in conflict is refused."""
    path, text = world.member("26243")
    base = world.git("theirs", "rev-parse", "main")
    other, other_text = world.member("26161")
    newer = world.request({other: f"# since\n{other_text}"})
    world.git("ci", "fetch", "--quiet", "origin", f"{newer}:refs/heads/newer")
    fine = world.request({path: f"{text}# a remark\n"}, base)
    clash = world.request({other: f"# before\n{other_text}"}, base)
    words = ["--tree", str(world.path("trees/moved")), "--output", str(world.path("moved.md")), "--target", "newer"]
    world.ci("prepare", "--request", fine, *words)
    assert world.path(f"trees/moved/{other}").read_text() == f"# since\n{other_text}"
    assert world.path(f"trees/moved/{path}").read_text() == f"{text}# a remark\n"
    words[1] = str(world.path("trees/clash"))
    assert "en conflit" in world.ci("prepare", "--request", clash, *words, code=1).stderr
    assert "en conflit" in world.path("moved.md").read_text()


def test_what_is_no_plain_inventory_is_refused_unread_and_all_at_once(world: World) -> None:
    path, _ = world.member("07186")
    passphrase = world.path(f"config/numerian/{STACK}.passphrase")
    wrong: dict[str, str | bytes | tuple[str, str] | None] = {
        path: ("120000", "/etc/passwd"),
        "inventory/plans.yaml": ("120000", str(passphrase)),
        "inventory/staff.yaml": ("100755", "staff: {}\n"),
        "inventory/members/07019-sub.yaml": ("160000", world.git("theirs", "rev-parse", "main")),
        "inventory/members/07019-large.yaml": "#" * 300_000,
        "inventory/members/07019-$(touch x).yaml": NEW,
        "inventory/members/07019-a.yaml\n@maire": NEW,
        "inventory/members/07019/deep.yaml": NEW,
        "inventory/members/.07019.yaml": NEW,
        "inventory/allow.yml": "x",
        "inventory/Makefile": "x",
    }
    told = world.reviewed(world.request(wrong), code=1, **CANARIES)
    assert told.startswith("## Demande refusée")
    assert told.count("\n- ") == len(wrong)
    assert "un lien symbolique" in told and "root:" not in told
    for name in wrong:
        assert f"- `{re.sub(r'[^A-Za-z0-9_./ -]', '?', name)}` : " in told
    told = world.reviewed(world.request({"inventory/members": ("120000", "/etc")}), code=1)
    assert "`inventory/members` : un lien symbolique" in told


def test_hostile_values_are_problems_at_their_lines(world: World) -> None:
    """A secret's reference in two writings, a bomb, deep brackets, a tag, mark-up: each is told, none does anything."""
    hostile = {
        "07330": (("- Mairie\n", "- 'Mairie ${secret:account}'\n"), "${ isn't taken"),
        "07334": (("plan: ", 'contact: "\\x24{secret:account}"\nplan: '), "${ isn't taken"),
        "07186": (("plan: ", "x: &a [x, x]\ny: [*a, *a]\nplan: "), "anchor &a isn't taken"),
        "07231": (("plan: ", "x: " + "[" * 5000 + "\nplan: "), ""),
        "07319": (("plan: ", "x: !!python/object/apply:os.system ['id']\nplan: "), "tag"),
        "26114": (("plan: ", "x: '@maire ``` </details>'\nplan: "), ""),
    }
    edits = {code: change(world, code, edit) for code, (edit, _) in hostile.items()}
    request = {path: text for edit in edits.values() for path, text in edit.items()}
    text = world.reviewed(world.request(dict(request)), code=1, **CANARIES)
    assert text.startswith("## L’inventaire ne peut pas être lu")
    for code, (_, told) in hostile.items():
        (path,) = edits[code]
        assert re.search(rf"(?m)^{path}:\d+:\d+: .*{re.escape(told)}", text)
    assert str(world.folder) not in text
    assert not re.search(r"@\w", text)


def test_no_file_beside_the_repository_is_read(world: World) -> None:
    path = "inventory/datacenters.yaml"
    text = world.path(f"ci/{path}").read_text()
    files = ["/etc/passwd", "/proc/self/environ", f"../../../config/numerian/{STACK}.passphrase"]
    asked = text.replace("keys_files: ../.work/lab/id_ed25519.pub", f"keys_files: [{', '.join(files)}]")
    assert asked != text
    told = world.reviewed(world.request({path: asked}), code=1, **CANARIES)
    assert told.count("un fichier hors du dépôt") == len(files)
    assert "root:" not in told


def test_a_ref_that_is_not_there_is_said(world: World) -> None:
    words = ["--tree", str(world.path("trees/none")), "--output", str(world.path("none.md"))]
    done = world.ci("prepare", "--request", "refs/pull/9999/head", *words, code=1)
    assert "refs/pull/9999/head" in done.stderr
    assert not world.path("trees/none").exists()


def test_a_change_that_the_preview_refuses_is_told_and_not_approved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the preview's own words, or, when it told none, with what the engine said."""
    folder = world.path("trees/refused")
    request = world.request(dict(change(world, "26243", ("insee: ", "# a remark\ninsee: "))))
    world.ci("prepare", "--request", request, "--tree", str(folder), "--output", str(world.path("refused.md")))

    def numerian(tree_: Path, *words: str, told: str = "") -> subprocess.CompletedProcess[str]:
        if told:
            Path(words[-1]).write_text(told)
        return subprocess.CompletedProcess(words, 1, "", f"{tree_}/__main__.py: no such @engine")

    monkeypatch.setattr(tree, "make_stack", lambda *_: None)
    monkeypatch.setattr(tree, "numerian", numerian)
    good, text = review.review(folder, STACK)
    assert (good, text.partition("\n")[0]) == (False, "## L’aperçu de ce changement échoue")
    assert "\n__main__.py: no such @\u200bengine\n" in text
    monkeypatch.setattr(tree, "numerian", lambda *words: numerian(*words, told="❌ 1 erreur\n"))
    assert review.review(folder, STACK)[1].startswith("❌ 1 erreur\n\n---\n\nComparé à l’état déployé depuis")
    assert review.review(folder, STACK)[0] is False
