"""What is checked of a training table: identities, numbers, units, inputs, leaks and labels, in this order.

A refusal is an ``InputError("guards.…")`` that names the column, rows or firms; a warning is kept in the model
(``data_warnings`` of its card) and told by the command. Nothing is repaired silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ktop.catalogue import LANGS, text
from ktop.errors import InputError
from ktop.models.glass_box import Floats
from ktop.models.guards import leaks, units
from ktop.models.panel import Panel, sources
from ktop.models.panel_model import PanelModel
from ktop.models.scheme import Scheme

#: A table with fewer rows, or fewer firms, cannot carry any model: a bag over firms would see the same few again.
FEWEST_ROWS = 60
FEWEST_FIRMS = 30
#: Years outside these are a typing error or another calendar.
YEARS = (1900, 2100)
#: From this share of copied rows on, calibration on "unseen" firms would be on seen ones.
MOST_COPIES = 0.05
#: Up to this share of rows without a label are left to fall back quietly, as any missing label does.
MOST_UNLABELLED = 0.05
#: Rows are compared as copies only where at least this many of their known inputs are no common value.
_TELLING_INPUTS = 4


@dataclass(frozen=True, slots=True)
class DataWarning:
    """Something a reader must know of the training data. ``key`` and ``params`` as in ``InputError``."""

    key: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, str]:
        """Return code and sentence in every language, as the model card keeps it."""
        found = {"code": self.key.split(".", 1)[1]}
        for lang in LANGS:
            found[lang] = text(self.key, lang, **self.params)
        return found


def check_table(plan: Scheme, frame: pl.DataFrame) -> None:
    """Refuse a table that is too small, whose firms or years cannot be told apart, or that holds infinite values.

    To be called before the table is read as a panel, on the rows known by the last year.
    """
    if frame.height < FEWEST_ROWS:
        raise InputError("guards.too_few_rows", rows=frame.height, fewest=FEWEST_ROWS)
    for name in filter(None, (plan.id, plan.year)):
        if name not in frame.columns:
            raise InputError("models.no_column", column=name)
        if frame[name].null_count():
            raise InputError("models.empty_cells", column=name, rows=frame[name].null_count())
    if plan.year is not None:
        _check_years(frame[plan.year], plan.year)
    keys = [name for name in (plan.id, plan.year) if name is not None]
    repeated = frame.group_by(keys, maintain_order=True).len().filter(pl.col("len") > 1)
    if repeated.height:
        first = " ".join(str(repeated[name][0]) for name in keys)
        key = "guards.duplicate_firms" if plan.year is None else "guards.duplicate_rows"
        raise InputError(key, id=plan.id, year=plan.year or "–", count=repeated.height, first=first)
    firms = frame[plan.id].n_unique()
    if firms < FEWEST_FIRMS:
        raise InputError("guards.too_few_firms", firms=firms, fewest=FEWEST_FIRMS)
    for name in base_columns(plan, frame):
        series = frame[name]
        if series.dtype.is_float() and (count := int(series.is_infinite().sum())):
            where = frame.filter(series.is_infinite()).select(keys).row(0)
            raise InputError("guards.infinite_values", column=name, count=count, first=" ".join(map(str, where)))


def check_inputs(plan: Scheme, data: Panel, values: Floats, outcomes: Mapping[str, Floats]) -> tuple[DataWarning, ...]:
    """Check what enters the training; returns the warnings, raises ``InputError("guards.…")`` for what is refused.

    Parameters
    ----------
    values : the features' values before any comparison with peers, shape ``(n, features)``.
    outcomes : target → 0/1 outcome of every row, NaN where not known.
    """
    frame = data.frame
    columns = base_columns(plan, frame)
    numeric = {name: data.column(name) for name in columns if _is_numeric(frame[name])}
    leaks.refuse_outcome_columns(plan, data)
    found = [
        *(DataWarning(key, params) for key, params in units.check_units(numeric, data)),
        *_constant_inputs(plan, values),
        *_copied_rows(plan, data, values),
        *(DataWarning(key, params) for key, params in leaks.check_leaks(plan, data, values, outcomes)),
    ]
    if plan.comparison is not None:
        found += _labels(plan.comparison.cells, plan.comparison.minimum, data)
    return tuple(found)


def base_columns(plan: Scheme, frame: pl.DataFrame) -> list[str]:
    """Return the table's columns that features and outcomes rest on, without lags, sorted."""
    wanted = {name for feature in plan.features for name in feature.expression.names}
    for target in plan.targets:
        for role in target.columns.values():
            wanted |= {role} if isinstance(role, str) else set(role)
    return sorted({column for name in wanted for column, _ in sources(name, frame.columns, plan.columns)})


