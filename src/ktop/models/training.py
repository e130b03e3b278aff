"""Training any scheme on any panel, and predicting with what came out.

Per target and track a bag is trained on a bootstrap over firms. The rows of the firms a member did not see give honest
scores, and on these the calibration layers are fitted: of every track by itself, then of the tracks' joint logit.
Rounds and seeds are fixed, so training twice gives the same bytes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from ktop.errors import InputError
from ktop.models import panel as panels
from ktop.models.artefact import Artefact
from ktop.models.boosting import BoostingSettings, firm_bootstrap, fit_boosting
from ktop.models.calibration import Platt, expit, fit_offsets, fit_platt, fit_platt_by_year, mean_level
from ktop.models.glass_box import MAX_TABLE_INPUTS, Floats, TermModel
from ktop.models.guards import check_inputs, check_table
from ktop.models.levels import LevelReference
from ktop.models.panel_model import PanelModel, TargetModel
from ktop.models.scheme import Ladder, Scheme, Track, derived_columns, read_scheme
from ktop.models.scorecard import ScorecardSettings, fit_scorecard
from ktop.models.structure import challenger_logits, unseen_variance
from ktop.models.terms import assemble

#: A target needs this many rows with and without the event: fewer cannot carry a calibrated model.
FEWEST_EVENTS = 20
#: A calibration on recent years takes in older ones until it has this many rows with and without the event.
FEWEST_CALIBRATION_EVENTS = 100

Progress = Callable[[str, float], None]


def train_scheme(
    scheme: Mapping[str, Any] | Scheme,
    panel: pl.DataFrame,
    until: int | None = None,
    progress: Progress | None = None,
) -> Artefact:
    """Train all targets and tracks of a scheme; only rows and outcomes known by the end of ``until`` are used.

    Parameters
    ----------
    scheme : as read from YAML (docs/methods/training.md), or checked already.
    panel : one row per company and year.
    until : last year whose figures are known; None for the whole panel.
    progress : called with a step's name and the share done.

    Raises ``InputError("models.…")`` for a scheme or panel that cannot be used and
    ``UnavailableError("models.training_parts_missing")`` without the training packages.
    """
    with _one_thread():
        return _trained(scheme if isinstance(scheme, Scheme) else read_scheme(scheme), panel, until, progress)


def _one_thread() -> contextlib.AbstractContextManager[Any]:
    """Hold matrix products to one thread: their last bits would depend on how many there are, and on a busy machine
    threads that wait for each other cost more than they bring."""
    try:
        threadpoolctl: Any = importlib.import_module("threadpoolctl")
    except ImportError:  # comes with scikit-learn among the training packages; without it products use their default
        return contextlib.nullcontext()
    limits: contextlib.AbstractContextManager[Any] = threadpoolctl.threadpool_limits(1)
    return limits


def _trained(plan: Scheme, panel: pl.DataFrame, until: int | None, progress: Progress | None) -> Artefact:
    if plan.year is not None and plan.year in panel.columns and until is not None:
        panel = panel.filter(pl.col(plan.year) <= until)
    elif until is not None:
        raise InputError("models.until_without_year")
    if panel.height == 0:
        raise InputError("models.no_rows")
    check_table(plan, panel)
    data = panels.Panel(panel, plan.id, plan.year, plan.columns)
    X = panels.features(plan, data)
    outcomes = {target.name: panels.outcome(target, data, until) for target in plan.targets}
    warnings = check_inputs(plan, data, X, outcomes)
    peers, chains, cells = None, np.zeros((data.n, 0), dtype=np.int64), np.zeros(data.n, dtype=np.int64)
    if plan.comparison is not None:
        labels = data.labels(plan.comparison.cells)
        peers = LevelReference.fit(X, labels, plan.comparison.cells, plan.comparison.minimum)
        cells = peers.find(labels, data.n)
        chains = peers.chains(cells)
        X = peers(X, cells) if plan.comparison.levels else X
    targets: dict[str, TargetModel] = {}
    ladders: dict[str, Any] = {}
    card: dict[str, Any] = {}
    for number, target in enumerate(plan.targets):
        y = outcomes[target.name]
        rows = ~np.isnan(y)
        _check_events(target.name, y[rows])
        if progress is not None:
            progress(target.name, number / len(plan.targets))
        year = None if data.year is None else data.year[rows]
        recent, held = _calibration_rows(plan, year, y[rows])
        _check_events(target.name, y[rows][~held])
        part, held_out, honest = _train_target(
            plan, target.name, X[rows], y[rows], data.firm[rows], year, recent, held, number
        )
        if peers is not None and plan.comparison is not None and plan.comparison.base_rates:
            part = _with_base_rates(part, held_out, y[rows][honest], chains[rows][honest], cells[rows][honest], peers)
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
    if warnings:
        meta["data_warnings"] = [warning.as_dict() for warning in warnings]
    model = PanelModel(
        meta=meta,
        expressions={feature.name: feature.expression for feature in plan.features},
        groups=tuple(feature.group for feature in plan.features),
        signs={target.name: plan.signs(target.name) for target in plan.targets},
        peers=peers,
        uses_levels=plan.comparison is not None and plan.comparison.levels,
        targets=targets,
        ladders=ladders,
    )
    return model.to_artefact()


def _with_base_rates(
    part: TargetModel, held_out: Floats, y: Floats, chains: Any, cells: Any, peers: LevelReference
) -> TargetModel:
    """Return the target's model with each comparison cell's own event rate, and calibrated beside these."""
    z, joint = held_out, part.joint
    offsets = np.zeros(len(peers.keys))
    for _ in range(3):  # offsets and calibration settle on each other
        offsets = np.round(fit_offsets(z, y, chains, len(peers.keys)), 10)
        again = fit_platt(z, y, offsets[cells])
        z, joint = again(z), again.after(joint)
    return dataclasses.replace(part, joint=_rounded(joint), offsets=offsets)


def _check_events(target: str, y: Floats) -> None:
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


def _train_target(
    plan: Scheme, target: str, X: Floats, y: Floats, firms: Any, year: Any, recent: Any, held: Any, number: int
) -> tuple[TargetModel, Floats, Any]:
    """Return the target's model, and the joint calibrated logits of the rows in the mask, made by members that did not
    train on their firm (or, for rows ``held`` back, on their years)."""
    taught = np.flatnonzero(~held)
    firm = np.unique(firms[taught], return_inverse=True)[1].astype(np.int64)
    weights = firm_bootstrap(firm, plan.members, plan.seed + 1000 * number)
    unseen = np.ones((plan.members, len(y)), dtype=bool)
    unseen[:, taught] = np.stack([weight == 0 for weight in weights])
    seen = unseen.any(axis=0)
    honest = seen & recent
    groups, signs = [feature.group for feature in plan.features], plan.signs(target)
    names = [feature.name for feature in plan.features]
    tracks: dict[str, tuple[TermModel, Platt]] = {}
    held_out = []
    for track in plan.tracks:
        chosen = [j for j, name in enumerate(names) if not track.inputs or name in track.inputs]
        given = X[taught][:, chosen]
        own_signs, own_groups = [signs[j] for j in chosen], [groups[j] for j in chosen]
        card = None
        if track.method == "boosting":
            settings = _boosting_settings(track)
            members = fit_boosting(
                given, y[taught], weights, own_groups, own_signs, settings, plan.seed + 7919 * number
            )
        else:
            card, members = fit_scorecard(given, y[taught], weights, own_signs, _settings(ScorecardSettings, track))
        if len(chosen) < len(names):
            members = [member.among(chosen, len(names)) for member in members]
            card = None if card is None else card.among(chosen, len(names))
        model, logits = assemble(members, X, names, groups, signs, plan.missing, central=card)
        raw = (logits * unseen).sum(axis=0) / np.maximum(unseen.sum(axis=0), 1)
        platt = _line(plan, raw, y, year, honest, seen)
        tracks[track.name] = (model, platt)
        held_out.append(platt(raw))
    shares = _shares(plan)
    if shares is None:
        mean = np.mean(held_out, axis=0)
    else:
        mean = np.asarray(sum(share * z for share, z in zip(shares.values(), held_out, strict=True)))
    joint = _line(plan, mean, y, year, honest, seen) if len(held_out) > 1 else Platt(0.0, 1.0)
    left_out = 0.0
    if plan.honest_intervals:
        others = (challenger_logits(X, y[taught], weights, taught) * unseen).sum(axis=0)
        others = others / np.maximum(unseen.sum(axis=0), 1)
        left_out = unseen_variance(joint(mean)[honest], others[honest], y[honest])
    return TargetModel(tracks, joint, np.zeros(0), shares, left_out), joint(mean)[honest], honest


def _line(plan: Scheme, raw: Floats, y: Floats, year: Any, honest: Any, seen: Any) -> Platt:
    """Fit a calibration layer on ``honest`` rows; its level, if wanted, that of the average year of ``seen`` rows."""
    if year is None:
        return _rounded(fit_platt(raw[honest], y[honest]))
    line = fit_platt_by_year(raw[honest], y[honest], year[honest])
    return _rounded(mean_level(line, raw[seen], y[seen], year[seen]) if plan.level == "cycle" else line)


def _shares(plan: Scheme) -> dict[str, float] | None:
    """Return each track's share in the joint logit, None where all count alike."""
    total = sum(track.weight for track in plan.tracks)
    if len({track.weight for track in plan.tracks}) == 1:
        return None
    return {track.name: track.weight / total for track in plan.tracks}


