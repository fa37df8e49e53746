"""GeoJSON features and TopoJSON polygons as records."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipelines.collect.json_values import dumps

GEOJSON_COLUMNS = ("_geometry_type", "_longitude", "_latitude", "_geometry")
TOPOJSON_COLUMNS = ("_ring", "_edge", "_x1", "_y1", "_x2", "_y2")
Point = tuple[float, float]


class GeometryError(ValueError):
    """The document is not the kind of geometry that it should be; the text says why."""


def geojson_records(document: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """One record a feature, with the feature's number from 1.

    Raises:
        GeometryError: not a FeatureCollection or Feature.
    """
    kind = document.get("type") if isinstance(document, dict) else None
    if kind not in ("FeatureCollection", "Feature"):
        raise GeometryError(f"type is {kind!r}, not FeatureCollection or Feature")
    features = document.get("features") if kind == "FeatureCollection" else [document]
    if not isinstance(features, list):
        raise GeometryError("'features' is not a list")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict):
            raise GeometryError(f"feature {number} is not an object")
        yield (
            number,
            {**(feature.get("properties") or {}), **_geometry(feature.get("geometry"))},
        )


def _geometry(geometry: Any) -> dict[str, Any]:
    if not isinstance(geometry, dict):
        return dict.fromkeys(GEOJSON_COLUMNS)
    found: dict[str, Any] = {
        "_geometry_type": geometry.get("type"),
        "_geometry": dumps(geometry),
    }
    place = geometry.get("coordinates")
    if geometry.get("type") == "Point" and isinstance(place, list) and len(place) >= 2:
        found["_longitude"], found["_latitude"] = place[:2]
    return found


def topojson_records(document: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """One record per polygon edge, with the feature's number from 1.

    A feature without geometry gives one record whose edge columns are NULL. The rings of a
    feature are numbered through all its polygons, and the edges of a ring along it, from 1.

    Raises:
        GeometryError: not a Topology, or a feature that is no polygon.
    """
    if not isinstance(document, dict) or document.get("type") != "Topology":
        raise GeometryError("type is not Topology")
    try:
        arcs = Arcs.decode(document)
        objects = list(document["objects"].values())
        for number, feature in enumerate(_flat(objects), 1):
            properties = feature.get("properties") or {}
            for edge in _edges(feature, arcs, number):
                yield number, {**properties, **edge}
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise GeometryError(f"the topology is incomplete: {error!r}") from error


def _flat(geometries: list[Any]) -> Iterator[dict[str, Any]]:
    for geometry in geometries:
        if geometry.get("type") == "GeometryCollection":
            yield from _flat(geometry["geometries"])
        else:
            yield geometry


def _edges(feature: dict[str, Any], arcs: Arcs, number: int) -> Iterator[dict[str, Any]]:
    kind = feature.get("type")
    if kind is None:
        yield dict.fromkeys(TOPOJSON_COLUMNS)
        return
    if kind not in ("Polygon", "MultiPolygon"):
        raise GeometryError(f"feature {number} is a {kind}, not a polygon")
    polygons = feature["arcs"] if kind == "MultiPolygon" else [feature["arcs"]]
    rings = [ring for polygon in polygons for ring in polygon]
    for ring_number, ring in enumerate(rings, 1):
        points = arcs.ring(ring)
        for edge, ((x1, y1), (x2, y2)) in enumerate(itertools.pairwise(points), 1):
            yield {
                "_ring": str(ring_number),
                "_edge": str(edge),
                "_x1": repr(x1),
                "_y1": repr(y1),
                "_x2": repr(x2),
                "_y2": repr(y2),
            }


@dataclass(frozen=True, slots=True)
class Arcs:
    """The shared lines of a topology, in degrees."""

    lines: list[list[Point]]

    @staticmethod
    def decode(document: dict[str, Any]) -> Arcs:
        """The arcs of a topology: with a `transform` they are quantised steps, else positions.

        The formula is that of the TopoJSON specification, section 2.1.2.
        """
        transform = document.get("transform")
        if transform is None:
            return Arcs([[(float(p[0]), float(p[1])) for p in arc] for arc in document["arcs"]])
        sx, sy = map(float, transform["scale"])
        tx, ty = map(float, transform["translate"])
        lines = []
        for arc in document["arcs"]:
            x = y = 0
            line: list[Point] = []
            for step in arc:
                x, y = x + int(step[0]), y + int(step[1])
                line.append((x * sx + tx, y * sy + ty))
            lines.append(line)
        return Arcs(lines)

    def ring(self, indexes: list[Any]) -> list[Point]:
        """A closed ring: arcs joined at their shared points; `~i` is arc i backwards."""
        points: list[Point] = []
        for index in map(int, indexes):
            line = self.lines[index] if index >= 0 else self.lines[~index][::-1]
            points.extend(line[1:] if points else line)
        if points and points[0] != points[-1]:
            points.append(points[0])
        return points
