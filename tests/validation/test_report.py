"""The validation pack as JSON and the report as a page in both languages."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from ktop import catalogue
from ktop.validation.discrimination import auc
from ktop.validation.html import render
from ktop.validation.pack import validation_pack, validation_report

SYMBOLS = ("R1", "R2", "R3", "R4")


def example(seed: int = 2, n: int = 3000) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-2.0, 1.2, n)
    p = 1 / (1 + np.exp(-logit))
    y = (rng.random(n) < p).astype(float)
    y[:50] = np.nan
    p[50:60] = np.nan
    grades = np.array([*SYMBOLS, None], dtype=object)[np.where(np.isnan(p), 4, np.digitize(p, [0.05, 0.15, 0.3]))]
    size = np.array(["micro", "small", "<b>odd</b>"], dtype=object)[rng.integers(0, 3, n)]
    return {
        "y": y,
        "p": p,
        "grades": grades,
        "groups": {"size": size, "region": rng.choice(["KR-11", "KR-41"], n).astype(object)},
        "firm_ids": np.arange(n) // 2,
        "symbols": SYMBOLS,
        "adverse": True,
        "periods": 2015 + np.arange(n) % 3,
        "tracks": {"ai": p, "statistics": np.sqrt(p) / 2},
        "reference_p": p,
        "features": {"sales": rng.normal(1, 1, n)},
        "reference_features": {"sales": rng.normal(0, 1, n)},
        "repeats": 60,
    }


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    given = example()
    pack = validation_pack(**given)
    model = {"name": "ktrs-fm", "version": "9.9", "trained_on": "synthetic"}
    data = {"name": "<script>panel</script>", "rows": len(given["y"]), "years": [2015, 2017]}
    return validation_report(model, data, {"failure": pack})


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


def test_one_kind_of_outcome_gives_a_report_without_discrimination() -> None:
    pack = validation_pack([0.0] * 30, np.linspace(0.1, 0.2, 30), repeats=10)
    assert pack["discrimination"]["auc"] == {"value": None, "low": None, "high": None}
    assert pack["calibration"]["slope"] is None
    page = render(validation_report({"name": "m", "version": "1"}, {"name": "d", "rows": 30}, {"failure": pack}), "en")
    assert "only one kind" in page
    empty = validation_pack([], [], repeats=10)
    assert empty["rows_used"] == 0
    json.dumps(empty, allow_nan=False)
    assert "–" in render(validation_report({"name": "m", "version": "1"}, {"name": "d", "rows": 0}, {"x": empty}), "ko")


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_page_is_self_contained_and_escaped(report: dict[str, Any], lang: catalogue.Lang) -> None:
    page = render(report, lang)
    assert f'<html lang="{lang}">' in page
    assert "<script" not in page
    assert "&lt;script&gt;panel" in page
    assert "&lt;b&gt;odd" in page
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in page
    assert catalogue.text("validation.synthetic_notice", lang) in page
    assert page.count("<svg") == 3


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_mark_up_is_balanced_and_pictures_are_well_formed(report: dict[str, Any], lang: catalogue.Lang) -> None:
    page = render(report, lang)

    class Balance(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            if tag != "meta":
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            pass

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    for part in page.split("<svg")[1:]:
        picture = ET.fromstring("<svg" + part.split("</svg>")[0] + "</svg>")
        assert picture.get("role") == "img"
        assert picture.find("title") is not None


def test_words_are_in_the_reader_s_language(report: dict[str, Any]) -> None:
    assert "부실" in render(report, "ko")
    assert "서울" in render(report, "ko")
    assert "Seoul" in render(report, "en")
    english = render(report, "en").split("<body>")[1]
    assert not any("가" <= letter <= "힣" for letter in english)


def test_figures_in_the_page_are_those_of_the_pack(report: dict[str, Any]) -> None:
    page = render(report, "en")
    pack = report["targets"]["failure"]
    assert f"{pack['discrimination']['auc']['value']:.3f}" in page
    for row in pack["ladder"]["grades"]:
        assert f"{row['n']:,}" in page
        assert f"{100 * row['rate']:.2f}%" in page


def test_every_word_of_the_report_exists_in_both_languages() -> None:
    for key, languages in catalogue.messages().items():
        if key.startswith("validation."):
            assert set(languages) == {"ko", "en"}, key
            assert all(languages.values()), key
