"""How far the true probability may lie from a model of this form: what an unrestricted challenger finds beside it.

The spread of a bag says how much another sample would move the model. It cannot say what the form itself leaves out:
joint effects across groups, or an effect against a given sign. So a bag of unrestricted trees is trained on the same
draws, and both are held against rows neither saw. Training only; the result is a few numbers in the model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktop.kernel.arrays import Floats, Integers
from ktop.kernel.errors import UnavailableError
from ktop.models.calibration import expit
from ktop.models.panel_model import Z90, TargetModel
from ktop.training.calibration import fit_platt
from ktop.validation.logistic import NoMaximumError, fit_logistic

#: Share of true probabilities that an interval is to hold.
COVERAGE = 0.90
#: Widths are fitted on this many rows or not at all.
_FEWEST_JUDGED = 200
_LEAST_FACTOR = 0.05
_ROUNDS = 200
#: With fewer inputs every tree gets all of them: a share of two inputs is one, and one cannot act jointly.
_FEW_INPUTS = 6
_SETTINGS = {
    "objective": "binary", "learning_rate": 0.06, "num_leaves": 24, "min_data_in_leaf": 60, "lambda_l2": 5.0,
    "feature_fraction": 0.7, "max_bin": 63, "deterministic": True, "force_row_wise": True, "num_threads": 1,
    "verbosity": -1,
}  # fmt: skip


def challenger_logits(X: Floats, outcome: Floats, weights: Sequence[Floats], taught: Integers) -> Floats:
    """Return the logits of an unrestricted bag for every row of ``X``, shape ``(members, n)``.

    ``outcome`` and ``weights`` belong to the rows ``taught``, as in ``fit_boosting``. Raises
    ``UnavailableError("models.training_parts_missing")`` without LightGBM.
    """
    try:
        import lightgbm
    except ImportError as error:
        raise UnavailableError("models.training_parts_missing") from error
    settings = {**_SETTINGS, "feature_fraction": 1.0} if X.shape[1] < _FEW_INPUTS else _SETTINGS
    data = lightgbm.Dataset(X[taught], label=outcome, params=settings, free_raw_data=False)
    logits = []
    for member, weight in enumerate(weights):
        data.set_weight(weight)
        booster = lightgbm.train({**settings, "seed": member}, data, num_boost_round=_ROUNDS)
        logits.append(booster.predict(X, raw_score=True))
    return np.stack(logits)


def unseen_variance(logit: Floats, challenger: Floats, outcome: Floats) -> float:
    """Return the variance (logit squared) of what the model's form leaves out.

    Of the disagreement d = challenger - model a share b is real: the coefficient of d in a logistic regression with the
    model's logit as offset, on rows neither trained on. b mean(d^2) is then what the challenger confirmed, a lower
    bound, because it too misses things; mean(d^2) is all it claims. The middle of the two is taken.

    Parameters
    ----------
    logit, challenger : of rows neither was trained on, the model's calibrated, shape ``(n,)``.
    outcome : 0 or 1.
    """
    d = fit_platt(challenger, outcome)(challenger) - logit
    spread = float(np.mean(d**2))
    if spread < 1e-12:
        return 0.0
    try:
        share = min(max(float(fit_logistic(d[:, None], outcome, logit)[0][0]), 0.0), 1.0)
    except NoMaximumError:  # all rows agree with the challenger, or none does
        share = float(np.sum((outcome - expit(logit)) * d) > 0.0)
    return float(f"{(1.0 + share) / 2.0 * spread if share > 0 else 0.0:.10g}")


def fit_widths(model: TargetModel, X: Floats, cells: Integers, truth: Floats) -> tuple[float, float]:
    """Return two factors on the variances of ``model`` with which 90 % of its intervals hold ``truth`` (logits).

    The first is on the variance of the model, fitted on rows that know every input (the 90 % quantile of squared error
    over variance, as in split conformal prediction with scaled residuals, Lei et al. 2018); the second on what
    missing inputs could contribute, fitted on the others. It stays above zero: not knowing always widens.

    Parameters
    ----------
    X, cells, truth : rows the model did not train on; inputs, comparison cells, true logits.
    """
    reach = (truth - model.estimate(X, cells).logit) ** 2 / Z90**2
    own, gaps = model.variances(X)
    known, missing = (gaps == 0) & (own > 0), (gaps > 0) & (own > 0)
    if known.sum() >= _FEWEST_JUDGED:
        first = float(np.quantile(reach[known] / own[known], COVERAGE))
    elif missing.sum() >= _FEWEST_JUDGED:
        first = float(np.quantile(np.maximum(reach[missing] - gaps[missing], 0.0) / own[missing], COVERAGE))
    else:
        return 1.0, 1.0
    first, second = max(first, _LEAST_FACTOR), 1.0
    if min(known.sum(), missing.sum()) >= _FEWEST_JUDGED:
        second = float(np.quantile((reach[missing] - first * own[missing]) / gaps[missing], COVERAGE))
    return float(f"{first:.10g}"), float(f"{max(second, _LEAST_FACTOR):.10g}")
