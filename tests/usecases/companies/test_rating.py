"""One company from its record to its ratings: exact sums, missing that stays missing, clear refusals."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.domain.party.actor import LOCAL_OWNER
from ktop.domain.rating.rating import Rating
from ktop.kernel.errors import InputError
from ktop.models.registry import ModelRegistry
from ktop.usecases.companies.service import CompanyService
from ktop.usecases.uploads import read_record

COMPANY_SERVICE = CompanyService(ModelRegistry(None))
ROOT = Path(__file__).parents[3]
COMPANIES = sorted((ROOT / "examples" / "companies").glob("*.yaml"))
DAY = date(2026, 6, 30)


def rated(record: Mapping[str, Any], as_of: date, models: Sequence[str] | None = None) -> Sequence[Rating]:
    return COMPANY_SERVICE.rate_record(LOCAL_OWNER, record, as_of, models)


@pytest.mark.parametrize("path", COMPANIES, ids=lambda path: path.stem)
def test_examples_rate_with_exact_sums(path: Path) -> None:
    ratings = rated(read_record(path), DAY)
    assert [rating.model.name for rating in ratings] == ["tech-index", "ktrs-fm"]
    for rating in ratings:
        rating.check_sums(1e-9)
        assert {opinion.lang for opinion in rating.opinions} == {"ko", "en"}
        assert all(p.low <= p.value <= p.high for p in rating.probabilities.values())
        assert "synthetic" in {warning.code for warning in rating.warnings}


def test_the_strong_example_stands_above_the_middling_one() -> None:
    strong, middling = (
        rated(read_record(ROOT / "examples" / "companies" / f"{name}.yaml"), DAY)[0]
        for name in ("hanbit-motion", "saebyeok-metal")
    )
    assert set(strong.scores) >= {"index", "infra", "input", "activity", "output"}
    assert (strong.scores["index"] or 0) > (middling.scores["index"] or 0) + 5


def test_less_known_means_wider_never_zero() -> None:
    record = read_record(ROOT / "examples" / "companies" / "hanbit-motion.yaml")
    whole = rated(record, DAY)[0]
    less = rated({k: v for k, v in record.items() if k not in ("ip", "rnd_projects")}, DAY)[0]
    unknown = {part.indicator for part in less.contributions if part.value is None}
    assert {"registered_patents", "technology_development"} <= unknown
    assert all(i.value is None for i in less.inputs if i.name == "patents_registered")
    for target, narrow in whole.probabilities.items():
        wide = less.probabilities[target]
        assert logit(wide.high) - logit(wide.low) > logit(narrow.high) - logit(narrow.low)


def logit(p: float) -> float:
    import math

    return math.log(p / (1 - p))


def test_an_empty_list_says_none_and_an_absent_one_says_unknown() -> None:
    record = read_record(ROOT / "examples" / "companies" / "hanbit-motion.yaml")
    inputs = {i.name: i.value for i in rated({**record, "ip": []}, DAY)[0].inputs}
    assert inputs["patents_registered"] == 0


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"business_number": "123-45-67890"}, "values.business_number_check_digit"),
        ({"staff": [{"date": "2025-12-31", "total": -3}]}, "values.out_of_range"),
        ({"statements": [{"year": 2023}, {"year": 2025}, {"year": 2024}]}, "company.years_out_of_order"),
    ],
)
def test_bad_records_are_refused(change: dict[str, Any], key: str) -> None:
    record = read_record(ROOT / "examples" / "companies" / "hanbit-motion.yaml")
    with pytest.raises(InputError) as caught:
        rated({**record, **change}, DAY)
    assert caught.value.key.split(".")[-1].startswith(key.split(".")[-1][:12])


def test_an_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(InputError) as caught:
        rated({"name": "가상"}, DAY, ["tech"])
    assert caught.value.key == "models.unknown_company_model"


@pytest.mark.real_data
def test_a_real_korean_row_rates_with_its_gaps_shown_as_gaps(shared_data: Path) -> None:
    spec = importlib.util.spec_from_file_location("example", ROOT / "examples" / "rd_investors_company.py")
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    panel = pl.read_parquet(shared_data / "firms" / "rd_investors_panel.parquet")
    korean = panel.filter((pl.col("ctry_code") == "KR") & pl.col("emp").is_not_null())
    record = example.company_record(panel, str(korean.item(0, "company_id")))
    for rating in rated(record, date(2019, 3, 31)):
        rating.check_sums(1e-9)
        missing = [i for i in rating.inputs if i.value is None]
        assert {"ceo_industry_years", "technical_staff", "training_expense_krw_t0"} <= {i.name for i in missing}
        assert {"missing", "few_indicators"} & {warning.code for warning in rating.warnings}
