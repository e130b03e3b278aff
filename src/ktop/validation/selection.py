"""What support would have brought about had others been chosen: the effect, and the growth, under other selections.

Each firm gets a doubly robust score of what it would have gained and of how it would have grown with support (Robins,
Rotnitzky and Zhao, Journal of the American Statistical Association 89, 1994), with every prediction made by models that
have not seen the firm (cross-fitting: Chernozhukov et al., The Econometrics Journal 21, 2018). The mean of the scores
over whom a rule would have chosen is what that rule would have brought about (Athey and Wager, Econometrica 89, 2021).

The question is that of Lee and Jo (KDI Journal of Economic Policy 40(4), 2018), who found that choosing by a predictive
model could more than double what R&D grants to small firms bring about. It rests on one assumption more than the effect
itself: what a firm gains hangs on what is known of it, not on having been chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ktop.kernel.arrays import Booleans, Floats, Integers
from ktop.validation.logistic import NoMaximumError, fit_logistic
from ktop.validation.panel import Interval, Panel

#: Fewest supported firms, and fewest others: a fifth of each has to carry a model's test.
FEWEST_FIRMS = 100
#: Shares of the present number of places that a threshold is tried at.
SHARES = (0.5, 1.0, 1.5)
_FOLDS, _RIDGE, _SEED = 5, 1.0, 20_181
_LIKE_RANGE = (0.02, 0.98)
_MOST_CROSSED = 8

#: actual: who was chosen; lot: anybody; score: the highest scores; growth: the highest predicted growth; effect: the
#: highest predicted effect.
Way: TypeAlias = Literal["actual", "lot", "score", "growth", "effect"]


@dataclass(frozen=True, slots=True)
class Selection:
    """What one way of choosing would have brought about.

    Parameters
    ----------
    places : how many it chooses; ``share`` of the present number.
    effect : mean effect on whom it chooses, in the outcome's unit.
    growth : their mean change from before to after, with support.
    gain : by how much its effect differs from that of the actual choice; None for that one.
    """

    way: Way
    share: float
    places: int
    effect: Interval
    growth: Interval
    gain: Interval | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Ways of choosing beside each other; ``left_out`` firms have none like them on the other side."""

    selections: tuple[Selection, ...]
    firms: int
    left_out: int


def simulate_selection(panel: Panel, score: Floats | None) -> Simulation | None:
    """Return what other selections would have brought about, None where firms are too few.

    Parameters
    ----------
    score : shape ``(firms,)``, what firms were chosen by (points, a rating); NaN where not known, None without one.
    """
    supported = panel.supported
    if min(int(supported.sum()), int((~supported).sum())) < FEWEST_FIRMS:
        return None
    features = _features(panel, score)
    fold = _folds(supported)
    chance = _chance(features, supported, fold)
    like = (chance > _LIKE_RANGE[0]) & (chance < _LIKE_RANGE[1])
    if min(int((supported & like).sum()), int((~supported & like).sum())) < FEWEST_FIRMS:
        return None
    part, fold, chance = panel.part(like), fold[like], chance[like]
    features, supported = features[like], supported[like]
    change = _common_change(part, features, fold)
    with_support = _predicted(features, change, supported, fold)
    without = _predicted(features, change, ~supported, fold)
    grown = with_support + supported / chance * (change - with_support)
    gained = grown - without - ~supported / (1 - chance) * (change - without)
    count = int(supported.sum())
    rules: list[tuple[Way, float, Booleans]] = [("lot", 1.0, np.ones(len(chance), dtype=bool))]
    known = None if score is None else score[like]
    if known is not None:
        rules += [("score", share, _best(known, round(share * count))) for share in SHARES]
    rules.append(("growth", 1.0, _best(with_support, count)))
    rules += [("effect", share, _best(with_support - without, round(share * count))) for share in SHARES]
    # Of those who were chosen the growth with support is known, and only the growth without it is to be told.
    apart = change - without
    actual_effect = np.where(supported, apart, -chance / (1 - chance) * apart) / count
    actual = Interval(*_reach(actual_effect.sum(), actual_effect - supported * actual_effect.sum() / count))
    selections = [Selection("actual", 1.0, count, actual, _interval(change, supported), None)]
    for way, share, chosen in rules:
        effect = _interval(gained, chosen)
        difference = _influence(gained, chosen) - (actual_effect - supported * actual.value / count)
        gain = Interval(*_reach(effect.value - actual.value, difference))
        places = count if way == "lot" else int(chosen.sum())
        selections.append(Selection(way, share, places, effect, _interval(grown, chosen), gain))
    return Simulation(tuple(selections), len(chance), int((~like).sum()))


