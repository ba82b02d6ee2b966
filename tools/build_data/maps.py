"""Outlines for maps: countries and US states, as SVG paths in small files.

From the npm packages world-atlas 2.0.2 (countries at 1:110 million, Natural Earth) and us-atlas 3.0.1 (states at 1:10
million, US Census Bureau, projected to Albers by its maker). They are not among the raw sources: `npm pack
world-atlas@2.0.2 us-atlas@3.0.1`, unpack, and give `--atlas FOLDER` with `countries-110m.json` and
`states-albers-10m.json`. Without it the builder says so and leaves what ships as it is.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.build_data.common import DATA, read_rows

OUT = DATA / "maps"
#: FIPS code of a state → its postal code.
STATES = {
    "01": "AL", "02": "AK", "04": "AZ", "05": "AR", "06": "CA", "08": "CO", "09": "CT", "10": "DE", "11": "DC",
    "12": "FL", "13": "GA", "15": "HI", "16": "ID", "17": "IL", "18": "IN", "19": "IA", "20": "KS", "21": "KY",
    "22": "LA", "23": "ME", "24": "MD", "25": "MA", "26": "MI", "27": "MN", "28": "MS", "29": "MO", "30": "MT",
    "31": "NE", "32": "NV", "33": "NH", "34": "NJ", "35": "NM", "36": "NY", "37": "NC", "38": "ND", "39": "OH",
    "40": "OK", "41": "OR", "42": "PA", "44": "RI", "45": "SC", "46": "SD", "47": "TN", "48": "TX", "49": "UT",
    "50": "VT", "51": "VA", "53": "WA", "54": "WV", "55": "WI", "56": "WY",
}  # fmt: skip
WIDTH = 800.0
Point = tuple[float, float]


def equal_earth(lon: float, lat: float) -> Point:
    """x, y on the unit sphere: Šavrič, Patterson & Jenny (2019), Int. J. of Geographical Information Science 33(3)."""
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    m = math.sqrt(3) / 2
    t = math.asin(m * math.sin(math.radians(lat)))
    x = math.radians(lon) * math.cos(t) / (m * (a1 + 3 * a2 * t**2 + t**6 * (7 * a3 + 9 * a4 * t**2)))
    return x, -(t * (a1 + a2 * t**2 + t**6 * (a3 + a4 * t**2)))


def rings(topology: dict[str, Any], geometry: dict[str, Any]) -> list[list[Point]]:
    """Rings of a TopoJSON geometry in its coordinates."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]

    def arc(index: int) -> list[Point]:
        x = y = 0
        points = []
        for dx, dy in topology["arcs"][index if index >= 0 else ~index]:
            x, y = x + dx, y + dy
            points.append((x * scale[0] + shift[0], y * scale[1] + shift[1]))
        return points if index >= 0 else points[::-1]

    def ring(indices: list[int]) -> list[Point]:
        points: list[Point] = []
        for i in indices:
            part = arc(i)
            points += part[1:] if points else part
        return points

    polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
    return [ring(r) for polygon in polygons for r in polygon]


def within_180(ring: list[Point]) -> list[list[Point]]:
    """A ring in longitude and latitude, cut where it crosses the antimeridian."""
    open_ring = [ring[0]]
    for lon, lat in ring[1:]:
        turn = round((open_ring[-1][0] - lon) / 360)
        open_ring.append((lon + 360 * turn, lat))
    if all(-180 <= lon <= 180 for lon, _ in open_ring):
        return [open_ring]
    shifted = [[(lon + move, lat) for lon, lat in open_ring] for move in (-360, 0, 360)]
    return [part for r in shifted if len(part := clip(clip(r, 180, 1), -180, -1)) > 2]


