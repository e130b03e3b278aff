"""Figures with their intervals beneath each other, each as a dot in its band, with a line at nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import hatching, label, line, rect, shorten, tag, text_width

_ROW, _TALL_ROW, _TOP = 26.0, 38.0, 8.0
#: Narrower charts have the words above each band instead of beside it.
_NARROW = 420


@dataclass(frozen=True, slots=True)
class Banded:
    """One figure: what it is of, value and band (None where it cannot be told), and the words shown beside it.

    ``tone`` is the colour role of the dot: "own" for what counts, "other" for what stands beside it.
    """

    label: str
    value: float | None
    low: float
    high: float
    says: str
    tone: str = "own"


def intervals(title: str, figures: Sequence[Banded], lang: Lang, *, width: int = 560) -> Chart:
    """Return the figures, one a row; those that cannot be told are hatched."""
    told = [one for one in figures if one.value is not None]
    least, most = min([0.0, *(one.low for one in told)]), max([0.0, *(one.high for one in told)])
    span = (most - least) or 1.0
    narrow = width < _NARROW
    left = 6.0 if narrow else min(max([text_width(one.label, 12) for one in figures] + [40.0]) + 10, width * 0.4)
    beside = max([text_width(one.says, 11) for one in figures] + [40.0]) + 10
    right = 6.0 if narrow else min(beside, width * 0.46)
    wide = width - left - right - 8
    row_height = _TALL_ROW if narrow else _ROW

    def x_of(value: float) -> float:
        return left + wide * (value - least) / span

    floor = _TOP + row_height * len(figures)
    parts = [line(x_of(0.0), 2, x_of(0.0), floor, line="other", stroke_width=1.5, stroke_dasharray="3 3")]
    for row, one in enumerate(figures):
        middle = _TOP + row_height * row + (29.0 if narrow else row_height / 2)
        said = shorten(one.says, 11, width - 60 if narrow else right - 6)
        words = middle - 13 if narrow else middle + 4
        room = width - text_width(said, 11) - 10 if narrow else left - 8
        parts.append(label(0, words, shorten(one.label, 12, room), size=12))
        if one.value is None:
            parts += [rect(left, middle - 6, wide, 12, kind="track"), hatching(left, middle - 6, wide, 12)]
        else:
            reach = max(x_of(one.high) - x_of(one.low), 1.0)
            parts.append(rect(x_of(one.low), middle - 5, reach, 10, kind="tint1", line=one.tone, rx=2))
            parts.append(tag("circle", kind=one.tone, cx=float(x_of(one.value)), cy=float(middle), r=4.0))
        parts.append(label(width, words, said, size=11, anchor="end", kind="muted"))
    parts.append(label(x_of(0.0), floor + 13, "0", size=11, anchor="middle", kind="muted"))
    description = " ".join(f"{one.label}: {one.says}." for one in figures) or text("charts.nothing", lang)
    columns = (text("effect.head_figure", lang), text("effect.head_value", lang))
    rows = [(one.label, one.says) for one in figures]
    return drawing("intervals", title, description, width, floor + 18, parts, columns, rows)
