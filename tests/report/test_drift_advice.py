"""What a drift report advises: data before the model, in the reader's language, nothing where nothing moved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ktop.catalogue import LANGS, Lang
from ktop.report.present.drift_advice import drift_advice
from ktop.validation.drift import drift

INPUTS = ("technical_staff", "patents_registered")


def _report(
    rows: int = 400, *, shift: float = 0.0, empty: float = 0.0, rate: float = 0.1, last_month: int = 40
) -> dict[str, Any]:
    random = np.random.default_rng(3)
    base = np.linspace(-3, 3, 9).tolist()
    known = np.diff([0.0, *(0.5 * (1 + np.tanh(0.8 * np.array(base)))), 1.0])
    numbers = {"edges": base, "shares": [*known, 0.0]}
    probabilities = {"edges": [0.05, 0.1], "shares": [0.0, 1.0, 0.0, 0.0]}
    values = {name: random.logistic(0, 0.625, rows) for name in INPUTS}
    values["technical_staff"] = values["technical_staff"] + shift
    values["patents_registered"][: int(empty * rows)] = np.nan
    y = (np.arange(rows) < rate * rows).astype(float) if rows else np.zeros(0)
    months = [f"2026-{1 + k // 40:02d}" for k in range(200)] + ["2026-06"] * last_month
    measured = drift(
        {
            "rows": 10_000, "features": dict.fromkeys(INPUTS, numbers), "scores": {"risk": numbers},
            "probabilities": {"failure": probabilities}, "mean_probabilities": {"failure": 0.1}, "grades": {},
            "labels": {"region": {"KR-11": 1.0}},
        },
        features=values, scores={"risk": random.logistic(0, 0.625, rows)},
        probabilities={"failure": np.full(rows, 0.1)}, grades={}, labels={"region": ["KR-11"] * rows},
        outcomes={"failure": y}, months=months,
    )  # fmt: skip
    return {"model": {"name": "ktrs-fm", "version": "1"}, **measured}


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_moved_is_nothing_to_do(lang: Lang) -> None:
    (said,) = drift_advice(_report(), lang)
    assert {"ko": "할 일이 없습니다", "en": "nothing to do"}[lang] in said


@pytest.mark.parametrize("lang", LANGS)
def test_broken_inputs_come_before_retraining(lang: Lang) -> None:
    said = drift_advice(_report(shift=-2.0, empty=0.4, rate=0.2, last_month=120), lang)
    assert len(said) == 4
    missing, moved, model, volume = said
    assert {"ko": "등록 특허 (0.0% → 40.0%)", "en": "(0.0% → 40.0%)"}[lang] in missing
    assert {"ko": "기술인력 수 (낮아짐)", "en": "Technical staff (lower)"}[lang] in moved
    assert "20.00%" in model and "10.00%" in model and "retrain ktrs-fm" in model
    assert {"ko": "실제보다 좋게", "en": "better than they are"}[lang] in model
    assert "2026-06" in volume and "120" in volume and "40" in volume


@pytest.mark.parametrize("lang", LANGS)
def test_fewer_failures_than_foreseen_is_the_other_way_round(lang: Lang) -> None:
    (said,) = drift_advice(_report(rate=0.02), lang)
    assert {"ko": "실제보다 나쁘게", "en": "worse than they are"}[lang] in said


@pytest.mark.parametrize("lang", LANGS)
def test_few_companies_or_none_get_no_advice_but_how_to_come_by_it(lang: Lang) -> None:
    none = {**_report(0), "calibration": {}}
    few = {**_report(12), "calibration": {}}
    assert [len(drift_advice(report, lang)) for report in (none, few)] == [1, 1]
    assert "ktop models drift ktrs-fm --data" in drift_advice(none, lang)[0]
    assert "12" in drift_advice(few, lang)[0] and "30" in drift_advice(few, lang)[0]


def test_reports_of_former_versions_say_no_direction() -> None:
    report = _report(shift=-2.0)
    for part in report["features"].values():
        part.pop("above_before"), part.pop("above_now")
    assert "Technical staff." in drift_advice(report, "en")[0]
