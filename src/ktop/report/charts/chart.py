"""What every chart is: a picture, the words that stand for it, and the table of the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ktop.catalogue import Lang, text
from ktop.report.charts.svg import FONTS, escape, number, tag


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart as text, for readers who cannot or will not look at the picture."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart.

    ``svg`` is a complete SVG document without scripts, styles or outside references: the same text goes into a page
    and into a PDF. ``width`` and ``height`` are its size in CSS pixels at which its text has the size of page text.
    """

    kind: str
    title: str
    description: str
    svg: str
    width: int
    height: int
    table: Table

    def __html__(self) -> str:
        """Let a template print the chart without marking it safe: everything in it was escaped when it was drawn."""
        return self.svg


def drawing(
    kind: str,
    title: str,
    description: str,
    width: float,
    height: float,
    parts: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
) -> Chart:
    """Return a ``Chart`` from its drawn parts. ``description`` must say in words what the picture shows."""
    svg = tag(
        "svg",
        tag("title", escape(title)),
        tag("desc", escape(description)),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {number(width)} {number(height)}",
        width=number(width),
        height=number(height),
        role="img",
        aria_label=f"{title}. {description}",
        font_family=FONTS,
    )
    svg = svg.replace("<svg ", f'<svg class="chart chart-{kind}" ', 1)
    table = Table(title, tuple(columns), tuple(tuple(row) for row in rows))
    return Chart(kind, title, description, svg, round(width), round(height), table)


def known(value: float | None) -> bool:
    """Whether there is a number to draw: None and NaN are missing, and missing is never drawn as zero."""
    return value is not None and math.isfinite(value)


def shown(value: float | None, lang: Lang, digits: int = 1, *, missing: str = "charts.missing") -> str:
    """Return a number as text, or the catalogue's word for a missing one."""
    if value is None or not math.isfinite(value):
        return text(missing, lang)
    rounded = f"{value:,.{digits}f}"
    return rounded.replace("-", "−") if float(rounded.replace(",", "")) else f"{0:.{digits}f}"


def signed(value: float | None, lang: Lang, digits: int = 1) -> str:
    """Return a number with its sign, "±0.0" for one that rounds to nothing."""
    if value is None or not math.isfinite(value):
        return text("charts.missing", lang)
    if not float(f"{value:.{digits}f}"):
        return f"±{0:.{digits}f}"
    return f"{'+' if value > 0 else '−'}{abs(value):,.{digits}f}"
