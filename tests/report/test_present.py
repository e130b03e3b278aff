"""What is shown of a rating: every part of it, in one language, with nothing invented."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import invented
import pytest

from ktop.catalogue import Lang, load
from ktop.report.present import rating_view, report_view
from ktop.report.present.accounts import ratio_points
from ktop.report.present.common import grades
from ktop.report.present.comparison import compare
from ktop.report.present.growth_paths import with_growth_paths
from ktop.report.present.novelty import novelty_view
from ktop.report.present.technology import _trend_text
from ktop.report.present.what_if import changes_between

BOTH: tuple[Lang, ...] = ("ko", "en")


@pytest.mark.parametrize("lang", BOTH)
def test_a_company_is_shown_whole(lang: Lang) -> None:
    index, fast = invented.tech_index(), invented.ktrs_fm()
    view = report_view([index, fast], lang)
    assert [r.model for r in view.ratings] == ["tech-index", "ktrs-fm"]
    first, second = view.ratings
    assert first.gauge is not None
    assert first.radar is not None
    assert second.matrix is not None
    assert [b.score for b in first.breakdowns] == ["index"]
    assert [b.score for b in second.breakdowns] == ["growth", "risk"]
    assert len(first.breakdowns[0].table.rows) == 14 + 2
    assert len(second.breakdowns[0].table.rows) == 39 + 2
    assert first.position is not None
    assert len(first.position.table.rows) == 5
    assert {s.kind for s in first.opinions} == {"summary", "strength", "weakness"}
    assert len(first.steps) == 2
    assert second.guarantee is not None
    assert [c.met for c in second.guarantee.clauses] == [True, None, False]
    assert view.given + view.missing == len(invented.FACTS)
    assert view.missing == sum(value is None for value in invented.FACTS.values())


def test_an_estimate_is_called_one_beside_what_was_counted() -> None:
    stored = Path(__file__).parents[1] / "golden" / "ratings"
    today, former = (
        json.loads((stored / f"ktrs-fm-{v}-narae-lab.json").read_text("utf-8")) for v in ("1.4.0", "1.0.0")
    )
    without = copy.deepcopy(today)
    facts = {entry["name"]: entry for entry in without["inputs"]}
    facts["own_commercialised_3y"]["value"] = 0
    rate = 100 * 5.3 / (5.2 * (facts["staff_total"]["value"] / 20) ** 0.17 + 8)
    for part in without["contributions"]:
        if part["indicator"] == "commercialisation_rate":
            part["value"] = rate
    withheld = today | {"inputs": []}
    for rating, said in (
        (today, "est. 51.5% (counted: 1 product)"),
        (without, f"est. {rate:.1f}% (counted: 0 products)"),
        (withheld, "51.5%"),
    ):
        rows = {row[0]: row[2] for row in rating_view(rating, "en").breakdowns[0].table.rows}
        assert rows["Commercialisation rate"] == said
    assert not any("est." in str(row) for b in rating_view(former, "en").breakdowns for row in b.table.rows)
    assert any("est. 51.5% → " in step.change for step in rating_view(today, "en").steps)


def test_a_medium_gets_only_the_waterfalls_that_it_shows() -> None:
    ratings = [invented.tech_index(), invented.ktrs_fm()]
    everything = report_view(ratings, "ko")
    for medium, narrow, wide in (("page", 3, 1), ("paper", 0, 3), ("text", 0, 0)):
        drawn = [b for r in report_view(ratings, "ko", medium=medium).ratings for b in r.breakdowns]
        assert sum(b.narrow is not None for b in drawn) == narrow
        assert sum(b.wide is not None for b in drawn) == wide
        assert all((b.wide is not None) >= b.main for b in drawn) or medium == "text"
        for one, other in zip(drawn, (b for r in everything.ratings for b in r.breakdowns), strict=True):
            assert one.table == other.table
            assert one.narrow in (None, other.narrow)
            assert one.wide in (None, other.wide)


def test_only_one_language_is_shown() -> None:
    shown = repr(report_view([invented.ktrs_fm()], "en").ratings)
    assert not any("가" <= c <= "힣" for c in shown)


def test_missing_inputs_are_said_so() -> None:
    rows = {row.label: row for group in report_view([invented.tech_index()], "ko").inputs for row in group.rows}
    assert rows["마케팅비"].value == "미입력"
    assert rows["마케팅비"].missing
    assert rows["마케팅비"].source == "–"
    assert rows["매출액(최근)"].value == "8,234,500,000원"
    assert rows["매출액(최근)"].source == "직접 입력"
    assert rows["매출액(최근)"].date == "2025-12-31"


def test_a_score_that_could_not_be_given_is_not_zero() -> None:
    rating = invented.tech_index()
    rating["scores"] = {**rating["scores"], "index": None, "input": math.nan}
    shown = report_view([rating], "ko").ratings[0]
    assert shown.headline[0].value == "산출 불가"
    assert not shown.breakdowns
    assert shown.gauge is not None
    assert "산출" in shown.gauge.description


def test_names_choose_the_language_and_a_nameless_subject_is_called_so() -> None:
    assert report_view([invented.tech_index()], "en").subject == "Gaon Precision (invented)"
    assert report_view([invented.tech_index(subject={})], "ko").subject == "이름 없는 기업"


def test_a_technology_is_shown_whole() -> None:
    view = report_view([invented.originality()], "ko", technology_text="글")
    shown = view.ratings[0].technology
    assert shown is not None
    assert shown.ocean is not None
    assert shown.ocean.value == "블루오션"
    assert len(shown.neighbours) == 8
    assert shown.similarity is not None
    assert shown.trend is not None
    assert shown.applicants is not None
    assert shown.key_terms[0].label == "수분 감지"
    assert shown.key_terms[5].note == "처음 나온 용어"
    assert shown.neighbours[0].terms == "수분 감지, 나노입자", "a term that no patent has is shared with none"
    assert shown.neighbours[0].classes == (("C09K", "발광 등 기능 재료"), ("B32B", "적층체"))
    assert view.text == "글"


def test_a_technology_without_a_title_is_called_by_its_first_words() -> None:
    rating = invented.originality(subject={"title": None, "text": "본 기술은 수분을 감지하는 필름에 관한 것이다. " * 5})
    view = report_view([rating], "ko")
    assert view.subject.startswith("본 기술은 수분을")
    assert view.subject.endswith("…")
    assert view.text == rating["subject"]["text"]


def test_an_unknown_model_is_shown_by_its_bare_names() -> None:
    rating = copy.deepcopy(invented.tech_index())
    rating["model"]["name"] = "of-another-house"
    shown = report_view([rating], "en").ratings[0]
    assert shown.title == "of-another-house"
    assert shown.breakdowns[0].table.rows[1][0]


def test_figures_that_two_models_share_say_whose_they_are() -> None:
    fast, young = invented.ktrs_fm(), invented.ktrs_fm()
    young["model"]["name"] = "start-up"
    labels = [figure.label for figure in report_view([invented.tech_index(), fast, young], "en").summary]
    assert len(set(labels)) == len(labels)
    assert "Growth grade · KTRS-FM" in labels and "Growth grade · start-up" in labels
    assert any(label == "Tech-Index" for label in labels), "a figure of one model alone needs no addition"
    changed = [change.label for change in changes_between([fast, young], [fast, young], "en")]
    assert len(set(changed)) == len(changed)
    assert not any("KTRS-FM" in change.label for change in changes_between([fast], [fast], "en"))


def test_a_step_that_raises_two_scores_stands_once() -> None:
    rating = invented.tech_index()
    rating["next_steps"].append({**rating["next_steps"][0], "score": "infra", "points": 0.5})
    steps = report_view([rating], "en").ratings[0].steps
    assert len(steps) == 2
    assert steps[0].effect == "Tech-Index +3.42, Infrastructure +0.50"


def test_the_same_warning_is_said_once() -> None:
    views = report_view([invented.tech_index(), invented.tech_index()], "ko").ratings
    assert [len(view.warnings) for view in views] == [1, 0]


def test_the_place_among_peers_is_a_strip_for_each_group_and_a_missing_one_is_hatched() -> None:
    rating = invented.tech_index()
    groups = len(rating["position"])
    rating["position"]["industry"]["percentile"] = None
    position = report_view([rating], "ko").ratings[0].position
    assert position is not None and position.chart is not None
    assert len(position.chart.table.rows) == groups
    absent = next(row for row in position.chart.table.rows if row[0] == "같은 업종")
    assert absent[2] == "–" and "비교 대상 부족" in absent[1]
    assert position.chart.svg.count("<path") == 1, "one strip is hatched"


def test_what_if_tells_better_from_worse() -> None:
    before = [invented.tech_index(), invented.ktrs_fm()]
    after = copy.deepcopy(before)
    after[0]["scores"]["input"] += 5
    after[1]["grades"]["growth"] = "AA"
    after[1]["probabilities"]["failure"]["value"] += 0.02
    found = {c.label: c for c in changes_between(before, after, "en")}
    assert (found["Input"].difference, found["Input"].tone) == ("▲ 5.00", "good")
    assert (found["Growth grade"].difference, found["Growth grade"].tone) == ("▲ 2", "good")
    assert found["Failure within three years"].difference == "▲ 2.00%p"
    assert found["Failure within three years"].tone == "bad"
    assert found["Output"].difference == ""


def test_a_comparison_leads_from_one_score_to_the_other() -> None:
    a, b = invented.tech_index(), invented.tech_index(shift=-0.05)
    others = {c["indicator"]: c["points"] for c in b["contributions"]}
    gaps = {
        "index": [
            {"indicator": c["indicator"], "group": c["group"], "points": c["points"] - others[c["indicator"]],
             "a": c["value"], "b": c["value"]}
            for c in a["contributions"]
        ]
    }  # fmt: skip
    found = compare([a], [b], gaps, ("가온", "누리"), "ko")[0]
    assert found.radar is not None
    assert found.rows[0][0] == "혁신성장역량지수"
    rows = found.gaps[0].wide.table.rows
    assert rows[0][0] == "누리"
    assert rows[0][3] == f"{b['scores']['index']:.2f}"
    assert rows[-1][0] == "가온"
    assert rows[-1][3] == f"{a['scores']['index']:.2f}"
    assert len(found.gaps[0].table.rows) == 14
    technology = invented.originality()
    technology["scores"]["density"] = 12.0
    (alike,) = compare([technology], [technology], {}, ("가온", "누리"), "ko")
    assert not any("density" in row[0] for row in alike.rows), "a raw name of a count is no score"


@pytest.mark.parametrize(
    ("growth", "korean", "english"),
    [
        (0.064, "해마다 6% 늘어나는", "grows by 6 %"),
        (-0.12, "해마다 12% 줄어드는", "shrinks by 12 %"),
        (0.002, "거의 변하지 않는", "hardly changes"),
    ],
)
def test_the_trend_of_filings_is_told_in_words(growth: float, korean: str, english: str) -> None:
    year = {"year": 2028, "count": 11.6, "low": 6, "high": 18}
    ahead = {"growth": growth, "level": 0.8, "all_patents": 3000, "years": [year]}
    for lang, words in (("ko", korean), ("en", english)):
        assert words in _trend_text({"trend": {"forecast": ahead}}, lang)
    assert _trend_text({"trend": {}}, "ko") == ""


@pytest.mark.parametrize(
    ("place", "tone"), [(1, "good"), (4, "good"), (5, "warn"), (7, "warn"), (8, "bad"), (10, "bad")]
)
def test_the_upper_part_of_a_ladder_is_shown_as_good_and_the_lower_as_bad(place: int, tone: str) -> None:
    symbols = load("grades")["ladders"]["risk"]["symbols"]
    assert len(symbols) == 10
    rating = invented.ktrs_fm() | {"grades": {"risk": symbols[place - 1]}}
    (figure,) = grades(rating, "en")
    assert (figure.value, figure.tone) == (symbols[place - 1], tone)


def test_a_better_grade_is_shown_as_good_in_what_if_and_a_worse_one_as_bad() -> None:
    before, better, worse = invented.ktrs_fm(), invented.ktrs_fm(), invented.ktrs_fm()
    symbols = load("grades")["ladders"]["risk"]["symbols"]
    before["grades"], better["grades"], worse["grades"] = ({"risk": symbols[k]} for k in (4, 3, 6))
    tones = [
        {c.label: (c.difference, c.tone) for c in changes_between([before], [after], "en")}["Risk grade"]
        for after in (better, worse)
    ]
    assert tones == [("▲ 1", "good"), ("▼ 2", "bad")]


ACCOUNTS = {
    "known": 2,
    "all": 2,
    "probabilities": {
        "failure": {
            "without": 0.5,
            "with": 0.25,
            "logit": -math.log(3),
            "ratios": [
                {"indicator": "return_on_assets", "value": 4.0, "logit": -2 * math.log(3)},
                {"indicator": "equity_ratio", "value": None, "logit": math.log(3)},
            ],
        }
    },
    "grades": {"risk": {"without": "R6", "with": "R4"}},
}


@pytest.mark.parametrize("lang", BOTH)
def test_what_the_accounts_changed_is_shown_by_result_and_ratio(lang: Lang) -> None:
    rating = invented.ktrs_fm()
    rating["details"]["accounts"] = ACCOUNTS
    rating["grades"]["risk"] = "R4"
    (shown,) = report_view([rating], lang).ratings
    assert shown.accounts is not None
    assert [row[1:] for row in shown.accounts.table.rows] == [("R6", "R4"), ("50.0%", "25.0%")]
    # -log 9 and +log 3 of -log 3 in all: twice the move down of 25 points, and once up again.
    assert [row[2] for row in shown.accounts.ratios.rows] == ["−50.00", "+25.00", "−25.00"]
    assert shown.accounts.note == ""
    rating["grades"]["risk"] = "R7"
    (held,) = report_view([rating], lang).ratings
    assert held.accounts is not None and held.accounts.note


def test_ratios_that_cancel_move_a_probability_by_its_slope() -> None:
    ratios = [{"logit": 0.4}, {"logit": -0.4}]
    assert ratio_points({"without": 0.5, "with": 0.5, "logit": 0.0, "ratios": ratios}) == [10.0, -10.0]


def test_a_firm_without_ratios_has_no_section_on_the_accounts() -> None:
    rating = invented.ktrs_fm()
    rating["details"]["accounts"] = {**ACCOUNTS, "known": 0}
    assert report_view([rating], "en").ratings[0].accounts is None


@pytest.mark.parametrize("lang", BOTH)
def test_growth_paths_name_their_cell_and_what_told_the_groups_apart(lang: Lang) -> None:
    def fact(name: str, when: str, own: float | None, apart: bool) -> dict[str, Any]:
        rose, fell = (
            {"firms": 40, "lower": middle - 1.0, "median": middle, "upper": middle + 1.0} for middle in (7.5, 2.5)
        )
        label = {"ko": f"항목 {name}", "en": f"item {name}"}
        return {"id": name, "when": when, "unit": "percent", "label": label, "own": own, "apart": apart} | {
            "rose": rose,
            "fell": fell,
        }

    rating = invented.ktrs_fm()
    assert rating_view(rating, lang).growth_paths is None
    facts = [fact("a", "before", 4.0, True), fact("b", "before", None, False), fact("c", "after", None, True)]
    path = {
        "model": rating["model"],
        "population": {"firms": 1000},
        "horizon_years": 3,
        "facts": facts,
        "as_declared": False,
    }
    path |= {"place": {"growth": "BB", "risk": "R4"}, "firms": 400, "rose": 40, "fell": 100}
    shown = rating_view(with_growth_paths([rating], [path])[0], lang).growth_paths
    assert shown is not None and "growth_paths" not in rating["details"]
    for told in ("BB", "R4", "400", "40", "10.0%", "100", "25.0%"):
        assert told in shown.lead
    # Only what was known on the day of the grade can have told them apart: what followed does so by definition.
    assert facts[0]["label"][lang] in shown.said and facts[2]["label"][lang] not in shown.said
    assert [row[1] for row in shown.before.rows] == ["4.0%", "–"]
    assert "7.5%" in shown.after.rows[0][1] and "2.5%" in shown.after.rows[0][2]
    alike = {**path, "facts": facts[1:], "place": {"business": "BB"}}
    shown = rating_view(with_growth_paths([rating], [alike])[0], lang).growth_paths
    assert shown is not None and shown.said and facts[1]["label"][lang] not in shown.said


@pytest.mark.parametrize("lang", BOTH)
def test_a_grade_that_is_not_that_of_its_cell_says_why(lang: Lang) -> None:
    folder = Path(__file__).resolve().parents[1] / "golden" / "ratings"
    rating = json.loads((folder / "ktrs-fm-1.4.0-hanbit-motion.json").read_text(encoding="utf-8"))
    note = rating_view(rating, lang).matrix_note
    assert "A+" in note and f"{rating['details']['evidence']['most_notches']['business']}" in note
    assert rating_view({**rating, "grades": {**rating["grades"], "business": "A+"}}, lang).matrix_note == ""
    del rating["details"]["evidence"]
    assert rating_view(rating, lang).matrix_note == ""


@pytest.mark.parametrize(
    ("risk", "joint", "told"),
    [("low", 0.0, "None of the technology"), ("high", 0.0, "follows an existing patent"), ("high", 0.4, "has up to")],
)
def test_a_high_risk_is_never_told_beside_nothing_found_alone(risk: str, joint: float, told: str) -> None:
    """A copy with swapped words is at risk though no feature is found."""
    novelty = {"risk": risk, "withheld": [], "single": joint, "joint": joint, "found_from": 0.6}
    shown = novelty_view({"novelty": {**novelty, "features": [], "patents": []}}, "en")
    assert shown is not None and told in shown.text
