"""Yearly trend as columns with their counts; a year that is not over yet is drawn open."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import label, line, rect, text_width

_TOP, _FLOOR = 26.0, 150.0


def trend(
    title: str,
    years: Sequence[int],
    counts: Sequence[float | None],
    lang: Lang,
    *,
    incomplete_from: int | None = None,
    value_label: str | None = None,
    digits: int = 0,
    width: int = 360,
) -> Chart:
    """Return one column a year. A None count is named missing; years from ``incomplete_from`` on are drawn open."""
    tallest = max([c for c in counts if c is not None and known(c)] + [1e-9])
    pitch = (width - 8) / max(len(years), 1)
    wide = min(pitch * 0.72, 40.0)
    widest = max([text_width(shown(c, lang, digits), 11) for c in counts if known(c)] + [1.0])
    every_figure = math.ceil((widest + 2) / pitch)
    every_year = math.ceil(34 / pitch)
    parts = []
    rows = []
    heights = [c if c is not None and known(c) else -1.0 for c in counts]
    peak = heights.index(max(heights)) if heights else 0
    for i, (year, count) in enumerate(zip(years, counts, strict=True)):
        centre = 4 + pitch * (i + 0.5)
        is_open = incomplete_from is not None and year >= incomplete_from
        says = shown(count, lang, digits)
        if count is None or not known(count):
            parts.append(label(centre, _FLOOR - 5, "?", size=12, anchor="middle", kind="muted"))
        else:
            tall = (_FLOOR - _TOP) * count / tallest
            if is_open and count:
                parts.append(
                    rect(
                        centre - wide / 2 + 1,
                        _FLOOR - tall,
                        wide - 2,
                        tall,
                        kind="paper",
                        line="own",
                        stroke_width=1.5,
                        stroke_dasharray="3 2",
                    )
                )
            elif count:
                parts.append(rect(centre - wide / 2, _FLOOR - tall, wide, tall, kind="own"))
            if i == peak or ((len(years) - 1 - i) % every_figure == 0 and abs(i - peak) >= every_figure):
                parts.append(label(centre, _FLOOR - tall - 5, says, size=11, anchor="middle"))
        if (len(years) - 1 - i) % every_year == 0:
            parts.append(label(centre, _FLOOR + 16, str(year), size=11, anchor="middle", kind="muted"))
        rows.append((str(year), says + (f" ({text('charts.incomplete', lang)})" if is_open else "")))
    parts.append(line(2, _FLOOR, width - 2, _FLOOR, line="other", stroke_width=1.5))
    height = _FLOOR + 24
    if incomplete_from is not None and years and years[-1] >= incomplete_from:
        parts.append(rect(5, _FLOOR + 27, 11, 10, kind="paper", line="own", stroke_width=1.5, stroke_dasharray="3 2"))
        parts.append(label(22, _FLOOR + 36, text("charts.incomplete", lang), size=11, kind="muted"))
        height += 20
    if years:
        description = text(
            "charts.trend_says",
            lang,
            first=years[0],
            last=years[-1],
            peak=years[peak],
            count=shown(counts[peak], lang, digits),
        )
    else:
        description = text("charts.nothing", lang)
    columns = (text("charts.year", lang), value_label or text("charts.count", lang))
    return drawing("trend", title, description, width, height, parts, columns, rows)
