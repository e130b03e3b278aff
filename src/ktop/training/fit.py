"""Training any scheme on any panel, and predicting with what came out.

Here the panel becomes rows with outcomes; ``target_training`` makes the model of one target from them. Rounds and seeds
are fixed, so training twice gives the same bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import InputError
from ktop.kernel.progress import Progress, silent
from ktop.models.artefact import Artefact
from ktop.models.calibration import expit
from ktop.models.levels import LevelReference
from ktop.models.panel_model import PanelModel, TargetModel
from ktop.training import panel as panels
from ktop.training.calibration import level_shift
from ktop.training.guards import (
    DataWarning,
    check_inputs,
    check_table,
    inputs_seen,
    level_warnings,
    prediction_warnings,
)
from ktop.training.scheme import LadderPlan, Scheme, derived_columns, kept_scheme, read_scheme
from ktop.training.target import TargetRows, train_target

#: A target needs this many rows with and without the event: fewer cannot carry a calibrated model.
FEWEST_EVENTS = 20
#: A calibration on recent years takes in older ones until it has this many rows with and without the event.
FEWEST_CALIBRATION_EVENTS = 100


def one_thread() -> contextlib.AbstractContextManager[Any]:
    """Hold matrix products to one thread: their last bits would depend on how many there are, and on a busy machine
    threads that wait for each other cost more than they bring."""
    try:
        threadpoolctl: Any = importlib.import_module("threadpoolctl")
    except ImportError:  # comes with scikit-learn among the training packages; without it products use their default
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[Any] = threadpoolctl.threadpool_limits(1)
    return limits


def train_scheme(
    scheme: Mapping[str, Any] | Scheme,
    panel: pl.DataFrame,
    until: int | None = None,
    progress: Progress = silent,
) -> Artefact:
    """Train all targets and tracks of a scheme; only rows and outcomes known by the end of ``until`` are used.

    Parameters
    ----------
    scheme : as read from YAML (docs/methods/training.md), or checked already.
    panel : one row per company and year.
    until : last year whose figures are known; None for the whole panel.
    progress : told of each target by its name.

    Raises ``InputError("models.…")`` for a scheme or panel that cannot be used and
    ``UnavailableError("models.training_parts_missing")`` without the training packages.
    """
    with one_thread():
        return _trained(scheme if isinstance(scheme, Scheme) else read_scheme(scheme), panel, until, progress)


@dataclass(frozen=True)
class PreparedPanel:
    """A panel as a scheme reads it, cut at the last known year and checked.

    Parameters
    ----------
    data : the panel.
    X : inputs as they enter the model, shape ``(n, features)``; ``given``: the scheme's own as they were given.
    outcomes : target → 0/1 outcome of every row, NaN where it is not known.
    warnings : what is odd about the data.
    peers, chains, cells : comparison cells, as ``TargetRows`` has them; None and empty without a comparison.
    """

    data: panels.Panel
    X: Floats
    given: Floats
    outcomes: Mapping[str, Floats]
    warnings: Sequence[DataWarning]
    peers: LevelReference | None
    chains: Integers
    cells: Integers


def prepared_panel(plan: Scheme, panel: pl.DataFrame, until: int | None) -> PreparedPanel:
    """Read a panel by a scheme, cut at the end of ``until``, and refuse what cannot be trained on."""
    panel = panels.plain_panel(panel)
    if plan.year is not None and plan.year in panel.columns and until is not None:
        years = panels.column_of(panel, plan.year)
        known = pl.Series(panels.whole_years(years.drop_nulls(), plan.year))
        panel = panel.filter(pl.Series(~years.is_null())).filter(known <= until)
    elif until is not None:
        raise InputError("models.until_without_year")
    if panel.height == 0:
        raise InputError("models.no_rows")
    check_table(plan, panel)
    data = panels.Panel(panel, plan.id, plan.year, plan.columns)
    X = panels.features(plan, data)
    outcomes = {target.name: panels.outcome(target, data, until) for target in plan.targets}
    own = dataclasses.replace(plan, features=plan.own_features)
    given = X[:, : len(own.features)]
    warnings = check_inputs(own, data, given, outcomes)
    peers, chains, cells = None, np.zeros((data.n, 0), dtype=np.int64), np.zeros(data.n, dtype=np.int64)
    if plan.comparison is not None:
        labels = data.labels(plan.comparison.cells)
        peers = LevelReference.fit(X, labels, plan.comparison.cells, plan.comparison.minimum)
        cells = peers.find(labels, data.n)
        chains = peers.chains(cells)
        if plan.comparison.levels:
            X = np.where([feature.name in plan.by_value for feature in plan.features], X, peers(X, cells))
    for target in plan.targets:
        y = outcomes[target.name]
        check_events(target.name, y[~np.isnan(y)])
    return PreparedPanel(data, X, given, outcomes, warnings, peers, chains, cells)


def _trained(plan: Scheme, panel: pl.DataFrame, until: int | None, progress: Progress) -> Artefact:
    found = prepared_panel(plan, panel, until)
    data, X, outcomes, warnings = found.data, found.X, found.outcomes, found.warnings
    peers, chains, cells = found.peers, found.chains, found.cells
    own = dataclasses.replace(plan, features=plan.own_features)
    targets: dict[str, TargetModel] = {}
    ladders: dict[str, Any] = {}
    card: dict[str, Any] = {}
    for number, target in enumerate(plan.targets):
        y = outcomes[target.name]
        rows = ~np.isnan(y)
        progress(number, len(plan.targets), target.name)
        year = None if data.year is None else data.year[rows]
        recent, held = _calibration_rows(plan, year, y[rows])
        check_events(target.name, y[rows][~held])
        taught = TargetRows(X[rows], y[rows], data.firm[rows], year, recent, held, chains[rows], cells[rows])
        part = train_target(plan, target.name, taught, number, cells=0 if peers is None else len(peers.keys))
        targets[target.name] = part
        card[target.name] = {
            "rows": int(rows.sum()),
            "events": int(y[rows].sum()),
            "firms": len(np.unique(data.firm[rows])),
        }
        if data.year is not None:
            card[target.name]["years"] = [int(data.year[rows].min()), int(data.year[rows].max())]
            if held.any():
                seen = data.year[rows][held]
                card[target.name]["validation_years"] = [int(seen.min()), int(seen.max())]
        # Rows that were trained on look more extreme than new ones will: where some were kept, these set the cuts.
        shown = np.flatnonzero(rows)[held] if held.any() else np.flatnonzero(rows)
        for ladder in plan.ladders:
            if ladder.target == target.name:
                ladders[ladder.name] = _cut(ladder, part.estimate(X[shown], cells[shown]).probability)
    meta: dict[str, Any] = {
        "name": plan.name,
        "id": plan.id,
        "year": plan.year,
        "until": until,
        "scheme": dict(plan.source),
        "training": card,
        "data_fingerprint": fingerprint(X, data.firm),
    }
    read = {feature.name: feature.expression.names for feature in own.features}
    meta["inputs_seen"] = inputs_seen(data, read, found.given, plan.columns, plan.year)
    if warnings:
        meta["data_warnings"] = [warning.as_dict() for warning in warnings]
    model = PanelModel(
        meta=meta,
        expressions={feature.name: feature.expression for feature in plan.features},
        groups=tuple(feature.group for feature in plan.features),
        signs={target.name: plan.signs(target.name) for target in plan.targets},
        peers=peers,
        uses_levels=plan.comparison is not None and plan.comparison.levels,
        by_value=plan.by_value,
        targets=targets,
        ladders=ladders,
    )
    return model.to_artefact()


def check_events(target: str, y: Floats) -> None:
    """Refuse a target with too few known rows that have the event, or that have not."""
    events = int(y.sum())
    if min(events, len(y) - events) < FEWEST_EVENTS:
        raise InputError("models.too_few_events", target=target, events=events, rows=len(y))


def _calibration_rows(plan: Scheme, year: Any, y: Floats) -> tuple[Any, Any]:
    """Return which rows calibrate, and which of them are kept from the training for it.

    The newest ``validation_years`` (kept from training) or else ``calibration_years`` (trained on by those members that
    did not draw the firm), or as many more as it takes for enough events.
    """
    none = np.zeros(len(y), dtype=bool)
    if year is None:
        return ~none, none
    for years in range(plan.validation_years or plan.calibration_years, int(year.max() - year.min()) + 1):
        recent = year > year.max() - years
        if min(y[recent].sum(), (1 - y[recent]).sum()) >= FEWEST_CALIBRATION_EVENTS:
            return recent, recent if plan.validation_years else none
    return ~none, none


def _cut(ladder: LadderPlan, probability: Floats) -> dict[str, Any]:
    """Fix a ladder's cuts so that the training rows fall into its grades by the wanted shares."""
    steps = np.cumsum(ladder.shares)[:-1]
    cuts = np.quantile(probability, 1 - steps if ladder.better == "high" else steps)
    for k in range(1, len(cuts)):  # equal predictions can make equal cuts; a ladder needs them apart
        step = np.nextafter(cuts[k - 1], 0.0 if ladder.better == "high" else 1.0)
        cuts[k] = min(cuts[k], step) if ladder.better == "high" else max(cuts[k], step)
    return {
        "target": ladder.target,
        "symbols": list(ladder.symbols),
        "cuts": [float(cut) for cut in cuts],
        "better": ladder.better,
    }


