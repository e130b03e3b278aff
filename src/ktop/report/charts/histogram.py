"""Histogram of many subjects with one subject's own place: positions among others, and similarities to neighbours."""

from __future__ import annotations

from collections.abc import Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import label, line, points, rect, tag, text_width

_LEFT, _RIGHT, _TOP, _FLOOR = 12.0, 12.0, 44.0, 150.0


def histogram(
    title: str,
    edges: Sequence[float],
    counts: Sequence[float],
    value: float | None,
    lang: Lang,
    *,
    own_label: str | None = None,
    axis_label: str | None = None,
    digits: int = 0,
    width: int = 360,
    kind: str = "histogram",
    behind: Sequence[float] | None = None,
    names: tuple[str, str] | None = None,
) -> Chart:
    """Return a histogram with ``len(edges) - 1`` bars and a pin at ``value``.

    Parameters
    ----------
    edges : ascending bin edges; the last bin includes its upper edge.
    counts : how many others fall into each bin, same order.
    value : the subject's own place on the axis; None draws no pin and says so in the description.
    own_label : text at the pin, e.g. "72.1, top 18 %"; by default the value.
    digits : decimals of the axis figures.
    behind : counts of another distribution in the same bins, drawn as an outline of the same greatest height.
    names : what the bars and the outline count, for the legend; needed with ``behind``.
    """
    if len(edges) != len(counts) + 1 or (behind is not None and len(behind) != len(counts)):
        raise ValueError("a histogram needs one more edge than it has counts")
    low, high = float(edges[0]), float(edges[-1])
    plot = width - _LEFT - _RIGHT

    def x_of(v: float) -> float:
        return _LEFT + plot * (min(max(v, low), high) - low) / (high - low)

    tallest = max([*counts, 1])
    own_bin = None
    if value is not None and known(value):
        own_bin = next((i for i in range(len(counts)) if value < edges[i + 1]), len(counts) - 1)
    parts = []
    for i, count in enumerate(counts):
        left, right = x_of(edges[i]), x_of(edges[i + 1])
        tall = (_FLOOR - _TOP) * count / tallest
        if count:
            parts.append(
                rect(
                    left + 0.75,
                    _FLOOR - tall,
                    max(right - left - 1.5, 0.5),
                    tall,
                    kind="own" if i == own_bin else "soft",
                )
            )
    if behind is not None:
        parts.append(_outline([x_of(e) for e in edges], behind))
    parts.append(line(_LEFT, _FLOOR, width - _RIGHT, _FLOOR, line="other", stroke_width=1.5))
    ticks = 5
    for i in range(ticks):
        v = low + (high - low) * i / (ticks - 1)
        anchor = "start" if i == 0 else "end" if i == ticks - 1 else "middle"
        parts.append(label(x_of(v), _FLOOR + 17, shown(v, lang, digits), size=12, anchor=anchor, kind="muted"))
    if axis_label:
        parts.append(label(width / 2, _FLOOR + 36, axis_label, size=12, anchor="middle", kind="muted"))
    total = sum(counts)
    if value is not None and own_bin is not None:
        x = x_of(value)
        says = own_label or shown(value, lang, max(digits, 1))
        half = text_width(says, 14) / 2
        centre = min(max(x, half + 2), width - half - 2)
        parts.append(line(x, 26, x, _FLOOR, line="ink", stroke_width=2))
        parts.append(tag("polygon", kind="ink", points=points([(x - 6, 24), (x + 6, 24), (x, 33)])))
        parts.append(label(centre, 16, says, size=14, anchor="middle", font_weight=700))
        description = text("charts.histogram_says", lang, n=f"{total:,.0f}", own=says)
    else:
        description = text("charts.histogram_without_own", lang, n=f"{total:,.0f}")
    height = _FLOOR + (44 if axis_label else 26)
    columns = [axis_label or text("charts.range", lang), names[0] if names else text("charts.count", lang)]
    if behind is not None and names is not None:
        parts += _legend(names, height + 8)
        height += 20
        columns.append(names[1])
    rows = []
    for i, count in enumerate(counts):
        row = [f"{shown(edges[i], lang, digits)} – {shown(edges[i + 1], lang, digits)}", f"{count:,.0f}"]
        if behind is not None:
            row.append(f"{behind[i]:,.0f}")
        if own_bin is not None:
            row.append(text("charts.own_here", lang) if i == own_bin else "")
        rows.append(row)
    if own_bin is not None:
        columns.append(text("charts.own", lang))
    return drawing(kind, title, description, width, height, parts, columns, rows)


def _outline(x: Sequence[float], counts: Sequence[float]) -> str:
    tallest = max([*counts, 1])
    corners = [(x[0], _FLOOR)]
    for i, count in enumerate(counts):
        y = _FLOOR - (_FLOOR - _TOP) * count / tallest
        corners += [(x[i], y), (x[i + 1], y)]
    corners.append((x[-1], _FLOOR))
    return tag("polyline", points=points(corners), fill="none", line="other", stroke_width=1.5, stroke_dasharray="4 2")


def _legend(names: tuple[str, str], y: float) -> list[str]:
    second = _LEFT + text_width(names[0], 12) + 44
    return [
        rect(_LEFT, y - 9, 12, 10, kind="soft"),
        label(_LEFT + 18, y, names[0], size=12, kind="muted"),
        line(second, y - 4, second + 18, y - 4, line="other", stroke_width=1.5, stroke_dasharray="4 2"),
        label(second + 24, y, names[1], size=12, kind="muted"),
    ]
