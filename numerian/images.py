"""The services' images: their names, and the lists of packages that say what an image of a date holds.

A list (`images/<service>/<date>.packages`, one `name version` a line) is made ahead by `numerian images`. With one, the
build installs exactly that or fails, and a preview shows which packages another date changes; without one an image
holds what Debian has on the day of its build (docs/decisions/0010).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from numerian.errors import NumerianError
from numerian.rendering import TEMPLATES

RECIPES = Path(__file__).resolve().parent.parent / "images"
SERVICES = ("front", "php", "sftp")
LIST = ".packages"
CURRENT = "/etc/numerian/images"
"""Where a server keeps the date of each service's image."""
KEEP = (TEMPLATES / "images" / "keep.sh").read_text(encoding="utf-8")
"""Run on a server after a new image: the last two stay."""

_LINE = re.compile(r"[a-z0-9][a-z0-9+.-]+ [A-Za-z0-9][A-Za-z0-9.+:~-]*")
_INSTALLED = re.compile(r'install-packages "\$DATE" "\$PACKAGES" ([a-z0-9+. -]+)')


class PackageListError(NumerianError):
    """A list of packages that can't be one, or a recipe that names none."""


def reference(service: str, day: date) -> str:
    """Return the name of an image.

    >>> reference("front", date(2026, 7, 1))
    'numerian/front:2026-07-01'
    """
    return f"numerian/{service}:{day.isoformat()}"


def list_path(service: str, day: date, recipes: Path = RECIPES) -> Path:
    """Return where the list of an image lies."""
    return recipes / service / f"{day.isoformat()}{LIST}"


def packages(service: str, day: date, recipes: Path = RECIPES) -> str:
    """Return the list of an image, or "" when nobody made one.

    Raises:
        PackageListError: the file holds something else.
    """
    path = list_path(service, day, recipes)
    if not path.is_file():
        return ""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if not _LINE.fullmatch(line):
            raise PackageListError(f"{path}:{number}: no name and version of a package; make the list anew")
    return "\n".join(sorted(lines))


def asked_for(service: str, recipes: Path = RECIPES) -> tuple[str, ...]:
    """Return the packages that a recipe names.

    >>> asked_for("front")
    ('nginx',)
    """
    text = (recipes / service / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    found = _INSTALLED.search(text)
    if found is None:
        raise PackageListError(f"images/{service}/Dockerfile doesn't install anything by install-packages")
    return tuple(found[1].split())


def versions(text: str) -> dict[str, str]:
    """Return versions by package, from a list.

    >>> versions("nginx 1.26.3-3\\n")
    {'nginx': '1.26.3-3'}
    """
    return dict(line.split(" ", 1) for line in text.splitlines() if _LINE.fullmatch(line))


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return what another list changes, a line each.

    >>> differences({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"})
    ['~ b 1 → 2', '- c 1', '+ d 1']
    """
    told = []
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            told.append(f"- {name} {before[name]}")
        elif name not in before:
            told.append(f"+ {name} {after[name]}")
        elif before[name] != after[name]:
            told.append(f"~ {name} {before[name]} → {after[name]}")
    return told
