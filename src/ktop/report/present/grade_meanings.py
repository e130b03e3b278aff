"""What every grade means: its range, or the limit of a small guarantee, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.domain.rating.grades import Ladder, ladders
from ktop.report import numbers
from ktop.report.charts import Table

_BANDS = ("top", "good", "middle", "low", "bottom")


def band(ladder_: Ladder, symbol: str) -> str:
    """Return which fifth of its ladder a grade stands in: top, good, middle, low or bottom."""
    place = ladder_.symbols.index(symbol)
    return _BANDS[min(len(_BANDS) * place // len(ladder_.symbols), len(_BANDS) - 1)]


def meaning_table(name: str, lang: Lang) -> Table:
    """Return what every grade of one ladder means: its range, or the limit of a small guarantee, and words."""
    ladder_ = ladders()[name]
    caps: Mapping[str, Any] = load("guarantee")["limit"]["grade_cap_krw"] if name == "business" else {}
    rows = []
    for place, symbol in enumerate(ladder_.symbols):
        words = text(f"result.band_{band(ladder_, symbol)}", lang)
        if ladder_.cuts is None:
            cap = caps.get(symbol)
            rows.append((symbol, words, numbers.money(cap, lang) if cap else text("result.no_guarantee", lang)))
        else:
            rows.append((symbol, words, _range(ladder_, place, lang)))
    last = "guarantee_cap" if ladder_.cuts is None else "range"
    heading = text(f"result.meaning_{last}", lang) if ladder_.cuts is None else (ladder_.over or {})[lang]
    columns = (text("result.meaning_grade", lang), text("result.meaning_words", lang), heading)
    return Table((ladder_.labels or {})[lang], columns, tuple(rows))


def _range(ladder_: Ladder, place: int, lang: Lang) -> str:
    cuts = list(ladder_.cuts or ())
    shown = [f"{cut:g}" if max(cuts) > 1 else f"{100 * cut:g}%" for cut in cuts]
    high = ladder_.better == "high"
    if place == 0:
        return text("result.range_from" if high else "result.range_to", lang, cut=shown[0])
    if place == len(cuts):
        return text("result.range_below" if high else "result.range_above", lang, cut=shown[-1])
    low, top = (place, place - 1) if high else (place - 1, place)
    return text("result.range_between", lang, low=shown[low], high=shown[top])
