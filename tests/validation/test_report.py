"""The validation pack as JSON and the report as a page in both languages."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from ktop import catalogue
from ktop.domain.values.region import regions
from ktop.validation import pictures
from ktop.validation.discrimination import auc
from ktop.validation.html import render
from ktop.validation.pack import validation_pack, validation_report
from ktop.validation.published import published_form

SYMBOLS = ("R1", "R2", "R3", "R4")
BANDS = {
    "AAA·AA": ["AAA", "AA+", "AA", "AA-"],
    "A": ["A+", "A", "A-"],
    "BBB": ["BBB+", "BBB", "BBB-"],
    "BB": ["BB+", "BB", "BB-"],
    "B": ["B+", "B", "B-"],
    "CCC·CC·C·D": ["CCC", "CC", "C", "D"],
}


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
        "business_grades": np.array(["AAA", "A-", "BBB", "B+", None], dtype=object)[np.arange(n) % 5],
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
    assert page.count("<svg") == 3 + 2, "three pictures of the target and one of each fairness dimension"


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


def test_failures_are_told_in_the_published_form(report: dict[str, Any]) -> None:
    given, table = example(), report["targets"]["failure"]["published"]
    for row in table["rows"]:
        inside = np.isin(given["business_grades"].astype(str), BANDS[row["band"]]) & ~np.isnan(given["y"])
        assert (row["firms"], row["events"]) == (int(inside.sum()), int(given["y"][inside].sum()))
    assert [row["published"] for row in table["rows"]] == [0.0, 0.0031, 0.0070, 0.0157, 0.0197, None]
    assert "8,899" in render(report, "en") and "8,899" in render(report, "ko")


def test_an_inversion_of_bands_is_named_openly() -> None:
    y = np.array([0.0] * 90 + [1.0] * 10 + [0.0] * 95 + [1.0] * 5)
    table = published_form(y, ["A"] * 100 + ["BB"] * 100)
    assert table["inversions"] == [["A", "BB"]]
    pack = validation_pack(y, np.linspace(0.01, 0.2, 200), business_grades=["A"] * 100 + ["BB"] * 100, repeats=10)
    page = render(validation_report({"name": "m", "version": "1"}, {"name": "d", "rows": 200}, {"failure": pack}), "en")
    assert "A–BB" in page


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


def test_every_word_of_the_report_exists_in_both_languages() -> None:
    for key, languages in catalogue.messages().items():
        if key.startswith("validation."):
            assert set(languages) == {"ko", "en"}, key
            assert all(languages.values()), key


def test_few_events_are_said_and_not_turned_into_precision() -> None:
    rng = np.random.default_rng(5)
    n = 900
    p = np.where(np.arange(n) < 880, 0.04, 0.5) * rng.uniform(0.5, 1.0, n)
    y = (rng.random(n) < p).astype(float)
    region = np.array(["KR-11"] * 880 + ["KR-41"] * 20, dtype=object)
    y[880:] = 0
    y[-1] = 1
    grades = np.array(["R1", "R2"], dtype=object)[(p > 0.03).astype(int)]
    pack = validation_pack(y, p, grades, {"region": region}, symbols=("R1", "R2"), adverse=True, repeats=20)
    assert pack["few_events"] and y.sum() < 100
    expected = {row["grade"]: row["n"] * row["predicted"] for row in pack["ladder"]["grades"]}
    assert pack["ladder"]["hardly_tested"] == [grade for grade, events in expected.items() if events < 5]
    metrics = validation_report({"name": "m", "version": "–"}, {"name": "d", "rows": n}, {"failure": pack})
    page = render(metrics, "en")
    assert "fewer than 100" in page and "Validation report: m<" in page
    small = page[page.index(f'scope="row">{regions()["KR-41"]["en"]} *') :]
    assert small[: small.index("</tr>")].count("<td>–</td>") == 2, "no AUC and no share chosen of a single event"
    assert "fewer than 100" not in render(report_of(4000), "en")


def report_of(n: int) -> dict[str, Any]:
    pack = validation_pack(**{**example(n=n), "repeats": 20})
    return validation_report(
        {"name": "m", "version": "2"}, {"name": "d", "rows": n, "trained_to": 2015}, {"failure": pack}
    )


def test_a_scheme_s_own_words_and_trained_years_are_shown() -> None:
    metrics = report_of(1500)
    metrics["model"]["labels"] = {
        "title": {"ko": "은행 모형", "en": "Bank model"},
        "target": {"failure": {"ko": "연체", "en": "Arrears"}},
        "input": {"sales": {"ko": "매출", "en": "Turnover"}},
    }
    metrics["model"]["data_warnings"] = [{"code": "c", "ko": "경고 <하나>", "en": "one <warning>"}]
    assert "경고 &lt;하나&gt;" in render(metrics, "ko") and "one &lt;warning&gt;" in render(metrics, "en")
    for lang, words in (
        ("ko", ("은행 모형", "연체", "매출", "--since 2016")),
        ("en", ("Bank model", "Arrears", "Turnover")),
    ):
        page = render(metrics, lang)  # type: ignore[arg-type]
        assert all(word in page for word in words)


def test_axes_have_round_ticks_within_the_picture() -> None:
    for most in (1.0, 0.182, 0.0143, 0.62, 0.0007):
        found = pictures.ticks(most)
        assert 3 <= len(found) <= 6 and found[0] == 0 and found[-1] <= most * (1 + 1e-9)
        assert len({pictures.percent(value, most) for value in found}) == len(found)
    rows = [
        {"label": "Electrical, electronic and precision equipment", "n": 400, "few": False, "gap": 0.01,
         "gap_low": -0.01, "gap_high": 0.03},
        {"label": "세종특별자치시", "n": 4, "few": True, "gap": 0.03, "gap_low": -0.6, "gap_high": 0.04},
    ]  # fmt: skip
    svg = ET.fromstring(pictures.gaps(rows, {"title": "t", "x": "gap"}))
    width = float(svg.attrib["viewBox"].split()[2])
    xs = [float(line.attrib[key]) for line in svg.iter("line") for key in ("x1", "x2")]
    assert min(xs) > 0 and max(xs) < width - 20, "a long interval ends at the edge"
    labels = [text for text in svg.iter("text") if text.text == rows[0]["label"]]
    assert labels and float(labels[0].attrib["x"]) > 6.5 * len(str(rows[0]["label"])), "labels are whole"
