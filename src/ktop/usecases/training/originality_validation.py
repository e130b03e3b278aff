"""Judges the originality model by what happened later: ``ktop originality validate``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ktop.catalogue import Lang, text
from ktop.domain.rating.grades import ladder
from ktop.domain.technology.neighbourhood import day_number
from ktop.kernel.arrays import Booleans, Floats, Integers, Texts
from ktop.kernel.errors import InputError
from ktop.kernel.files import atomic_path
from ktop.kernel.parquet import read_parquet_frame
from ktop.kernel.progress import Progress, silent
from ktop.kernel.tables import damage_told_as
from ktop.models.originality import Weights
from ktop.models.originality.definitions import TRAITS, measures
from ktop.report.fonts import with_fonts
from ktop.report.validation import render
from ktop.training.originality.learning import fit_with_years
from ktop.training.originality.wording_noise import WordingNoise
from ktop.usecases.corpora.engine import open_corpus, weights_in_force
from ktop.usecases.training.originality_data import PATENTS, training_table
from ktop.usecases.training.originality_stability import read_pairs, stability_of
from ktop.usecases.training.originality_training import learn_from, logits_of, outcomes_in
from ktop.usecases.training.panels import require_training_parts
from ktop.usecases.training.wording_noise import wording_noise
from ktop.validation.pack import validation_pack, validation_report
from ktop.validation.within import Within, events_needed, within_groups

FOLDS = 5
SEED = 0
#: Pull towards the start weights of weights that are judged: the strongest that learning tries, the same for all
#: years, so that none has a say in its own.
FORECAST_RIDGE = 0.3
#: Years of filings, and events, that a forecast needs before its first day.
YEARS_BEFORE = 3
EVENTS_BEFORE = 20
#: AUC that the release aims at, and the share of the top that precision looks at.
AIM = 0.70
TOP_SHARE = 0.05
_FIELDS_SHOWN = 8
_LENGTHS = ("short", "middle", "long")


def validate_originality(
    corpus: Path,
    out: Path,
    *,
    patents: int = PATENTS,
    pairs: Path | None = None,
    extra: Path | None = None,
    lang: Lang = "ko",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Write ``out/report.html`` (in ``lang``) and ``out/metrics.json``; return the latter's content.

    Parameters
    ----------
    patents : drawn by chance from the corpus, as for training; the table made for training is used again.
    pairs : a table with columns ``a`` and ``b`` (and, if given, ``as_of``, ``exclude``): two wordings of one technology
        each, translations for example, that should be rated alike.
    extra : a table with column ``id`` and numbers, each set beside the model as one more trivial baseline.

    Raises ``InputError`` where no outcome is known for enough patents.
    """
    require_training_parts()
    wordings = None if pairs is None else read_pairs(pairs)  # what cannot be read is told before the long work
    if extra is not None:
        _numbers_of(extra)
    if out.exists() and not out.is_dir():
        raise InputError("originality.out_is_file", path=out.name)
    table = training_table(corpus, patents, lang=lang, progress=progress)
    extras = _extras(extra, table)
    logits, years, drawn = logits_of(table)
    outcomes = outcomes_in(table, years, drawn)
    weights = weights_in_force(corpus)
    noise = wording_noise(corpus, lang=lang, progress=progress)
    crossed, forecast = _crossed(table, logits, noise), _forecast(table, logits, years, noise)
    targets: dict[str, Any] = {}
    for name, y in outcomes.items():
        known = ~np.isnan(y)
        if 0 < y[known].sum() < np.count_nonzero(known):
            parts = _Parts(table, logits, years, drawn, weights, crossed, forecast, extras)
            targets[name] = _target(parts, name, y)
    if not targets:
        raise InputError("originality.no_outcomes")
    engine = open_corpus(corpus, lang=lang, progress=progress)
    report = validation_report(
        {"name": "originality", "version": engine.model.version, "trained_on": weights.about.get("corpus", "–")},
        {
            "name": corpus.name,
            "rows": table.height,
            "years": [int(years.min()), int(years.max())],
            "synthetic": bool(engine.model.reference.corpus.get("synthetic")),
        },
        targets,
    )
    report["robustness"] = stability_of(engine, corpus, table, wordings, lang=lang, progress=progress)
    with atomic_path(out / "metrics.json") as beside:
        beside.write_text(json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1), "utf-8")
    with atomic_path(out / "report.html") as beside:
        beside.write_text(with_fonts(render(report, lang)), "utf-8")
    return report


