"""Percentile strips: where one subject stands within each group of peers, one strip a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing, known
from ktop.report.charts.svg import hatching, label, line, rect, text_width

_ROW, _BAR = 35.0, 11.0


@dataclass(frozen=True, slots=True)
class Strip:
    """One group of peers: its name, how many they are, the share of them at or below (0-100, None where too few)."""

    label: str
    peers: str
    percentile: float | None
    says: str


def strips(title: str, groups: Sequence[Strip], lang: Lang, *, width: int = 360) -> Chart:
    """Return a strip from 0 to 100 for each group, shaded by quarters, with the subject's mark."""
    parts: list[str] = []
    y = 0.0
    for group in groups:
        parts.append(label(0, y + 14, group.label, size=13))
        room = text_width(group.label, 13) + 8
        if group.peers and room + text_width(group.peers, 11) + text_width(group.says, 13) + 12 < width:
            parts.append(label(room, y + 14, group.peers, size=11, kind="muted"))
        parts.append(label(width, y + 14, group.says, size=13, anchor="end", font_weight=700))
        top = y + 21
        if group.percentile is None or not known(group.percentile):
            parts += [rect(0, top, width, _BAR, kind="track", rx=3), hatching(0, top, width, _BAR)]
        else:
            for quarter in range(4):
                x, wide = width * quarter / 4, width / 4
                parts.append(rect(x, top, wide, _BAR, kind="tint1" if quarter in (1, 2) else "track"))
            parts.append(line(width / 2, top, width / 2, top + _BAR, line="other", stroke_width=1.5))
            x = min(max(width * group.percentile / 100, 5), width - 5)
            parts.append(rect(x - 3, top - 2, 6, _BAR + 4, kind="own", rx=2))
        y += _ROW
    y += 8  # clear of the last bar and its mark
    parts.append(label(0, y + 5, "0", size=11, kind="muted"))
    parts.append(label(width / 2, y + 5, text("charts.median", lang), size=11, anchor="middle", kind="muted"))
    parts.append(label(width, y + 5, "100", size=11, anchor="end", kind="muted"))
    rows = [
        (
            group.label,
            group.says,
            "–" if group.percentile is None or not known(group.percentile) else f"{group.percentile:.0f}",
            group.peers or "–",
        )
        for group in groups
    ]
    columns = tuple(text(f"result.strip_{name}", lang) for name in ("group", "place", "percentile", "peers"))
    description = " ".join(f"{row[0]}: {row[1]}." for row in rows)
    return drawing("strips", title, description, width, y + 9, parts, columns, rows)
