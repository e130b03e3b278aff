"""A flow through stages: how many go from where to where, as bands whose width is their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.chart import Chart, drawing
from ktop.report.charts.svg import label, number, rect, shorten, tag

_TOP, _TALL, _GAP, _THICK, _LEAST = 34.0, 250.0, 30.0, 10.0, 1.5


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a stage: its name, and the colour role of its bar."""

    key: str
    label: str
    tone: str = "own"


@dataclass(frozen=True, slots=True)
class Link:
    """How many go from a place of a stage (counted from 0) to a place of the next."""

    stage: int
    source: str
    target: str
    count: int


def flow(
    title: str,
    stages: Sequence[tuple[str, Sequence[Place]]],
    links: Sequence[Link],
    lang: Lang,
    *,
    width: int = 640,
) -> Chart:
    """Return the flow; ``stages`` are heading and places, left to right. Places nobody comes to are left out."""
    sizes: list[dict[str, int]] = []
    for stage, (_, places) in enumerate(stages):
        come = {place.key: sum(one.count for one in links if _is_to(one, stage, place.key)) for place in places}
        leave = {
            place.key: sum(one.count for one in links if one.stage == stage and one.source == place.key)
            for place in places
        }
        sizes.append({key: max(come[key], leave[key]) for key in come if max(come[key], leave[key])})
    most = max([sum(of.values()) for of in sizes] + [1])
    crowd = max([len(of) for of in sizes] + [1])
    scale = (_TALL - _GAP * (crowd - 1)) / most if _GAP * crowd < _TALL else 1.0 / most
    pitch = width / len(stages)
    parts: list[str] = []
    tops: list[dict[str, float]] = []
    for stage, (heading, places) in enumerate(stages):
        x = pitch * stage
        parts.append(label(x, 12, shorten(heading, 11, pitch - 4), size=11, kind="muted"))
        y, own = _TOP, {}
        for place in places:
            if place.key in sizes[stage]:
                own[place.key] = y
                y += max(sizes[stage][place.key] * scale, _LEAST) + _GAP
        tops.append(own)
    left = [dict(of) for of in tops]
    entered = [dict(of) for of in tops]
    for one in links:
        if not one.count:
            continue
        thick = max(one.count * scale, _LEAST)
        x1, x2 = pitch * one.stage + _THICK, pitch * (one.stage + 1)
        y1, y2 = left[one.stage][one.source], entered[one.stage + 1][one.target]
        left[one.stage][one.source] += one.count * scale
        entered[one.stage + 1][one.target] += one.count * scale
        parts.append(_band(x1, y1, x2, y2, thick))
    for stage, (_, places) in enumerate(stages):
        for place in places:
            if place.key not in tops[stage]:
                continue
            x, y, count = pitch * stage, tops[stage][place.key], sizes[stage][place.key]
            parts.append(rect(x, y, _THICK, max(count * scale, _LEAST), kind=place.tone))
            says = f"{place.label} {count:,}"
            parts.append(label(x, y - 4, shorten(says, 11, pitch - 6), size=11))
    height = max([y + max(sizes[k][key] * scale, _LEAST) for k, of in enumerate(tops) for key, y in of.items()] + [60])
    names = [{place.key: place.label for place in places} for _, places in stages]
    rows = [
        (names[one.stage][one.source], names[one.stage + 1][one.target], f"{one.count:,}") for one in links if one.count
    ]
    description = " ".join(f"{a} → {b}: {count}." for a, b, count in rows) or text("charts.nothing", lang)
    columns = tuple(text(f"programmes_report.flow_{name}", lang) for name in ("from", "to", "count"))
    return drawing("flow", title, description, width, height + 8, parts, columns, rows)


def _is_to(one: Link, stage: int, key: str) -> bool:
    return one.stage == stage - 1 and one.target == key


def _band(x1: float, y1: float, x2: float, y2: float, thick: float) -> str:
    middle = (x1 + x2) / 2
    upper = (
        f"M{number(x1)} {number(y1)}C{number(middle)} {number(y1)} "
        f"{number(middle)} {number(y2)} {number(x2)} {number(y2)}"
    )
    lower = (
        f"L{number(x2)} {number(y2 + thick)}C{number(middle)} {number(y2 + thick)} "
        f"{number(middle)} {number(y1 + thick)} {number(x1)} {number(y1 + thick)}Z"
    )
    return tag("path", d=upper + lower, kind="soft", fill_opacity="0.45")