def fingerprint(X: Floats, firms: Any) -> str:
    """Return a short SHA-256 of the training rows: features and firm numbers, in order."""
    digest = hashlib.sha256(np.ascontiguousarray(X).tobytes())
    digest.update(np.ascontiguousarray(firms).tobytes())
    return digest.hexdigest()[:32]


def panel_of(model: PanelModel, frame: pl.DataFrame) -> panels.Panel:
    """Return a table as the model's scheme reads it, with the scheme's further columns."""
    return panels.Panel(frame, model.meta["id"], model.meta.get("year"), derived_columns(model.meta["scheme"]))


def predict(
    artefact: Artefact | PanelModel,
    panel: pl.DataFrame,
    warn: Callable[[DataWarning], None] = lambda warning: None,
    rates: Mapping[str, float] | None = None,
) -> pl.DataFrame:
    """Predict every row of a panel; ``warn`` is told of what is odd about it against the training's.

    ``rates`` (target → share of rows with the event, between 0 and 1) is for whoever knows how common the event is
    among these firms: the level of the target's logits, not their order, is moved until the mean probability is that.
    Grades are then read from the moved probability; the tracks' own stay. Raises ``InputError("models.rate_…")`` for
    a target that is not the model's or a share that is none.

    Returns the id and year columns and, per target, ``p_<target>``, ``p_<target>_low`` and ``_high`` (90 % interval),
    ``track_<track>_<target>`` (the track's own probability), ``group_<group>_<target>`` (logit points against the
    reference subject; with ``base_<target>`` they add up to the logit of ``p_<target>``) and ``grade_<ladder>``.
    """
    model = artefact if isinstance(artefact, PanelModel) else PanelModel.from_artefact(artefact)
    identity, year = model.meta["id"], model.meta.get("year")
    data = panel_of(model, panel)
    names = sorted({name for expression in model.expressions.values() for name in expression.names})
    cells = model.cells(data.labels(model.peers.cells) if model.peers is not None else {}, data.n)
    values = model.values(data.columns(names), data.n)
    for warning in prediction_warnings(model, data, values):
        warn(warning)
    X = model.inputs(values, cells)
    given = (name for name in (identity, year) if name is not None)
    columns: dict[str, Any] = {name: panels.column_of(data.frame, name) for name in given}
    rates = rates or {}
    for target, rate in rates.items():
        if target not in model.targets:
            raise InputError("models.rate_target", target=target, known=", ".join(model.targets))
        if not 0 < rate < 1:
            raise InputError("models.rate_share", target=target, given=rate)
    for target, part in model.targets.items():
        estimate = part.estimate(X, cells)
        if target in rates:
            estimate = estimate.shifted(level_shift(estimate.logit, rates[target]))
        else:
            for warning in level_warnings(model, target, estimate.probability, data.firm):
                warn(warning)
        low, high = estimate.interval()
        columns |= {f"p_{target}": estimate.probability, f"p_{target}_low": low, f"p_{target}_high": high}
        columns |= {f"track_{track}_{target}": expit(z) for track, z in estimate.tracks.items()}
        columns |= {f"group_{g}_{target}": z for g, z in model.group_logits(estimate.contributions).items()}
        columns[f"base_{target}"] = estimate.base
        for ladder, rule in model.ladders.items():
            if rule["target"] == target:
                columns[f"grade_{ladder}"] = pl.Series(
                    model.ladder(ladder).grades(estimate.probability).tolist(), dtype=pl.String
                )
    return pl.DataFrame(columns)


def known_outcomes(artefact: Artefact | PanelModel, panel: pl.DataFrame, until: int | None = None) -> pl.DataFrame:
    """Return the id and year columns and each target's 0/1 outcome (null where not known) as ``y_<target>``."""
    model = artefact if isinstance(artefact, PanelModel) else PanelModel.from_artefact(artefact)
    plan = kept_scheme(model.meta["scheme"])
    data = panels.Panel(panel, plan.id, plan.year, plan.columns)
    given = (name for name in (plan.id, plan.year) if name is not None)
    columns: dict[str, Any] = {name: panels.column_of(data.frame, name) for name in given}
    for target in plan.targets:
        columns[f"y_{target.name}"] = pl.Series(panels.outcome(target, data, until)).fill_nan(None)
    return pl.DataFrame(columns)
