"""The outlines of the communes as paths of an SVG: projected, on a whole-number grid, so that they stay light.

Each point is rounded by itself before paths are made of it: neighbours keep their common border to the last unit.
A few members that lie far north or south of all others are drawn in a box in a free corner, at the same scale:
otherwise most of the map would be the way to them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from numerian.reference import OURS

Point = tuple[int, int]
Ring = list[Point]
Place = tuple[float, float]
"""Longitude and latitude."""
Shapes = dict[str, list[list[Place]]]

GRID = 900
"""Units along the longer side; one is about 150 m for the three départements together."""
MARGIN = 14
BOX = 36
"""Units around those who are drawn in a box."""
WIDE = 1 / 6
"""Of the height of all: a band without anybody that is wider than that parts the map."""
FEW = 1 / 20
"""Of all: so many may be drawn in a box."""


@dataclass(frozen=True)
class View:
    """Where degrees go on the grid. North is up, and a kilometre is as long in both directions in the middle of it."""

    west: float
    north: float
    scale: float
    shrink: float
    width: int
    height: int

    def point(self, longitude: float, latitude: float) -> Point:
        """Return the grid's point of a place."""
        x = (longitude - self.west) * self.shrink * self.scale
        return round(x) + MARGIN, round((self.north - latitude) * self.scale) + MARGIN


@dataclass(frozen=True)
class Inset:
    """The box of those who lie apart: where it stands on the grid, whom it shows, in a view of its own."""

    x: int
    y: int
    width: int
    height: int
    northern: bool
    view: View
    codes: frozenset[str]


@dataclass(frozen=True)
class Drawing:
    """What a map is drawn from: the view, the path of each commune by its code, and the box of those who lie apart."""

    view: View
    paths: dict[str, str]
    inset: Inset | None = None

    def point(self, code: str, longitude: float, latitude: float) -> Point:
        """Return the grid's point of a place of a commune."""
        return self.view_of(code).point(longitude, latitude)

    def view_of(self, code: str) -> View:
        """Return the view in which a commune is drawn."""
        return self.inset.view if self.inset and code in self.inset.codes else self.view


def draw(inventory: Path | None, codes: Collection[str]) -> Drawing:
    """Return the drawing of all communes that are known, in a view that holds those of `codes`.

    Args:
        inventory: Whose `reference/communes.geojson` is read; this repository's when it has none.
        codes: INSEE codes; those without an outline (an EPCI, a département) are passed over.
    """
    file = (inventory or OURS.parent) / "reference" / "communes.geojson"
    shapes = _read((file if file.is_file() else OURS / file.name).resolve())
    shown = {code: shapes[code] for code in sorted(codes) if code in shapes} or shapes
    drawing = _composed(shown)
    paths = {code: path(ring_on(drawing.view_of(code), ring) for ring in rings) for code, rings in shapes.items()}
    return replace(drawing, paths=paths)


def _composed(shown: Shapes) -> Drawing:
    """Return the view of all, or that of nearly all with a box for the few others, where a corner is free for it."""
    apart, northern = _apart(shown)
    view = _view(_points(rings for code, rings in shown.items() if code not in apart))
    if not apart:
        return Drawing(view, {})
    west, east, south, north = _bounds(_points(shown[code] for code in apart))
    across = view.shrink * view.scale
    width, height = round((east - west) * across) + 2 * BOX, round((north - south) * view.scale) + 2 * BOX
    taken = [view.point(*place) for place in _points(rings for code, rings in shown.items() if code not in apart)]
    for x in (0, view.width - width):
        for y in (0, view.height - height) if northern else (view.height - height, 0):
            if not any(x <= right <= x + width and y <= down <= y + height for right, down in taken):
                corner = (west - (x + BOX - MARGIN) / across, north + (y + BOX - MARGIN) / view.scale)
                mine = replace(view, west=corner[0], north=corner[1])
                return Drawing(view, {}, Inset(x, y, width, height, northern, mine, apart))
    return Drawing(_view(_points(shown.values())), {})


def _apart(shown: Shapes) -> tuple[frozenset[str], bool]:
    """Return the few who lie beyond the widest band from west to east without anybody, and whether north of it."""
    bounds = {code: _bounds(_points([rings])) for code, rings in shown.items()}
    order = sorted(bounds, key=lambda code: bounds[code][2])
    tops = list(accumulate((bounds[code][3] for code in order), max))
    gaps = [(bounds[code][2] - top, at) for at, (code, top) in enumerate(zip(order[1:], tops, strict=False), 1)]
    gap, at = max(gaps, default=(0.0, 0))
    if not order or gap < WIDE * (tops[-1] - bounds[order[0]][2]):
        return frozenset(), False
    few, northern = (order[at:], True) if at > len(order) / 2 else (order[:at], False)
    return (frozenset(few), northern) if len(few) <= FEW * len(order) else (frozenset(), False)


def emblem(inventory: Path | None, code: str, size: int = 96) -> str:
    """Return one commune's outline as a path in a square of `size`, or "" when it has none."""
    file = (inventory or OURS.parent) / "reference" / "communes.geojson"
    rings = _read((file if file.is_file() else OURS / file.name).resolve()).get(code)
    if not rings:
        return ""
    view = _view(_points([rings]), size - 2 * MARGIN)
    return path(ring_on(view, ring) for ring in rings)


def ring_on(view: View, ring: Iterable[tuple[float, float]]) -> Ring:
    """Return a ring's points on the grid, without those that fall together."""
    points: Ring = []
    for longitude, latitude in ring:
        point = view.point(longitude, latitude)
        if not points or point != points[-1]:
            points.append(point)
    return points[:-1] if len(points) > 1 and points[0] == points[-1] else points


def path(rings: Iterable[Ring]) -> str:
    """Return rings as the `d` of a path: absolute where one begins, relative from there.

    >>> path([[(0, 0), (10, 0), (10, 5)]])
    'M0 0h10v5z'
    """
    return "".join("".join(_steps(ring)) for ring in rings if len(ring) > 2)


def _steps(ring: Ring) -> Iterator[str]:
    x, y = ring[0]
    yield f"M{x} {y}"
    for right, down in ring[1:]:
        across, along = right - x, down - y
        if along == 0:
            yield f"h{across}"
        elif across == 0:
            yield f"v{along}"
        else:
            yield f"l{across}{'' if along < 0 else ' '}{along}"
        x, y = right, down
    yield "z"


def _points(shapes: Iterable[Iterable[Iterable[Place]]]) -> list[Place]:
    return [place for rings in shapes for ring in rings for place in ring]


def _bounds(places: Iterable[Place]) -> tuple[float, float, float, float]:
    """Return west, east, south and north."""
    longitudes, latitudes = zip(*places, strict=True)
    return min(longitudes), max(longitudes), min(latitudes), max(latitudes)


def _view(places: Iterable[Place], grid: int = GRID) -> View:
    west, east, south, north = _bounds(places)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = grid / max(north - south, (east - west) * shrink)
    width, height = round((east - west) * shrink * scale), round((north - south) * scale)
    return View(west, north, scale, shrink, width + 2 * MARGIN, height + 2 * MARGIN)


@lru_cache(maxsize=2)
def _read(file: Path) -> Shapes:
    """Return the rings of each commune by code; a MultiPolygon's inner rings are rings as well (even-odd filling)."""
    features: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["features"]
    return {
        feature["properties"]["code"]: [
            [(longitude, latitude) for longitude, latitude, *_ in ring]
            for polygon in feature["geometry"]["coordinates"]
            for ring in polygon
        ]
        for feature in features
    }
