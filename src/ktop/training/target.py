"""Training one target of a scheme: its tracks, their calibration, each cell's own rate, and intervals that hold.

Per track a bag is trained on draws of firms. The rows of the firms a member did not see give honest scores, and
on these the calibration layers are fitted: of every track by itself, then of the tracks' joint logit.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.kernel.errors import InputError
from ktop.models.calibration import Platt, expit
from ktop.models.glass_box import MAX_TABLE_INPUTS, TermModel
from ktop.models.panel_model import TargetModel
from ktop.training.boosting import BoostingSettings, fit_boosting, member_weights, spread_factor
from ktop.training.calibration import fit_offsets, fit_platt, fit_platt_by_year, mean_level
from ktop.training.scheme import Scheme, Track
from ktop.training.scorecard import ScorecardSettings, fit_scorecard
from ktop.training.structure import challenger_logits, fit_widths, unseen_variance
from ktop.training.terms import assemble, with_curve

#: One firm in so many is kept from the second training, on which the widths of intervals are fitted; it needs the
#: spread of a bag, not its last digit, so a larger bag is not trained twice in full.
_JUDGED_SHARE, _JUDGED_MEMBERS = 5, 10


@dataclass(frozen=True)
class TargetRows:
    """The rows with a known outcome of one target; all arrays have one entry a row.

    Parameters
    ----------
    X : inputs as they enter the model, shape ``(n, features)``, NaN for missing.
    y : outcome, 0 or 1.
    firm : firm number.
    year : year, or None for a table of one row per company.
    recent, held : rows that calibrate; rows that are kept from the training for it.
    chains, cells : comparison cells of each row (``LevelReference``); no columns and zeros without comparison.
    """

    X: Floats
    y: Floats
    firm: Integers
    year: Integers | None
    recent: Booleans
    held: Booleans
    chains: Integers
    cells: Integers

    def take(self, rows: Booleans) -> TargetRows:
        """Return some of the rows."""
        year = None if self.year is None else self.year[rows]
        rest = (self.recent[rows], self.held[rows], self.chains[rows], self.cells[rows])
        return TargetRows(self.X[rows], self.y[rows], self.firm[rows], year, *rest)


@dataclass(frozen=True)
class _Fitted:
    """A target's model, and the logits of its rows by members that trained on neither firm nor, if ``held``, year."""

    model: TargetModel
    logit: Floats
    unseen: Booleans
    honest: Booleans
    weights: list[Floats]


def train_target(plan: Scheme, target: str, rows: TargetRows, number: int, cells: int = 0) -> TargetModel:
    """Return the model of one target.

    Parameters
    ----------
    number : the target's place in the scheme, which its random draws hang on.
    cells : how many comparison cells there are.

    Raises ``InputError("models.scheme_…")`` for settings of a track that cannot be used.
    """
    fitted = _fit(plan, target, rows, number, cells)
    return _with_honest_intervals(plan, target, rows, number, cells, fitted) if plan.honest_intervals else fitted.model


def _fit(plan: Scheme, target: str, rows: TargetRows, number: int, cells: int) -> _Fitted:
    X, y = rows.X, rows.y
    taught = np.flatnonzero(~rows.held)
    firm = np.unique(rows.firm[taught], return_inverse=True)[1].astype(np.int64)
    weights = member_weights(firm, plan.members, plan.seed + 1000 * number, plan.bag_share)
    unseen = np.ones((plan.members, len(y)), dtype=bool)
    unseen[:, taught] = np.stack([weight == 0 for weight in weights])
    seen = unseen.any(axis=0)
    honest = seen & rows.recent
    groups, signs = [feature.group for feature in plan.features], plan.signs(target)
    names = [feature.name for feature in plan.features]
    tracks: dict[str, tuple[TermModel, Platt]] = {}
    held_out = []
    for track in plan.tracks:
        usable = plan.features if track.method == "boosting" else plan.own_features
        grown = [feature.name for feature in usable if not feature.cuts]
        chosen = [j for j, name in enumerate(names) if name in (track.inputs or grown)]
        given = X[taught][:, chosen]
        own_signs, own_groups = [signs[j] for j in chosen], [groups[j] for j in chosen]
        card = None
        if track.method == "boosting":
            settings = _boosting_settings(track, target)
            seed = plan.seed + 7919 * number
            members = fit_boosting(
                given, y[taught], weights, own_groups, own_signs, settings, seed, plan.interplay, plan.beside,
                [plan.features[j].bins for j in chosen],
            )  # fmt: skip
        else:
            chosen_bins = _settings(ScorecardSettings, track, target)
            card, members = fit_scorecard(given, y[taught], weights, own_signs, chosen_bins)
        if len(chosen) < len(names):
            members = [member.among(chosen, len(names)) for member in members]
            card = None if card is None else card.among(chosen, len(names))
        model, logits = assemble(members, X, names, groups, signs, plan.missing, central=card, beside=plan.beside,
                                 spread=spread_factor(plan.bag_share))  # fmt: skip
        raw = (logits * unseen).sum(axis=0) / np.maximum(unseen.sum(axis=0), 1)
        for j, feature in enumerate(plan.features):
            if feature.cuts:
                model, added = with_curve(model, j, feature.cuts, X[:, j], raw, y, honest)
                raw = raw + added
        platt = _line(plan, raw, y, rows.year, honest, seen)
        tracks[track.name] = (model, platt)
        held_out.append(platt(raw))
    shares = _shares(plan, target)
    if shares is None:
        mean = np.mean(held_out, axis=0)
    else:
        mean = np.asarray(sum(share * z for share, z in zip(shares.values(), held_out, strict=True)))
    joint = _line(plan, mean, y, rows.year, honest, seen) if len(held_out) > 1 else Platt(0.0, 1.0)
    part, z = TargetModel(tracks, joint, np.zeros(0), shares), joint(mean)
    if plan.comparison is not None and plan.comparison.base_rates:
        part, z = _with_base_rates(part, z, rows, honest, cells)
    return _Fitted(part, z, unseen, honest, weights)