def _boosting_settings(track: Track) -> BoostingSettings:
    settings: BoostingSettings = _settings(BoostingSettings, track)
    small_tables = settings.table_inputs == 0
    if settings.table_inputs > MAX_TABLE_INPUTS or (small_tables and not 0 < settings.depth <= MAX_TABLE_INPUTS):
        wrong = "depth" if small_tables else "table_inputs"
        raise InputError("models.scheme_value", place=f"tracks.{track.name}.{wrong}", given=getattr(settings, wrong))
    return settings


def _cut(ladder: Ladder, probability: Floats) -> dict[str, Any]:
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


def _rounded(platt: Platt) -> Platt:
    """Cut the numbers to 12 digits, so that the last bits of a sum cannot make two trainings differ."""
    return Platt(float(f"{platt.intercept:.12g}"), float(f"{platt.slope:.12g}"))


def _settings(kind: Any, track: Track) -> Any:
    known = {entry.name: entry.type for entry in dataclasses.fields(kind)}
    for key, value in track.settings.items():
        if key not in known or isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError("models.scheme_unknown", entry=key, place=f"tracks.{track.name}")
    return kind(**{key: int(v) if known[key] == "int" else float(v) for key, v in track.settings.items()})


def fingerprint(X: Floats, firms: Any) -> str:
    """Return a short SHA-256 of the training rows: features and firm numbers, in order."""
    digest = hashlib.sha256(np.ascontiguousarray(X).tobytes())
    digest.update(np.ascontiguousarray(firms).tobytes())
    return digest.hexdigest()[:32]