def _features(panel: Panel, score: Floats | None) -> Floats:
    """Return what predictions are made from, of the first year, with squares and, where few, products."""
    columns = [panel.outcome[:, 0], *(values[:, 0] for values in panel.covariates.values())]
    if score is not None:
        missing = np.isnan(score)
        columns.append(np.where(missing, np.nanmean(score) if not missing.all() else 0.0, score))
        if missing.any():
            columns.append(missing.astype(np.float64))
    first = np.stack(columns, axis=1)
    spread = first.std(axis=0)
    first = (first - first.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    width = first.shape[1]
    crossed = [
        first[:, i] * first[:, j] for i in range(width) for j in range(i, width if width <= _MOST_CROSSED else i + 1)
    ]
    whole = np.column_stack([np.ones(len(first)), first, *crossed])
    # What is a sum of columns before it says nothing more (the square of a yes or no) and would have no one weight.
    own = np.abs(np.diag(np.linalg.qr(whole, mode="r")))
    return np.asarray(whole[:, own > 1e-8 * np.sqrt(len(whole))])


def _folds(supported: Booleans) -> Integers:
    """Return which fifth each firm belongs to, supported and others dealt out evenly; the same for the same panel."""
    fold = np.zeros(len(supported), dtype=np.int64)
    dealer = np.random.default_rng(_SEED)
    for rows in (np.flatnonzero(supported), np.flatnonzero(~supported)):
        fold[dealer.permutation(rows)] = np.arange(len(rows)) % _FOLDS
    return fold


def _chance(features: Floats, supported: Booleans, fold: Integers) -> Floats:
    """Return each firm's chance of support; 0 or 1 where the two groups do not overlap at all."""
    chance = np.zeros(len(features))
    for k in range(_FOLDS):
        seen = fold != k
        try:
            weights, _ = fit_logistic(features[seen], supported[seen].astype(np.float64), ridge=1e-6)
        except NoMaximumError:
            return supported.astype(np.float64)
        chance[~seen] = 1.0 / (1.0 + np.exp(-np.clip(features[~seen] @ weights, -30, 30)))
    return chance


def _common_change(panel: Panel, features: Floats, fold: Integers) -> Floats:
    """Return each firm's change from before to after, told as if support had begun in the same mix of years for all.

    Others have no first year: theirs is the mean over the first years of the supported, as often as those occur. From
    a supported firm what its own first year makes different (by the change of others like it) is taken off.
    """
    supported = panel.supported
    starts, counts = np.unique(panel.treated_from[supported], return_counts=True)
    own, expected = np.zeros(panel.firms), np.zeros(panel.firms)
    mean_change, mean_expected = np.zeros(panel.firms), np.zeros(panel.firms)
    for start, share in zip(starts, counts / counts.sum(), strict=True):
        after = panel.years >= start
        change = panel.outcome[:, after].mean(axis=1) - panel.outcome[:, ~after].mean(axis=1)
        like = _predicted(features, change, ~supported, fold)
        cohort = panel.treated_from == start
        own[cohort], expected[cohort] = change[cohort], like[cohort]
        mean_change += share * change
        mean_expected += share * like
    return np.where(supported, own - expected + mean_expected, mean_change)


def _predicted(features: Floats, values: Floats, rows: Booleans, fold: Integers) -> Floats:
    """Return a prediction for every firm by a ridge regression on those of ``rows`` outside its own fifth."""
    found = np.zeros(len(features))
    penalty = _RIDGE * np.eye(features.shape[1])
    penalty[0, 0] = 0.0
    for k in range(_FOLDS):
        seen = rows & (fold != k)
        design = features[seen]
        weights = np.linalg.solve(design.T @ design + penalty, design.T @ values[seen])
        found[fold == k] = features[fold == k] @ weights
    return found


def _best(values: Floats, places: int) -> Booleans:
    """Return the firms of the highest values, as many as there are places; who has none is not among them."""
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(-values[known], kind="stable")]
    chosen = np.zeros(len(values), dtype=bool)
    chosen[order[:places]] = True
    return chosen


def _influence(values: Floats, chosen: Booleans) -> Floats:
    """Return what each firm adds to the error of the mean over the chosen."""
    return np.where(chosen, values - values[chosen].mean(), 0.0) / int(chosen.sum())


def _interval(values: Floats, chosen: Booleans) -> Interval:
    return Interval(*_reach(values[chosen].mean(), _influence(values, chosen)))


def _reach(value: float, influence: Floats) -> tuple[float, float, float]:
    """Return a figure with its 95 % interval, from what each firm adds to its error."""
    error = float(np.sqrt(np.sum(influence**2)))
    return float(value), float(value) - 1.96 * error, float(value) + 1.96 * error
