"""The pictures of the validation report: small inline SVG, its text as text, its words given by the caller."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT = 360.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 20.0, 12.0, 44.0
INK, MUTED, GRID, MARK, SOFT = "#1e2124", "#58616a", "#cdd1d5", "#0b50d0", "#6d7882"


#: Groups of fewer rows do not stretch the scale of a picture.
_FEWEST_DRAWN = 30


def _escape(value: object) -> str:
    return html.escape(str(value), quote=True)


class _Frame:
    """Axes from 0 to ``x_most`` and ``y_most`` with their scales."""

    def __init__(self, x_most: float, y_most: float) -> None:
        self.x_most, self.y_most = x_most, y_most

    def x(self, value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * value / self.x_most, 2)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.y_most, 2)

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        return " ".join(f"{self.x(a)},{self.y(b)}" for a, b in zip(xs, ys, strict=True))

    def axes(self, x_words: str, y_words: str, x_ticks: bool = True) -> list[str]:
        parts = []
        for y_value in ticks(self.y_most):
            parts.append(_line(LEFT, self.y(y_value), WIDTH - RIGHT, self.y(y_value), GRID))
            parts.append(_text(LEFT - 6, self.y(y_value) + 4, percent(y_value, self.y_most), "end"))
        for x_value in ticks(self.x_most) if x_ticks else ():
            parts.append(_text(self.x(x_value), HEIGHT - BOTTOM + 16, percent(x_value, self.x_most), "middle"))
        parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, x_words, "middle"))
        middle = (TOP + HEIGHT - BOTTOM) / 2
        parts.append(_text(12, middle, y_words, "middle", f' transform="rotate(-90 12 {middle})"'))
        return parts


def ticks(most: float) -> list[float]:
    """Return round values from 0 to ``most``, three to six of them."""
    step = _round_step(most / 5)
    return [step * k for k in range(int(most / step + 1e-9) + 1)]


def percent(value: float, most: float) -> str:
    """Return a share as a percentage with as many decimals as an axis up to ``most`` needs."""
    decimals = 0 if most >= 0.05 else 1 if most >= 0.005 else 2
    return f"{100 * value:.{decimals}f}%"


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str = "") -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"{more}/>'


def _text(x: float, y: float, words: str, anchor: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{MUTED}"{more}>{_escape(words)}</text>'


def _picture(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{_escape(title)}" font-size="11">'
        f"<title>{_escape(title)}</title>{''.join(parts)}</svg>"
    )


def roc(false: Sequence[float], true: Sequence[float], words: Mapping[str, str]) -> str:
    """Return the ROC curve. ``words``: title, x, y."""
    frame = _Frame(1.0, 1.0)
    parts = frame.axes(words["x"], words["y"])
    parts.append(_line(frame.x(0), frame.y(0), frame.x(1), frame.y(1), SOFT, ' stroke-dasharray="4 4"'))
    parts.append(f'<polyline points="{frame.points(false, true)}" fill="none" stroke="{MARK}" stroke-width="2"/>')
    return _picture(words["title"], parts)


def reliability(bins: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """Return event rate (with its interval) over mean prediction. ``words``: title, x, y."""
    most = min(1.0, 1.05 * max((max(row["high"], row["predicted"]) for row in bins), default=1.0)) or 1.0
    frame = _Frame(most, most)
    parts = frame.axes(words["x"], words["y"])
    parts.append(_line(frame.x(0), frame.y(0), frame.x(most), frame.y(most), SOFT, ' stroke-dasharray="4 4"'))
    for row in bins:
        x = frame.x(row["predicted"])
        parts.append(_line(x, frame.y(row["low"]), x, frame.y(min(row["high"], most)), MARK))
        parts.append(f'<circle cx="{x}" cy="{frame.y(row["rate"])}" r="3.5" fill="{MARK}"/>')
    return _picture(words["title"], parts)


def grade_rates(rows: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """Return the event rate of each grade as a bar with its interval, the mean prediction as a dash.

    ``words``: title, x, y. Grades without firms keep their place and have no bar.
    """
    used = [row for row in rows if row["n"]]
    most = min(1.0, 1.05 * max((max(row["high"], row["predicted"]) for row in used), default=1.0)) or 1.0
    frame = _Frame(float(max(len(rows), 1)), most)
    parts = frame.axes(words["x"], words["y"], x_ticks=False)
    for index, row in enumerate(rows):
        centre, half = frame.x(index + 0.5), (frame.x(1) - frame.x(0)) * 0.32
        # Long ladders have narrow places: their symbols stand upright.
        turned = f' transform="rotate(-60 {centre} {HEIGHT - BOTTOM + 14})"' if len(rows) > 10 else ""
        parts.append(_text(centre, HEIGHT - BOTTOM + 14, str(row["grade"]), "end" if turned else "middle", turned))
        if not row["n"]:
            continue
        top = frame.y(row["rate"])
        parts.append(
            f'<rect x="{round(centre - half, 2)}" y="{top}" width="{round(2 * half, 2)}" '
            f'height="{round(frame.y(0) - top, 2)}" fill="#86aff9"/>'
        )
        parts.append(_line(centre, frame.y(row["low"]), centre, frame.y(min(row["high"], most)), INK))
        expected = frame.y(min(row["predicted"], most))
        left, right = round(centre - half, 2), round(centre + half, 2)
        parts.append(_line(left, expected, right, expected, "#bd2c0f", ' stroke-width="2"'))
    return _picture(words["title"], parts)


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten (of a percentage point) that is at least ``least``."""
    for power in range(-4, 3):
        for factor in (1.0, 2.0, 5.0):
            step = factor * 10.0**power / 100.0
            if step >= least:
                return step
    return 1.0


