"""Measures drift of a model version, over a table or over the ratings the platform has kept, and keeps the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.kernel.errors import InputError
from ktop.models.registry import KINDS, Entry, ModelRegistry
from ktop.store.ratings import RatingRow
from ktop.usecases.models.drift_reports import keep_report
from ktop.usecases.training.panels import read_panel
from ktop.usecases.training.retrain import OUTCOMES, fact_table, outcome_column
from ktop.validation.drift import drift

#: Newest kept ratings looked at; enough for any verdict, and read in seconds.
MOST_RATINGS = 20_000
#: Target of a model → outcome column of an appraisal table.
_OUTCOME_COLUMNS = dict(zip(("high_growth", "sustainable_growth", "failure"), OUTCOMES, strict=True))


def drift_of_table(model: str, data: Path, *, registry: ModelRegistry, keep: bool = True) -> dict[str, Any]:
    """Rate a table of companies by a model version (``NAME`` or ``NAME@VERSION``) and hold it against its baseline.

    Outcome columns (0, 1, empty) give calibration drift; a column ``rated_on`` (dates) gives the volume by month.
    """
    entry, baseline = _baseline(registry, model)
    rater = registry.model(entry.name, entry.version)
    frame = read_panel(data)
    table = fact_table(frame)
    batch = rater.rate_table(table, contributions=False)
    rated = batch.ok
    outcomes = {
        target: outcome_column(frame, column)[rated]
        for target, column in _OUTCOME_COLUMNS.items()
        if column in frame.columns and target in batch.probabilities
    }
    months = []
    if "rated_on" in frame.columns:
        months = [str(day)[:7] for day in frame.filter(pl.Series(rated))["rated_on"].drop_nulls().to_list()]
    measured = drift(
        baseline,
        features={name: batch.values[rated, k] for k, name in enumerate(batch.indicators)},
        scores={name: values[rated] for name, values in batch.scores.items()},
        probabilities={name: value[rated] for name, (value, _, _) in batch.probabilities.items()},
        grades={name: list(symbols[rated]) for name, symbols in batch.grades.items()},
        labels={name: list(table.columns[name][rated]) for name in baseline["labels"]},
        outcomes=outcomes,
        months=months,
    )
    source = {"kind": "table", "name": data.name, "refused": int((~rated).sum())}
    return keep_report(registry, entry, measured, source, keep)


def drift_of_ratings(
    model: str, rows: Sequence[RatingRow], *, registry: ModelRegistry, keep: bool = True
) -> dict[str, Any]:
    """Hold the ratings the platform has kept of a model version against its baseline.

    Figures are those told to the company then; nothing is rated again. A company rated several times on one day counts
    once, by its newest rating. Outcomes are not known here: calibration needs a table.
    """
    entry, baseline = _baseline(registry, model)
    ratings = _ratings_of(rows, entry)
    values = [{c["indicator"]: c["value"] for c in rating["contributions"]} for _, rating in ratings]
    subjects = [rating["subject"] for _, rating in ratings]
    measured = drift(
        baseline,
        features={name: _numbers([row.get(name) for row in values]) for name in baseline["features"]},
        scores={name: _numbers([r["scores"].get(name) for _, r in ratings]) for name in baseline["scores"]},
        probabilities={
            name: _numbers([r["probabilities"][name]["value"] for _, r in ratings])
            for name in baseline["probabilities"]
        },
        grades={name: [r["grades"].get(name) for _, r in ratings] for name in baseline["grades"]},
        labels={name: [subject.get(name) for subject in subjects] for name in baseline["labels"]},
        months=[day[:7] for day, _ in ratings],
    )
    return keep_report(registry, entry, measured, {"kind": "ratings", "name": "", "refused": 0}, keep)


def drift_of_all(rows: Sequence[RatingRow], *, registry: ModelRegistry) -> list[dict[str, Any]]:
    """Measure every company model in force over the kept ratings: what a nightly job calls."""
    return [drift_of_ratings(name, rows, registry=registry) for name in KINDS]


def _baseline(registry: ModelRegistry, model: str) -> tuple[Entry, Mapping[str, Any]]:
    name, _, version = model.partition("@")
    entry = registry.entry(name, version or None)
    baseline = entry.part("baseline.json")
    if baseline is None:
        raise InputError("lifecycle.no_baseline", name=name, version=entry.version)
    return entry, baseline


def _ratings_of(rows: Sequence[RatingRow], entry: Entry) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the day and rating of every company by this version, a company once a day, oldest first."""
    found: dict[tuple[str, str], tuple[str, Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (row.created, row.id)):
        for rating in row.results:
            if (rating["model"]["name"], rating["model"]["version"]) == (entry.name, entry.version):
                day = row.created.date().isoformat()
                subject = rating["subject"]
                company = str(subject.get("company_id") or subject.get("name") or row.id)
                found[company, day] = (day, rating)
    return list(found.values())


def _numbers(values: Sequence[Any]) -> Any:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
