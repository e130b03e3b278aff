"""The validation report as a page in both languages."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from validation_example import BANDS, example, example_report, report_of

from ktop import catalogue
from ktop.domain.values.region import regions
from ktop.report.charts import diagnostics
from ktop.report.charts.svg import text_width
from ktop.report.validation import Words, power_sentences, render, robustness_table, within_table
from ktop.validation.pack import validation_pack, validation_report
from ktop.validation.published import published_form


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return example_report()


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
    page = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
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
        assert picture.find("{*}title") is not None


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
        found = diagnostics.ticks(most)
        assert 3 <= len(found) <= 6 and found[0] == 0 and found[-1] <= most * (1 + 1e-9)
        assert len({diagnostics.tick_label(value, most) for value in found}) == len(found)
    rows = [
        {"label": "Electrical, electronic and precision equipment", "n": 400, "few": False, "gap": 0.01,
         "gap_low": -0.01, "gap_high": 0.03},
        {"label": "세종특별자치시", "n": 4, "few": True, "gap": 0.03, "gap_low": -0.6, "gap_high": 0.04},
    ]  # fmt: skip
    chart = diagnostics.gaps("t", [(row["label"], row) for row in rows], "en")
    svg = ET.fromstring(chart.svg)
    assert [row[0] for row in chart.table.rows] == [row["label"] for row in rows]
    width = float(svg.attrib["viewBox"].split()[2])
    xs = [float(line.attrib[key]) for line in svg.iter("{http://www.w3.org/2000/svg}line") for key in ("x1", "x2")]
    assert min(xs) > 0 and max(xs) < width - 20, "a long interval ends at the edge"
    labels = [text for text in svg.iter("{http://www.w3.org/2000/svg}text") if text.text == rows[0]["label"]]
    room = text_width(str(rows[0]["label"]), float(labels[0].attrib["font-size"]))
    assert float(labels[0].attrib["x"]) > room, "labels are whole"


class _Echo(Words):
    """Says the key and what goes into the sentence."""

    def __call__(self, key: str, **params: Any) -> str:
        return key + "".join(f" {name}={value}" for name, value in params.items())

    def named(self, kind: str, name: str) -> str:
        return name.upper()


def _row(value: float) -> dict[str, Any]:
    ranged = {"value": value, "low": value - 0.05, "high": value + 0.05}
    precision = {"value": 0.021, "low": None, "high": None}
    return {"auc": ranged, "auc_in_field": ranged, "precision": precision, "less": ranged}


ECHO = _Echo("en", {})
RANKING: dict[str, Any] = {
    "top_share": 0.05,
    "events": 254,
    "forecast_events": 105,
    "rate": 0.0069,
    "best_single": "word_rarity",
    "rows": {"score": _row(0.62), "chars": _row(-0.02), "best_single": _row(0.57)},
    "forecast": {"forecast": _row(0.61), "chars": _row(0.55)},
    "power": {"aim": 0.7, "rival": 0.6, "events_for_aim": 50, "events_for_found": 1200},
}


def test_rows_name_the_rivals_and_hide_a_difference_to_itself() -> None:
    rows = within_table(RANKING, ECHO).rows
    assert [row[0] for row in rows] == [
        "SCORE",
        "CHARS",
        "ranked_best_single measure=word_rarity",
        "FORECAST",
        "ranked_same_years name=CHARS",
    ]
    assert rows[0][4] == rows[3][4] == "–"
    assert rows[1][4] == "−0.020 (−0.070 ~ +0.030)"
    assert rows[0][1] == "0.620 (0.570–0.670)" and rows[0][2] == rows[0][1] and rows[0][3] == "2.10% (–––)"


@pytest.mark.parametrize("ahead", [True, False])
def test_power_is_told_either_way(ahead: bool) -> None:
    power = RANKING["power"] | ({} if ahead else {"events_for_found": None, "events_for_aim": None})
    said = " | ".join(power_sentences(RANKING | {"power": power}, ECHO))
    assert ("power_found area=0.62" in said) == ahead and ("power_behind" in said) != ahead
    assert "within_events events=254 rate=0.69%" in said


def test_stability_rows_show_direction() -> None:
    row = {"change": "padded", "n": 60, "same": 1.0, "within_one": 1.0, "mean": 0.4, "high": 1.2, "raised": -0.3}
    none = {"change": "pairs", "n": 0, "same": None, "within_one": None, "mean": None, "high": None, "raised": None}
    assert robustness_table({"rows": [row, none]}, ECHO).rows == (
        ("PADDED", "60", "100%", "100%", "0.4", "1.2", "−0.3"),
        ("PAIRS", "0", *["–"] * 5),
    )
