"""What a firm's accounts (재무) changed: every probability and grade with the accounts' exact part, and without it.

"Without" is as if the accounts were those of the average reference firm: the part of the group is taken away, the rest
stays to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.company.indicators import ACCOUNTS
from ktop.domain.rating.rating import Opinion
from ktop.kernel.arrays import Booleans
from ktop.models.batch import BatchRatings
from ktop.models.calibration import expit
from ktop.models.opinion_figures import percent
from ktop.models.panel_model import Estimate


def accounts_of(groups: Sequence[str]) -> Booleans:
    """Return which features are ratios of the accounts, shape ``(features,)``."""
    return np.array([group == ACCOUNTS for group in groups], dtype=bool)


def changed_probabilities(batch: BatchRatings, row: int) -> dict[str, Any]:
    """Return what the accounts changed of one company's probabilities, JSON-ready.

    ``{"known", "all", "probabilities": {target: {"without", "with", "logit", "base", "ratios": [{"indicator", "value",
    "logit"}]}}}``: ``known`` of ``all`` ratios are known; ``logit`` is the accounts' part, the sum of the ratios', and
    logit(with) = logit(without) + ``logit``. ``batch.details["estimates"]`` holds the estimates by target.
    """
    inside = accounts_of(batch.groups)
    chosen = np.flatnonzero(inside).tolist()
    estimates: Mapping[str, Estimate] = batch.details["estimates"]
    changed = {}
    for target, estimate in estimates.items():
        without = estimate.without(inside)
        changed[target] = {
            "without": float(expit(without.logit[row : row + 1])[0]),
            "with": float(estimate.probability[row]),
            "logit": float(estimate.logit[row] - without.logit[row]),
            "ratios": [
                {
                    "indicator": batch.indicators[k],
                    "value": None if np.isnan(batch.values[row, k]) else float(batch.values[row, k]),
                    "logit": float(estimate.contributions[row, k]),
                }
                for k in chosen
            ],
        }
    known = int((~np.isnan(batch.values[row, chosen])).sum())
    return {"known": known, "all": len(chosen), "probabilities": changed}


def with_accounts(
    told: Sequence[Opinion], accounts: Mapping[str, Any] | None, key: str, shown: Mapping[str, str] | None = None
) -> tuple[Opinion, ...]:
    """Return opinions with the sentence on what the accounts changed, after the other summaries; ``key`` is its text.

    Firms without any ratio, and models without accounts, have no such sentence. ``shown`` are the rating's own grades:
    where a rule beside the model held one of them, the sentence says that its grades are those before that rule.
    """
    if accounts is None or not accounts["known"]:
        return tuple(told)
    place = next((k for k, opinion in enumerate(told) if opinion.kind != "summary"), len(told))
    basis = tuple(f"details.accounts.{part}" for part in accounts if part not in ("known", "all"))
    before = any(entry["with"] != (shown or {}).get(name) for name, entry in accounts.get("grades", {}).items())
    added = []
    for lang in LANGS:
        said = text(key, lang, **_figures(accounts, lang))
        if before and shown:
            said += " " + text(f"{key}_before_rules", lang, **shown)
        added.append(Opinion(lang, said, basis, "summary"))
    return (*told[:place], *added, *told[place:])


def _figures(accounts: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    """Return the figures of a sentence: ``{target}_without``, ``risk_with`` …"""
    figures: dict[str, str] = {}
    for target, entry in accounts["probabilities"].items():
        figures |= {f"{target}_{key}": percent(entry[key]) for key in ("without", "with")}
    for name, entry in accounts.get("grades", {}).items():
        figures |= {f"{name}_{key}": entry[key] for key in ("without", "with")}
    for key, entry in accounts.get("growth_perspective", {}).items():
        figures[f"perspective_{key}"] = entry["label"][lang]
    return figures
