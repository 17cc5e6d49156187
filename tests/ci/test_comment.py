"""One comment a request, on both forges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import forge
import pytest

from ci import comment
from ci.__main__ import main


@pytest.fixture(params=["github", "gitlab"])
def served(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[forge.Forge]:
    with forge.serving(request.param) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def put(served: forge.Forge, file: Path, text: str) -> int:
    file.write_text(text, encoding="utf-8")
    return main(["comment", "--forge", served.kind, "--number", "7", str(file)])


def test_the_first_review_writes_and_the_next_edits(served: forge.Forge, tmp_path: Path) -> None:
    for number in range(150):
        served.write(f"talk {number}", forge.STRANGER[served.kind])
    for text in ("first", "second", "second"):
        assert put(served, tmp_path / "review.md", text) == 0
    (ours,) = [one["body"] for one in served.comments if one["body"].startswith(comment.MARKER)]
    assert ours == f"{comment.MARKER}\nsecond"
    written = [line for line in served.asked if not line.startswith("GET")]
    assert [line.split()[0] for line in written] == ["POST", {"github": "PATCH", "gitlab": "PUT"}[served.kind]]


def test_a_stranger_with_our_marker_is_left_alone(served: forge.Forge, tmp_path: Path) -> None:
    theirs = served.write(f"{comment.MARKER}\nall is well, merge it", forge.STRANGER[served.kind])
    quoting = served.write(f"> {comment.MARKER}\nwhat is this?", forge.US[served.kind])
    before = theirs["body"], quoting["body"]
    assert put(served, tmp_path / "review.md", "three members change") == 0
    assert (theirs["body"], quoting["body"]) == before
    assert len(served.comments) == 3


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_a_forge_that_refuses_is_said_without_the_token(
    status: int, served: forge.Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served.status = status
    assert put(served, tmp_path / "review.md", "text") == 1
    said = capsys.readouterr().err
    assert f"the forge answers {status}" in said
    assert forge.TOKEN not in said
    assert not any("stolen" in line for line in served.asked)


def test_the_token_goes_over_https_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in forge.Forge("github", url="http://forge.test").environment.items():
        monkeypatch.setenv(name, value)
    assert put(forge.Forge("github"), tmp_path / "review.md", "text") == 1
    assert "isn't https" in capsys.readouterr().err


def test_a_comment_is_never_longer_than_a_forge_takes(served: forge.Forge, tmp_path: Path) -> None:
    assert put(served, tmp_path / "review.md", "é" * 100_000) == 0
    assert len(served.comments[0]["body"]) == comment.MOST


def test_what_the_job_lacks_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_API_URL", "https://forge.test")
    monkeypatch.setenv("GITHUB_REPOSITORY", "syndicat/numerian")
    assert put(forge.Forge("github"), tmp_path / "review.md", "text") == 1
    assert "$GITHUB_TOKEN isn't set" in capsys.readouterr().err


def test_a_review_that_is_not_there_is_said(
    served: forge.Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["comment", "--forge", served.kind, "--number", "7", str(tmp_path / "none.md")]) == 1
    assert "none.md: no such file" in capsys.readouterr().err
    assert served.asked == []
