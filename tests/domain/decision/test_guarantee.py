"""The small-guarantee rule: each clause alone, missing facts, amounts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ktop.catalogue import LANGS
from ktop.domain.company.fact_table import FactTable
from ktop.domain.company.rated_subject import RatedSubject
from ktop.domain.decision.guarantee import Failure, GuaranteeDecision, Success, Unknown, decide, guarantee_rule, money
from ktop.domain.rating.grades import ladder

from ..company.records import AS_OF, record

SOUND: dict[str, Any] = {
    "industry": "C29280",
    "region": "KR-30",
    "founded": "2014-01-01",
    "tax_arrears": 0,
    "default_record_3y": 0,
    "business_suspended": 0,
    "sales_krw_t0": 4_000_000_000,
    "total_assets_krw_t0": 3_000_000_000,
    "guarantee_balance_krw": 0,
    "equity_krw_t0": 1_000_000_000,
    "capital_stock_krw_t0": 300_000_000,
    **{f"net_income_krw_t{year}": 100_000_000 for year in range(3)},
    **{f"operating_profit_krw_t{year}": 150_000_000 for year in range(3)},
    **{f"interest_expense_krw_t{year}": 20_000_000 for year in range(3)},
}
LOSSES = {f"net_income_krw_t{year}": -50_000_000 for year in range(3)}
UNCOVERED = {f"operating_profit_krw_t{year}": 19_000_000 for year in range(3)}


def decision(
    business: str | None = "A", growth: str | None = "BBB", risk: str | None = "R3", **facts: Any
) -> GuaranteeDecision:
    table = FactTable.from_columns({name: [value] for name, value in (SOUND | facts).items()}, AS_OF)
    return decide(table, {"business": [business], "growth": [growth], "risk": [risk]}).decision(0)


def test_a_sound_firm_gets_its_grades_cap() -> None:
    found = decision()
    assert (found.status, found.possible, found.amount_krw) == ("possible", True, 240_000_000)
    assert all(isinstance(verdict, Success) for verdict in found.verdicts.values())
    assert found.version == "small-guarantee-4"


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"business": "B-"}, "business_grade"),
        ({"business": "D"}, "business_grade"),
        ({"growth": "AAA", "risk": "R9", "business": "B+"}, "growth_and_risk"),
        ({"growth": "BBB", "risk": "R10", "business": "B"}, "growth_and_risk"),
        ({"tax_arrears": 1}, "tax_arrears"),
        ({"default_record_3y": 1}, "default_record"),
        ({"business_suspended": 1}, "in_business"),
        ({"region": "foreign"}, "in_korea"),
        ({"sales_krw_t0": 200_000_000_000}, "sme"),
        ({"total_assets_krw_t0": 500_000_000_000}, "sme"),
        ({"guarantee_balance_krw": 240_000_000}, "room_left"),
        ({"sales_krw_t0": 39_000_000}, "room_left"),
        ({"equity_krw_t0": 0, "capital_stock_krw_t0": None}, "capital_left"),
        ({"equity_krw_t0": -1_700_000_000, "capital_stock_krw_t0": None}, "capital_left"),
        ({"equity_krw_t0": 150_000_000}, "capital_half_left"),
        (LOSSES, "losses"),
        (UNCOVERED, "interest_covered"),
        ({"industry": "K64121"}, "industry"),
        ({"industry": "R91249"}, "industry"),
        ({"industry": "56211"}, "industry"),
    ],
)
def test_one_failing_clause_refuses_with_its_reason(changes: dict[str, Any], clause: str) -> None:
    found = decision(**changes)
    assert (found.status, found.possible, found.amount_krw) == ("refused", False, 0)
    failed = [name for name, verdict in found.verdicts.items() if isinstance(verdict, Failure)]
    assert failed == [clause]
    reason = found.verdicts[clause]
    assert isinstance(reason, Failure)
    for lang in LANGS:
        assert reason.reason[lang] in found.summary(lang)
        assert "{" not in found.summary(lang)


def test_fast_growth_at_bearable_risk_and_slow_growth_at_high_risk_pass_that_clause() -> None:
    assert isinstance(decision(growth="AAA", risk="R8").verdicts["growth_and_risk"], Success)
    assert isinstance(decision(growth="BB", risk="R10", business="B").verdicts["growth_and_risk"], Success)


@pytest.mark.parametrize(
    ("changes", "clause", "missing"),
    [
        ({"business": None}, "business_grade", ()),
        ({"risk": None}, "growth_and_risk", ()),
        ({"tax_arrears": None}, "tax_arrears", ("tax_arrears",)),
        ({"default_record_3y": None}, "default_record", ("default_record_3y",)),
        ({"business_suspended": None}, "in_business", ("business_suspended",)),
        ({"region": None}, "in_korea", ("region",)),
        ({"industry": None}, "sme", ("industry_group",)),
        ({"total_assets_krw_t0": None}, "sme", ("total_assets_krw_t0",)),
        ({"guarantee_balance_krw": None}, "room_left", ("guarantee_balance_krw",)),
        ({"equity_krw_t0": None}, "capital_left", ("equity_krw_t0",)),
    ],
)
def test_a_missing_fact_makes_it_conditional_and_never_passes(
    changes: dict[str, Any], clause: str, missing: tuple[str, ...]
) -> None:
    found = decision(**changes)
    assert (found.status, found.possible) == ("conditional", False)
    verdict = found.verdicts[clause]
    assert isinstance(verdict, Unknown)
    assert verdict.missing == missing
    label = next(c.labels for c in guarantee_rule().clauses if c.id == clause)
    for lang in LANGS:
        assert label[lang] in found.summary(lang)


@pytest.mark.parametrize(
    ("sales", "assets", "outcome"),
    [
        (4e9, 3e9, Success), (2e11, 3e9, Failure), (4e9, 5e11, Failure), (2e11, 5e11, Failure),
        (None, 3e9, Unknown), (4e9, None, Unknown), (None, None, Unknown),
        (2e11, None, Failure), (None, 5e11, Failure),
    ],
)  # fmt: skip
def test_one_figure_beyond_an_sme_s_size_is_enough(
    sales: float | None, assets: float | None, outcome: type[Success | Failure | Unknown]
) -> None:
    found = decision(sales_krw_t0=sales, total_assets_krw_t0=assets)
    assert isinstance(found.verdicts["sme"], outcome)
    if outcome is Failure:
        assert (found.status, found.amount_krw) == ("refused", 0)


@pytest.mark.parametrize(
    ("changes", "clause"),
    [
        ({"capital_stock_krw_t0": None}, "capital_half_left"),
        (LOSSES | {"net_income_krw_t2": None}, "losses"),
        (UNCOVERED | {"interest_expense_krw_t1": None}, "interest_covered"),
    ],
)
def test_a_clause_asked_where_known_is_left_out_where_it_is_not(changes: dict[str, Any], clause: str) -> None:
    found = decision(**changes)
    assert found.status == "possible"
    verdict = found.verdicts[clause]
    assert isinstance(verdict, Unknown) and verdict.missing
    for lang in LANGS:
        assert verdict.reason[lang] not in found.summary(lang)
    assert {"id": clause, "outcome": "left_out"}.items() <= next(
        told for told in found.to_json()["clauses"] if told["id"] == clause
    ).items()


def test_an_industry_code_too_short_to_tell_is_left_out() -> None:
    found = decision(industry="I56")
    assert found.status == "possible" and isinstance(found.verdicts["industry"], Unknown)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        (LOSSES | {"founded": "2019-07-02"}, Success),  # seven years old the day after next
        (LOSSES | {"net_income_krw_t1": 0}, Success),
        (UNCOVERED | {"founded": "2018-01-01"}, Success),
        (UNCOVERED | {"operating_profit_krw_t2": 20_000_000}, Success),
        ({"equity_krw_t0": 150_000_001}, Success),
        # no interest that could go unpaid: an operating loss alone is not refused for it
        (
            {f"operating_profit_krw_t{y}": -1 for y in range(3)} | {f"interest_expense_krw_t{y}": 0 for y in range(3)},
            Success,
        ),
        ({"industry": "I56111"}, Success),
    ],
)
def test_young_firms_and_one_good_year_pass(changes: dict[str, Any], outcome: type[Success]) -> None:
    found = decision(**changes)
    assert found.status == "possible"
    assert all(isinstance(verdict, outcome) for verdict in found.verdicts.values())


def test_a_reason_states_the_figures_and_the_practice_it_follows() -> None:
    found = decision(equity_krw_t0=-1_700_000_000, capital_stock_krw_t0=None)
    reason = found.verdicts["capital_left"]
    assert isinstance(reason, Failure)
    assert "-17억 원" in reason.reason["ko"] and "KRW -1,700 million" in reason.reason["en"]
    told = {clause["id"]: clause for clause in found.to_json()["clauses"]}
    assert told["capital_left"]["source"]["en"] and "source" not in told["tax_arrears"]


def test_stored_decisions_keep_the_rule_they_name() -> None:
    table = FactTable.from_columns(
        {name: [value] for name, value in (SOUND | {"sales_krw_t0": 2e11, "total_assets_krw_t0": None}).items()}, AS_OF
    )
    grades: dict[str, list[str | None]] = {"business": ["A"], "growth": ["BBB"], "risk": ["R3"]}
    assert decide(table, grades, "small-guarantee-1").decision(0).status == "conditional"
    assert decide(table, grades).decision(0).status == "refused"


def test_a_failure_outweighs_what_is_not_known() -> None:
    assert decision(tax_arrears=1, default_record_3y=None).status == "refused"


def test_nothing_known_is_not_possible() -> None:
    table = FactTable.from_columns({"name": ["x"]}, AS_OF)
    found = decide(table, {"business": [None], "growth": [None], "risk": [None]}).decision(0)
    assert found.status == "conditional"
    assert all(isinstance(verdict, Unknown) for verdict in found.verdicts.values())


@pytest.mark.parametrize(
    ("changes", "amount"),
    [
        ({"guarantee_balance_krw": 105_000_000}, 130_000_000),  # cap 240 million less balance, rounded down
        ({"sales_krw_t0": 500_000_000}, 120_000_000),  # a quarter of sales is 125 million
        ({"founded": "2024-01-01", "sales_krw_t0": 500_000_000}, 160_000_000),  # a start-up's share is 33 %
        ({"founded": "2024-01-01", "sales_krw_t0": 0.0}, 50_000_000),  # its floor
        ({"founded": "2024-01-01", "sales_krw_t0": None}, 50_000_000),
        ({"founded": "2024-01-01", "sales_krw_t0": 0.0, "guarantee_balance_krw": 210_000_000}, 30_000_000),
        ({"sales_krw_t0": None}, 240_000_000),
        ({"business": "B"}, 60_000_000),
    ],
)
def test_amounts(changes: dict[str, Any], amount: int) -> None:
    assert decision(**changes).amount_krw == amount


def test_a_better_grade_never_lowers_the_amount() -> None:
    amounts = [decision(business=symbol).amount_krw for symbol in ladder("business").symbols]
    assert amounts == sorted(amounts, reverse=True)


def test_a_batch_decides_each_row_as_if_alone() -> None:
    rows = [{}, {"tax_arrears": 1}, {"region": None}, {"sales_krw_t0": 500_000_000}]
    table = FactTable.from_columns({name: [(SOUND | row)[name] for row in rows] for name in SOUND}, AS_OF)
    many = decide(table, {"business": ["A"] * 4, "growth": ["BBB"] * 4, "risk": ["R3"] * 4})
    for row, changes in enumerate(rows):
        assert many.decision(row) == decision(**changes)
        assert many.status[row] == decision(**changes).status
        assert many.amount_krw[row] == decision(**changes).amount_krw


def test_the_decision_travels_as_json() -> None:
    found = json.loads(json.dumps(decision(tax_arrears=None).to_json()))
    assert found["status"] == "conditional"
    assert found["possible"] is False
    tax = next(clause for clause in found["clauses"] if clause["id"] == "tax_arrears")
    assert (tax["outcome"], tax["missing"]) == ("unknown", ["tax_arrears"])
    assert tax["reason"]["ko"]
    assert "small-guarantee-4" in found["note"]["en"]


def test_a_company_record_can_be_decided() -> None:
    table = RatedSubject.of(record(), AS_OF).table
    found = decide(table, {"business": ["BBB"], "growth": ["BBB"], "risk": ["R4"]}).decision(0)
    assert (found.status, found.amount_krw) == ("possible", 180_000_000)


def test_amounts_are_written_as_people_say_them() -> None:
    assert money(140_000_000, "ko") == "1억 4,000만 원"
    assert money(50_000_000, "ko") == "5,000만 원"
    assert money(300_000_000, "ko") == "3억 원"
    assert money(140_000_000, "en") == "KRW 140 million"
    assert money(-1_700_005_000, "ko") == "-17억 5,000 원" and money(-5_000, "ko") == "-5,000 원"
    assert money(0, "ko") == "0 원" and money(-5_000, "en") == "KRW -0.005 million"


def test_room_for_just_the_smallest_amount_is_room() -> None:
    """A quarter of sales of 40 m won is 10 m, the smallest amount there is; a won less leaves nothing."""
    least = decision(sales_krw_t0=40_000_000)
    assert isinstance(least.verdicts["room_left"], Success)
    assert (least.status, least.amount_krw) == ("possible", 10_000_000)
    assert isinstance(decision(sales_krw_t0=39_999_996).verdicts["room_left"], Failure)
    cap = 240_000_000
    assert decision(guarantee_balance_krw=cap - 10_000_000).amount_krw == 10_000_000
    assert isinstance(decision(guarantee_balance_krw=cap - 9_999_999).verdicts["room_left"], Failure)
