"""What warns early about a supported project, by example."""

from __future__ import annotations

from typing import Any

import pytest

from ktop.domain.season.project import Project, met_targets, warnings_of

PROJECT = Project("p", "leap", 2020, "1", "가온", targets={"sales_krw": 1_000.0})
CASES: list[tuple[str, dict[int, dict[str, float]], list[str]]] = [
    ("all is well", {2021: {"sales_krw": 900}, 2022: {"sales_krw": 950, "survived": 1}}, []),
    ("closed", {2022: {"survived": 0}}, ["closed"]),
    ("sales fell by 30 in 100", {2021: {"sales_krw": 1000}, 2022: {"sales_krw": 700}}, ["sales_fall"]),
    ("sales fell by less", {2021: {"sales_krw": 1000}, 2022: {"sales_krw": 701}}, []),
    ("jobs fell", {2021: {"jobs": 10}, 2022: {"jobs": 8}}, ["jobs_fall"]),
    ("the index fell by ten points", {2021: {"tech_index": 50}, 2022: {"tech_index": 40}}, ["index_fall"]),
    ("the newest two years count", {2020: {"jobs": 99}, 2021: {"jobs": 10}, 2022: {"jobs": 10}}, []),
    ("half of the pace", {2022: {"sales_krw": 333}}, ["behind"]),
    ("as much as the pace asks for", {2022: {"sales_krw": 334}}, []),
    ("from nothing nothing falls", {2021: {"jobs": 0}, 2022: {"jobs": 0}}, []),
    ("no outcomes", {}, ["silent"]),
    ("silent for two years", {2020: {"sales_krw": 900}}, ["silent"]),
    ("what comes later is not known yet", {2022: {"sales_krw": 900}, 2023: {"survived": 0}}, []),
]


@pytest.mark.parametrize(("outcomes", "signs"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_signs_by_example(outcomes: dict[int, dict[str, float]], signs: list[str]) -> None:
    found = warnings_of(PROJECT, outcomes, 2022)
    assert [one.sign for one in found] == signs
    assert all(one.reason["ko"] != one.reason["en"] for one in found)


@pytest.mark.parametrize(
    ("outcomes", "met"),
    [({}, None), ({2021: {"jobs": 1}}, None), ({2021: {"sales_krw": 999}}, False), ({2021: {"sales_krw": 1000}}, True)],
)
def test_targets_are_met_by_what_is_known(outcomes: Any, met: bool | None) -> None:
    assert met_targets(PROJECT, outcomes) is met
