"""What became of a firm abroad within three years: entry into exporting, growth of exports, staying power.

A firm counts as an exporter where exports are at least ``share`` of its sales (catalogue/company_models.yaml). The
rates are shares and compound growth per year; thresholds are an open reconstruction, no institution publishes its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktop.catalogue import load
from ktop.kernel.arrays import Booleans, Floats


@dataclass(frozen=True, slots=True)
class ExpansionRule:
    """From which share of sales exports count, and from which yearly growth they count as growing."""

    share: float
    growth: float


def expansion_rule() -> ExpansionRule:
    """Return the rule of the catalogue."""
    rule = load("company_models")["global-expansion"]
    return ExpansionRule(float(rule["exporter_share"]), float(rule["growth_per_year"]))


def export_share(exports: Floats, sales: Floats) -> Floats:
    """Return exports as a share of sales, NaN where unknown; no exports are a share of 0 whatever sales were."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(sales > 0, exports / np.where(sales > 0, sales, 1.0), np.nan)
    return np.where(exports == 0, 0.0, share)


def is_exporter(exports: Floats, sales: Floats, rule: ExpansionRule | None = None) -> tuple[Booleans, Booleans]:
    """Return which firms are exporters, and of which it is known; shapes ``(n,)``."""
    share = export_share(exports, sales)
    return share >= (rule or expansion_rule()).share, ~np.isnan(share)


def expansion_outcomes(exports: Floats, sales: Floats, failed: Floats) -> dict[str, Floats]:
    """Return 1, 0 or NaN per target and firm.

    Parameters
    ----------
    exports, sales : KRW, shape ``(n, years + 1)``, the base year first; NaN where no statement was filed.
    failed : 1 where the firm failed within the years, 0 where not, NaN where that is not known.

    ``entry``: no exporter in the base year, exporter in any year after; NaN for exporters. ``export_growth``: exporter
    in the base year whose exports grew by the rule's rate a year to the last; ``staying``: exporter in the base year
    and in every year after. Both NaN for others. A failed firm without its last statement has not reached any.
    """
    rule = expansion_rule()
    share = export_share(exports, sales)
    begins, known = share[:, 0] >= rule.share, ~np.isnan(share[:, 0])
    later = share[:, 1:]
    complete = ~np.isnan(later).any(axis=1)
    gone = (failed == 1) & ~complete
    reached = (np.nan_to_num(later, nan=-1.0) >= rule.share).any(axis=1)
    entry = np.where(reached, 1.0, np.where(complete | gone, 0.0, np.nan))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (exports[:, -1] / exports[:, 0]) ** (1.0 / later.shape[1]) - 1.0
    growth = np.where(np.isnan(exports[:, -1]), np.where(gone, 0.0, np.nan), (rate >= rule.growth).astype(float))
    stays = np.where(complete, (later >= rule.share).all(axis=1).astype(float), np.where(gone, 0.0, np.nan))
    return {
        "entry": np.where(known & ~begins, entry, np.nan),
        "export_growth": np.where(known & begins, growth, np.nan),
        "staying": np.where(known & begins, stays, np.nan),
    }
