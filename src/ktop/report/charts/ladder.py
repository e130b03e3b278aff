"""Grade ladders with a subject's own grade, and the grades that the 90 % interval of its probability reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import hatching, label, line, rect

_CELL = 22.0
#: Cells narrower than this carry no text, except the own one and both ends.
_FITS = 30.0


@dataclass(frozen=True, slots=True)
class Rung:
    """One ladder.

    Parameters
    ----------
    label : what is graded.
    symbols : grades, best first.
    own : the subject's grade, None where none is given.
    low, high : where the interval begins and ends, in steps from the left end of the best grade (0 to
        ``len(symbols)``); None draws no interval.
    says : the interval in words, for the table and the description.
    relied : False where the grade may not be relied on: its cell is hatched and grey.
    """

    label: str
    symbols: Sequence[str]
    own: str | None
    low: float | None = None
    high: float | None = None
    says: str = ""
    relied: bool = True


def ladder(title: str, rungs: Sequence[Rung], lang: Lang, *, width: int = 360) -> Chart:
    """Return the ladders one under another, best grade on the left."""
    parts: list[str] = []
    rows = []
    y = 0.0
    for rung in rungs:
        cell = width / len(rung.symbols)
        parts.append(label(0, y + 13, rung.label, size=13))
        if rung.says:
            parts.append(label(width, y + 13, rung.says, size=12, anchor="end", kind="muted"))
        top = y + 20
        for place, symbol in enumerate(rung.symbols):
            own = symbol == rung.own
            x = place * cell
            parts.append(rect(x + 0.75, top, cell - 1.5, _CELL, kind="own" if own and rung.relied else "track", rx=3))
            if own and not rung.relied:
                parts.append(hatching(x + 0.75, top, cell - 1.5, _CELL))
            if cell >= _FITS and (rung.relied or not own):
                tone = "paper" if own else "muted"
                parts.append(label(x + cell / 2, top + 16, symbol, size=12, anchor="middle", kind=tone))
        y = top + _CELL
        if cell < _FITS:
            y += 15
            ends = {rung.symbols[0]: ("start", 0.0), rung.symbols[-1]: ("end", float(width))}
            for symbol, (anchor, x) in ends.items():
                if symbol != rung.own:
                    parts.append(label(x, y, symbol, size=11, anchor=anchor, kind="muted"))
            if rung.own in rung.symbols:
                own_place = list(rung.symbols).index(str(rung.own))
                side = "start" if own_place < 2 else "end" if own_place >= len(rung.symbols) - 2 else "middle"
                at = (own_place + {"start": 0.0, "middle": 0.5, "end": 1.0}[side]) * cell
                parts.append(label(at, y, str(rung.own), size=12, anchor=side, font_weight=700))
        if rung.low is not None and rung.high is not None:
            x1, x2 = sorted((rung.low * cell, rung.high * cell))
            y += 8
            parts.append(line(x1, y, max(x2, x1 + 2), y, line="ink", stroke_width=3))
            parts += [line(x, y - 5, x, y + 5, line="ink", stroke_width=2) for x in (x1, max(x2, x1 + 2))]
        y += 16
        rows.append((rung.label, rung.own or text("charts.not_given", lang), rung.says or "–"))
    description = " ".join(f"{name}: {own}{f' ({says})' if says != '–' else ''}." for name, own, says in rows)
    columns = tuple(text(f"result.ladder_{name}", lang) for name in ("what", "grade", "interval"))
    return drawing("ladder", title, description, width, max(y - 6, 20), parts, columns, rows)
