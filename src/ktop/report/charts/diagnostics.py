"""Diagnostic plots of a model: ROC curve, reliability, event rate per grade, and prediction less outcome per group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import label, line, points, rect, tag, text_width
from ktop.report.numbers import percent

_WIDTH, _HEIGHT = 360.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 20.0, 12.0, 44.0
#: Groups of fewer rows do not stretch the scale of their plot.
_FEWEST_DRAWN = 30


class _Frame:
    """Axes from 0 to ``x_most`` and ``y_most``, shares both."""

    def __init__(self, x_most: float, y_most: float) -> None:
        self.x_most, self.y_most = x_most, y_most

    def x(self, value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / self.x_most

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * min(value, self.y_most) / self.y_most

    def axes(self, x_words: str, y_words: str, x_ticks: bool = True) -> list[str]:
        parts = []
        for value in ticks(self.y_most):
            y = self.y(value)
            parts.append(line(_LEFT, y, _WIDTH - _RIGHT, y, line="grid"))
            parts.append(_words(_LEFT - 6, y + 4, tick_label(value, self.y_most), "end"))
        for value in ticks(self.x_most) if x_ticks else ():
            parts.append(_words(self.x(value), _HEIGHT - _BOTTOM + 16, tick_label(value, self.x_most)))
        parts.append(_words((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_words))
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        parts.append(_words(12, middle, y_words, transform=f"rotate(-90 12 {middle:g})"))
        return parts

    def diagonal(self) -> str:
        most = min(self.x_most, self.y_most)
        return line(self.x(0), self.y(0), self.x(most), self.y(most), line="other", stroke_dasharray="4 4")


def _words(x: float, y: float, content: str, anchor: str = "middle", size: float = 11, **more: object) -> str:
    return label(x, y, content, size=size, anchor=anchor, kind="muted", **more)


def ticks(most: float) -> list[float]:
    """Return round values from 0 to ``most``, three to six of them."""
    step = _round_step(most / 5)
    return [step * k for k in range(int(most / step + 1e-9) + 1)]


def tick_label(value: float, most: float) -> str:
    """Return a share in percent with as many decimals as an axis up to ``most`` needs."""
    return percent(value, None, 0 if most >= 0.05 else 1 if most >= 0.005 else 2)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten (of a percentage point) that is at least ``least``."""
    steps = (factor * 10.0**power / 100.0 for power in range(-4, 3) for factor in (1.0, 2.0, 5.0))
    return next((step for step in steps if step >= least), 1.0)


def _highest(rows: Sequence[Mapping[str, Any]]) -> float:
    return min(1.0, 1.05 * max((max(row["high"], row["predicted"]) for row in rows), default=1.0)) or 1.0


def roc(title: str, false: Sequence[float], true: Sequence[float], lang: Lang) -> Chart:
    """Return the ROC curve: ``true`` over ``false`` positive rates, both from 0 to 1."""
    columns = (text("validation.false_rate", lang), text("validation.true_rate", lang))
    frame = _Frame(1.0, 1.0)
    curve = points((frame.x(a), frame.y(b)) for a, b in zip(false, true, strict=True))
    parts = [*frame.axes(*columns), frame.diagonal()]
    parts.append(tag("polyline", points=curve, fill="none", line="own", stroke_width=2))
    rows = [(percent(a, lang), percent(b, lang)) for a, b in zip(false, true, strict=True)]
    return drawing("roc", title, text("charts.roc_says", lang), _WIDTH, _HEIGHT, parts, columns, rows)


def reliability(title: str, bins: Sequence[Mapping[str, Any]], lang: Lang) -> Chart:
    """Return event rate (``rate``, interval ``low`` to ``high``) over mean prediction (``predicted``) of every bin."""
    columns = (text("validation.predicted", lang), text("validation.observed", lang))
    most = _highest(bins)
    frame = _Frame(most, most)
    parts = [*frame.axes(*columns), frame.diagonal()]
    for row in bins:
        x = frame.x(row["predicted"])
        parts.append(line(x, frame.y(row["low"]), x, frame.y(row["high"]), line="own"))
        parts.append(tag("circle", kind="own", cx=x, cy=frame.y(row["rate"]), r=3.5))
    rows = [(percent(row["predicted"], lang), percent(row["rate"], lang)) for row in bins]
    return drawing("reliability", title, text("charts.reliability_says", lang), _WIDTH, _HEIGHT, parts, columns, rows)


