"""Several sources become one record: who is believed, what stands side by side, and what is left out and told."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from typing import Any

from ktop.collect.merging import Choice, Stated, gather
from ktop.collect.value import Value
from ktop.domain.company.record import Company

NOW = datetime(2026, 6, 30, 3, tzinfo=UTC)


def stated(path: str, value: Any, source: str, **more: Any) -> Stated:
    return Stated(Value(path, value, **more), source, f"{source}-{path}", NOW)


def test_sources_are_believed_in_order_and_stand_side_by_side() -> None:
    found = gather(
        "1010070018", [stated("founded", date(2014, 3, 1), "fsc"), stated("founded", date(2014, 3, 12), "opendart")]
    )
    merged = found.values["founded"]
    assert (merged.value, merged.state, len(merged.stated)) == (date(2014, 3, 12), "differs", 2)


def test_a_factor_of_a_unit_is_told() -> None:
    both = [
        stated("statements.2024.sales", 5_000_000_000.0, "opendart", scope="separate"),
        stated("statements.2024.sales", 5_000_000.0, "fsc", scope="separate"),
    ]
    both.append(stated("statements.2024.capital_stock", 500_000.0, "fsc", scope="separate"))
    both.append(stated("statements.2023.capital_stock", 500_000.0, "fsc", scope="separate"))
    found = gather("1010070018", both).values
    assert found["statements.2024.sales"].state == "unit"
    assert found["statements.2024.capital_stock"].state == "unit", "nobody else states it, and its source is in doubt"
    assert found["statements.2023.capital_stock"].state == "agreed"


def test_a_later_report_restates_and_scopes_are_never_mixed() -> None:
    all_of_them = [
        stated("statements.2023.sales", 100.0, "opendart", scope="separate", order="20240331"),
        stated("statements.2023.sales", 90.0, "opendart", scope="separate", order="20250331"),
        stated("statements.2024.sales", 120.0, "opendart", scope="separate", order="20250331"),
        stated("statements.2024.equity", 999.0, "opendart", scope="consolidated", order="20250331"),
    ]
    found = gather("1010070018", all_of_them)
    assert found.scope == "separate" and "statements.2024.equity" not in found.values
    assert found.values["statements.2023.sales"].value == 90.0
    assert [one.value.value for one in found.values["statements.2023.sales"].stated] == [90.0, 100.0]
    consolidated = [
        dataclasses.replace(one, value=dataclasses.replace(one.value, scope="consolidated")) for one in all_of_them
    ]
    assert gather("1010070018", consolidated).scope == "consolidated"


def test_a_choice_holds_until_its_source_changes() -> None:
    choice = Choice("industry", "C27212", "27213", True, "main product changed")
    same = gather("1010070018", [stated("industry", "27213", "opendart")], [choice])
    assert (same.record["industry"], same.values["industry"].state) == ("C27212", "corrected")
    changed = gather("1010070018", [stated("industry", "26410", "opendart")], [choice])
    assert (changed.record["industry"], changed.values["industry"].state) == ("C27212", "changed")
    entry = next(one for one in changed.record["sources"] if one["path"] == "industry")
    assert entry["source"] == "user" and "status" not in entry, "a correction is one's own word"


def test_parts_that_do_not_hold_are_left_out_and_told() -> None:
    odd = [
        stated("statements.2024.total_assets", 10.0, "fsc", scope="separate"),
        stated("statements.2024.equity", 20.0, "fsc", scope="separate"),
        stated("ip.1020190000001.kind", "patent", "kipris"),
        stated("ip.1020190000001.status", "registered", "kipris"),  # without a day
        stated("name", "가람센서(가상)", "fsc"),
    ]
    found = gather("1010070018", odd)
    assert set(found.left_out) == {"statements.2024", "ip.1020190000001"}
    assert set(found.record) == {"business_number", "name", "sources"}
    Company.from_mapping(found.record)


def test_names_and_numbers_that_mean_the_same_are_no_dispute() -> None:
    same = [stated("name", "(주)가람센서", "fsc"), stated("name", "가람센서 주식회사", "kipris")]
    assert gather("1010070018", same).values["name"].state == "agreed"
    assert gather("1010070018", [*same, stated("name", "나루소재", "opendart")]).values["name"].state == "differs"
    numbers = [stated("ip.US1.number", "US20260001A1", "epo"), stated("ip.US1.number", "US17123456", "uspto")]
    assert gather("1010070018", numbers).values["ip.US1.number"].state == "agreed"
