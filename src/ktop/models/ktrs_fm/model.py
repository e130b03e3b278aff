"""KTRS-FM in use: growth and risk from 14 quantitative items and 25 checklist answers."""

from __future__ import annotations

from ktop.domain.company.indicators import Indicator, checklist_items, ktrs_fm_items
from ktop.models.growth_risk import GrowthRiskModel


class KtrsFmModel(GrowthRiskModel):
    """Growth grade, risk grade and technology-business grade from 39 items."""

    name = "ktrs-fm"

    @property
    def indicators(self) -> tuple[Indicator, ...]:
        """The 14 quantitative items, then the 25 checklist items."""
        return (*ktrs_fm_items(), *checklist_items())
