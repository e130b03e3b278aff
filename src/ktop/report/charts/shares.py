"""How many of some items are known, group by group: known ones filled, missing ones hatched and grey, never red."""

from __future__ import annotations

from collections.abc import Sequence

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import hatching, label, rect

_ROW, _BAR = 38.0, 12.0


def shares(title: str, groups: Sequence[tuple[str, int, int]], lang: Lang, *, width: int = 360) -> Chart:
    """Return a bar for each ``(name, known, all)``."""
    parts: list[str] = []
    rows = []
    for place, (name, known, everything) in enumerate(groups):
        y = place * _ROW
        says = text("result.known_of", lang, known=known, all=everything)
        parts.append(label(0, y + 13, name, size=13))
        parts.append(label(width, y + 13, says, size=12, anchor="end", kind="muted"))
        edge = width * known / everything if everything else 0.0
        parts.append(rect(0, y + 19, edge, _BAR, kind="own", rx=2))
        if known < everything:
            parts.append(rect(edge, y + 19, width - edge, _BAR, kind="track", rx=2))
            parts.append(hatching(edge, y + 19, width - edge, _BAR))
        rows.append((name, str(known), str(everything - known)))
    description = " ".join(f"{name}: {text('result.known_of', lang, known=k, all=n)}." for name, k, n in groups)
    columns = tuple(text(f"result.share_{name}", lang) for name in ("group", "known", "missing"))
    return drawing("shares", title, description, width, max(len(groups), 1) * _ROW - 4, parts, columns, rows)
