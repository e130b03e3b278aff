"""More must not be less: no fact improved alone lowers what a model answers, or the catalogue says why."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.indicators import indicator_groups
from ktop.models.registry import KINDS, ModelRegistry
from ktop.training.record_monotonicity import TOLERATED_POINTS, directed_facts, improved, losses
from ktop.training.reference import build_reference
from ktop.training.release import reference_table

#: Answers that each fact with a `may_lower` in the catalogue may take from, and no others.
MAY_LOWER = {
    "equity_krw_t0": {"p_sustainable_growth"},
    "export_years": {"expansion", "p_export_growth", "sales_abroad"},
    # Past a tenth of sales a firm is compared with exporters, and the larger the exports, the harder to grow.
    "exports_krw_t0": {
        "expansion",
        "p_export_growth",
        *indicator_groups("global_expansion"),
        *indicator_groups("abroad_checklist"),
    },
}


@pytest.fixture(scope="module")
def firms() -> pl.DataFrame:
    """A sample; benchmarks/acceptance.py takes 2,000."""
    return build_reference(400, 991)


@pytest.mark.parametrize("name", KINDS)
def test_improving_one_fact_alone_lowers_nothing(name: str, firms: pl.DataFrame) -> None:
    model = ModelRegistry().model(name)
    table = reference_table(firms)
    table = table.take(np.flatnonzero(model.eligible(table)))
    seen = 0
    for found in losses(model, table):
        seen += 1
        for answer, lost in found.worst.items():
            allowed = 0.0 if answer.startswith("grade_") else TOLERATED_POINTS
            if FACTS[found.fact].may_lower is not None and answer in MAY_LOWER[found.fact]:
                continue
            assert lost <= allowed, f"{found.fact} improved takes {lost} from {answer} of {name}"
    assert seen >= 55


def test_the_former_models_are_found_out(firms: pl.DataFrame) -> None:
    """What was wrong with them: sales lowered the index, a completed project lowered growth."""
    table = reference_table(firms)
    found = {
        name: {one.fact: one for one in losses(ModelRegistry().model(name, "1.3.0"), table)}
        for name in ("tech-index", "ktrs-fm")
    }
    assert found["tech-index"]["sales_krw_t0"].share > 0.6
    assert found["ktrs-fm"]["rnd_projects_completed_3y"].share > 0.4


def test_a_fact_is_improved_within_its_limits_and_rules(firms: pl.DataFrame) -> None:
    table = reference_table(firms)
    for name, better in (("net_income_krw_t0", np.greater), ("borrowings_krw_t0", np.less), ("q01", np.greater)):
        changed, possible = improved(table, FACTS[name])
        assert better(changed.columns[name][possible], table.columns[name][possible]).all()
        assert np.array_equal(changed.columns[name][~possible], table.columns[name][~possible], equal_nan=True)
    changed, possible = improved(table, FACTS["technical_staff"])
    full = table.columns["technical_staff"] == table.columns["staff_total"]
    assert full.any() and not possible[full].any()
    changed, possible = improved(table, FACTS["q01"])
    assert np.nanmax(changed.columns["q01"]) == 5 and not possible[table.columns["q01"] == 5].any()
    changed, possible = improved(table, FACTS["tax_arrears"])
    assert (
        set(table.columns["tax_arrears"][possible]) == {1.0} and (changed.columns["tax_arrears"][possible] == 0).all()
    )


def test_facts_that_may_lower_say_why() -> None:
    assert {spec.name for spec in directed_facts() if spec.may_lower} == set(MAY_LOWER)
    for spec in FACTS.values():
        assert spec.may_lower is None or (spec.direction and spec.may_lower["ko"] and spec.may_lower["en"])
    for name in ("staff_total", "total_assets_krw_t0", "sales_krw_t1", "rnd_expense_krw_t1", "age_years"):
        assert FACTS[name].direction == 0, f"{name}: size or base of a change"