class _Parts:
    """What every outcome is judged with."""

    def __init__(
        self,
        table: pl.DataFrame,
        logits: Floats,
        years: Integers,
        drawn: Booleans,
        weights: Weights,
        crossed: Floats,
        forecast: Floats,
        extras: Mapping[str, Floats],
    ) -> None:
        self.table, self.logits, self.years, self.drawn = table, logits, years, drawn
        self.weights, self.crossed, self.forecast, self.extras = weights, crossed, forecast, extras
        firm, family = table["applicant"].to_list(), table["family"].to_list()
        self.cluster = np.array([one or other for one, other in zip(firm, family, strict=True)], dtype=object)
        fields = table["field"].fill_null("").to_list()
        self.fields_and_years = np.array([f"{year} {field}" for year, field in zip(years, fields, strict=True)])


# --- predictions that have not seen what they are judged by ---------------------------------------------------------


def _crossed(table: pl.DataFrame, logits: Floats, noise: WordingNoise) -> Floats:
    """Return (n, m) weighted logits whose weights were learned without the patent's own family."""
    families = np.unique(table["family"].to_numpy().astype(str), return_inverse=True)[1]
    fold = (np.random.default_rng(SEED).permutation(int(families.max()) + 1) % FOLDS)[families]
    found = np.zeros(logits.shape)
    for k in range(FOLDS):
        learned = learn_from(table, name="", rows=fold != k, ridges=(FORECAST_RIDGE,), noise=noise)
        found[fold == k] = logits[fold == k] * _shares(learned.weights)
    return found


def _forecast(table: pl.DataFrame, logits: Floats, years: Integers, noise: WordingNoise) -> Floats:
    """Return (n,) scores by weights learned from what was known on 1 January of the filing year; NaN without enough."""
    found = np.full(len(years), np.nan)
    for year in np.unique(years)[YEARS_BEFORE:]:
        until = day_number(date(int(year), 1, 1))
        learned = learn_from(table, until, name="", ridges=(FORECAST_RIDGE,), noise=noise)
        if sum(learned.events.values()) >= EVENTS_BEFORE:
            found[years == year] = logits[years == year] @ _shares(learned.weights)
    return found


def _shares(weights: Weights) -> Floats:
    return np.array([weights.shares[measure.name] for measure in measures()])


# --- one outcome ----------------------------------------------------------------------------------------------------


def _target(parts: _Parts, name: str, y: Floats) -> dict[str, Any]:
    """Return the pack of one outcome: the usual figures of drawn rows, and ranking within the filing year of all."""
    known = ~np.isnan(y)
    rows = known & parts.drawn
    score = parts.crossed.sum(axis=1)
    percent = _percentiles(score, parts.years, parts.drawn)
    steps = ladder("originality")
    probability = _probabilities(score, y, parts.years, parts.table)
    table = parts.table
    pack = validation_pack(
        y[rows],
        probability[rows],
        grades=np.array([steps.grade_of(value) for value in percent[rows]], dtype=object),
        symbols=steps.symbols,
        groups={
            "language": table["language"].to_numpy()[rows],
            "length": _length_groups(table["chars"].to_numpy())[rows],
            "field": _most_common(table["field"].to_list())[rows],
        },
        firm_ids=parts.cluster[rows],
        periods=parts.years[rows],
        group_order={"length": _LENGTHS},
    )
    return pack | {"within": _within(parts, y, known)}


def _within(parts: _Parts, y: Floats, known: Booleans) -> dict[str, Any]:
    """Return AUC and precision within the filing year of the score, traits, best single measure and trivial rivals.

    ``auc_in_field`` of each is the AUC within field and filing year: fields differ in how much they are cited.
    """
    columns: dict[str, Floats] = {"score": parts.crossed.sum(axis=1)}
    for trait in TRAITS:
        own = np.array([measure.trait == trait for measure in measures()])
        columns[f"trait_{trait}"] = parts.crossed[:, own].sum(axis=1)
    columns["in_force"] = parts.logits @ _shares(parts.weights)
    chars = parts.table["chars"].to_numpy().astype(np.float64)
    columns |= {"chars": chars, "neighbours": parts.table["neighbours"].to_numpy().astype(np.float64), **parts.extras}
    single = {measure.name: parts.logits[:, j] for j, measure in enumerate(measures())}
    weight = parts.table["weight"].to_numpy()

    def figures(chosen: Mapping[str, Floats], rows: Booleans, repeats: int = 400) -> dict[str, Any]:
        def of(groups: npt.NDArray[Any]) -> dict[str, Within]:
            scores = {key: values[rows] for key, values in chosen.items()}
            cluster, own = parts.cluster[rows], weight[rows]
            return within_groups(y[rows], scores, groups, cluster, own, share=TOP_SHARE, repeats=repeats, seed=SEED)

        found, in_field = of(parts.years[rows]), of(parts.fields_and_years[rows])
        return {
            key: {figure: _ranged(value) for figure, value in asdict(row).items()}
            | {"auc_in_field": _ranged(in_field[key].auc)}
            for key, row in found.items()
        }

    alone = figures(single, known, 0)
    best = max(alone, key=lambda key: alone[key]["auc"]["value"] or 0.0)
    rows = figures(columns | {"best_single": single[best]}, known)
    later = known & ~np.isnan(parts.forecast)
    forecast: dict[str, Any] = {}
    if 0 < y[later].sum() < np.count_nonzero(later):
        forecast = figures({"forecast": parts.forecast, "chars": chars, **parts.extras}, later)
    rival = rows[max((*parts.extras, "chars"), key=lambda key: rows[key]["auc"]["value"] or 0.0)]["auc"]["value"]
    area = rows["score"]["auc"]["value"]
    events = int(y[known].sum())
    return {
        "group": "year",
        "top_share": TOP_SHARE,
        "events": events,
        "forecast_events": int(y[later].sum()),
        "rate": float(np.average(y[known], weights=weight[known])),
        "best_single": best,
        "measures": {key: row["auc"]["value"] for key, row in alone.items()},
        "rows": rows,
        "forecast": forecast,
        "power": {
            "aim": AIM,
            "rival": rival,
            "events_for_aim": None if rival is None or rival >= AIM else events_needed(AIM, rival),
            "events_for_found": None if rival is None or area is None or area <= rival else events_needed(area, rival),
        },
    }


