"""The outlines of the communes as paths of an SVG: projected, on a whole-number grid, so that they stay light.

Each point is rounded by itself before paths are made of it: neighbours keep their common border to the last unit.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from numerian.reference import OURS

Point = tuple[int, int]
Ring = list[Point]

GRID = 1400
"""Units from south to north; one is about 150 m for the three départements together."""
MARGIN = 14


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
class Drawing:
    """What a map is drawn from: the view, and the path of each commune by its code."""

    view: View
    paths: dict[str, str]


def draw(inventory: Path | None, codes: Collection[str]) -> Drawing:
    """Return the drawing of all communes that are known, in a view that holds those of `codes`.

    Args:
        inventory: Whose `reference/communes.geojson` is read; this repository's when it has none.
        codes: INSEE codes; those without an outline (an EPCI, a département) are passed over.
    """
    file = (inventory or OURS.parent) / "reference" / "communes.geojson"
    shapes = _read((file if file.is_file() else OURS / file.name).resolve())
    shown = [shapes[code] for code in sorted(codes) if code in shapes] or list(shapes.values())
    view = _view(point for rings in shown for ring in rings for point in ring)
    paths = {code: path(ring_on(view, ring) for ring in rings) for code, rings in shapes.items()}
    return Drawing(view, paths)


def emblem(inventory: Path | None, code: str, size: int = 96) -> str:
    """Return one commune's outline as a path in a square of `size`, or "" when it has none."""
    file = (inventory or OURS.parent) / "reference" / "communes.geojson"
    rings = _read((file if file.is_file() else OURS / file.name).resolve()).get(code)
    if not rings:
        return ""
    view = _view((point for ring in rings for point in ring), size - 2 * MARGIN)
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


def _view(points: Iterable[tuple[float, float]], grid: int = GRID) -> View:
    longitudes, latitudes = zip(*points, strict=True)
    west, east, south, north = min(longitudes), max(longitudes), min(latitudes), max(latitudes)
    shrink = math.cos(math.radians((south + north) / 2))
    scale = grid / max(north - south, (east - west) * shrink)
    width, height = round((east - west) * shrink * scale), round((north - south) * scale)
    return View(west, north, scale, shrink, width + 2 * MARGIN, height + 2 * MARGIN)


@lru_cache(maxsize=2)
def _read(file: Path) -> dict[str, list[list[tuple[float, float]]]]:
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
