"""Tells of a company's figures that cannot well stand beside each other: an R&D intensity of a million per cent."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ktop.catalogue import LANGS, Lang, LocalText, load, text
from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.expression import Expression, compile_expression
from ktop.domain.rating.rating import Warning


@dataclass(frozen=True, slots=True)
class PlausibleRatio:
    """A ratio of facts and the limits beyond which one of them is more likely wrong than true.

    Parameters
    ----------
    formula : over company facts.
    facts : names of the facts a reader is to look at.
    low, high : in the unit of the ratio; infinite where there is no limit.
    """

    formula: Expression
    facts: tuple[str, ...]
    low: float
    high: float
    label: LocalText
    unit: LocalText


@functools.cache
def plausible_ratios() -> tuple[PlausibleRatio, ...]:
    """Return the ratios of ``catalogue/plausible_ratios.yaml``."""
    return tuple(
        PlausibleRatio(
            formula=compile_expression(str(entry["formula"])),
            facts=tuple(entry["facts"]),
            low=float(entry.get("low", -np.inf)),
            high=float(entry.get("high", np.inf)),
            label=entry["label"],
            unit=entry["unit"] if isinstance(entry["unit"], dict) else dict.fromkeys(LANGS, entry["unit"]),
        )
        for entry in load("plausible_ratios")["ratios"].values()
    )


def implausible_warnings(table: FactTable) -> Mapping[int, tuple[Warning, ...]]:
    """Return the warnings about implausible ratios of every row that has any, by its position."""
    found: dict[int, list[Warning]] = {}
    for ratio in plausible_ratios():
        values = ratio.formula.evaluate({name: table.columns[name] for name in ratio.formula.names})
        for row in np.flatnonzero((values < ratio.low) | (values > ratio.high)).tolist():
            found.setdefault(row, []).append(_warning(ratio, float(values[row])))
    return {row: tuple(warnings) for row, warnings in found.items()}


def ratio_figures(ratio: PlausibleRatio, value: float) -> dict[str, LocalText]:
    """Return an implausible value and the limit it is beyond, in words; empty where it is within (or not known)."""
    if not (value < ratio.low or value > ratio.high):
        return {}
    limit = ratio.high if value > ratio.high else ratio.low

    def told(figure: float) -> LocalText:
        units = {lang: unit if lang == "ko" or unit == "%" else f" {unit}" for lang, unit in ratio.unit.items()}
        return {lang: f"{figure:,.0f}{unit}" for lang, unit in units.items()}

    return {"value": told(value), "limit": told(limit)}


def _warning(ratio: PlausibleRatio, value: float) -> Warning:
    figures = ratio_figures(ratio, value)

    def told(lang: Lang) -> str:
        items = ", ".join(FACTS[name].label[lang] for name in ratio.facts)
        words = {name: figure[lang] for name, figure in figures.items()}
        return text("company.warn_implausible", lang, ratio=ratio.label[lang], items=items, **words)

    return Warning(code="implausible", text={lang: told(lang) for lang in LANGS})
