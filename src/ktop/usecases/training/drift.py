"""Measures drift of a model version, over a table or over the ratings the platform has kept, and keeps the report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ktop.kernel.errors import InputError
from ktop.models.registry import KINDS, Entry, ModelRegistry
from ktop.store.statistics import RatedFirm
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


@dataclass(frozen=True, slots=True)
class Told:
    """What drift needs of one kept rating: its day and its figures, some 2 kB of 40."""

    day: str
    values: Mapping[str, float | None]
    subject: Mapping[str, Any]
    scores: Mapping[str, float | None]
    probabilities: Mapping[str, float | None]
    grades: Mapping[str, str | None]


#: Name and version of a model → what it told of each company, oldest first.
ByVersion = Mapping[tuple[str, str], Sequence[Told]]


def told_by_version(rows: Iterable[RatedFirm]) -> ByVersion:
    """Return what each version told, a company once a day by its newest rating; ``rows`` come newest first."""
    found: dict[tuple[str, str], dict[tuple[str, str], Told]] = {}
    for row in rows:
        day = row.created.date().isoformat()
        for rating in row.results:
            version = (rating["model"]["name"], rating["model"]["version"])
            found.setdefault(version, {}).setdefault((row.firm, day), _told(day, rating))
    return {version: list(told.values())[::-1] for version, told in found.items()}


def _told(day: str, rating: Mapping[str, Any]) -> Told:
    return Told(
        day=day,
        values={part["indicator"]: part["value"] for part in rating["contributions"]},
        subject=rating["subject"],
        scores=rating["scores"],
        probabilities={name: found["value"] for name, found in rating["probabilities"].items()},
        grades=rating["grades"],
    )


def drift_of_ratings(model: str, told: ByVersion, *, registry: ModelRegistry, keep: bool = True) -> dict[str, Any]:
    """Hold the ratings the platform has kept of a model version against its baseline.

    Figures are those told to the company then; nothing is rated again. Outcomes are not known here: calibration needs a
    table.
    """
    entry, baseline = _baseline(registry, model)
    ratings = told.get((entry.name, entry.version), ())
    measured = drift(
        baseline,
        features={name: _numbers([r.values.get(name) for r in ratings]) for name in baseline["features"]},
        scores={name: _numbers([r.scores.get(name) for r in ratings]) for name in baseline["scores"]},
        probabilities={
            name: _numbers([r.probabilities.get(name) for r in ratings]) for name in baseline["probabilities"]
        },
        grades={name: [r.grades.get(name) for r in ratings] for name in baseline["grades"]},
        labels={name: [r.subject.get(name) for r in ratings] for name in baseline["labels"]},
        months=[r.day[:7] for r in ratings],
    )
    return keep_report(registry, entry, measured, {"kind": "ratings", "name": "", "refused": 0}, keep)


def drift_of_all(told: ByVersion, *, registry: ModelRegistry) -> list[dict[str, Any]]:
    """Measure every company model in force over the kept ratings."""
    return [drift_of_ratings(name, told, registry=registry) for name in KINDS]


def _baseline(registry: ModelRegistry, model: str) -> tuple[Entry, Mapping[str, Any]]:
    name, _, version = model.partition("@")
    entry = registry.entry(name, version or None)
    baseline = entry.part("baseline.json")
    if baseline is None:
        raise InputError("lifecycle.no_baseline", name=name, version=entry.version)
    return entry, baseline


def _numbers(values: Sequence[Any]) -> Any:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
