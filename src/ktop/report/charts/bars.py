"""Horizontal bars: one measure of several things, or two subjects side by side."""

from __future__ import annotations

from collections.abc import Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import label, line, rect, shorten, wrap


def bars(
    title: str,
    rows: Sequence[tuple[str, float | None]],
    lang: Lang,
    *,
    top: float | None = None,
    digits: int = 0,
    value_label: str | None = None,
    unit: str = "",
    width: int = 360,
) -> Chart:
    """Return one horizontal bar a row (label, value >= 0 or None); ``top`` ends the scale (default: the largest)."""
    scale = top or max([v for _, v in rows if v is not None and known(v)] + [1e-9])
    parts: list[str] = []
    y, pitch = 4.0, 44.0
    for name, value in rows:
        says = shown(value, lang, digits, missing="charts.no_score") + (unit if known(value) else "")
        parts.append(label(0, y + 13, shorten(name, 13, width - 70), size=13))
        parts.append(label(width, y + 13, says, size=14, anchor="end", font_weight=700))
        parts.append(rect(0, y + 20, width, 12, kind="track", rx=2))
        if value is not None and known(value) and value > 0:
            parts.append(rect(0, y + 20, max(width * min(value / scale, 1.0), 1.5), 12, kind="own", rx=2))
        elif not known(value):
            parts.append(line(0, y + 26, width, y + 26, line="other", stroke_width=2, stroke_dasharray="4 5"))
        y += pitch
    table = [
        (name, shown(value, lang, digits, missing="charts.not_given") + (unit if known(value) else ""))
        for name, value in rows
    ]
    description = text("charts.bars_says", lang, figures=", ".join(" ".join(row) for row in table))
    columns = (text("charts.item", lang), value_label or text("charts.score", lang))
    return drawing("bars", title, description, width, y, parts, columns, table)


def side_by_side(
    title: str,
    rows: Sequence[tuple[str, float | None, float | None]],
    names: tuple[str, str],
    lang: Lang,
    *,
    top: float = 100.0,
    digits: int = 1,
    width: int = 360,
) -> Chart:
    """Return two bars a row (label, first subject's value, second's), on one scale from 0 to ``top``.

    The first subject's bars are filled, the second's outlined, so that they differ without colour.
    """
    parts: list[str] = []
    legend = [shorten(name, 13, width / 2 - 34) for name in names]
    parts.append(rect(0, 5, 16, 12, kind="own", rx=2))
    parts.append(label(22, 16, legend[0], size=13))
    parts.append(rect(width / 2 + 1, 6, 14, 10, kind="paper", line="other", stroke_width=2, rx=2))
    parts.append(label(width / 2 + 22, 16, legend[1], size=13))
    y, figure = 40.0, 58.0
    for name, first, second in rows:
        for row in wrap(name, 13, width, 1):
            parts.append(label(0, y, row, size=13))
        for k, value in enumerate((first, second)):
            at = y + 8 + 19 * k
            says = shown(value, lang, digits, missing="charts.no_score")
            parts.append(label(width, at + 12, says, size=13, anchor="end", font_weight=700 if k == 0 else None))
            if value is None or not known(value):
                parts.append(
                    line(0, at + 7, width - figure, at + 7, line="other", stroke_width=2, stroke_dasharray="4 5")
                )
                continue
            length = max((width - figure) * min(max(value, 0.0) / top, 1.0), 2.0)
            if k == 0:
                parts.append(rect(0, at, length, 14, kind="own", rx=2))
            else:
                parts.append(rect(1, at + 1, max(length - 2, 1), 12, kind="paper", line="other", stroke_width=2, rx=2))
        y += 70
    table = [
        (name, *(shown(v, lang, digits, missing="charts.not_given") for v in (first, second)))
        for name, first, second in rows
    ]
    figures = ", ".join(f"{name} {first} / {second}" for name, first, second in table)
    description = text("charts.side_by_side_says", lang, a=names[0], b=names[1], figures=figures)
    columns = (text("charts.item", lang), *names)
    return drawing("side-by-side", title, description, width, y - 16, parts, columns, table)
