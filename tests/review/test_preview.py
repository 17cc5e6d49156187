"""`numerian preview` as a command: without any network, with the servers asked, into files, and never with a secret."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
from kinds import ALBA
from paper_project import ROOT, STACK, PaperProject

FORMS = ("text", "markdown", "html", "json")


def edited(paper: PaperProject) -> None:
    paper.member("07151", "domain: mars-ardeche.test", "domain: mars-en-ardeche.test")
    paper.member("26114", "password: 1", "password: 2")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network of its own")
def test_it_needs_no_network_at_all(paper: PaperProject) -> None:
    edited(paper)
    # Loopback alone: the engine speaks to its plugins by it.
    script = f"ip link set lo up && exec {sys.executable} -m numerian preview --stack {STACK}"
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script], cwd=paper.folder, env=paper.environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Mars (07151) · site : nouvelle adresse www.mars-en-ardeche.test, certificat à obtenir" in done.stdout
    assert "l’ancienne adresse mars-ardeche.test ne répond plus" in done.stdout
    assert "serveurs non consultés" in done.stdout


def test_with_the_servers_asked_the_counts_are_the_same(paper: PaperProject) -> None:
    edited(paper)
    by_state, by_servers = paper.preview(), paper.preview(refresh=True)
    assert by_state.counts == by_servers.counts
    assert by_state.sections == by_servers.sections
    assert (by_state.consulted, by_servers.consulted) == (False, True)


def test_what_was_changed_by_hand_is_told_when_the_servers_are_asked(paper: PaperProject) -> None:
    drift = {"NUMERIAN_PAPER_DRIFT": json.dumps({"07186-site": {"sites/07186.conf": "by hand\n"}})}
    review = paper.preview(refresh=True, more=drift)
    (section,) = review.sections
    assert section.title == "Privas"
    assert [item.kind for item in section.items] == ["drift"]
    assert paper.preview(more=drift).sections == ()


def test_no_secret_is_in_any_form(paper: PaperProject, tmp_path: Path) -> None:
    """The root secret, the passphrase, and everything that was derived from them: passwords, keys, hashes."""
    edited(paper)
    secrets = told_secrets(paper)
    assert len(secrets) > 10
    for form in FORMS:
        output = tmp_path / form
        done = paper.numerian("preview", "--stack", STACK, "--format", form, "--output", str(output))
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        told = output.read_text(encoding="utf-8") + done.stderr
        assert "mars-en-ardeche" in told
        assert [secret for secret in secrets if secret in told] == []


def told_secrets(paper: PaperProject) -> set[str]:
    """Return every secret of the state and of the stack, in plain."""
    exported = json.loads(paper.pulumi("stack", "export", "--show-secrets").stdout)
    found: set[str] = {(paper.folder / ".work" / STACK / "passphrase").read_text().strip()}

    def search(value: object, inside: bool) -> None:
        if isinstance(value, dict):
            secret = value.get("4dabf18193072939515e22adb298388d") == "1b47061264138c4ac30d75fd1eb44270"
            if secret and "plaintext" in value:
                search(json.loads(value["plaintext"]), True)
            for one in value.values():
                search(one, inside)
        elif isinstance(value, list):
            for one in value:
                search(one, inside)
        elif inside and isinstance(value, str):
            found.update(line for line in value.splitlines() if len(line) > 8 and "-----" not in line)

    search(exported, False)
    found.add(paper.pulumi("config", "get", "numerian:rootSecret").stdout.strip())
    return found


def test_the_machines_form_is_as_documented(paper: PaperProject) -> None:
    edited(paper)
    done = paper.numerian("preview", "--stack", STACK, "--format", "json")
    told = json.loads(done.stdout)
    schema = json.loads((ROOT / "docs" / "review.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told, schema)
    assert told["counts"]["members_changed"] == 2
    assert told["alerts"][0]["severity"] == "interrupts"


def test_a_file_is_written_whole_or_not_at_all(paper: PaperProject, tmp_path: Path) -> None:
    output = tmp_path / "comment.md"
    output.write_text("before")
    paper.file("07151").unlink()
    done = paper.numerian("preview", "--stack", STACK, "--format", "markdown", "--output", str(output))
    assert done.returncode == 1
    assert "rien ne sera appliqué ainsi" in output.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["comment.md"]
    missing = paper.numerian("preview", "--stack", STACK, "--output", str(tmp_path / "no" / "such" / "folder"))
    assert missing.returncode == 1 and "no such file or directory" in missing.stderr


def test_the_counts_are_the_engines_own(paper: PaperProject) -> None:
    edited(paper)
    paper.member("07330", "  kind: php\n", "")
    (paper.folder / "inventory" / "members" / "07005-alba-la-romaine.yaml").write_text(ALBA, encoding="utf-8")
    told = json.loads(paper.pulumi("preview", "--json", "--non-interactive").stdout)
    sides = [step.get("newState") or step["oldState"] for step in told["steps"]]
    ours = [side["custom"] and not side["type"].startswith("pulumi:providers:") for side in sides]
    seen = Counter(step["op"] for step, is_ours in zip(told["steps"], ours, strict=True) if is_ours)
    counts = paper.preview().counts
    assert (counts.items_created, counts.items_changed) == (seen["create"], seen["update"])
    assert (counts.items_deleted, counts.items_replaced) == (seen["delete"], seen["replace"])
    there = json.loads(paper.pulumi("stack", "export").stdout)["deployment"]["resources"]
    kept = [one for one in there if one["custom"] and not one["type"].startswith("pulumi:providers:")]
    assert counts.items_unchanged == len(kept) - seen["update"] - seen["delete"] - seen["replace"]
    assert min(seen["create"], seen["update"], seen["delete"]) > 0
    assert (counts.members_new, counts.members_changed, counts.members_gone) == (1, 3, 0)
