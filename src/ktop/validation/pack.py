"""The validation pack: every measure of this room about one target of one model, as plain JSON types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.validation import calibration, discrimination, fairness, ladder, stability
from ktop.validation._arrays import known_pairs, plain
from ktop.validation.published import published_form

#: Version of the layout of ``metrics.json``.
FORMAT = "validation-1"
#: With fewer events (or non-events) an AUC is uncertain by some .05 and ten grades cannot each be tested.
FEWEST_EVENTS = 100
#: A grade whose prediction expects fewer events (or non-events) passes nearly whatever happens.
_FEWEST_EXPECTED = 5.0


def validation_pack(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    grades: npt.ArrayLike | None = None,
    groups: Mapping[str, npt.ArrayLike] | None = None,
    firm_ids: npt.ArrayLike | None = None,
    *,
    symbols: Sequence[str] = (),
    adverse: bool = False,
    periods: npt.ArrayLike | None = None,
    tracks: Mapping[str, npt.ArrayLike] | None = None,
    reference_p: npt.ArrayLike | None = None,
    features: Mapping[str, npt.ArrayLike] | None = None,
    reference_features: Mapping[str, npt.ArrayLike] | None = None,
    group_order: Mapping[str, Sequence[str]] | None = None,
    business_grades: Sequence[str | None] | None = None,
    drift: Mapping[str, Any] | None = None,
    top_share: float = 0.1,
    selection_share: float = 0.2,
    bins: int = 10,
    repeats: int = 400,
    seed: int = 0,
) -> dict[str, Any]:
    """Return all measures of one target.

    Parameters
    ----------
    y : outcomes 0 or 1, NaN unknown, shape (n,).
    p : predicted probabilities, NaN where the model gave none, shape (n,).
    grades, symbols : grade of each row (None without) and the ladder, best grade first.
    groups : fairness dimension (``region``, ``size`` ...) -> each row's group, None unknown.
    firm_ids : the firm of each row; rows of a firm are drawn together in the bootstrap.
    adverse : True where the event is bad (failure): its rate should rise down the ladder and the lowest are chosen.
    periods : year of each row.
    tracks : other predictions of the same rows to set beside ``p`` (name -> probabilities).
    reference_p, features, reference_features : predictions and inputs of the population the model was made on, and the
        inputs of these rows: what PSI and CSI compare.
    group_order : groups in their natural order, dimension by dimension.
    business_grades : technology-business grade of each row: failures per band in the form KOTEC once published.
    drift : PSI and CSI measured elsewhere (against a stored baseline): ``{"psi": {...}, "csi": {name: {...}}}``.
    top_share, selection_share : share of rows for precision at the top, and chosen for the fairness table.
    bins, repeats, seed : of the reliability table and the bootstrap.

    Figures that do not exist are None. Raises ``ValueError`` for shapes that do not fit.
    """
    outcomes, predictions, known = known_pairs(y, p)
    total = len(known)
    pack: dict[str, Any] = {
        "rows": total,
        "rows_used": len(outcomes),
        "rows_without_outcome": int(np.isnan(np.asarray(y, dtype=np.float64)).sum()),
        "rows_without_prediction": int(np.isnan(np.asarray(p, dtype=np.float64)).sum()),
        "firms": None if firm_ids is None else len(np.unique(np.asarray(firm_ids)[known].astype(str))),
        "events": int(outcomes.sum()),
        "rate": plain(outcomes.mean()) if len(outcomes) else None,
        "predicted": plain(predictions.mean()) if len(outcomes) else None,
        "few_events": bool(min(outcomes.sum(), len(outcomes) - outcomes.sum()) < FEWEST_EVENTS),
        "adverse": adverse,
        "discrimination": _discrimination(y, p, firm_ids, top_share, repeats, seed),
        "calibration": _calibration(y, p, bins),
    }
    if tracks:
        pack["tracks"] = {name: _track(y, values) for name, values in tracks.items()}
    if grades is not None and symbols:
        pack["ladder"] = _ladder(y, p, grades, symbols, adverse, firm_ids, repeats, seed)
    if periods is not None:
        pack["periods"] = [_plain(asdict(row)) for row in stability.by_period(y, p, periods)]
    if grades is not None and symbols and periods is not None and firm_ids is not None:
        moved = _migration(grades, symbols, firm_ids, periods)
        if moved is not None:
            pack["migration"] = moved
    if business_grades is not None:
        pack["published"] = published_form(y, business_grades)
    drifted = drift or _stability(p, reference_p, features, reference_features, bins)
    if drifted:
        pack["stability"] = dict(drifted)
    if groups:
        pack["fairness"] = _fairness(y, p, groups, selection_share, not adverse, group_order or {})
    return pack


def validation_report(
    model: Mapping[str, Any], data: Mapping[str, Any], targets: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the content of ``metrics.json``: model, data and one pack per target.

    ``model`` needs ``name`` and ``version`` and may say ``trained_on``; ``data`` names the rows (``name``, ``rows``,
    ``years``, ``synthetic`` True where they are made up).
    """
    return {
        "format": FORMAT,
        "model": dict(model),
        "data": dict(data),
        "targets": {k: dict(v) for k, v in targets.items()},
    }


