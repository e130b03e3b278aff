"""Where in a record something is wrong, as a person would say it."""

from __future__ import annotations

from ktop.domain.company.errors import _where


def test_an_entry_of_a_list_is_named_by_its_year_or_date_else_by_its_number() -> None:
    record = {"statements": [{"year": 2025}, {}], "ip": [{"date": "2024-05-01"}]}
    assert "2025" in str(_where(("statements", 0, "sales"), record))
    assert "#2" in str(_where(("statements", 1, "sales"), record))
    assert "2024-05-01" in str(_where(("ip", 0), record))


def test_a_place_that_the_record_lacks_is_named_by_its_number() -> None:
    assert "#2" in str(_where(("ip", 1), {"ip": [{"date": "2024-05-01"}]}))
    assert "#1" in str(_where(("ip", 0), {"ip": None}))
