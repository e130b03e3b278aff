"""The validation pack as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from validation_example import SYMBOLS, example, example_report

from ktop.validation.discrimination import auc
from ktop.validation.pack import validation_pack


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return example_report()


def test_pack_holds_the_measures(report: dict[str, Any]) -> None:
    given, pack = example(), report["targets"]["failure"]
    assert pack["rows"] == 3000
    assert pack["rows_used"] == 2940
    assert (pack["rows_without_outcome"], pack["rows_without_prediction"]) == (50, 10)
    assert pack["firms"] == 1470
    found = pack["discrimination"]["auc"]
    assert found["value"] == auc(given["y"], given["p"])
    assert found["low"] < found["value"] < found["high"]
    assert 0.85 < pack["calibration"]["slope"] < 1.15
    assert pack["ladder"]["strict"]
    assert pack["ladder"]["tested"] == 4
    assert pack["tracks"]["statistics"]["auc"] == pytest.approx(found["value"])  # same order, other calibration
    assert pack["tracks"]["statistics"]["brier"] > pack["tracks"]["ai"]["brier"]
    assert pack["stability"]["psi"]["verdict"] == "stable"
    assert pack["stability"]["csi"]["sales"]["verdict"] == "shifted"
    assert [row["period"] for row in pack["periods"]] == [2015, 2016, 2017]
    assert pack["fairness"]["highest"] is False
    assert {row["group"] for row in pack["fairness"]["dimensions"]["region"]["groups"]} == {"KR-11", "KR-41"}


def test_metrics_are_strict_json(report: dict[str, Any]) -> None:
    text = json.dumps(report, allow_nan=False)
    assert json.loads(text) == report
    assert report["format"] == "validation-1"


def test_grades_of_the_same_firms_a_year_later() -> None:
    firms = np.repeat(["a", "b", "c", "d"], 2)
    years = np.array([2020, 2021] * 3 + [2020, 2022])
    grades = np.array(["R1", "R2", "R2", "R2", "R3", "R1", "R1", "R4"], dtype=object)
    y, p = np.array([0, 1, 0, 0, 1, 0, 0, 1.0]), np.linspace(0.1, 0.8, 8)
    pack = validation_pack(y, p, grades, symbols=SYMBOLS, firm_ids=firms, periods=years, repeats=10)
    moved = pack["migration"]
    assert moved["pairs"] == 3, "a gap of two years is no step"
    assert (moved["same"], moved["within_one"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert (moved["up"], moved["down"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert moved["counts"][2][0] == 1 and moved["counts"][0][1] == 1
