"""Charts: well-formed, text inside the picture, every number in the table, missing never drawn as zero."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.catalogue import Lang
from ktop.report.charts import (
    Ahead,
    Chart,
    MappedPatent,
    WaterfallStep,
    bars,
    gauge,
    histogram,
    matrix,
    patent_map,
    radar,
    side_by_side,
    trend,
    waterfall,
)
from ktop.report.charts.svg import COLOURS, escape, shorten, tag, text_width, wrap

AXES = [("인프라", 72.1), ("투입", 48.0), ("활동", 66.9), ("성과", 70.3)]
NASTY = "<script>alert(1)</script>&\"'\x00\x0b"
PARTS = [
    WaterfallStep("대표자역량", "62점", 7.25, "인프라"),
    WaterfallStep("Acquired technology commercialised in the last three years", "1 products", 0.004, "Output"),
    WaterfallStep("고객자산투자", None, -5.5, "투입"),
]
SYMBOLS = ["AAA", "AA", "A"]
CELLS = {(g, r): SYMBOLS[max(i, j)] for i, g in enumerate(SYMBOLS) for j, r in enumerate(["R1", "R2", "R3"])}

AHEAD = [Ahead(year, 12.3, 5, 19 + year - 2024, 0.8) for year in (2024, 2025, 2026)]
PLACES = [
    MappedPatent(math.sin(i), math.cos(2 * i), None if i % 5 == 0 else i % 2, f"KR10{i:05d}A", i / 20)
    for i in range(20)
]

MAKERS: dict[str, Callable[[Lang], Chart]] = {
    "gauge": lambda lang: gauge("지수", 70.5, lang, reference=49.9),
    "gauge empty": lambda lang: gauge("지수", math.nan, lang),
    "radar": lambda lang: radar("역량", AXES, lang),
    "radar two": lambda lang: radar("역량", AXES, lang, name="가", other=[1, None, 3.0, 100], other_name="나" * 40),
    "histogram": lambda lang: histogram("위치", list(range(11)), [5] * 10, 9.99, lang, own_label="9.99 · top 1%"),
    "histogram none": lambda lang: histogram("위치", [0, 1, 2], [0, 0], None, lang, axis_label="x"),
    "waterfall": lambda lang: waterfall("구성", 46.0, PARTS, 47.754, lang),
    "waterfall wide": lambda lang: waterfall("구성", 46.0, PARTS, 47.754, lang, width=640),
    "matrix": lambda lang: matrix("표", SYMBOLS, ["R1", "R2", "R3"], CELLS, SYMBOLS, ("AA", "R3"), lang),
    "matrix none": lambda lang: matrix("표", SYMBOLS, ["R1", "R2", "R3"], CELLS, SYMBOLS, None, lang),
    "trend": lambda lang: trend("추이", list(range(2001, 2026)), [None, *range(24)], lang, incomplete_from=2024),
    "trend few": lambda lang: trend("추이", [2024, 2025], [0, 123456], lang),
    "trend ahead": lambda lang: trend(
        "추이", list(range(2010, 2026)), list(range(16)), lang, incomplete_from=2024, ahead=AHEAD
    ),
    "patent-map": lambda lang: patent_map("지도", PLACES, (0.0, -0.2), ["수분 감지, 필름", NASTY], lang, own_group=1),
    "patent-map none": lambda lang: patent_map("지도", [], (0.0, 0.0), [], lang),
    "trend none": lambda lang: trend("추이", [], [], lang),
    "bars": lambda lang: bars("출원인", [("아주 긴 이름의 출원인 주식회사 " * 4, 12), ("나", None), ("다", 0)], lang),
    "side by side": lambda lang: side_by_side(
        "비교", [("인프라", 70.5, None), ("투입", 0.0, 59.3)], ("가", "나"), lang
    ),
}
BOTH: tuple[Lang, ...] = ("ko", "en")


def numbers_in(chart: Chart) -> str:
    return " ".join(" ".join(row) for row in chart.table.rows)


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("name", MAKERS)
def test_every_chart_is_a_whole_accessible_drawing(name: str, lang: Lang) -> None:
    chart = MAKERS[name](lang)
    root = ElementTree.fromstring(chart.svg)
    assert root.get("role") == "img"
    assert root.get("aria-label", "").startswith(chart.title)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == chart.title
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == chart.description
    assert not re.search(r"<(script|style|image|use|foreignObject)|\bstyle=|\bon\w+=|href", chart.svg)
    table = chart.table
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert MAKERS[name](lang).svg == chart.svg


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("name", MAKERS)
def test_nothing_is_drawn_outside_the_picture(name: str, lang: Lang) -> None:
    chart = MAKERS[name](lang)
    for element in ElementTree.fromstring(chart.svg).iter():
        kind = element.tag.rsplit("}", 1)[-1]
        if kind == "rect":
            x, y, w, h = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
            assert w > 0, ElementTree.tostring(element)
            assert h > 0, ElementTree.tostring(element)
            assert -2 <= x <= x + w <= chart.width + 2
            assert -2 <= y <= y + h <= chart.height + 2
        if kind == "text" and "rotate" not in element.get("transform", ""):
            size, x = float(element.get("font-size", "0")), float(element.get("x", "0"))
            wide = text_width("".join(element.itertext()), size)
            left = {"start": x, "middle": x - wide / 2, "end": x - wide}[element.get("text-anchor", "start")]
            assert left >= -3, "".join(element.itertext())
            assert left + wide <= chart.width + 8, "".join(element.itertext())
            assert 0 < float(element.get("y", "0")) <= chart.height


def test_user_text_cannot_leave_its_element() -> None:
    chart = bars(NASTY, [(NASTY, 3)], "en")
    assert "<script>" not in chart.svg
    assert "\x00" not in chart.svg
    assert ElementTree.fromstring(chart.svg).findtext("{http://www.w3.org/2000/svg}title", "").startswith("<script>")


@given(st.text())
def test_any_text_is_read_back_without_the_characters_that_xml_lacks(content: str) -> None:
    read = ElementTree.fromstring(tag("text", escape(content), aria_label=content))
    kept = "".join(c for c in content if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    assert (read.text or "") == kept.replace("\r\n", "\n").replace("\r", "\n")
    assert read.attrib["aria-label"] == re.sub("[\t\n]|\r\n?", " ", kept)


def test_text_roles_stand_out_from_paper() -> None:
    def luminance(colour: str) -> float:
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a: str, b: str) -> float:
        light, dark = sorted((luminance(a), luminance(b)), reverse=True)
        return (light + 0.05) / (dark + 0.05)

    for role in ("ink", "muted"):
        for under in ("paper", "tint1", "tint2", "tint3", "tint4", "tint5"):
            assert contrast(COLOURS[role], COLOURS[under]) >= 4.5, (role, under)
    assert contrast(COLOURS["paper"], COLOURS["own"]) >= 4.5
    for mark in ("own", "other", "plus", "minus"):
        assert contrast(COLOURS[mark], COLOURS["paper"]) >= 3


def test_missing_score_is_said_and_not_drawn() -> None:
    empty, zero = gauge("지수", None, "ko"), gauge("지수", 0.0, "ko")
    assert empty.table.rows == (("지수", "산출 불가"),)
    assert zero.table.rows == (("지수", "0.0"),)
    assert ">0.0<" in zero.svg
    assert ">0.0<" not in empty.svg


def test_radar_leaves_a_gap_where_a_score_is_missing() -> None:
    whole, gap = radar("역량", AXES, "ko"), radar("역량", [*AXES[:3], ("성과", None)], "ko")
    assert whole.svg.count("<circle") == 4
    assert gap.svg.count("<circle") == 3
    assert "산출 불가" in numbers_in(gap)


def test_histogram_places_the_subject() -> None:
    chart = histogram("위치", [0, 10, 20, 30], [1, 2, 3], 30.0, "ko")
    assert [row[2] for row in chart.table.rows] == ["", "", "자사 위치"]
    with pytest.raises(ValueError, match="one more edge"):
        histogram("위치", [0, 1], [1, 2], None, "ko")


def test_waterfall_shows_exact_parts_and_refuses_wrong_sums() -> None:
    rows = waterfall("구성", 46.0, PARTS, 47.754, "ko").table.rows
    assert rows[0][3] == "46.00"
    assert [row[3] for row in rows[1:-1]] == ["+7.25", "±0.00", "−5.50"]
    assert rows[3][2] == "미입력"
    assert rows[-1][3] == "47.75"
    with pytest.raises(ValueError, match="add up"):
        waterfall("구성", 46.0, PARTS, 48.0, "ko")


def test_waterfall_bars_have_the_lengths_of_their_points() -> None:
    root = ElementTree.fromstring(
        waterfall("구성", 0.0, [WaterfallStep("a", "1", 30.0), WaterfallStep("b", "2", -10.0)], 20.0, "en").svg
    )
    bars_ = list(root.iter("{http://www.w3.org/2000/svg}rect"))
    widths = [float(e.get("width", "0")) for e in bars_]
    assert widths[1] / widths[2] == pytest.approx(3.0, rel=1e-3)
    assert float(bars_[2].get("x", "0")) == pytest.approx(widths[3], abs=0.1)


def test_trend_tells_missing_years_from_empty_ones() -> None:
    rows = dict(trend("추이", [2023, 2024, 2025], [None, 0, 7], "ko", incomplete_from=2025).table.rows)
    assert rows == {"2023": "미입력", "2024": "0", "2025": "7 (집계가 끝나지 않은 연도)"}


def test_matrix_marks_one_cell() -> None:
    chart = MAKERS["matrix"]("ko")
    assert sum("(자사)" in cell for row in chart.table.rows for cell in row) == 1
    assert chart.svg.count('class="k-own l-paper"') == 1


def test_words_are_cut_and_broken_to_their_width() -> None:
    assert shorten("짧은 말", 13, 200) == "짧은 말"
    cut = shorten("아주 길어서 들어가지 않는 말", 13, 60)
    assert cut.endswith("…")
    assert text_width(cut, 13) <= 60
    assert wrap("one two three four", 10, 50, 2) == ["one two", "three fo…"]
    assert escape("a\x0b<b>") == "a&lt;b&gt;"


def test_a_forecast_stands_beside_what_was_counted() -> None:
    rows = {row[0]: row[1:] for row in MAKERS["trend ahead"]("en").table.rows}
    assert rows["2023"] == ("13", "")
    assert rows["2024"] == ("14 (year not yet complete)", "12.3 (5–19)")
    assert rows["2026"] == ("–", "12.3 (5–21)")  # nothing was counted there, and nothing is drawn as zero


def test_the_map_names_every_patent_its_group_and_the_technology() -> None:
    chart = MAKERS["patent-map"]("en")
    rows = {row[0]: row[1] for row in chart.table.rows}
    assert rows["KR1000001A"] == "2"
    assert rows["KR1000005A"] == "in no group"
    assert "This technology" in chart.svg
    assert "<script>" not in chart.svg
