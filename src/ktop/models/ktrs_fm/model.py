"""KTRS-FM in use: growth and risk from 14 quantitative items, 25 checklist answers and the accounts."""

from __future__ import annotations

from ktop.domain.company.indicators import Indicator, accounts_ratios, checklist_items, ktrs_fm_items
from ktop.models.growth_risk import GrowthRiskModel


class KtrsFmModel(GrowthRiskModel):
    """Growth grade, risk grade and technology-business grade from 39 items and six ratios of the accounts."""

    name = "ktrs-fm"

    @property
    def known_indicators(self) -> tuple[Indicator, ...]:
        """The 14 quantitative items, the 25 checklist items, and the ratios of the accounts (from 1.4.0 on)."""
        return (*ktrs_fm_items(), *checklist_items(), *accounts_ratios())