def gaps(rows: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> str:
    """Return mean prediction less event rate of every group as a dot with its interval around a line at zero.

    ``words``: title, x. Groups with too few events are drawn open; one whose interval leaves out zero is red. The scale
    is that of the groups with enough events: the long intervals of the others end at its edge with an arrowhead.
    """
    left = max([120.0, *(_width(str(row["label"])) + 20.0 for row in rows)])
    width, right, pitch = left + 380.0, 24.0, 22.0
    height = pitch * len(rows) + 44.0
    telling = [row for row in rows if not row["few"]] or sorted(rows, key=lambda row: -row["n"])[:3]
    widest = max((max(abs(row["gap_low"]), abs(row["gap_high"])) for row in telling), default=0.0)
    widest = max([widest, *(abs(row["gap"]) for row in rows if row["n"] >= _FEWEST_DRAWN)])
    step = _round_step(widest / 2.0)
    most = 2.0 * step

    def x(value: float) -> float:
        return round(left + (width - left - right) * (min(max(value, -most), most) + most) / (2.0 * most), 2)

    parts = []
    floor = pitch * len(rows) + 8.0
    for value in (-most, -most / 2, 0.0, most / 2, most):
        parts.append(_line(x(value), 4.0, x(value), floor, INK if value == 0.0 else GRID))
        decimals = 0 if step >= 0.01 and round(100 * step) % 2 == 0 else 1 if step >= 0.002 else 2
        shown = f"{100 * value:+.{decimals}f}" if value else "0"
        parts.append(_text(x(value), floor + 16, shown.replace("-", "−"), "middle"))
    parts.append(_text((left + width - right) / 2, height - 4, words["x"], "middle"))
    for index, row in enumerate(rows):
        y = pitch * index + 16.0
        off = row["gap_low"] > 0 or row["gap_high"] < 0
        colour = "#bd2c0f" if off and not row["few"] else MARK
        parts.append(_text(left - 10, y + 4, str(row["label"]), "end"))
        parts.append(_line(x(row["gap_low"]), y, x(row["gap_high"]), y, colour, ' stroke-width="2"'))
        for end, side in ((row["gap_low"], -1.0), (row["gap_high"], 1.0)):
            if abs(end) > most:
                tip, base = x(end) + 5 * side, x(end)
                parts.append(f'<path d="M{tip} {y}L{base} {y - 4}L{base} {y + 4}Z" fill="{colour}"/>')
        fill = "#fff" if row["few"] else colour
        parts.append(f'<circle cx="{x(row["gap"])}" cy="{y}" r="4" fill="{fill}" stroke="{colour}"/>')
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{_escape(words["title"])}" '
        f'font-size="12" style="min-width:{0.85 * width:.0f}px;max-width:{width:.0f}px">'
        f"<title>{_escape(words['title'])}</title>{''.join(parts)}</svg>"
    )


def _width(label: str) -> float:
    """Return about how wide a label of 12 px is; a Hangul syllable takes nearly twice the room of a letter."""
    return sum(11.5 if ord(character) > 0x2FFF else 6.8 for character in label)
