"""The global-expansion model in use: what a firm's prospects abroad are, whether it sells there already or not yet.

Of a firm whose exports are below the share that makes an exporter it tells whether it will become one; of an exporter,
whether its exports will grow and whether it will stay one. The score compares it with firms at the same stage.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from ktop.catalogue import LANGS, text
from ktop.domain.company.expansion import ExpansionRule, is_exporter
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.indicators import Indicator, abroad_checklist_items, global_expansion_items
from ktop.domain.rating.rating import NextStep, Opinion
from ktop.kernel.arrays import Booleans, Floats
from ktop.kernel.errors import InputError
from ktop.models.artefact import Artefact
from ktop.models.batch import BatchRatings, explain
from ktop.models.company_model import CompanyModel, cell_labels, numeric_columns
from ktop.models.global_expansion.opinions import opinions
from ktop.models.panel_model import Estimate, PanelModel, weighted_estimate

#: Decimals of a logit that a score looks at: sums of equal parts differ in their last bits.
SCORE_DIGITS = 9
#: Stages a firm can be at.
STAGES = ("entering", "exporting")


class GlobalExpansionModel(CompanyModel):
    """One score, the reference percentile among firms at the same stage, and a score for each group of items."""

    name = "global-expansion"
    explained: ClassVar[tuple[str, ...]] = ("expansion",)

    def __init__(self, artefact: Artefact) -> None:
        super().__init__(artefact)
        rules = self.card["rules"]
        self.rule = ExpansionRule(float(rules["exporter_share"]), float(rules["growth_per_year"]))
        self.weights: Mapping[str, Mapping[str, float]] = rules["stages"]

    @property
    def known_indicators(self) -> tuple[Indicator, ...]:
        """The 18 items, then the 15 of the checklist on markets abroad."""
        return (*global_expansion_items(), *abroad_checklist_items())

    @functools.cached_property
    def facts_read(self) -> frozenset[str]:
        """The facts this version's formulas name, and those that tell the stage."""
        return super().facts_read | {"exports_krw_t0", "sales_krw_t0"}

    def eligible(self, table: FactTable) -> Booleans:
        """Return of which firms it is known whether they are exporters: no exports is said by 0, not left out."""
        return self._stage(table)[1]

    def refusal(self, table: FactTable, row: int) -> InputError:
        """Return why a firm is not rated."""
        if not self._stage(table)[1][row]:
            return InputError("global_expansion.exports_unknown", share=f"{100 * self.rule.share:g}")
        return super().refusal(table, row)

    def _stage(self, table: FactTable) -> tuple[Booleans, Booleans]:
        return is_exporter(table.columns["exports_krw_t0"], table.columns["sales_krw_t0"], self.rule)

    def rate_table(self, table: FactTable, contributions: bool = True) -> BatchRatings:
        """Rate every company of a table; see ``CompanyModel``."""
        values = self.panel.values(numeric_columns(table), table.n)
        exporting, known = self._stage(table)
        ok = table.ok & known & ~np.isnan(values).all(axis=1)
        blank = np.where(ok, 0.0, np.nan)
        cells = self.panel.cells(cell_labels(table), table.n)
        estimates = {name: target.estimate(values, cells) for name, target in self.panel.targets.items()}
        joined = joined_stages(self.panel, self.weights, estimates, exporting)
        shown = self._shown("expansion", joined.logit, exporting)
        start = self._shown("expansion", joined.base, exporting)
        scores = {"expansion": shown + blank}
        for group, z in self.panel.group_logits(joined.contributions).items():
            scores[group] = self._shown(group, z, exporting) + blank
        probabilities = {}
        for stage, weights in self.weights.items():
            here = blank + np.where(exporting == (stage == "exporting"), 0.0, np.nan)
            for target in weights:
                low, high = estimates[target].interval()
                probabilities[target] = (estimates[target].probability + here, low + here, high + here)
        return BatchRatings(
            model=self.ref,
            n=table.n,
            ok=ok,
            indicators=self.panel.features,
            groups=self.panel.groups,
            cells=cells,
            values=values,
            levels=self.panel.levels(values, cells) if contributions else np.full(values.shape, np.nan),
            scores=scores,
            grades={},
            probabilities=probabilities,
            explained={"expansion": explain(joined, shown, start, ok)} if contributions else {},
            columns={"stage": np.array([*STAGES, None], dtype=object)[np.where(ok, exporting.astype(int), -1)]},
        )

    def _shown(self, name: str, z: Floats, exporting: Booleans) -> Floats:
        """Return a score: the percentile among the reference firms at the company's own stage."""
        z = np.round(z, SCORE_DIGITS)
        entering, exports = (self.scales[f"{stage}_{name}"](z) for stage in STAGES)
        return np.where(exporting, exports, entering)

    def perspective(self, batch: BatchRatings, row: int) -> Mapping[str, Any]:
        """Return the prospects abroad (해외 진출 전망): level 1 to 5 and its words, from the score."""
        score = float(batch.scores["expansion"][row])
        lines: Sequence[Mapping[str, Any]] = self.card["rules"]["prospects"]
        return next(line for line in lines if score >= line["least"])

    def opinions(self, batch: BatchRatings, row: int, taken: Sequence[NextStep]) -> tuple[Opinion, ...]:
        """Return the written analysis of one company."""
        rates = {target: (mean, self.rates[target]) for target, mean in self.peer_rates(batch, row).items()}
        return opinions(self.indicators, batch, row, self.perspective(batch, row)["label"], rates, taken)

    def details(self, batch: BatchRatings, row: int) -> dict[str, Any]:
        """Return the stage, the prospects and each group's part of the logit."""
        line, stage = self.perspective(batch, row), str(batch.columns["stage"][row])
        peers = self.peer_rates(batch, row)
        return {
            "stage": {
                "name": stage,
                "exporter_share": self.rule.share,
                "text": {lang: text(f"global_expansion.stage_{stage}", lang, **self._terms()) for lang in LANGS},
            },
            "prospects_abroad": {"level": line["level"], "label": dict(line["label"])},
            "group_logits": {
                group: float(z[0])
                for group, z in self.panel.group_logits(batch.explained["expansion"].logits[row : row + 1]).items()
            },
            "reference_rates": {target: self.rates[target] for target in peers},
            "peer_rates": peers,
        }

    def _terms(self) -> dict[str, str]:
        return {"share": f"{100 * self.rule.share:g}", "growth": f"{100 * self.rule.growth:g}"}


def joined_stages(
    panel: PanelModel,
    weights: Mapping[str, Mapping[str, float]],
    estimates: Mapping[str, Estimate],
    exporting: Booleans,
) -> Estimate:
    """Return one estimate of every firm: of entry where it is no exporter yet, of growth and staying where it is.

    Where targets join, their logits are averaged by ``weights``; contributions add up to the logit, exactly.
    """
    parts = {
        stage: weighted_estimate([(w, panel.targets[name], estimates[name]) for name, w in weights[stage].items()])
        for stage in STAGES
    }
    entering, exports = parts["entering"], parts["exporting"]
    return dataclasses.replace(
        entering,
        base=np.where(exporting, exports.base, entering.base),
        contributions=np.where(exporting[:, None], exports.contributions, entering.contributions),
        logit=np.where(exporting, exports.logit, entering.logit),
        variance=np.where(exporting, exports.variance, entering.variance),
    )
