"""Reads a panel of firms, estimates a programme's effect and writes what was found."""

from __future__ import annotations

import importlib.util
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, Lang, LocalText, text
from ktop.kernel.arrays import Floats
from ktop.kernel.clock import today
from ktop.kernel.errors import InputError, UnavailableError
from ktop.kernel.files import atomic_path
from ktop.report.effect import effect_page, effect_pdf, effect_xlsx
from ktop.usecases.uploads import read_table
from ktop.validation.effect import Effect, estimate_effect
from ktop.validation.panel import Interval, Panel
from ktop.validation.selection import simulate_selection

_FEWEST_YEARS = 3
#: So many values of a column are told apart at most.
_MOST_VALUES = 40
_GROUP = "by:"


def require_packages() -> None:
    """Raise ``UnavailableError`` where the packages for effects are not installed: they are an extra of 60 MB."""
    for package in ("diff_diff", "pandas", "scipy"):
        if importlib.util.find_spec(package) is None:
            raise UnavailableError("effect.not_installed")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a panel.

    Parameters
    ----------
    outcome : column of what support is to change.
    covariates : columns of what firms are compared by.
    by : columns whose values are told apart: programme, region, industry, size.
    score : column of what firms were chosen by, None where there is none.
    """

    outcome: str
    covariates: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    score: str | None = None


@dataclass(frozen=True, slots=True)
class ReadPanel:
    """A panel as it was read; ``groups`` name → each firm's value, ``notes`` keys of sentences on what was left out."""

    panel: Panel
    groups: Mapping[str, Sequence[str | None]]
    score: Floats | None
    notes: tuple[str, ...]


def effect_of_panel(source: Path, asked: Asked, out: Path, lang: Lang = "ko") -> dict[str, Any]:
    """Estimate an effect and write ``effect.json``, ``report.html``, ``report.pdf`` and ``report.xlsx`` to ``out``.

    Returns what ``effect.json`` holds. Raises ``InputError`` for a panel that is none.
    """
    found = effect_found(source, asked)
    out.mkdir(parents=True, exist_ok=True)
    with atomic_path(out / "effect.json") as beside:
        beside.write_text(json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")
    with atomic_path(out / "report.html") as beside:
        beside.write_text(effect_page(found, lang), "utf-8")
    with atomic_path(out / "report.pdf") as beside:
        beside.write_bytes(effect_pdf(found, lang, today()))
    with atomic_path(out / "report.xlsx") as beside:
        beside.write_bytes(effect_xlsx(found, lang))
    return found


def effect_found(source: Path, asked: Asked) -> dict[str, Any]:
    """Return what a panel tells, as ``effect.json`` holds it; raises ``InputError`` for a panel that is none."""
    read = read_panel(source, asked)
    whole = estimate_effect(read.panel)
    found = as_json(whole, asked, read)
    found["by"] = {name: _by_value(read.panel, values) for name, values in read.groups.items()}
    simulated = None if whole.att is None else simulate_selection(read.panel, read.score)
    found["selection"] = None if simulated is None else {"score": asked.score, **asdict(simulated)}
    plain: dict[str, Any] = json.loads(json.dumps(found, allow_nan=False))  # what a file of it would give
    return plain


def _by_value(panel: Panel, values: Sequence[str | None]) -> list[dict[str, Any]]:
    """Return the effect for each value of a column, the most supported first, values of few firms last.

    Supported firms of a value are compared with others of the same value; where others have none (a programme), with
    all of them.
    """
    told = np.array([value or "" for value in values], dtype=object)
    others_told = bool(np.any((told != "") & ~panel.supported))
    counts = Counter(told[panel.supported & (told != "")].tolist())
    parts = []
    for value, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:_MOST_VALUES]:
        same = told == value
        found = estimate_effect(panel.part(same if others_told else same | ~panel.supported))
        parts.append(
            {
                "value": value,
                "supported": found.supported,
                "others": found.others,
                "att": _interval(found.att),
                "naive": _interval(found.naive),
                "pretrend": _pretrend(found),
                "refused": _refused(found),
            }
        )
    return parts


