"""The portrait's files: from an inventory to texts by relative path. The same inventory gives the same bytes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from numerian.kept import kept
from numerian.model import Inventory, Member
from numerian.portrait import outlines
from numerian.portrait.facts import LEVELS, SERVICES, Place, Portrait, count, places, portraits
from numerian.rendering import TEMPLATES, Target, Written, render
from numerian.rpnt import RULES, State, evaluate
from numerian.rpnt.criteria import REFERENCE, VERSION
from numerian.rpnt.report import Verdict, counted
from numerian.wording import number, typographic

VERBATIM = ("portrait.css", "portrait.js")
_LABELS = 9
_LABEL_ROOM = (190, 44)
"""Grid units that a town's name takes on the map: two that stand nearer would overlap."""


def pages(inventory: Inventory, folder: Path | None = None, used_kb: Mapping[str, int] | None = None) -> dict[str, str]:
    """Return the portrait's files.

    Args:
        inventory: All of it.
        folder: The inventory's, for the communes' outlines.
        used_kb: What was measured of each member's files, by code (`numerian site room --json`).
    """
    found = portraits(inventory, used_kb or {})
    common = {"platform": typographic(inventory.platform.name), "version": VERSION, "reference": REFERENCE}
    files = {name: (TEMPLATES / "portrait" / name).read_text(encoding="utf-8") for name in VERBATIM}
    files["index.html"] = _index(inventory, folder, found, common)
    for one in found:
        files[f"membres/{one.code}.html"] = render(
            "portrait/member.html.j2",
            Target.HTML,
            member=one,
            site=[line for line in one.lines if line.number.startswith("1.")],
            mail=[line for line in one.lines if line.number.startswith("2.")],
            emblem=Written(outlines.emblem(folder, one.code)),
            root="../",
            **common,
        )
    return files


def _index(inventory: Inventory, folder: Path | None, found: Sequence[Portrait], common: Mapping[str, str]) -> str:
    drawing = outlines.draw(folder, {one.code for one in found})
    mine = [(one, Written(drawing.paths[one.code])) for one in found if one.code in drawing.paths]
    codes = {one.code for one, _ in mine}
    others = "".join(shape for code, shape in drawing.paths.items() if code not in codes)
    datacenters = {name: typographic(each.label) for name, each in sorted(inventory.datacenters.items())}
    communes = [member for member in inventory.members if member.kind == "commune"]
    keys = {
        "service": count(found, "service", SERVICES),
        "datacenter": count(found, "datacenter", datacenters),
        "level": count(found, "level", {level.value: words for level, words in LEVELS.items()}),
    }
    return render(
        "portrait/index.html.j2",
        Target.HTML,
        members=found,
        shapes=[{"member": one, "d": shape} for one, shape in mine],
        others=Written(others),
        width=drawing.view.width,
        height=drawing.view.height,
        inset=drawing.inset,
        apart=[one for one in found if drawing.inset and one.code in drawing.inset.codes],
        labels=_labels(communes, drawing, codes),
        without_outline=[one for one in found if one.code not in codes],
        modes=[
            {"name": name, "words": words, "key": [_key(*entry) for entry in keys[name]]}
            for name, words in (("service", "Service"), ("datacenter", "Centre"), ("level", "Conformité"))
        ],
        colours={name: at for at, name in enumerate(datacenters)},
        figures=_figures(inventory, communes, found),
        places=[_place(place) for place in places(inventory)],
        criteria=_criteria(inventory.members),
        root="",
        **common,
    )


def _key(value: str, words: str, members: int) -> dict[str, str]:
    return {"value": value, "words": words, "number": number(members)}


def _figures(inventory: Inventory, communes: Sequence[Member], found: Sequence[Portrait]) -> list[dict[str, str]]:
    served = sum(1 for member in inventory.members if member.site is not None and member.served)
    conform = sum(1 for one in found if one.level in ("full", "essential"))
    figures = (
        (len(found), "membres"),
        (sum(member.population for member in communes), "habitants dans les communes membres"),
        (served, "sites servis"),
        (conform, "sites conformes à l’essentiel du RPNT"),
    )
    return [{"number": number(value), "words": words} for value, words in figures]


def _labels(communes: Sequence[Member], drawing: outlines.Drawing, codes: set[str]) -> list[dict[str, str | int]]:
    """Return the names of the largest communes, as far as they have room on the map."""
    placed: list[tuple[int, int]] = []
    labels: list[dict[str, str | int]] = []
    for member in sorted(communes, key=lambda member: (-member.population, member.code)):
        x, y = drawing.point(member.code, member.longitude, member.latitude)
        near = any(abs(x - other) < _LABEL_ROOM[0] and abs(y - along) < _LABEL_ROOM[1] for other, along in placed)
        if member.code in codes and not near:
            placed.append((x, y))
            labels.append({"x": x, "y": y, "name": typographic(member.name)})
        if len(labels) == _LABELS:
            break
    return labels


def _place(place: Place) -> dict[str, object]:
    return {
        "datacenter": place.datacenter,
        "server": place.name,
        "members": number(place.members),
        "meters": place.meters,
    }


def _criteria(members: Sequence[Member]) -> list[dict[str, str | int]]:
    """Return a line for each criterion of the sites: how many members stand how, in numbers and in shares."""
    verdicts = [Verdict(member, evaluate(kept(member))) for member in members]
    lines: list[dict[str, str | int]] = []
    for rule, states in zip(RULES, counted(verdicts), strict=True):
        if rule.service == "site":
            shares = {f"{state}_share": states[state] * 1000 // len(members) if members else 0 for state in State}
            numbers = {state.value: number(states[state]) for state in State}
            lines.append({"number": rule.id, "title": rule.french, "level": rule.level, **numbers, **shares})
    return lines
