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
from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import InputError
from ktop.models.panel_model import PanelModel
from ktop.training.guards import identity, leaks, prediction, units
from ktop.training.guards.outcomes import check_outcomes
from ktop.training.guards.values import check_values, missing_marks
from ktop.training.panel import YEARS, Panel, column_of, refuse_empty, sources, whole_years
from ktop.training.scheme import Scheme

#: A table with fewer rows, or fewer firms, cannot carry any model: a bag over firms would see the same few again.
FEWEST_ROWS = 60
FEWEST_FIRMS = 30
#: Up to this share of rows without a label are left to fall back quietly, as any missing label does.
MOST_UNLABELLED = 0.05


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
    refuse_empty(frame, plan.id, plan.year)
    if plan.year is not None:
        whole_years(column_of(frame, plan.year), plan.year)
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
        series = column_of(frame, name)
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
    # A heap of -999 is no change of unit; it is told of as what it is.
    real = {name: np.where(np.isin(column, missing_marks(column)), np.nan, column) for name, column in numeric.items()}
    checks = (
        identity.check_identity(plan, data, values),
        units.check_units(real, data),
        check_values(plan, data, numeric, values),
        check_outcomes(plan, data, outcomes, YEARS),
        identity.check_copies(plan, data, values),
        identity.check_twins(plan, values),
        leaks.check_leaks(plan, data, values, outcomes),
    )
    found = _constant_inputs(plan, values)
    found += [DataWarning(key, params) for check in checks for key, params in check]
    if plan.comparison is not None:
        cells = plan.comparison.cells
        found += _labels(cells, plan.comparison.minimum, data)
        late = plan.validation_years or plan.calibration_years
        found += [DataWarning(key, params) for key, params in identity.new_labels(cells, data, late)]
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


def _constant_inputs(plan: Scheme, values: Floats) -> list[DataWarning]:
    found = []
    for j, feature in enumerate(plan.features):
        known = values[~np.isnan(values[:, j]), j]
        if len(known) == 0:
            found.append(DataWarning("guards.empty_input", {"feature": feature.name}))
        elif known.min() == known.max():
            found.append(DataWarning("guards.constant_input", {"feature": feature.name, "value": f"{known[0]:g}"}))
    if len(found) == len(plan.features):
        raise InputError("guards.nothing_to_learn")
    return found


def prediction_warnings(model: PanelModel, data: Panel, values: Floats) -> tuple[DataWarning, ...]:
    """Return what is odd about a table to be predicted: unknown labels, missing inputs, amounts in another unit.

    Parameters
    ----------
    values : the model's inputs before any comparison with peers, shape ``(n, inputs)``.
    """
    found = [DataWarning(key, params) for key, params in prediction.check_prediction(model, data, values)]
    return (*_unknown_labels(model, data), *found)


def level_warnings(model: PanelModel, target: str, p: Floats, firms: Integers) -> tuple[DataWarning, ...]:
    """Return the warning that a target's probabilities lie at another level than its training's outcomes, if so."""
    return tuple(DataWarning(key, params) for key, params in prediction.check_level(model, target, p, firms))


def _unknown_labels(model: PanelModel, data: Panel) -> list[DataWarning]:
    found = []
    for depth, name in enumerate(model.peers.cells if model.peers is not None else ()):
        assert model.peers is not None
        known = {key[depth] for key in model.peers.keys if len(key) > depth}
        given = column_of(data.frame, name).cast(pl.String).drop_nulls()
        strange = given.filter(~given.is_in(sorted(known))) if known else given.clear()
        if len(strange):
            shown = ", ".join(sorted(set(strange.to_list()))[:5])
            found.append(DataWarning("guards.unknown_label", {"column": name, "rows": len(strange), "labels": shown}))
    return found


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