def grade_rates(title: str, grades: Sequence[Mapping[str, Any]], lang: Lang) -> Chart:
    """Return the event rate of each grade as a bar with its interval, the mean prediction as a dash.

    Grades without firms keep their place and have no bar.
    """
    columns = [text(f"validation.{key}", lang) for key in ("head_grade", "observed", "predicted")]
    frame = _Frame(float(max(len(grades), 1)), _highest([row for row in grades if row["n"]]))
    parts = frame.axes(columns[0], columns[1], x_ticks=False)
    half, foot = (frame.x(1) - frame.x(0)) * 0.32, _HEIGHT - _BOTTOM + 14
    for index, row in enumerate(grades):
        centre = frame.x(index + 0.5)
        # Long ladders have narrow places: their symbols stand upright.
        turned: dict[str, Any] = {"transform": f"rotate(-60 {centre:.2f} {foot:g})"} if len(grades) > 10 else {}
        parts.append(_words(centre, foot, str(row["grade"]), "end" if turned else "middle", **turned))
        if not row["n"]:
            continue
        top, expected = frame.y(row["rate"]), frame.y(row["predicted"])
        parts.append(rect(centre - half, top, 2 * half, frame.y(0) - top, kind="soft"))
        parts.append(line(centre, frame.y(row["low"]), centre, frame.y(row["high"]), line="ink"))
        parts.append(line(centre - half, expected, centre + half, expected, line="minus", stroke_width=2))
    rows = [(str(row["grade"]), percent(row["rate"], lang), percent(row["predicted"], lang)) for row in grades]
    return drawing("grade-rates", title, text("charts.grade_rates_says", lang), _WIDTH, _HEIGHT, parts, columns, rows)


def gaps(title: str, groups: Sequence[tuple[str, Mapping[str, Any]]], lang: Lang) -> Chart:
    """Return mean prediction less event rate of every group (label, figures) as a dot with its interval around zero.

    Groups with too few events are drawn open; one whose interval leaves out zero is red. The scale is that of the
    groups with enough events: the long intervals of the others end at its edge with an arrowhead.
    """
    left = max([120.0, *(text_width(name, 12) + 20.0 for name, _ in groups)])
    width, right, pitch = left + 380.0, 24.0, 22.0
    floor = pitch * len(groups) + 8.0
    figures = [row for _, row in groups]
    telling = [row for row in figures if not row["few"]] or sorted(figures, key=lambda row: -row["n"])[:3]
    widest = max((max(abs(row["gap_low"]), abs(row["gap_high"])) for row in telling), default=0.0)
    widest = max([widest, *(abs(row["gap"]) for row in figures if row["n"] >= _FEWEST_DRAWN)])
    step = _round_step(widest / 2.0)
    most = 2.0 * step
    decimals = 0 if step >= 0.01 and round(100 * step) % 2 == 0 else 1 if step >= 0.002 else 2

    def x(value: float) -> float:
        return left + (width - left - right) * (min(max(value, -most), most) + most) / (2.0 * most)

    def signed(value: float, digits: int) -> str:
        return f"{100 * value:+.{digits}f}".replace("-", "−") if value else "0"

    parts = []
    for value in (-most, -most / 2, 0.0, most / 2, most):
        parts.append(line(x(value), 4.0, x(value), floor, line="grid" if value else "ink"))
        parts.append(_words(x(value), floor + 16, signed(value, decimals), size=12))
    parts.append(_words((left + width - right) / 2, floor + 32, text("validation.gap_axis", lang), size=12))
    rows = []
    for index, (name, row) in enumerate(groups):
        y, low, high = pitch * index + 16.0, row["gap_low"], row["gap_high"]
        role = "minus" if (low > 0 or high < 0) and not row["few"] else "own"
        parts.append(_words(left - 10, y + 4, name, "end", size=12))
        parts.append(line(x(low), y, x(high), y, line=role, stroke_width=2))
        for end, side in ((low, -1.0), (high, 1.0)):
            if abs(end) > most:
                base = x(end)
                parts.append(
                    tag("polygon", kind=role, points=points([(base + 5 * side, y), (base, y - 4), (base, y + 4)]))
                )
        parts.append(tag("circle", kind="paper" if row["few"] else role, line=role, cx=x(row["gap"]), cy=y, r=4))
        rows.append((name, signed(row["gap"], 2), signed(low, 2), signed(high, 2)))
    columns = [text("validation.head_group", lang), text("validation.gap_axis", lang), "2.5 %", "97.5 %"]
    return drawing("gaps", title, text("charts.gaps_says", lang), width, floor + 36, parts, columns, rows)