def _with_base_rates(
    part: TargetModel, z: Floats, rows: TargetRows, honest: Booleans, cells: int
) -> tuple[TargetModel, Floats]:
    """Return the target's model with each comparison cell's own event rate, calibrated beside these, and its logits."""
    joint, own, y = part.joint, rows.cells[honest], rows.y[honest]
    offsets = np.zeros(cells)
    for _ in range(3):  # offsets and calibration settle on each other
        offsets = np.round(fit_offsets(z[honest], y, rows.chains[honest], cells), 10)
        again = fit_platt(z[honest], y, offsets[own])
        z, joint = again(z), again.after(joint)
    return dataclasses.replace(part, joint=_rounded(joint), offsets=offsets), z + offsets[rows.cells]


def _with_honest_intervals(
    plan: Scheme, target: str, rows: TargetRows, number: int, cells: int, fitted: _Fitted
) -> TargetModel:
    """Return the model with intervals that hold what its form leaves out, their width fitted to cover 90 %.

    The unrestricted challenger is taken for the truth, outcomes are drawn from it for four firms of five, and all is
    done again on these, the estimate of what the form leaves out included. How far that ends from the supposed truth on
    the fifth says how much wider or narrower intervals made this way must be (calibration by bootstrap, Beran 1987).
    """
    left_out, truth = _challenged(plan, rows, fitted)
    random = np.random.default_rng(plan.seed + 77_003 * (number + 1))
    drawn = (random.random(len(truth)) < expit(truth)).astype(np.float64)
    firms, place = np.unique(rows.firm, return_inverse=True)
    judged = (random.permutation(len(firms)) % _JUDGED_SHARE == 0)[place]
    taught = dataclasses.replace(rows, y=drawn).take(~judged)
    plan = dataclasses.replace(plan, members=min(plan.members, _JUDGED_MEMBERS))
    again = _fit(plan, target, taught, number, cells)
    model = dataclasses.replace(again.model, unseen_variance=_challenged(plan, taught, again)[0])
    asked = rows.take(judged & rows.recent)
    widths = fit_widths(model, asked.X, asked.cells, truth[judged & rows.recent])
    return dataclasses.replace(fitted.model, unseen_variance=left_out, widths=widths)


def _challenged(plan: Scheme, rows: TargetRows, fitted: _Fitted) -> tuple[float, Floats]:
    """Return the variance of what a model's form leaves out, and the challenger's calibrated logit of every row."""
    taught, count, honest = np.flatnonzero(~rows.held), fitted.unseen.sum(axis=0), fitted.honest
    inputs = np.column_stack([rows.X[:, : len(plan.own_features)], rows.chains])
    others = challenger_logits(inputs, rows.y[taught], fitted.weights, taught)
    # The few rows that every member trained on have no honest score; they go by the mean of all.
    raw = np.where(count > 0, (others * fitted.unseen).sum(axis=0) / np.maximum(count, 1), others.mean(axis=0))
    variance = unseen_variance(fitted.logit[honest], raw[honest], rows.y[honest])
    return variance, fit_platt(raw[honest], rows.y[honest])(raw)


def _line(plan: Scheme, raw: Floats, y: Floats, year: Any, honest: Any, seen: Any) -> Platt:
    """Fit a calibration layer on ``honest`` rows; its level, if wanted, that of the average year of ``seen`` rows."""
    if year is None:
        return _rounded(fit_platt(raw[honest], y[honest]))
    line = fit_platt_by_year(raw[honest], y[honest], year[honest])
    return _rounded(mean_level(line, raw[seen], y[seen], year[seen]) if plan.level == "cycle" else line)


def _shares(plan: Scheme, target: str) -> dict[str, float] | None:
    """Return each track's share in the joint logit, None where all count alike."""
    weights = {track.name: track.weight_of(target) for track in plan.tracks}
    if len(set(weights.values())) == 1:
        return None
    return {name: weight / sum(weights.values()) for name, weight in weights.items()}


def _boosting_settings(track: Track, target: str) -> BoostingSettings:
    settings: BoostingSettings = _settings(BoostingSettings, track, target)
    small_tables = settings.table_inputs == 0
    if settings.table_inputs > MAX_TABLE_INPUTS or (small_tables and not 0 < settings.depth <= MAX_TABLE_INPUTS):
        wrong = "depth" if small_tables else "table_inputs"
        raise InputError("models.scheme_value", place=f"tracks.{track.name}.{wrong}", given=getattr(settings, wrong))
    return settings


def _rounded(platt: Platt) -> Platt:
    """Cut the numbers to 12 digits, so that the last bits of a sum cannot make two trainings differ."""
    return Platt(float(f"{platt.intercept:.12g}"), float(f"{platt.slope:.12g}"))


def _settings(kind: Any, track: Track, target: str) -> Any:
    known = {entry.name: entry.type for entry in dataclasses.fields(kind)}
    settings = track.settings_of(target)
    for key, value in settings.items():
        if key not in known or isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError("models.scheme_unknown", entry=key, place=f"tracks.{track.name}")
    return kind(**{key: int(v) if known[key] == "int" else float(v) for key, v in settings.items()})