def clip(ring: list[Point], edge: float, side: int) -> list[Point]:
    """The part of a ring on one side of a meridian (Sutherland & Hodgman 1974)."""
    kept: list[Point] = []
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        inside0, inside1 = side * x0 <= side * edge, side * x1 <= side * edge
        if inside0:
            kept.append((x0, y0))
        if inside0 != inside1:
            share = (edge - x0) / (x1 - x0)
            kept.append((edge, y0 + share * (y1 - y0)))
    return kept


def path(lines: list[list[Point]], place: Callable[[Point], Point], digits: int) -> str:
    """An SVG path; points that round to the one before are left out, and rings of fewer than three."""
    parts = []
    for line in lines:
        kept: list[str] = []
        for point in line:
            x, y = place(point)
            text = f"{x:.{digits}f},{y:.{digits}f}"
            if not kept or kept[-1] != text:
                kept.append(text)
        if len(kept) > 3:
            parts.append("M" + "L".join(kept[:-1] if kept[0] == kept[-1] else kept) + "Z")
    return "".join(parts)


def world(topology: dict[str, Any]) -> dict[str, Any]:
    """Countries by ISO alpha-3 code."""
    codes = {int(r["m49"]): r["iso3"] for r in read_rows(DATA / "trade" / "countries.csv") if r["m49"].isdigit()}
    scale = WIDTH / (2 * equal_earth(180, 0)[0])
    top = equal_earth(0, 84)[1] * scale

    def place(point: Point) -> Point:
        x, y = equal_earth(*point)
        return x * scale + WIDTH / 2, y * scale - top

    shapes = {}
    for g in topology["objects"]["countries"]["geometries"]:
        code = codes.get(int(g.get("id", -1)))
        if code and g["properties"]["name"] != "Antarctica":
            cut = [part for ring in rings(topology, g) for part in within_180(ring)]
            shapes[code] = path(cut, place, 1)
    height = place((0, -57))[1]
    return {"size": [WIDTH, round(height, 1)], "shapes": dict(sorted(shapes.items()))}


def states(topology: dict[str, Any]) -> dict[str, Any]:
    """US states by postal code; the source is projected already."""
    # The Aleutians reach beyond the frame of 975 by 610 that the source is drawn for.
    left, top, right, bottom = topology["bbox"]
    scale = WIDTH / (right - left)

    def place(point: Point) -> Point:
        return (point[0] - left) * scale, (point[1] - top) * scale

    found = {
        STATES[g["id"]]: path(rings(topology, g), place, 0)
        for g in topology["objects"]["states"]["geometries"] if g["id"] in STATES
    }  # fmt: skip
    return {"size": [WIDTH, round((bottom - top) * scale)], "shapes": dict(sorted(found.items()))}


def run(sources: Path, arguments: list[str]) -> None:
    """Write both files."""
    del sources
    parser = argparse.ArgumentParser(prog="python -m tools.build_data maps", description=__doc__)
    parser.add_argument("--atlas", type=Path, default=None)
    options = parser.parse_args(arguments)
    if options.atlas is None:
        print("maps: the outlines come from npm packages; give --atlas FOLDER. What ships stays as it is.")
        return
    OUT.mkdir(parents=True, exist_ok=True)
    notes = {
        "world": ("world-atlas 2.0.2", "Natural Earth (public domain), 1:110 million; Equal Earth projection"),
        "us_states": ("us-atlas 3.0.1", "US Census Bureau (public domain), 1:10 million; Albers"),
    }
    files = {"world": "countries-110m.json", "us_states": "states-albers-10m.json"}
    for name, make in (("world", world), ("us_states", states)):
        topology = json.loads((options.atlas / files[name]).read_text(encoding="utf-8"))
        made = make(topology)
        package, origin = notes[name]
        meta = {
            "source": origin,
            "through": f"{package} (ISC licence, Michael Bostock)",
            "build": "python -m tools.build_data maps",
        }
        text = json.dumps({**meta, **made}, ensure_ascii=False, separators=(",", ":"))
        (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name}.json: {len(made['shapes'])} shapes, {len(text) / 1e3:.0f} kB")