def _ranged(value: Sequence[float]) -> dict[str, float | None]:
    return {
        key: float(number) if np.isfinite(number) else None
        for key, number in zip(("value", "low", "high"), value, strict=True)
    }


def _percentiles(score: Floats, years: Integers, drawn: Booleans) -> Floats:
    """Return mid-rank percentiles among the drawn rows of the filing year."""
    found = np.full(len(score), 50.0)
    for year in np.unique(years):
        ruler = np.sort(score[(years == year) & drawn])
        if len(ruler):
            mine = years == year
            below = np.searchsorted(ruler, score[mine], side="left") + np.searchsorted(ruler, score[mine], side="right")
            found[mine] = 100.0 * below / (2.0 * len(ruler))
    return found


def _probabilities(score: Floats, y: Floats, years: Integers, table: pl.DataFrame) -> Floats:
    """Return probabilities of an outcome, each by a line in the score fitted without the patent's own family."""
    families = np.unique(table["family"].to_numpy().astype(str), return_inverse=True)[1]
    fold = (np.random.default_rng(SEED + 1).permutation(int(families.max()) + 1) % FOLDS)[families]
    drawn = table["drawn"].to_numpy().astype(np.bool_)
    found = np.full(len(score), np.nan)
    for k in range(FOLDS):
        rows = (fold != k) & drawn & ~np.isnan(y)
        if not 0 < y[rows].sum() < np.count_nonzero(rows):
            continue
        slope, levels = fit_with_years(score[rows][:, None], y[rows], years[rows], 1e-6, np.ones(1))
        level = np.array([levels.get(int(year), np.nan) for year in years])
        mine = fold == k
        found[mine] = 1.0 / (1.0 + np.exp(-(level[mine] + slope[0] * score[mine])))
    return found


def _length_groups(chars: npt.NDArray[np.generic]) -> Texts:
    cuts = np.quantile(chars.astype(np.float64), [1 / 3, 2 / 3])
    return np.array(_LENGTHS, dtype=object)[np.searchsorted(cuts, chars, side="left")]


def _most_common(labels: Sequence[str | None]) -> Texts:
    """Return the labels with all but the most common ones told as "other"."""
    kept = {label for label, _ in Counter(label for label in labels if label).most_common(_FIELDS_SHOWN)}
    return np.array([label if label in kept else "other" for label in labels], dtype=object)


def _extras(path: Path | None, table: pl.DataFrame) -> dict[str, Floats]:
    """Return further numbers of the table's patents, NaN where a patent has none."""
    if path is None:
        return {}
    given = _numbers_of(path)
    joined = table.select("id").join(given.unique("id"), on="id", how="left")
    numbers = [name for name in given.columns if name != "id"]
    return {name: joined[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in numbers}


def _numbers_of(path: Path) -> pl.DataFrame:
    """Return the numbers of a table by its column ``id``."""
    with damage_told_as(InputError("originality.extra_broken", path=path.name)):
        given = read_parquet_frame(path) if path.suffix == ".parquet" else pl.read_csv(path, glob=False)
        numbers = [name for name, kind in given.schema.items() if kind.is_numeric() and name != "id"]
        return given.select(pl.col("id").cast(pl.String), *numbers)


def summary_line(report: Mapping[str, Any], lang: Lang) -> str:
    """Return one sentence on the outcome told first."""
    name, pack = next(iter(report["targets"].items()))
    row = pack["within"]["rows"]["score"]["auc"]
    return text(
        "validation.originality_summary",
        lang,
        outcome=text(f"validation.target_{name}", lang),
        value=row["value"],
        low=row["low"],
        high=row["high"],
        events=pack["within"]["events"],
    )
