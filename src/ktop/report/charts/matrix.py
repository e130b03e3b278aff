"""Matrix of growth grade by risk grade: the grade of every cell, and the subject's own cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import label, line, points, rect, tag

_LEFT, _TOP = 52.0, 44.0
#: Shading from the best to the worst fifth of the ladder; the grade is always written in the cell as well.
_TINTS = ("tint1", "tint2", "tint3", "tint4", "tint5")


def matrix(
    title: str,
    growth: Sequence[str],
    risk: Sequence[str],
    cells: Mapping[tuple[str, str], str],
    ladder: Sequence[str],
    own: tuple[str, str] | None,
    lang: Lang,
    *,
    width: int = 360,
) -> Chart:
    """Return the matrix.

    Parameters
    ----------
    growth, risk : grade symbols of the columns (left to right) and rows (top to bottom), best first.
    cells : business grade of every (growth, risk) pair; a pair without one is drawn empty.
    ladder : business grades from best to worst, for the shading.
    own : the subject's (growth, risk) pair.
    """
    wide = (width - _LEFT - 4) / len(growth)
    tall = min(wide, 30.0)
    size = min(11.0, wide / 2.9)
    bottom = _TOP + tall * len(risk)
    parts = [
        label(
            _LEFT + (width - _LEFT) / 2, 14, text("charts.growth_axis", lang), size=12, anchor="middle", kind="muted"
        ),
        label(
            13,
            (_TOP + bottom) / 2,
            text("charts.risk_axis", lang),
            size=12,
            anchor="middle",
            kind="muted",
            transform=f"rotate(-90 13 {(_TOP + bottom) / 2:.1f})",
        ),
    ]
    for c, column in enumerate(growth):
        mine = own is not None and own[0] == column
        parts.append(
            label(
                _LEFT + wide * (c + 0.5), _TOP - 8, column, size=11, anchor="middle", font_weight=700 if mine else None
            )
        )
    mark: list[str] = []
    for r, row in enumerate(risk):
        y = _TOP + tall * r
        mine = own is not None and own[1] == row
        parts.append(label(_LEFT - 7, y + tall / 2 + 4, row, size=11, anchor="end", font_weight=700 if mine else None))
        for c, column in enumerate(growth):
            grade = cells.get((column, row), "")
            x = _LEFT + wide * c
            place = ladder.index(grade) / len(ladder) if grade in ladder else 0.5
            role = _TINTS[min(int(place * 5), 4)] if grade else "paper"
            is_own = own == (column, row)
            parts.append(rect(x, y, wide, tall, kind="own" if is_own else role, line="paper", stroke_width=1))
            parts.append(
                label(
                    x + wide / 2,
                    y + tall / 2 + size * 0.36,
                    grade,
                    size=size,
                    anchor="middle",
                    kind="paper" if is_own else "ink",
                    font_weight=700 if is_own else None,
                )
            )
            if is_own:
                mark = [
                    rect(x - 1, y - 1, wide + 2, tall + 2, fill="none", line="ink", stroke_width=2.5, rx=2),
                    tag(
                        "polygon",
                        kind="ink",
                        points=points(
                            [(_LEFT - 5, y + tall / 2 - 4), (_LEFT - 5, y + tall / 2 + 4), (_LEFT, y + tall / 2)]
                        ),
                    ),
                    tag(
                        "polygon",
                        kind="ink",
                        points=points(
                            [(x + wide / 2 - 4, _TOP - 5), (x + wide / 2 + 4, _TOP - 5), (x + wide / 2, _TOP)]
                        ),
                    ),
                ]
    parts += mark
    parts.append(line(_LEFT, bottom + 1, width - 4, bottom + 1, line="grid", stroke_width=1))
    if own is None:
        description = text("charts.matrix_without_own", lang)
    else:
        description = text("charts.matrix_says", lang, growth=own[0], risk=own[1], grade=cells.get(own, ""))
    columns = (text("charts.risk_growth", lang), *growth)
    rows = []
    for row in risk:
        figures = []
        for column in growth:
            grade = cells.get((column, row), "–")
            figures.append(f"{grade} ({text('charts.own', lang)})" if own == (column, row) else grade)
        rows.append((row, *figures))
    return drawing("matrix", title, description, width, bottom + 6, parts, columns, rows)
