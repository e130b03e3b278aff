"""Yearly trend as columns with their counts; a year that is not over yet is drawn open."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import label, line, rect, tag, text_width

_TOP, _FLOOR = 26.0, 150.0


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is expected of one year: the mean and the band that holds ``level`` (0 to 1) of what may come."""

    year: int
    mean: float
    low: float
    high: float
    level: float


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
    ahead: Sequence[Ahead] = (),
) -> Chart:
    """Return one column a year. A None count is named missing; years from ``incomplete_from`` on are drawn open.

    ``ahead`` are expectations, drawn as a dot within its band; their years may be the open ones or come after them.
    """
    expected = {one.year: one for one in ahead}
    beyond = sorted(year for year in expected if not years or year > years[-1])
    years, counts = [*years, *beyond], [*counts, *([None] * len(beyond))]
    tallest = max([c for c in counts if c is not None and known(c)] + [one.high for one in ahead] + [1e-9])
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
        if year in beyond:
            says = "–"
        elif count is None or not known(count):
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
            if year in expected:
                pass  # its band stands there
            elif i == peak or ((len(years) - 1 - i) % every_figure == 0 and abs(i - peak) >= every_figure):
                parts.append(label(centre, _FLOOR - tall - 5, says, size=11, anchor="middle"))
        if year in expected:
            parts += _band(centre, wide, expected[year], tallest)
        if (len(years) - 1 - i) % every_year == 0:
            parts.append(label(centre, _FLOOR + 16, str(year), size=11, anchor="middle", kind="muted"))
        row = [str(year), says + (f" ({text('charts.incomplete', lang)})" if is_open and year not in beyond else "")]
        if ahead:
            one = expected.get(year)
            row.append("" if one is None else f"{one.mean:.1f} ({one.low:.0f}–{one.high:.0f})")
        rows.append(row)
    parts.append(line(2, _FLOOR, width - 2, _FLOOR, line="other", stroke_width=1.5))
    height = _FLOOR + 24
    if ahead:
        parts += _band(10.5, 11, Ahead(0, 5, 0, 10, 0), 10, floor=height + 14, tall=14)
        share = round(100 * ahead[0].level)
        parts.append(label(22, height + 12, text("charts.expected", lang, share=share), size=11, kind="muted"))
        height += 20
    if incomplete_from is not None and any(y >= incomplete_from for y in years if y not in beyond):
        parts.append(rect(5, height + 3, 11, 10, kind="paper", line="own", stroke_width=1.5, stroke_dasharray="3 2"))
        parts.append(label(22, height + 12, text("charts.incomplete", lang), size=11, kind="muted"))
        height += 20
    if years:
        description = text(
            "charts.trend_says",
            lang,
            first=years[0],
            last=years[len(years) - len(beyond) - 1],
            peak=years[peak],
            count=shown(counts[peak], lang, digits),
        )
    else:
        description = text("charts.nothing", lang)
    for one in ahead:
        words = {"mean": f"{one.mean:.0f}", "low": f"{one.low:.0f}", "high": f"{one.high:.0f}"}
        description += " " + text("charts.expected_says", lang, year=one.year, **words)
    columns = [text("charts.year", lang), value_label or text("charts.count", lang)]
    if ahead:
        columns.append(text("charts.expected", lang, share=round(100 * ahead[0].level)))
    return drawing("trend", title, description, width, height, parts, columns, rows)


def _band(
    centre: float, wide: float, one: Ahead, tallest: float, floor: float = _FLOOR, tall: float = 0.0
) -> list[str]:
    """Return the band of one expectation and the dot of its mean."""
    full = tall or floor - _TOP

    def y_of(value: float) -> float:
        return floor - full * value / tallest

    half = min(wide / 2, 9.0)
    return [
        rect(
            centre - half, y_of(one.high), 2 * half, max(y_of(one.low) - y_of(one.high), 1.0), kind="tint1", line="own"
        ),
        tag("circle", kind="ink", cx=float(centre), cy=float(y_of(one.mean)), r=3.0),
    ]