def read_panel(source: Path, asked: Asked) -> ReadPanel:
    """Return the firms that stand in every year.

    Raises ``InputError`` for a column that is missing or of the wrong kind, a firm that stands twice in a year, or one
    whose support begins in different years.
    """
    frame = read_table(source)
    outcome, covariates = asked.outcome, asked.covariates
    numeric = dict.fromkeys(("year", "treated_from", outcome, *covariates, *([asked.score] if asked.score else [])))
    for name in ("firm_id", *numeric, *asked.by):
        if name not in frame.columns:
            raise InputError("effect.no_column", name=name)
    frame = frame.select(
        pl.col("firm_id").cast(pl.String),
        *(_number(frame, name).alias(name) for name in numeric),
        *(pl.col(name).cast(pl.String).alias(f"{_GROUP}{name}") for name in dict.fromkeys(asked.by)),
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
    return _whole(frame, span, asked)


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    if not (frame[name].dtype.is_numeric() or frame[name].dtype in (pl.String, pl.Null)):
        raise InputError("effect.no_number", name=name)
    cast = pl.col(name).cast(pl.Float64, strict=False)
    lost = frame.filter(pl.col(name).is_not_null() & (pl.col(name).cast(pl.String) != "") & cast.is_null())
    if lost.height:
        raise InputError("effect.no_number", name=name)
    return cast


def _whole(frame: pl.DataFrame, span: Sequence[int], asked: Asked) -> ReadPanel:
    outcome, covariates = asked.outcome, asked.covariates
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
    return ReadPanel(
        panel=Panel(
            firms=n,
            years=np.array(span, dtype=np.int64),
            treated_from=starts.astype(np.int64),
            outcome=whole[outcome].to_numpy().reshape(n, years),
            covariates={name: whole[name].to_numpy().reshape(n, years) for name in covariates},
        ),
        groups={name: _first_known(whole[f"{_GROUP}{name}"].to_list(), years) for name in asked.by},
        score=None
        if asked.score is None
        else np.array(_first_known(whole[asked.score].to_list(), years), dtype=np.float64),
        notes=tuple(notes),
    )


def _first_known(values: Sequence[Any], years: int) -> list[Any]:
    """Return what is known first of each firm over its years: groups and scores are those of the choice."""
    return [
        next((value for value in values[at : at + years] if value is not None and value != ""), None)
        for at in range(0, len(values), years)
    ]


def _interval(of: Interval | None) -> dict[str, float] | None:
    return None if of is None or not math.isfinite(of.value) else asdict(of)


def _pretrend(found: Effect) -> dict[str, Any]:
    of = found.pretrend
    if of is None:
        return {"p": None, "drift": None, "drift_p": None}
    return {"p": of.p, "drift": _interval(of.drift), "drift_p": of.drift_p}


def _refused(found: Effect) -> LocalText | None:
    if found.refused is None:
        return None
    return {lang: text(f"effect.refused_{found.refused}", lang) for lang in LANGS}


def as_json(found: Effect, asked: Asked, read: ReadPanel) -> dict[str, Any]:
    """Return what was found in plain types, sentences in both languages."""
    panel, said, interval = read.panel, [*read.notes, *found.notes], _interval
    return {
        "outcome": asked.outcome,
        "covariates": list(asked.covariates),
        "firms": {"supported": found.supported, "others": found.others},
        "years": [int(panel.years[0]), int(panel.years[-1])] if panel.firms else [],
        "att": interval(found.att),
        "by_event_time": [{"year": one.year, **asdict(one.effect)} for one in found.by_event_time],
        "pretrend": _pretrend(found),
        "sensitivity": None if found.sensitivity is None else asdict(found.sensitivity),
        "matched": interval(found.matched),
        "naive": interval(found.naive),
        "balance": [asdict(one) for one in found.balance],
        "method": {lang: text("effect.method", lang) for lang in LANGS},
        "warnings": [{lang: text(f"effect.note_{note}", lang) for lang in LANGS} for note in said],
        "refused": _refused(found),
    }
