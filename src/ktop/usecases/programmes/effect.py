"""Reads a panel of firms, estimates a programme's effect and writes what was found."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, Lang, text
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.report.effect import effect_page, effect_pdf
from ktop.usecases.uploads import read_table
from ktop.validation.effect import Effect, Interval, Panel, estimate_effect

_FEWEST_YEARS = 3


def effect_of_panel(
    source: Path, outcome: str, covariates: Sequence[str], out: Path, lang: Lang = "ko"
) -> dict[str, Any]:
    """Estimate the effect on ``outcome`` and write ``effect.json``, ``report.html`` and ``report.pdf`` to ``out``.

    Returns what ``effect.json`` holds. Raises ``InputError`` for a panel that is none.
    """
    panel, notes = read_panel(source, outcome, covariates)
    found = as_json(estimate_effect(panel), outcome, covariates, panel, notes)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_path(out / "effect.json") as beside:
        beside.write_text(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")
    with atomic_path(out / "report.html") as beside:
        beside.write_text(effect_page(found, lang), "utf-8")
    with atomic_path(out / "report.pdf") as beside:
        beside.write_bytes(effect_pdf(found, lang, today()))
    return found


def read_panel(source: Path, outcome: str, covariates: Sequence[str]) -> tuple[Panel, list[str]]:
    """Return the firms that stand in every year, and what was left out, as keys of sentences.

    Raises ``InputError`` for a column that is missing or of the wrong kind, a firm that stands twice in a year, or one
    whose support begins in different years.
    """
    frame = read_table(source)
    for name in ("firm_id", "year", "treated_from", outcome, *covariates):
        if name not in frame.columns:
            raise InputError("effect.no_column", name=name)
    frame = frame.select(
        pl.col("firm_id").cast(pl.String),
        *(_number(frame, name).alias(name) for name in dict.fromkeys(("year", "treated_from", outcome, *covariates))),
    )
    if frame["firm_id"].null_count() or frame["year"].null_count():
        raise InputError("effect.no_key")
    years = frame["year"].to_numpy()
    if np.any(years != np.round(years)) or years.min() < 1900 or years.max() > 2200:
        raise InputError("effect.no_year")
    twice = frame.filter(pl.struct("firm_id", "year").is_duplicated())
    if twice.height:
        raise InputError("effect.twice", firm=twice["firm_id"][0], year=int(twice["year"][0]))
    starts = frame.group_by("firm_id").agg(pl.col("treated_from").n_unique().alias("n")).filter(pl.col("n") > 1)
    if starts.height:
        raise InputError("effect.two_starts", firm=sorted(starts["firm_id"])[0])
    span = sorted(set(years.astype(int)))
    if len(span) < _FEWEST_YEARS:
        raise InputError("effect.few_years", count=len(span))
    return _whole(frame, span, outcome, covariates)


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    if not (frame[name].dtype.is_numeric() or frame[name].dtype in (pl.String, pl.Null)):
        raise InputError("effect.no_number", name=name)
    cast = pl.col(name).cast(pl.Float64, strict=False)
    lost = frame.filter(pl.col(name).is_not_null() & (pl.col(name).cast(pl.String) != "") & cast.is_null())
    if lost.height:
        raise InputError("effect.no_number", name=name)
    return cast


def _whole(
    frame: pl.DataFrame, span: Sequence[int], outcome: str, covariates: Sequence[str]
) -> tuple[Panel, list[str]]:
    notes = []
    usable = frame.drop_nulls([outcome, *covariates]).filter(
        pl.all_horizontal(pl.col(name).is_finite() for name in (outcome, *covariates))
    )
    counts = usable.group_by("firm_id").len().filter(pl.col("len") == len(span))
    whole = usable.join(counts, on="firm_id", how="semi").sort("firm_id", "year")
    if counts.height < frame["firm_id"].n_unique():
        notes.append("gaps")
    first = span[0]
    always = pl.col("treated_from").is_not_null() & (pl.col("treated_from") <= first)
    if whole.filter(always).height:
        notes.append("always")
        whole = whole.filter(~always)
    n, years = whole["firm_id"].n_unique(), len(span)
    starts = whole["treated_from"].fill_null(0.0).to_numpy().reshape(n, years)[:, 0]
    starts = np.where(starts > span[-1], 0.0, starts)  # support that begins after the last year has no effect yet
    return (
        Panel(
            firms=n,
            years=np.array(span, dtype=np.int64),
            treated_from=starts.astype(np.int64),
            outcome=whole[outcome].to_numpy().reshape(n, years),
            covariates={name: whole[name].to_numpy().reshape(n, years) for name in covariates},
        ),
        notes,
    )


def as_json(
    found: Effect, outcome: str, covariates: Sequence[str], panel: Panel, notes: Sequence[str]
) -> dict[str, Any]:
    """Return what was found in plain types, sentences in both languages."""

    def interval(of: Interval | None) -> dict[str, float] | None:
        return None if of is None or not math.isfinite(of.value) else asdict(of)

    said = [*notes, *found.notes]
    return {
        "outcome": outcome,
        "covariates": list(covariates),
        "firms": {"supported": found.supported, "others": found.others},
        "years": [int(panel.years[0]), int(panel.years[-1])] if panel.firms else [],
        "att": interval(found.att),
        "by_event_time": [{"year": one.year, **asdict(one.effect)} for one in found.by_event_time],
        "pretrend": {"p": found.pretrend_p},
        "matched": interval(found.matched),
        "naive": interval(found.naive),
        "balance": [asdict(one) for one in found.balance],
        "method": {lang: text("effect.method", lang) for lang in LANGS},
        "warnings": [{lang: text(f"effect.note_{note}", lang) for lang in LANGS} for note in said],
        "refused": None
        if found.refused is None
        else {lang: text(f"effect.refused_{found.refused}", lang) for lang in LANGS},
    }
