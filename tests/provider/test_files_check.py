"""What is accepted as inputs of `Files`, and what is answered to the rest."""

from __future__ import annotations

from typing import Any

import pytest

from provider.kinds.base import UNKNOWN
from provider.kinds.files_check import check_files
from provider.plan.paths import keyed
from provider.resources import folded


def faults(**news: Any) -> dict[str, str]:
    _, failures = check_files({"host": "privas", **news})
    return {failure.property: failure.reason for failure in failures}


def test_defaults_are_filled_in() -> None:
    props, failures = check_files({"host": "privas", "files": {"/etc/a": {"content": "x", "mode": "644"}}})
    assert failures == []
    assert props == {
        "host": "privas",
        "files": {"/etc/a": {"content": "x", "mode": "0644", "owner": "root", "group": "root"}},
    }
    assert check_files(props) == (props, [])


@pytest.mark.parametrize(
    "path",
    [
        "/etc/../a",
        "/etc//a",
        "/etc/a/",
        "/etc/./a",
        "/",
        "",
        "/etc/a\nb",
        "/etc/a\0b",
        "/etc/a\x1bb",
        "/etc/\u202ea",
        "/etc/a\\b",
        "/proc/x",
        "/sys/x",
        "/dev/x",
        "/var/lib/numerian/lock",
        "/etc/.numerian-x",
        "/etc/" + "x" * 300,
        "/" + "x/" * 600 + "x",
        "/etc/a\ud800",
    ],
)
def test_a_path_that_is_refused(path: str) -> None:
    assert keyed("files", path) in faults(service="front", files={path: {"content": ""}})


@pytest.mark.parametrize("path", ["/etc/a b", "/etc/l'été", "/etc/-rf", "/etc/$(id)", '/etc/"', "/etc/日本"])
def test_a_path_that_is_accepted(path: str) -> None:
    assert faults(files={path: {"content": ""}}) == {}


def test_relative_paths_want_a_service_and_folders_are_absolute() -> None:
    found = faults(files={"a": {"content": ""}}, folders={"b": {}}, seeds={"c": {"content": ""}})
    assert sorted(found) == ['files["a"]', 'folders["b"]', 'seeds["c"]']
    assert "name the `service`" in found['files["a"]']


@pytest.mark.parametrize("mode", ["0999", "rw", 420, "", "07777777", True])
def test_modes_are_octal_texts(mode: Any) -> None:
    assert faults(files={"/etc/a": {"content": "", "mode": mode}}) == {
        'files["/etc/a"].mode': 'isn\'t an octal text; write it as "0644"'
    }


@pytest.mark.parametrize("owner", ["a b", "", "-x", "a:b", "ROOT", 5, "../x", "a\n"])
def test_owners_are_names_or_numbers(owner: Any) -> None:
    assert list(faults(folders={"/srv/a": {"owner": owner}})) == ['folders["/srv/a"].owner']


def test_secrets_that_are_not_given_are_named() -> None:
    found = faults(files={"/etc/a": {"content": "${secret:db} ${secret:mail}"}}, secrets={"db": "x"})
    assert found == {'files["/etc/a"].content': "${secret:mail} names no secret of this resource; there are: db"}


def test_unknown_values_pass() -> None:
    assert (
        faults(
            service=UNKNOWN,
            files={"a": {"content": UNKNOWN, "mode": UNKNOWN}, "b": UNKNOWN},
            folders=UNKNOWN,
            secrets=UNKNOWN,
            run=UNKNOWN,
        )
        == {}
    )
    assert faults(files={"/etc/a": {"content": "${secret:x}"}}, secrets={"x": UNKNOWN}) == {}


def test_all_faults_come_at_once() -> None:
    found = faults(
        files={
            "/etc/a": {"content": 5, "mode": "9", "colour": "red"},
            "/etc/b": "text",
            "/etc/c": {"content": "é" * 600_000},
        },
        folders=[],
        run=["reload", ["x", "\0"]],
        adopt="yes",
        service=5,
        secrets={"a": 1},
        files2={},
    )
    assert sorted(found) == [
        "adopt",
        "files2",
        'files["/etc/a"].colour',
        'files["/etc/a"].content',
        'files["/etc/a"].mode',
        'files["/etc/b"]',
        'files["/etc/c"].content',
        "folders",
        "run[0]",
        "run[1]",
        "secrets.a",
        "service",
    ]


def test_what_is_wrong_about_moving_is_told_at_once() -> None:
    found = faults(
        moving=folded(
            {
                "content": ["/srv/a", "srv/b", "/proc"],
                "passage": {"/etc/a": {"content": ""}, "a": {"content": 5}},
                "give": "cat",
                "take": ["tar", 5],
                "days": -1,
                "where": "there",
            }
        )
    )
    assert sorted(found) == [
        "moving.content[1]",
        "moving.content[2]",
        "moving.days",
        "moving.give",
        'moving.passage["/etc/a"]',
        'moving.passage["a"].content',
        "moving.take",
        "moving.where",
    ]
    reason = """isn't the JSON text of a map such as '{"content": ["/srv/a"]}'"""
    assert faults(moving=5) == faults(moving="{") == faults(moving="[]") == {"moving": reason}
    assert sorted(faults(moving=folded({"content": 5, "passage": 5}))) == ["moving.content", "moving.passage"]
    assert faults(moving=UNKNOWN) == {}
