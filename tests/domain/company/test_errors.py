"""Where in a record something is wrong, as a person would say it."""

from __future__ import annotations

from typing import Any

import pytest

from ktop.domain.company.errors import _where, refuse_unwritable_keys
from ktop.domain.company.record import Company
from ktop.kernel.errors import InputError


def test_an_entry_of_a_list_is_named_by_its_year_or_date_else_by_its_number() -> None:
    record = {"statements": [{"year": 2025}, {}], "ip": [{"date": "2024-05-01"}]}
    assert "2025" in str(_where(("statements", 0, "sales"), record))
    assert "#2" in str(_where(("statements", 1, "sales"), record))
    assert "2024-05-01" in str(_where(("ip", 0), record))


def test_a_place_that_the_record_lacks_is_named_by_its_number() -> None:
    assert "#2" in str(_where(("ip", 1), {"ip": [{"date": "2024-05-01"}]}))
    assert "#1" in str(_where(("ip", 0), {"ip": None}))


@pytest.mark.parametrize(
    ("part", "content", "nearest"),
    [("statements", [{"year": 2025, "salse": 1}], "sales"), ("ceo", {"industry_yaers": 9}, "industry_years")],
)
def test_the_field_meant_is_looked_for_in_its_own_part(part: str, content: object, nearest: str) -> None:
    with pytest.raises(InputError) as refused:
        Company.from_mapping({"name": "가람", part: content})
    assert refused.value.params["nearest"] == nearest


def test_names_are_looked_through_to_a_depth_that_ends() -> None:
    record: dict[str, Any] = {"a": 1}
    record["itself"] = record
    refuse_unwritable_keys(record)  # ends, though the record never does
    for depth, refused in ((31, True), (32, False)):
        nested: dict[str, Any] = {"\ud800": 1}
        for _ in range(depth - 1):
            nested = {"a": nested}
        if refused:
            with pytest.raises(InputError):
                refuse_unwritable_keys(nested)
        else:
            refuse_unwritable_keys(nested)