def _is_numeric(series: pl.Series) -> bool:
    return series.dtype.is_numeric() or series.dtype == pl.Boolean


def _check_years(series: pl.Series, name: str) -> None:
    if not series.dtype.is_numeric():
        try:
            series = series.cast(pl.Int64)
        except pl.exceptions.PolarsError:
            raise InputError("models.not_numeric", column=name) from None
    values = series.cast(pl.Float64).to_numpy()
    wrong = ~np.isfinite(values) | (values != np.floor(values)) | (values < YEARS[0]) | (values > YEARS[1])
    if wrong.any():
        raise InputError("guards.not_a_year", column=name, count=int(wrong.sum()), first=f"{values[wrong][0]:g}")


def _constant_inputs(plan: Scheme, values: Floats) -> list[DataWarning]:
    found = []
    for j, feature in enumerate(plan.features):
        known = values[~np.isnan(values[:, j]), j]
        if len(known) == 0:
            found.append(DataWarning("guards.empty_input", {"feature": feature.name}))
        elif known.min() == known.max():
            found.append(DataWarning("guards.constant_input", {"feature": feature.name, "value": f"{known[0]:g}"}))
    return found


def _copied_rows(plan: Scheme, data: Panel, values: Floats) -> list[DataWarning]:
    """Look for rows of different firms (in the same year) that agree in every input."""
    telling = np.zeros(len(values), dtype=np.int64)
    for j in range(values.shape[1]):
        distinct, place, count = np.unique(values[:, j], return_inverse=True, return_counts=True)
        telling += (count[place] <= max(2, len(values) // 500)) & ~np.isnan(distinct[place])
    rows = np.flatnonzero(telling >= min(_TELLING_INPUTS, values.shape[1]))
    if values.shape[1] < 2 or len(rows) == 0:
        return []
    year = np.zeros(len(rows)) if data.year is None else data.year[rows].astype(np.float64)
    table = np.ascontiguousarray(np.column_stack([year, np.nan_to_num(values[rows], nan=np.finfo(np.float64).max)]))
    whole = table.view(np.dtype((np.void, table.dtype.itemsize * table.shape[1]))).ravel()
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    copies = np.flatnonzero(first[place] != np.arange(len(rows)))
    if len(copies) == 0:
        return []
    names = data.frame[plan.id]
    row = int(copies[0])
    told = {
        "count": len(copies),
        "first": str(names[int(rows[row])]),
        "other": str(names[int(rows[first[place[row]]])]),
    }
    if len(copies) > MOST_COPIES * len(values):
        raise InputError("guards.many_copies", **told)
    return [DataWarning("guards.copied_rows", told)]


def unknown_labels(model: PanelModel, frame: pl.DataFrame) -> tuple[DataWarning, ...]:
    """Return a warning for every comparison label of a table that is to be predicted which the model does not know."""
    found = []
    for depth, name in enumerate(model.peers.cells if model.peers is not None else ()):
        assert model.peers is not None
        known = {key[depth] for key in model.peers.keys if len(key) > depth}
        given = frame[name].cast(pl.String).drop_nulls()
        strange = given.filter(~given.is_in(sorted(known))) if known else given.clear()
        if len(strange):
            shown = ", ".join(sorted(set(strange.to_list()))[:5])
            found.append(DataWarning("guards.unknown_label", {"column": name, "rows": len(strange), "labels": shown}))
    return tuple(found)


def _labels(cells: Sequence[str], minimum: int, data: Panel) -> list[DataWarning]:
    """Warn of labels that are written in two ways, are missing, or are too rare to be compared with."""
    found = []
    for depth, (name, labels) in enumerate(data.labels(cells).items()):
        known = [label for label in labels if label is not None]
        if len(labels) - len(known) > MOST_UNLABELLED * len(labels):
            found.append(DataWarning("guards.missing_label", {"column": name, "rows": len(labels) - len(known)}))
        distinct, count = np.unique(np.array(known, dtype=str), return_counts=True)
        spelled: dict[str, list[str]] = {}
        for label in distinct:
            spelled.setdefault(" ".join(str(label).casefold().split()), []).append(str(label))
        for ways in spelled.values():
            if len(ways) > 1:
                shown = ", ".join(f"'{way}'" for way in ways)
                found.append(DataWarning("guards.label_spelled_twice", {"column": name, "labels": shown}))
        rare = [str(label) for label in distinct[count < minimum]]
        # Only the coarsest label always makes a cell of its own; finer ones are meant to fall back.
        if depth == 0 and rare:
            found.append(
                DataWarning(
                    "guards.rare_label",
                    {"column": name, "count": len(rare), "labels": ", ".join(rare[:5]), "fewest": minimum},
                )
            )
    return found