def predict(artefact: Artefact | PanelModel, panel: pl.DataFrame) -> pl.DataFrame:
    """Predict every row of a panel.

    Returns the id and year columns and, per target, ``p_<target>``, ``p_<target>_low`` and ``_high`` (90 % interval),
    ``track_<track>_<target>`` (the track's own probability), ``group_<group>_<target>`` (logit points against the
    reference subject; with ``base_<target>`` they add up to the logit of ``p_<target>``) and ``grade_<ladder>``.
    """
    model = artefact if isinstance(artefact, PanelModel) else PanelModel.from_artefact(artefact)
    identity, year = model.meta["id"], model.meta.get("year")
    data = panels.Panel(panel, identity, year, derived_columns(model.meta["scheme"]))
    names = sorted({name for expression in model.expressions.values() for name in expression.names})
    cells = model.cells(data.labels(model.peers.cells) if model.peers is not None else {}, data.n)
    X = model.inputs(model.values(data.columns(names), data.n), cells)
    columns: dict[str, Any] = {name: panel[name] for name in (identity, year) if name is not None}
    for target, part in model.targets.items():
        estimate = part.estimate(X, cells)
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
    plan = read_scheme(model.meta["scheme"])
    data = panels.Panel(panel, plan.id, plan.year, plan.columns)
    columns: dict[str, Any] = {name: panel[name] for name in (plan.id, plan.year) if name is not None}
    for target in plan.targets:
        columns[f"y_{target.name}"] = pl.Series(panels.outcome(target, data, until)).fill_nan(None)
    return pl.DataFrame(columns)


def target_names(schemes: Sequence[Scheme]) -> tuple[str, ...]:
    """Return the names of all targets of several schemes, each once."""
    return tuple(dict.fromkeys(target.name for scheme in schemes for target in scheme.targets))