def _plain(value: Any) -> Any:
    """Return nested values as JSON types; a float without a finite value becomes None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return plain(value) if isinstance(value, float) else value


def _discrimination(
    y: npt.ArrayLike, p: npt.ArrayLike, firm_ids: npt.ArrayLike | None, top_share: float, repeats: int, seed: int
) -> dict[str, Any]:
    values = {
        "auc": discrimination.auc(y, p),
        "accuracy_ratio": discrimination.accuracy_ratio(y, p),
        "ks": discrimination.ks(y, p),
        "precision_at_top": discrimination.precision_at(y, p, top_share),
    }
    intervals = discrimination.clustered_bootstrap(y, p, firm_ids, repeats=repeats, seed=seed, top_share=top_share)
    false, true = discrimination.roc_curve(y, p, points=101)
    figures: dict[str, Any] = {
        name: {"value": plain(value), "low": plain(intervals[name][0]), "high": plain(intervals[name][1])}
        for name, value in values.items()
    }
    return figures | {"top_share": top_share, "roc": {"false": false.tolist(), "true": true.tolist()}}


def _calibration(y: npt.ArrayLike, p: npt.ArrayLike, bins: int) -> dict[str, Any]:
    figures = {
        "brier": calibration.brier(y, p),
        "brier_skill": calibration.brier_skill(y, p),
        "ece": calibration.ece(y, p, bins),
        **asdict(calibration.calibration_line(y, p)),
        "hosmer_lemeshow": asdict(calibration.hosmer_lemeshow(y, p, bins)),
        "reliability": [asdict(row) for row in calibration.reliability_table(y, p, bins)],
    }
    result: dict[str, Any] = _plain(figures)
    return result


def _track(y: npt.ArrayLike, p: npt.ArrayLike) -> dict[str, Any]:
    line = calibration.calibration_line(y, p)
    figures = {"auc": discrimination.auc(y, p), "brier": calibration.brier(y, p), "slope": line.slope}
    result: dict[str, Any] = _plain(figures)
    return result


def _ladder(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    grades: npt.ArrayLike,
    symbols: Sequence[str],
    adverse: bool,
    firm_ids: npt.ArrayLike | None,
    repeats: int,
    seed: int,
) -> dict[str, Any]:
    table = ladder.grade_table(y, p, grades, symbols)
    order = ladder.monotonicity(table, rising=adverse)
    chance = ladder.chance_of_strict_order(y, grades, symbols, adverse, firm_ids=firm_ids, repeats=repeats, seed=seed)
    used = [row for row in table if row.n]
    result: dict[str, Any] = _plain(
        {
            "grades": [asdict(row) for row in table],
            "strict": order.strict,
            "inversions": order.inversions,
            "significant_inversions": order.significant,
            "spearman": order.spearman,
            "chance_of_strict_order": chance,
            "passing": sum(bool(row.passes) for row in used),
            "tested": len(used),
            "hardly_tested": [
                row.grade for row in used if row.n * min(row.predicted, 1 - row.predicted) < _FEWEST_EXPECTED
            ],
            "largest_share": max((row.share for row in used), default=float("nan")),
        }
    )
    return result


def _migration(
    grades: npt.ArrayLike, symbols: Sequence[str], firm_ids: npt.ArrayLike, periods: npt.ArrayLike
) -> dict[str, Any] | None:
    """Return how the grades of the same firms moved from one period to the next; None where no firm has two."""
    given, firms, years = np.asarray(grades, dtype=object), np.asarray(firm_ids).astype(str), np.asarray(periods)
    place = {key: row for row, key in enumerate(zip(firms, years.tolist(), strict=True))}
    pairs = [(row, place[firm, year + 1]) for (firm, year), row in place.items() if (firm, year + 1) in place]
    if not pairs:
        return None
    before, after = (given[[pair[side] for pair in pairs]] for side in (0, 1))
    moved = ladder.migration(before, after, symbols)
    i, j = np.indices(moved.counts.shape)
    total = int(moved.counts.sum())
    if not total:
        return None
    result: dict[str, Any] = _plain(
        {
            "symbols": list(symbols),
            "pairs": total,
            "counts": moved.counts.tolist(),
            "same": moved.within(0),
            "within_one": moved.within(1),
            "up": float(moved.counts[j < i].sum() / total),
            "down": float(moved.counts[j > i].sum() / total),
        }
    )
    return result


def _stability(
    p: npt.ArrayLike,
    reference_p: npt.ArrayLike | None,
    features: Mapping[str, npt.ArrayLike] | None,
    reference_features: Mapping[str, npt.ArrayLike] | None,
    bins: int,
) -> dict[str, Any]:
    drift: dict[str, Any] = {}
    if reference_p is not None:
        index = stability.psi(reference_p, p, bins)
        drift["psi"] = {"value": plain(index), "verdict": stability.verdict(index)}
    if features and reference_features:
        drift["csi"] = {
            name: {"value": plain(index), "verdict": stability.verdict(index)}
            for name, index in stability.csi(reference_features, features, bins).items()
        }
    return drift


def _fairness(
    y: npt.ArrayLike,
    p: npt.ArrayLike,
    groups: Mapping[str, npt.ArrayLike],
    share: float,
    highest: bool,
    orders: Mapping[str, Sequence[str]],
) -> dict[str, Any]:
    _, predictions, _ = known_pairs(y, p)
    threshold = fairness.selection_threshold(predictions, share, highest)
    dimensions = {}
    for name, values in groups.items():
        rows = fairness.group_table(y, p, values, threshold=threshold, highest=highest, order=orders.get(name))
        low, high = fairness.spread(rows)
        dimensions[name] = {
            "groups": [asdict(row) for row in rows],
            "auc_low": low,
            "auc_high": high,
            "largest_gap": max((abs(row.gap) for row in rows if not row.few), default=float("nan")),
            "least_impact": min((row.impact for row in rows if not row.few), default=float("nan")),
        }
    result: dict[str, Any] = _plain(
        {"selection_share": share, "threshold": threshold, "highest": highest, "dimensions": dimensions}
    )
    return result
