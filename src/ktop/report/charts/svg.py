"""The few SVG elements the charts are drawn with: escaped text, rounded numbers, colours a stylesheet may replace."""

from __future__ import annotations

import functools
import html
import math
import re
import unicodedata
from collections.abc import Iterable

#: Colour of each chart role in print and where no stylesheet is loaded. The page's stylesheet sets the same roles by
#: class (``k-ink`` ...), for light and dark screens. Values are those of the KRDS palette; every text role is at least
#: 4.5:1 on white, every mark at least 3:1.
COLOURS = {
    "ink": "#1e2124",
    "muted": "#58616a",
    "paper": "#ffffff",
    "grid": "#cdd1d5",
    "track": "#e6e8ea",
    "own": "#0b50d0",
    "soft": "#86aff9",
    "other": "#6d7882",
    "plus": "#0b50d0",
    "minus": "#bd2c0f",
    "good": "#267337",
    "warn": "#8a5c00",
    "bad": "#8a240f",
    "tint1": "#d8e5fd",
    "tint2": "#eaf6ec",
    "tint3": "#fff3db",
    "tint4": "#fdefec",
    "tint5": "#fcdfd9",
}
#: Fonts by name; the page overrides them through its stylesheet, the PDF has the last ones embedded.
FONTS = "'Pretendard GOV', Pretendard, 'Noto Sans KR', sans-serif"

# Characters that XML 1.0 does not allow at all; a pasted text may hold them.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Those and the ones that mean something in XML. Nearly no text of a chart has one: a page draws thousands.
_TO_ESCAPE = re.compile(f"[&<>\"']|{_NOT_XML.pattern}")
_CLASS_AND_FILL = {role: (f"k-{role}", f' fill="{colour}"') for role, colour in COLOURS.items()}
_CLASS_AND_STROKE = {role: (f"l-{role}", f' stroke="{colour}"') for role, colour in COLOURS.items()}


def escape(value: object) -> str:
    """Return ``value`` as text that is safe inside an SVG element or attribute."""
    written = str(value)
    return html.escape(_NOT_XML.sub("", written), quote=True) if _TO_ESCAPE.search(written) else written


@functools.lru_cache(maxsize=4096)
def number(value: float) -> str:
    """Return a coordinate with at most two decimals and no trailing zeros."""
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown in ("-0", "") else shown


def tag(name: str, *content: str, **attributes: object) -> str:
    """Return an element. Underscores in attribute names become hyphens; None leaves an attribute out; ``kind="own"``
    writes the class and the fallback fill of a colour role, ``line="own"`` the same for its stroke."""
    classes = written = ""
    for key, value in attributes.items():
        if value is None:
            continue
        if key == "kind":
            role, fill = _CLASS_AND_FILL[str(value)]
            classes, written = f"{classes} {role}", written + fill
        elif key == "line":
            role, stroke = _CLASS_AND_STROKE[str(value)]
            classes, written = f"{classes} {role}", written + stroke
        else:
            shown = number(value) if isinstance(value, float) else escape(value)
            written = f'{written} {_attribute(key)}="{shown}"'
    opening = f'{name} class="{classes[1:]}"{written}' if classes else f"{name}{written}"
    return f"<{opening}>{''.join(content)}</{name}>" if content else f"<{opening}/>"


@functools.cache
def _attribute(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def rect(x: float, y: float, width: float, height: float, **attributes: object) -> str:
    """Return a rectangle; a negative width or height is an error of the caller, so it is not mended here."""
    return tag("rect", x=float(x), y=float(y), width=float(width), height=float(height), **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: object) -> str:
    """Return a straight line."""
    return tag("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), **attributes)


def hatching(x: float, y: float, width: float, height: float, *, gap: float = 6.0) -> str:
    """Return slanted lines across a rectangle: what is missing or may not be relied on, told apart without colour.

    Lines and not a pattern: a pattern needs an identifier, and many charts stand on one page.
    """
    drawn = []
    at = gap / 2
    while at < width + height:
        x1, y1 = (x + at, y) if at <= width else (x + width, y + at - width)
        x2, y2 = (x, y + at) if at <= height else (x + at - height, y + height)
        drawn.append(f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}")
        at += gap
    return tag("path", d="".join(drawn), fill="none", line="other", stroke_width=1)


def label(
    x: float, y: float, content: str, *, size: float = 13, anchor: str = "start", kind: str = "ink", **more: object
) -> str:
    """Return a line of text with its baseline at ``y``."""
    return tag(
        "text", escape(content), kind=kind, x=float(x), y=float(y), font_size=number(size), text_anchor=anchor, **more
    )


def text_width(content: str, size: float) -> float:
    """Return the width a line of text takes at most, roughly: one em a Korean character, less for Latin ones."""
    ems = 0.0
    for character in content:
        ems += _ems(character)
    return ems * size


@functools.lru_cache(maxsize=4096)
def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in "WF":
        return 0.94
    if character in "ilI.,:;'|!()[] ·":
        return 0.34
    if character in "mwMW%@":
        return 0.92
    return 0.68 if character.isupper() else 0.57


def shorten(content: str, size: float, width: float) -> str:
    """Return ``content``, cut with an ellipsis where it is wider than ``width``."""
    if text_width(content, size) <= width:
        return content
    while content and text_width(content + "…", size) > width:
        content = content[:-1]
    return content.rstrip() + "…"


def wrap(content: str, size: float, width: float, lines: int = 2) -> list[str]:
    """Return ``content`` broken at spaces into at most ``lines`` lines that fit ``width``; the last is shortened."""
    rows: list[str] = []
    for word in content.split():
        if rows and text_width(f"{rows[-1]} {word}", size) <= width:
            rows[-1] = f"{rows[-1]} {word}"
        else:
            rows.append(word)
    if len(rows) > lines:
        rows = [*rows[: lines - 1], " ".join(rows[lines - 1 :])]
    return [shorten(row, size, width) for row in rows]


def points(pairs: Iterable[tuple[float, float]]) -> str:
    """Return coordinates as the ``points`` attribute of a polygon or polyline."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in pairs)


def arc(cx: float, cy: float, radius: float, start: float, end: float) -> str:
    """Return the path of an arc from ``start`` to ``end`` (shares of a half circle, 0 at the left, 1 at the right)."""
    x1, y1 = on_half_circle(cx, cy, radius, start)
    x2, y2 = on_half_circle(cx, cy, radius, end)
    return f"M{number(x1)} {number(y1)}A{number(radius)} {number(radius)} 0 0 1 {number(x2)} {number(y2)}"


def on_half_circle(cx: float, cy: float, radius: float, share: float) -> tuple[float, float]:
    """Return the point at ``share`` of the upper half circle, 0 at its left end, 1 at its right end."""
    angle = math.pi * (1 - share)
    return cx + radius * math.cos(angle), cy - radius * math.sin(angle)
