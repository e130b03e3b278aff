"""The global-expansion model: stage, what is told at each, and that unknown exports are never taken for none."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.domain.company.fact_spec import FACTS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.rating.rating import Rating
from ktop.kernel.errors import InputError
from ktop.models.global_expansion import GlobalExpansionModel
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.batch import rate_frame
from ktop.usecases.companies.rating import models_for
from ktop.usecases.uploads import read_record

DAY = date(2026, 6, 30)
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture(scope="module")
def model() -> GlobalExpansionModel:
    found = ModelRegistry().model("global-expansion")
    assert isinstance(found, GlobalExpansionModel)
    return found


def _table(**facts: Any) -> FactTable:
    given = {"staff_total": 30.0, "sales_krw_t0": 5e9, "sales_krw_t1": 4e9, "g06": 3.0} | facts
    return FactTable.from_columns({name: np.array([value], dtype=object) for name, value in given.items()}, DAY)


def _example(model: GlobalExpansionModel, name: str) -> Rating:
    return model.rate(RatedSubject.of(read_record(EXAMPLES / "exporters" / f"{name}.yaml"), DAY))


@pytest.mark.parametrize(
    ("exports", "stage", "targets"),
    [
        (0.0, "entering", {"entry"}),
        (0.49e9, "entering", {"entry"}),
        (0.5e9, "exporting", {"export_growth", "staying"}),
        (4e9, "exporting", {"export_growth", "staying"}),
    ],
)
def test_a_tenth_of_sales_makes_an_exporter(
    model: GlobalExpansionModel, exports: float, stage: str, targets: set[str]
) -> None:
    rating = model.rate_row(_table(exports_krw_t0=exports))
    rating.check_sums()
    assert rating.details["stage"]["name"] == stage
    assert set(rating.probabilities) == targets == set(rating.details["peer_rates"])
    assert rating.details["stage"]["text"]["ko"] and rating.details["stage"]["text"]["en"]


def test_unknown_exports_are_not_none(model: GlobalExpansionModel) -> None:
    for table in (_table(), _table(exports_krw_t0=1e9, sales_krw_t0=None)):
        with pytest.raises(InputError) as caught:
            model.rate_row(table)
        assert caught.value.key == "global_expansion.exports_unknown"
    assert model.rate_row(_table(exports_krw_t0=0.0, sales_krw_t0=None)).details["stage"]["name"] == "entering"


def test_three_firms_at_three_places(model: GlobalExpansionModel) -> None:
    """An exporter with rights abroad, a firm ready to enter, one that has prepared nothing."""
    exporter, ready, unprepared = (_example(model, name) for name in ("nuri-optics", "haram-medix", "dodam-pack"))
    assert exporter.details["stage"]["name"] == "exporting" and exporter.details["prospects_abroad"]["level"] == 5
    assert ready.details["stage"]["name"] == unprepared.details["stage"]["name"] == "entering"
    assert ready.probabilities["entry"].value > 5 * unprepared.probabilities["entry"].value
    assert unprepared.details["prospects_abroad"]["level"] == 1
    assert all(step.points > 0 for step in unprepared.next_steps) and len(unprepared.next_steps) >= 3


def test_group_parts_add_up_to_the_logit(model: GlobalExpansionModel) -> None:
    rating = _example(model, "nuri-optics")
    parts = sum(rating.details["group_logits"].values()) + rating.base["expansion"].logit
    assert parts == pytest.approx(rating.logits["expansion"], abs=1e-12)


def test_only_firms_that_say_what_they_export_are_rated_by_it() -> None:
    def chosen(path: Path) -> tuple[str, ...]:
        return models_for(RatedSubject.of(read_record(path), DAY))

    assert "global-expansion" in chosen(EXAMPLES / "exporters" / "dodam-pack.yaml")
    assert "global-expansion" not in chosen(EXAMPLES / "companies" / "hanbit-motion.yaml")


def test_other_ratings_do_not_list_facts_that_they_do_not_read() -> None:
    subject = RatedSubject.of(read_record(EXAMPLES / "exporters" / "nuri-optics.yaml"), DAY)
    for name in ("tech-index", "ktrs-fm"):
        listed = {entry.name for entry in ModelRegistry().model(name).rate(subject).inputs}
        assert not any(FACTS[fact].optional for fact in listed)


def test_a_batch_has_a_column_for_each_answer() -> None:
    frame = pl.DataFrame(
        {
            "name": ["수출기업", "내수기업", "모름"],
            "총인원": ["30", "30", "30"],
            FACTS["sales_krw_t0"].label["ko"]: ["5000000000"] * 3,
            "수출액": ["2000000000", "0", ""],
        }
    )
    rated, report = rate_frame(frame, models=["global-expansion"], as_of=DAY, lang="ko", registry=ModelRegistry(None))
    assert rated["rated"].to_list() == [True, True, False] and report.refused == 1
    assert "수출액" in rated["problems"][2]
    assert rated["global_expansion_stage"].to_list() == ["exporting", "entering", None]
    assert [value is None for value in rated["global_expansion_p_entry"]] == [True, False, True]
