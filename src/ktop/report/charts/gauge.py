"""Half-circle gauge of one 0-100 score."""

from __future__ import annotations

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known, shown
from ktop.report.charts.svg import arc, label, line, on_half_circle, tag

_WIDTH, _HEIGHT = 320, 196
_CX, _CY, _RADIUS, _THICK = 160.0, 150.0, 112.0, 20.0


def gauge(
    title: str, value: float | None, lang: Lang, *, reference: float | None = None, reference_label: str | None = None
) -> Chart:
    """Return a gauge of ``value`` (0-100, None where it could not be given).

    ``reference`` (0-100) is marked on the scale and named by ``reference_label``, for example the median of others.
    """
    parts = [
        tag("path", d=arc(_CX, _CY, _RADIUS, 0, 1), fill="none", line="track", stroke_width=_THICK),
    ]
    if value is not None and known(value):
        share = min(max(value, 0.0), 100.0) / 100
        if share > 0:
            parts.append(tag("path", d=arc(_CX, _CY, _RADIUS, 0, share), fill="none", line="own", stroke_width=_THICK))
        inner = on_half_circle(_CX, _CY, _RADIUS - _THICK / 2 - 5, share)
        outer = on_half_circle(_CX, _CY, _RADIUS + _THICK / 2 + 5, share)
        parts.append(line(*inner, *outer, line="ink", stroke_width=3, stroke_linecap="round"))
        parts.append(label(_CX, _CY - 22, shown(value, lang), size=46, anchor="middle", font_weight=700))
        parts.append(label(_CX, _CY + 4, text("charts.of_100", lang), size=13, anchor="middle", kind="muted"))
        description = text("charts.gauge_says", lang, value=shown(value, lang))
    else:
        parts.append(
            tag(
                "path",
                d=arc(_CX, _CY, _RADIUS, 0, 1),
                fill="none",
                line="other",
                stroke_width=2,
                stroke_dasharray="4 5",
            )
        )
        parts.append(label(_CX, _CY - 24, text("charts.not_given", lang), size=22, anchor="middle", kind="muted"))
        description = text("charts.gauge_empty", lang)
    for share, mark in ((0.0, "0"), (1.0, "100")):
        x, _ = on_half_circle(_CX, _CY, _RADIUS, share)
        parts.append(label(x, _CY + 18, mark, size=12, anchor="middle", kind="muted"))
    rows = [(title, shown(value, lang, missing="charts.not_given"))]
    if reference is not None and known(reference):
        name = reference_label or text("charts.median", lang)
        share = min(max(reference, 0.0), 100.0) / 100
        inner = on_half_circle(_CX, _CY, _RADIUS - _THICK / 2, share)
        outer = on_half_circle(_CX, _CY, _RADIUS + _THICK / 2, share)
        parts.append(line(*inner, *outer, line="paper", stroke_width=4))
        parts.append(line(*inner, *outer, line="other", stroke_width=2))
        parts.append(label(_CX, _CY + 40, f"{name} {shown(reference, lang)}", size=13, anchor="middle", kind="muted"))
        rows.append((name, shown(reference, lang)))
    columns = (text("charts.item", lang), text("charts.score", lang))
    return drawing("gauge", title, description, _WIDTH, _HEIGHT, parts, columns, rows)
