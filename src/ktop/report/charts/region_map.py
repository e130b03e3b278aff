"""Korea's provinces as a map of hexagons of one size: nothing is fetched, and no large province hides a small one."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ktop.catalogue import Lang, text
from ktop.domain.values.region import FOREIGN, regions
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import label, points, rect, shorten, tag

#: Column and row of each province; odd rows stand half a hexagon to the right.
_PLACES = {
    "KR-28": (0, 0),
    "KR-11": (1, 0),
    "KR-42": (2, 0),
    "KR-41": (0, 1),
    "KR-43": (1, 1),
    "KR-47": (2, 1),
    "KR-44": (0, 2),
    "KR-50": (1, 2),
    "KR-30": (2, 2),
    "KR-27": (3, 2),
    "KR-45": (0, 3),
    "KR-48": (1, 3),
    "KR-31": (2, 3),
    "KR-29": (0, 4),
    "KR-46": (1, 4),
    "KR-26": (2, 4),
    "KR-49": (0, 5),
}
#: Colour roles from little to much, and of the text on them.
_SHADES = (("paper", "ink"), ("tint1", "ink"), ("soft", "ink"), ("own", "paper"))
_COLUMNS, _ROWS = 4.0, 6


def region_map(title: str, values: Mapping[str, int], lang: Lang, *, width: int = 330) -> Chart:
    """Return the map, shaded in four steps from none to the most; ``values`` region code → count."""
    across = width / _COLUMNS
    radius = across / math.sqrt(3)
    down = 1.5 * radius
    most = max([count for code, count in values.items() if code in _PLACES] + [1])
    parts, rows = [], []
    for code, (column, row) in _PLACES.items():
        count, name = values.get(code, 0), regions()[code][lang]
        x = across * (column + 0.5 + (0.5 if row % 2 else 0.0))
        y = radius + down * row
        shade = 0 if not count else 1 + min(int(3 * (count - 1) / most), 2)
        kind, ink = _SHADES[shade]
        corners = [
            (x + (radius - 1.5) * math.sin(k * math.pi / 3), y - (radius - 1.5) * math.cos(k * math.pi / 3))
            for k in range(6)
        ]
        parts.append(tag("polygon", points=points(corners), kind=kind, line="grid", stroke_width=1))
        parts.append(label(x, y - 2, shorten(name, 11, across - 8), size=11, anchor="middle", kind=ink))
        parts.append(label(x, y + 13, f"{count:,}", size=12, anchor="middle", kind=ink, font_weight=700))
        rows.append((name, f"{count:,}"))
    abroad = values.get(FOREIGN, 0)
    height = radius * 2 + down * (_ROWS - 1)
    if abroad:
        name = regions()[FOREIGN][lang]
        parts.append(label(width, height - 4, f"{name} {abroad:,}", size=11, anchor="end", kind="muted"))
        rows.append((name, f"{abroad:,}"))
    parts.append(label(width - 96, height - 22, "0", size=11, anchor="end", kind="muted"))
    for k, (kind, _) in enumerate(_SHADES):
        parts.append(rect(width - 92 + 14 * k, height - 31, 13, 10, kind=kind, line="grid"))
    parts.append(label(width, height - 22, f"{most:,}", size=11, anchor="end", kind="muted"))
    description = " ".join(f"{name}: {count}." for name, count in rows)
    columns = (text("effect.by_region", lang), text("programmes_report.flow_count", lang))
    return drawing("regions", title, description, width, height + 4, parts, columns, rows)
