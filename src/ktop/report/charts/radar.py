"""Radar of a few 0-100 scores, with a second subject laid over it where there is one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import label, line, points, rect, tag, wrap

_WIDTH, _HEIGHT = 360, 316
_CX, _CY = 180.0, 152.0


def radar(
    title: str,
    axes: Sequence[tuple[str, float | None]],
    lang: Lang,
    *,
    name: str | None = None,
    other: Sequence[float | None] | None = None,
    other_name: str | None = None,
) -> Chart:
    """Return a radar of ``axes`` (label, score 0-100 or None). ``other`` holds a second subject's scores, same order.

    A missing score leaves a gap in the outline and is named as missing at its axis; it is never drawn at the centre.
    """
    count = len(axes)
    # Two figures at an axis need more room beside the web than one.
    radius, figure_size = (98.0, 13) if other is None else (88.0, 12)
    angles = [-math.pi / 2 + 2 * math.pi * i / count for i in range(count)]

    def at(i: int, score: float) -> tuple[float, float]:
        reach = radius * min(max(score, 0.0), 100.0) / 100
        return _CX + reach * math.cos(angles[i]), _CY + reach * math.sin(angles[i])

    parts = []
    for ring in (25, 50, 75, 100):
        outline = points(at(i, ring) for i in range(count))
        parts.append(tag("polygon", points=outline, fill="none", line="grid", stroke_width=1.5 if ring == 100 else 1))
    for i in range(count):
        parts.append(line(_CX, _CY, *at(i, 100), line="grid", stroke_width=1))
    parts.append(label(_CX + radius / 2, _CY + 12, "50", size=10, anchor="middle", kind="muted"))

    first = [value for _, value in axes]
    second = list(other) if other is not None else None
    if second is not None:
        parts += _outline(second, at, "other", dashed=True)
    parts += _outline(first, at, "own", dashed=False)

    for i, (axis, value) in enumerate(axes):
        x, y = at(i, 100)
        side = math.cos(angles[i])
        anchor = "middle" if abs(side) < 0.3 else ("start" if side > 0 else "end")
        x += 8 * side
        figures = shown(value, lang, missing="charts.no_score")
        if second is not None:
            figures += f" / {shown(second[i], lang, missing='charts.no_score')}"
        names = wrap(axis, 13, 76 if anchor != "middle" else 240)
        height = 16 * len(names)
        if anchor == "middle":
            top = y - 8 - height if y < _CY else y + 18
        else:
            top = y - height / 2
        for k, row in enumerate(names):
            parts.append(label(x, top + 16 * k, row, size=13, anchor=anchor))
        parts.append(label(x, top + height, figures, size=figure_size, anchor=anchor, font_weight=700))
    columns = [text("charts.item", lang), name or text("charts.score", lang)]
    rows = [[axis, shown(value, lang, missing="charts.not_given")] for axis, value in axes]
    if second is not None:
        columns.append(other_name or text("charts.other", lang))
        rows = [[*row, shown(value, lang, missing="charts.not_given")] for row, value in zip(rows, second, strict=True)]
        parts += _legend(name or text("charts.own", lang), other_name or text("charts.other", lang))
    figures_text = ", ".join(" ".join([*row[:1], " / ".join(row[1:])]) for row in rows)
    description = text("charts.radar_says", lang, figures=figures_text)
    return drawing("radar", title, description, _WIDTH, _HEIGHT, parts, columns, rows)


def _outline(values: list[float | None], at, role: str, *, dashed: bool) -> list[str]:  # type: ignore[no-untyped-def]
    """Draw one subject: a filled polygon where every score is known, else only the sides between known neighbours."""
    count = len(values)
    corners = {i: at(i, value) for i, value in enumerate(values) if value is not None and known(value)}
    dash = "5 4" if dashed else None
    parts = []
    if len(corners) == count:
        outline = points(corners[i] for i in range(count))
        parts.append(tag("polygon", kind=role, points=outline, fill_opacity=0.06 if dashed else 0.16))
    for i, corner in corners.items():
        following = (i + 1) % count
        if following in corners:
            parts.append(
                line(
                    *corner,
                    *corners[following],
                    line=role,
                    stroke_width=2.5,
                    stroke_dasharray=dash,
                    stroke_linecap="round",
                )
            )
    for x, y in corners.values():
        if dashed:
            parts.append(rect(x - 4, y - 4, 8, 8, kind="paper", line=role, stroke_width=2))
        else:
            parts.append(tag("circle", kind=role, cx=x, cy=y, r=4.5))
    return parts


def _legend(name: str, other_name: str) -> list[str]:
    y = _HEIGHT - 8.0
    names = [wrap(n, 13, 138, 1)[0] if n else "" for n in (name, other_name)]
    return [
        line(8, y - 4, 30, y - 4, line="own", stroke_width=2.5),
        tag("circle", kind="own", cx=19.0, cy=y - 4, r=4.5),
        label(36, y, names[0], size=13),
        line(186, y - 4, 208, y - 4, line="other", stroke_width=2.5, stroke_dasharray="5 4"),
        rect(193, y - 8, 8, 8, kind="paper", line="other", stroke_width=2),
        label(214, y, names[1], size=13),
    ]
