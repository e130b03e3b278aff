"""What is odd about a table that is to be predicted, against the table its model was trained on.

The model keeps (``inputs_seen`` of its card) in what share of rows each input was known, and what amounts were usual.
Inputs that are missing now, history above all, and amounts in another unit are told of; nothing is changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ktop.domain.company.amount_check import AmountRanges, decimals, nearest_step, odd_amounts
from ktop.domain.expression import Expression
from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import InputError
from ktop.models.panel_model import PanelModel
from ktop.training.guards.units import check_units, is_amount
from ktop.training.guards.values import missing_marks
from ktop.training.panel import Panel, column_of, looks_back, sources

#: An input is told of as missing where its share of known rows fell by this much, or to nothing.
_FALLEN = 0.3
#: ... and was known in at least this share of the training's rows.
_LEAST_KNOWN = 0.05
#: A column's usual amount is in another unit from this many decimals off on ...
_LEAST_SHIFT = 1.5
#: ... and this many standard errors of a sample of as many companies.
_ERRORS = 4.0
#: Share of the training's amounts beyond each end of what counts as usual; real panels have long tails.
_TAIL = 0.001
#: Decimals below the smallest companies of the training from which a single row is small beyond belief.
_SMALLER_STILL = 1.0
_NAMED = 5
#: A mean probability so many times the training's event rate, or less than its inverse, is told of ...
_OTHER_LEVEL = 1.5
#: ... where it is this many standard errors of a sample of as many companies off.
_LEVEL_ERRORS = 4.0

Found = Iterator[tuple[str, dict[str, Any]]]


def inputs_seen(
    data: Panel,
    names: Mapping[str, frozenset[str]],
    values: Floats,
    derived: Mapping[str, Expression],
    year: str | None = None,
) -> dict[str, Any]:
    """Return what a model keeps of its training's inputs.

    Parameters
    ----------
    names : input → names its formula reads.
    values : the inputs' values, shape ``(n, inputs)``.
    derived, year : further columns and the year column of the scheme; a year is no amount.
    """
    known = 1 - np.isnan(values).mean(axis=0)
    found: dict[str, Any] = {"known": {name: round(float(share), 3) for name, share in zip(names, known, strict=True)}}
    columns = data.frame.columns
    read = {column for parts in names.values() for part in parts for column, _ in sources(part, columns, derived)}
    numeric = [name for name in sorted(read - {year}) if column_of(data.frame, name).dtype.is_numeric()]
    given = {name: data.column(name) for name in numeric}
    real = {name: np.where(np.isin(column, missing_marks(column)), np.nan, column) for name, column in given.items()}
    amounts = [name for name, column in real.items() if is_amount(column)]
    if amounts:
        logs = np.column_stack([decimals(real[name]) for name in amounts])
        spread = [float(np.nanquantile(column, 0.84) - np.nanquantile(column, 0.16)) / 2 for column in logs.T]
        ranges = AmountRanges.fit(logs, amounts, tail=_TAIL).to_mapping()
        for entry, half in zip(ranges["amounts"].values(), spread, strict=True):
            entry["spread"] = round(half, 2)
        found |= ranges
    return found


def check_prediction(model: PanelModel, data: Panel, values: Floats) -> Found:
    """Yield warnings about a table that is to be predicted; nothing for a model that kept nothing of its training."""
    seen = model.meta.get("inputs_seen")
    if not seen or not data.n:
        return
    yield from _missing(model, data, seen["known"], values)
    if "amounts" in seen:
        yield from _other_units(seen, data)
        yield from _mixed_units(seen, data)


def check_level(model: PanelModel, target: str, p: Floats, firms: Integers) -> Found:
    """Yield a warning where a table's mean probability lies far from the event rate of the model's training.

    Either these firms do differ so much, or they differ in what the model reads without differing in outcome, as files
    of another year or source do; the probabilities alone cannot tell which. ``p`` and ``firms`` are by row.
    """
    taught = model.meta.get("training", {}).get(target)
    if not taught or not len(p):
        return
    rate, mean = taught["events"] / taught["rows"], float(p.mean())
    error = np.sqrt(rate * (1 - rate) / len(np.unique(firms)))
    if not 1 / _OTHER_LEVEL < mean / rate < _OTHER_LEVEL and abs(mean - rate) > _LEVEL_ERRORS * error:
        yield "guards.other_level", {"target": target, "mean": f"{100 * mean:.1f}", "rate": f"{100 * rate:.1f}"}


def _missing(model: PanelModel, data: Panel, known: Mapping[str, float], values: Floats) -> Found:
    now = 1 - np.isnan(values).mean(axis=0)
    gone: list[str] = []
    fewer: list[str] = []
    history = False
    for feature, expression, share in zip(model.features, model.expressions.values(), now, strict=True):
        before = known.get(feature, 0.0)
        if before < _LEAST_KNOWN or (share > 0 and share > before - _FALLEN):
            continue
        listed = fewer if share > 0 else gone
        changed = f"{100 * before:.0f} %" if share == 0 else f"{100 * before:.0f} → {100 * share:.0f} %"
        listed.append(f"{feature} ({changed})")
        history |= any(looks_back(name, data.frame.columns, data.derived) for name in expression.names)
    for names, key in ((gone, "inputs_missing"), (fewer, "inputs_fewer")):
        if names:
            shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
            yield f"guards.{key}{'_history' if history else ''}", {"inputs": shown}


def _other_units(seen: Mapping[str, Any], data: Panel) -> Found:
    """Tell of columns whose usual amount, and of rows whose amounts, are a step between units off the training's."""
    ranges = AmountRanges.from_mapping(seen)
    logs = np.column_stack([decimals(data.column(name)) for name in ranges.names])
    firms = max(len(np.unique(data.firm)), 1)
    spread = np.array([entry["spread"] for entry in seen["amounts"].values()])
    shift = np.array([np.median(known) if len(known := c[~np.isnan(c)]) else np.nan for c in logs.T]) - ranges.centres
    off = np.abs(shift) > np.maximum(_LEAST_SHIFT, _ERRORS * 1.25 * spread / np.sqrt(firms))
    steps = np.zeros(len(shift))
    steps[off] = nearest_step(shift[off])
    judged = ~np.isnan(shift)
    for step in np.unique(steps[off]).tolist():
        names = [name for name, own in zip(ranges.names, steps, strict=True) if own == step]
        key = "predicted_in_other_unit" if len(names) == judged.sum() else "predicted_columns_in_other_unit"
        yield f"guards.{key}", {"columns": ", ".join(names), "factor": _factor(step)}
    low, high = ranges.size
    odd = odd_amounts(logs - steps, dataclasses.replace(ranges, size=(low - _SMALLER_STILL, high)))
    if odd.any.any():
        row = int(np.flatnonzero(odd.any)[0])
        names = [name for name, own in zip(ranges.names, odd.amounts[row], strict=True) if own]
        step = odd.whole[row] or next(own for own in odd.amounts[row].tolist() if own)
        first = f"{data.frame[data.id][row]}{'' if data.year is None else f' {data.year[row]}'}"
        told = {"count": int(odd.any.sum()), "first": first, "columns": ", ".join(names or ranges.names)}
        yield "guards.predicted_rows_in_other_unit", {**told, "factor": _factor(step)}


def _mixed_units(seen: Mapping[str, Any], data: Panel) -> Found:
    """Tell of what would be refused in training: columns, years or rows in another unit than the rest of the table."""
    columns = {name: data.column(name) for name in seen["amounts"]}
    try:
        yield from check_units(columns, data)
    except InputError as refusal:
        yield refusal.key, refusal.params


def _factor(step: float) -> str:
    power = f"{10 ** int(abs(step)):,}"
    return f"1/{power}" if step < 0 else power
