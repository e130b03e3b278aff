"""The verdict of a result: one answer, what it means, how sure it is, and why models differ."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fixtures"))

import invented

from ktop.domain.rating.grades import ladders
from ktop.report.pdf import technology_report
from ktop.report.present import report_view
from ktop.report.present.grade_meanings import band, meaning_table
from ktop.report.present.verdict import known_items, verdict


def test_the_grade_leads_and_the_index_stands_beside_it() -> None:
    shown = verdict([invented.tech_index(), invented.ktrs_fm()], "en")
    assert shown.model == "ktrs-fm" and shown.relied
    assert shown.figure.value == invented.ktrs_fm()["grades"]["business"]
    assert any("Tech-Index" in figure.label for figure in shown.beside)
    assert any("decides the grade" in sentence for sentence in shown.story)


@pytest.mark.parametrize(("years", "told"), [(2.9, False), (3.2, True), (3.97, True), (4.1, False), (None, False)])
def test_a_start_up_that_has_just_grown_past_three_years_is_told_so(years: float | None, told: bool) -> None:
    rating = copy.deepcopy(invented.ktrs_fm())
    rating["inputs"] = [one for one in rating["inputs"] if one["name"] != "age_years"]
    rating["inputs"].append({"name": "age_years", "value": years, "source": None, "date": None})
    story = " ".join(verdict([rating], "en").story)
    assert ("no longer the start-up model" in story) == told
    if told:
        assert f"{years:.1f} years old" in story and f"3년이 지났습니다({years:.1f}년)" in " ".join(
            verdict([rating], "ko").story
        )


def test_an_index_alone_is_the_verdict() -> None:
    shown = verdict([invented.tech_index()], "ko")
    assert shown.figure.value == f"{invented.tech_index()['scores']['index']:.1f}"
    assert shown.story == ()


def test_a_technology_that_the_corpus_cannot_judge_has_no_ground_and_says_so() -> None:
    rating = copy.deepcopy(invented.originality())
    assert verdict([rating], "en").relied
    rating["warnings"] = [{"code": "thin_field", "text": {"ko": "가까운 특허가 없음", "en": "Nothing is near."}}]
    shown = verdict([rating], "en")
    assert not shown.relied and shown.meaning == "Nothing is near."
    assert "very good" not in shown.meaning and shown.to_do


def test_a_grade_has_the_colour_of_the_word_said_of_it_and_something_is_to_be_done() -> None:
    tones = {"top": "good", "good": "good", "middle": "warn", "low": "bad", "bottom": "bad"}
    for symbol in ladders()["originality"].symbols:
        rating = {**invented.originality(), "grades": {"originality": symbol}}
        shown = verdict([rating], "ko")
        assert shown.figure.tone == tones[band(ladders()["originality"], symbol)]
        assert "KR1020190000001A" in shown.to_do[0] and len(shown.to_do) == 2


def test_a_report_hatches_and_does_not_colour_what_may_not_be_relied_on() -> None:
    trusted = invented.originality()
    unsure = {
        **trusted,
        "warnings": [*trusted["warnings"], {"code": "thin_field", "text": {"ko": "얇음", "en": "thin"}}],
    }
    for rating, relied in ((trusted, True), (unsure, False)):
        view = report_view([rating], "ko", medium="paper")
        assert view.ratings[0].relied is relied
        assert all((figure.note == "믿고 쓸 수 없음" and not figure.tone) is not relied for figure in view.summary)
    plain, hatched = (technology_report(rating, "ko") for rating in (trusted, unsure))
    assert [b"/PatternType" in pdf for pdf in (plain, hatched)] == [False, True]


def test_a_company_of_which_little_is_known_is_not_relied_on() -> None:
    rating = copy.deepcopy(invented.ktrs_fm())
    for part in rating["contributions"]:
        part["value"] = None
    shown = verdict([rating], "en")
    everything = sum(count for _, _, count in known_items(rating))
    assert not shown.relied and f"Only 0 of the {everything} items" in shown.meaning


@pytest.mark.parametrize("name", ["business", "growth", "risk", "originality"])
def test_every_grade_has_its_meaning(name: str) -> None:
    table = meaning_table(name, "en")
    assert [row[0] for row in table.rows] == list(ladders()[name].symbols)
    assert table.rows[0][1] == "very good" and table.rows[-1][1] == "very low"
    if name == "growth":
        assert table.rows[1][2] == "48% to 62%"
    if name == "risk":
        assert table.rows[1][2] == "0.15% to 0.3%"
