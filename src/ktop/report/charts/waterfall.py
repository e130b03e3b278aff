"""Waterfall of a score's exact contributions: from the base, part by part, to the score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown, signed
from ktop.report.charts.svg import escape, hatching, label, line, number, points, rect, shorten, tag, text_width

_TOP, _BAR, _FIGURE = 4.0, 18.0, 56.0
#: Below this width a bar stands under its name instead of beside it.
_STACK_BELOW = 480


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One bar: what it is, the subject's value as text (None where it was not entered) and the points it gives."""

    label: str
    value: str | None
    points: float
    group: str = ""


def waterfall(
    title: str,
    base: float,
    parts: Sequence[WaterfallStep],
    score: float,
    lang: Lang,
    *,
    width: int = 360,
    base_label: str | None = None,
    score_label: str | None = None,
) -> Chart:
    """Return the waterfall of ``base + sum of points = score``, bars in the order given.

    Raises ``ValueError`` where the parts do not add up to the score within 1e-6: a picture of wrong sums is worse
    than none.
    """
    total = base + math.fsum(part.points for part in parts)
    if not known(score) or abs(total - score) > 1e-6:
        raise ValueError(f"the parts add up to {total}, not to the score {score}")
    stacked = width < _STACK_BELOW
    wanted = [max(text_width(part.label, 13), text_width(part.value or "", 11)) for part in parts]
    widest = max([*wanted, 100.0]) + 8
    names = width - _FIGURE if stacked else min(0.42 * width, 250.0, widest)
    left, right = (0.0 if stacked else names + 12), width - (0 if stacked else _FIGURE)
    row, bar = (46.0, 24.0) if stacked else (34.0, 8.0)
    steps = [base]
    for part in parts:
        steps.append(steps[-1] + part.points)
    low, high = min(0.0, *steps), max(*steps, score)
    # A waterfall whose steps all lie far from zero reads better on a cut axis: then both whole bars are drawn broken.
    cut = low >= 0 and min(steps) > 0.5 * high
    if cut:
        low = math.floor(min(steps) * 0.8 / 5) * 5
    span = (high - low) or 1.0

    def x_of(v: float) -> float:
        return left + (right - left) * (v - low) / span

    drawn: list[str] = []
    rows: list[tuple[str, ...]] = []
    y = _TOP

    def whole(name: str, v: float, role: str) -> None:
        drawn.append(label(0, y + 16, shorten(name, 13, names), size=13, font_weight=700))
        drawn.append(rect(x_of(low), y + bar, max(x_of(v) - x_of(low), 1), _BAR, kind=role))
        if cut:
            for x in (x_of(low) + 8, x_of(low) + 13):
                drawn.append(line(x + 3, y + bar - 1, x - 3, y + bar + _BAR + 1, line="paper", stroke_width=2))
        drawn.append(label(width, y + 17, shown(v, lang), size=14, anchor="end", font_weight=700))
        rows.append((name, "", "", shown(v, lang, 2)))

    whole(base_label or text("charts.base", lang), base, "other")
    for part, start, end in zip(parts, steps, steps[1:], strict=False):
        y += row
        given = part.value if part.value is not None else text("charts.missing", lang)
        if stacked:
            name = shorten(part.label, 13, names - text_width(given, 11) - 10)
            value = tag("tspan", escape(given), kind="muted", font_size=11, dx=8)
            drawn.append(tag("text", escape(name), value, kind="ink", x=0, y=y + 16, font_size=13))
        else:
            drawn.append(label(0, y + 13, shorten(part.label, 13, names), size=13))
            drawn.append(label(0, y + 27, shorten(given, 11, names), size=11, kind="muted"))
        if not stacked:
            drawn.append(line(x_of(start), y - row + bar + _BAR, x_of(start), y + bar, line="grid", stroke_width=1))
        x1, x2 = sorted((x_of(start), x_of(end)))
        if part.value is None:  # a missing item is no fault: hatched and grey, never red
            drawn.append(rect(x1, y + bar, max(x2 - x1, 1), _BAR, kind="track"))
            drawn.append(hatching(x1, y + bar, max(x2 - x1, 1), _BAR))
        else:
            drawn.append(rect(x1, y + bar, max(x2 - x1, 1), _BAR, kind="plus" if part.points >= 0 else "minus"))
        # An arrow head inside the bar: the direction does not rest on colour alone.
        if x2 - x1 >= 10 and part.value is not None:
            drawn.append(_arrow(x_of(end), y + bar + _BAR / 2, forward=part.points >= 0))
        drawn.append(label(width, y + 17, signed(part.points, lang), size=13, anchor="end"))
        rows.append((part.label, part.group, given, signed(part.points, lang, 2)))
    y += row
    whole(score_label or text("charts.score", lang), score, "own")
    y += bar + _BAR + 4
    drawn.append(label(x_of(low), y + 12, number(low), size=11, kind="muted"))
    drawn.append(label(x_of(high), y + 12, shown(high, lang, 0), size=11, kind="muted", anchor="end"))
    description = text(
        "charts.waterfall_says", lang, base=shown(base, lang), score=shown(score, lang), parts=len(parts)
    )
    columns = tuple(text(f"charts.{key}", lang) for key in ("item", "group", "value", "points"))
    return drawing("waterfall", title, description, width, y + 18, drawn, columns, rows)


def _arrow(x: float, y: float, *, forward: bool) -> str:
    tip, back = (x - 3, x - 8) if forward else (x + 3, x + 8)
    return tag("polygon", kind="paper", points=points([(tip, y), (back, y - 4), (back, y + 4)]))
