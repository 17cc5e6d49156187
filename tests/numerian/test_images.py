"""Images' lists of packages: what they may hold, and what they say about a change."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from numerian import images
from numerian.__main__ import main
from numerian.images import PackageListError

DAY = date(2026, 11, 24)


def written(folder: Path, text: str) -> Path:
    (folder / "php").mkdir()
    images.list_path("php", DAY, folder).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("service", images.SERVICES)
def test_every_recipe_says_what_it_installs(service: str) -> None:
    assert images.asked_for(service)
    assert all(not name.startswith("-") for name in images.asked_for(service))


def test_an_image_without_a_list_takes_what_debian_has(tmp_path: Path) -> None:
    assert images.packages("php", DAY, tmp_path) == ""


def test_a_list_is_the_same_in_any_order(tmp_path: Path) -> None:
    """It decides whether an image is built anew."""
    folder = written(tmp_path, "zlib1g 1:1.3.1-1+deb13u1\nlibc6 2.41-12~bpo1\n")
    assert images.packages("php", DAY, folder) == "libc6 2.41-12~bpo1\nzlib1g 1:1.3.1-1+deb13u1"


@pytest.mark.parametrize("line", ["libc6", "libc6 2.41; reboot", "--allow-remove 1", "libc6 $(id)", "libc6  2.41", ""])
def test_what_is_no_package_never_reaches_a_build(tmp_path: Path, line: str) -> None:
    folder = written(tmp_path, f"apt 3.0.3\n{line}\nzlib1g 1:1.3\n")
    with pytest.raises(PackageListError, match=r"2026-11-24\.packages:2: "):
        images.packages("php", DAY, folder)


def test_a_recipe_without_packages_is_told(tmp_path: Path) -> None:
    (tmp_path / "php").mkdir()
    (tmp_path / "php" / "Dockerfile").write_text("FROM debian:trixie-slim\n", encoding="utf-8")
    with pytest.raises(PackageListError, match="images/php/Dockerfile"):
        images.asked_for("php", tmp_path)


def test_a_mistyped_image_is_told_before_any_server_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "phpp"]) == 1
    assert capsys.readouterr().err == 'no image is called phpp: did you mean "php"?\n'
