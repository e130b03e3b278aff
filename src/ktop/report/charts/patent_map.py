"""A map of similar patents in groups, with the technology among them; groups differ by the shape of their marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import label, points, rect, shorten, tag, text_width

_TOP, _HEIGHT, _EDGE = 6.0, 250.0, 16.0
_SHAPES = 6


@dataclass(frozen=True, slots=True)
class MappedPatent:
    """A patent on the map: coordinates from -1 to 1, its group (None: in none), its name and similarity."""

    x: float
    y: float
    group: int | None
    name: str
    similarity: float


def patent_map(
    title: str,
    patents: Sequence[MappedPatent],
    own: tuple[float, float],
    groups: Sequence[str],
    lang: Lang,
    *,
    own_group: int | None = None,
    width: int = 360,
) -> Chart:
    """Return the map.

    Parameters
    ----------
    own : where the technology stands.
    groups : the words that name each group, in the order of their numbers.
    own_group : the group that is nearest to the technology, drawn in the stronger colour.
    """
    xs, ys = [*(p.x for p in patents), own[0]], [*(p.y for p in patents), own[1]]
    middle_x, middle_y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    # One scale for both axes: a distance means the same in every direction.
    scale = min(
        (width - 2 * _EDGE) / max(max(xs) - min(xs), 1e-6), (_HEIGHT - 2 * _EDGE) / max(max(ys) - min(ys), 1e-6)
    )

    def at(x: float, y: float) -> tuple[float, float]:
        return width / 2 + (x - middle_x) * scale, _TOP + _HEIGHT / 2 - (y - middle_y) * scale

    parts = [rect(0.5, _TOP, width - 1, _HEIGHT, kind="paper", line="grid", rx=4)]
    for place in patents:
        parts.append(_mark(*at(place.x, place.y), place.group, own_group))
    for g in range(len(groups)):
        inside = [at(p.x, p.y) for p in patents if p.group == g]
        if inside:
            parts.append(_badge(*_central(inside), str(g + 1)))
    x, y = at(*own)
    says = text("charts.own_technology", lang)
    half = text_width(says, 13) / 2
    parts.append(tag("polygon", kind="ink", line="paper", stroke_width=1.5, points=points(_star(x, y, 11.0))))
    centre, base = min(max(x, half + 4), width - half - 4), y - 15 if y > _TOP + 34 else y + 27
    around: dict[str, Any] = {
        "size": 13,
        "anchor": "middle",
        "line": "paper",
        "stroke_width": 4,
        "stroke_linejoin": "round",
    }
    parts.append(label(centre, base, says, kind="paper", **around))  # keeps the marks below away from the letters
    parts.append(label(centre, base, says, size=13, anchor="middle", font_weight=700))
    y = _TOP + _HEIGHT + 20
    for g, words in enumerate(groups):
        count = sum(p.group == g for p in patents)
        parts.append(_mark(12, y - 4, g, own_group))
        tail = f" ({count})"
        room = width - 26 - text_width(tail, 12)
        parts.append(label(24, y, shorten(f"{g + 1}. {words}", 12, room) + tail, size=12))
        y += 19
    apart = sum(p.group is None for p in patents)
    if apart:
        parts.append(_mark(12, y - 4, None, own_group))
        parts.append(label(24, y, f"{text('charts.apart', lang)} ({apart})", size=12, kind="muted"))
        y += 19
    nearest = min(patents, key=lambda p: math.hypot(p.x - own[0], p.y - own[1])) if patents else None
    description = text(
        "charts.places_says",
        lang,
        n=len(patents),
        groups=len(groups),
        nearest=nearest.name if nearest else text("charts.missing", lang),
    )
    columns = [text(f"charts.{key}", lang) for key in ("patent", "group", "similarity", "x", "y")]
    rows = [
        (
            p.name,
            text("charts.apart", lang) if p.group is None else str(p.group + 1),
            f"{p.similarity:.2f}",
            f"{p.x:.2f}",
            f"{p.y:.2f}",
        )
        for p in patents
    ]
    rows.insert(0, (says, "", "", f"{own[0]:.2f}", f"{own[1]:.2f}"))
    return drawing("patent-map", title, description, width, y - 8, parts, columns, rows)


def _mark(x: float, y: float, group: int | None, own_group: int | None) -> str:
    if group is None:
        return tag("circle", kind="paper", line="other", stroke_width=1, cx=float(x), cy=float(y), r=2.5)
    kind = "own" if group == own_group else "other"
    line_ = {"line": "paper", "stroke_width": 0.8}
    shape = group % _SHAPES
    if shape == 0:
        return tag("circle", kind=kind, cx=float(x), cy=float(y), r=4.0, **line_)
    if shape == 1:
        return rect(x - 3.6, y - 3.6, 7.2, 7.2, kind=kind, **line_)
    corners = {
        2: [(0, -5), (4.8, 3.6), (-4.8, 3.6)],
        3: [(0, -5.2), (5.2, 0), (0, 5.2), (-5.2, 0)],
        4: [(0, 5), (4.8, -3.6), (-4.8, -3.6)],
        5: [(-5, -5), (0, -1.6), (5, -5), (1.6, 0), (5, 5), (0, 1.6), (-5, 5), (-1.6, 0)],
    }[shape]
    return tag("polygon", kind=kind, points=points([(x + dx, y + dy) for dx, dy in corners]), **line_)


def _badge(x: float, y: float, says: str) -> str:
    circle = tag("circle", kind="paper", line="ink", stroke_width=1.2, cx=float(x), cy=float(y), r=9.0)
    return circle + label(x, y + 4.3, says, size=12, anchor="middle", font_weight=700)


def _central(inside: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the place of the mark with the least distance to all others of its group."""
    return min(inside, key=lambda p: sum(math.hypot(p[0] - q[0], p[1] - q[1]) for q in inside))


def _star(x: float, y: float, radius: float) -> list[tuple[float, float]]:
    corners = []
    for i in range(10):
        r = radius if i % 2 == 0 else radius * 0.45
        corners.append((x + r * math.sin(math.pi * i / 5), y - r * math.cos(math.pi * i / 5)))
    return corners
