"""Early warnings fall where their limits say, matrices and shares add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import load
from ktop.domain.finance.watch import Limits, Standing, check_limits, concentration, exceeded, migration, signs
from ktop.domain.rating.grades import ladder
from ktop.kernel.errors import InputError

DAY = date(2026, 11, 28)
LATER = DAY + timedelta(days=200)
PLAIN = Standing("r", DAY - timedelta(days=30), "A", "BB", "R4", 60.0)
GRADES = st.sampled_from(["", *ladder("business").symbols])


@pytest.mark.parametrize(
    ("changes", "until", "expected"),
    [
        ({}, LATER, []),
        ({"business": ladder("business").lowered("A", 1)}, LATER, []),
        ({"business": ladder("business").lowered("A", 2)}, LATER, ["business_down"]),
        ({"risk": "R6"}, LATER, ["risk_down"]),
        ({"risk": "R9"}, LATER, ["risk_down", "risk_high"]),
        ({"index_score": 50.1}, LATER, []),
        ({"index_score": 50.0}, LATER, ["index_down"]),
        ({"as_of": DAY - timedelta(days=366)}, LATER, ["old_result"]),
        ({}, DAY + timedelta(days=30), ["consent_ends"]),
        ({"closed": True, "risk": "R9"}, LATER, ["closed", "risk_down", "risk_high"]),
        ({"closed": False}, LATER, []),
        ({"business": "", "risk": "", "index_score": None}, LATER, []),
    ],
)
def test_a_warning_falls_where_its_limit_says(changes: dict[str, object], until: date, expected: list[str]) -> None:
    assert signs(PLAIN, replace(PLAIN, **changes), DAY, until) == expected  # type: ignore[arg-type]


def test_nothing_to_be_seen_is_a_warning_and_no_former_result_none() -> None:
    assert signs(PLAIN, None, DAY, LATER) == ["no_result"]
    assert signs(None, replace(PLAIN, business="C"), DAY, LATER) == []
    assert {"no_result", "business_down", "risk_high"} <= set(load("watch")["signs"])


@given(st.lists(st.tuples(GRADES, GRADES)))
def test_every_firm_with_both_grades_is_counted_once(pairs: list[tuple[str, str]]) -> None:
    both = [(replace(PLAIN, business=a), replace(PLAIN, business=b)) for a, b in pairs]
    found = migration([*both, (None, PLAIN), (PLAIN, None)])
    known = [pair for pair in pairs if all(pair)]
    assert sum(found.counts.values()) == found.up + found.same + found.down == len(known)
    assert found.same == sum(a == b for a, b in known)
    places = [ladder("business").index(grade) for grade in found.grades]
    assert places == sorted(places) and {g for pair in known for g in pair} == set(found.grades)


@given(st.lists(st.sampled_from(["", "a", "b", "c"])))
def test_shares_add_up(codes: list[str]) -> None:
    found = concentration(codes)
    assert sum(count for _, count in found.counts) + found.unknown == len(codes)
    if found.index is None:
        assert not found.counts
    else:
        assert 1 / len(found.counts) - 1e-12 <= found.index <= 1


def test_a_share_above_the_institutions_own_limit_is_told() -> None:
    industries, regions = concentration("aaab"), concentration(["x", "y", ""])
    found = exceeded(Limits(industry_percent=60, region_percent=50), industries, regions)
    assert [(one.what, one.code, one.percent) for one in found] == [("industry", "a", 75.0)], (
        "at the limit is within it"
    )
    assert exceeded(Limits(), industries, regions) == []
    for wrong in (0, -1, 101):
        with pytest.raises(InputError):
            check_limits(Limits(region_percent=wrong))
