"""Figures as readers see them, in both languages, and the choice among wordings."""

from __future__ import annotations

import pytest

from ktop.catalogue import Lang, messages
from ktop.domain.company.indicators import Indicator, checklist_items, ktrs_fm_items, tech_index_indicators
from ktop.domain.rating.percentile import percentile_words
from ktop.models.opinion_figures import (
    percent,
    points,
    seed_of,
    shown_value,
    variant,
    variants,
    within_sentence,
)

BY_ID = {i.id: i for i in (*tech_index_indicators(), *ktrs_fm_items(), *checklist_items())}


@pytest.mark.parametrize(
    ("name", "value", "ko", "en"),
    [
        ("human_asset_investment", 254_000.0, "25만 원/명", "KRW 254,000 per person"),
        ("human_asset_investment", 3_200_000.0, "320만 원/명", "KRW 3.20 million per person"),
        ("human_asset_investment", 0.0, "0원/명", "KRW 0 per person"),
        ("innovation_asset_investment", 3.456, "3.5%", "3.5%"),
        ("patent_applications", 1.0, "1건", "1 application"),
        ("patent_applications", 12.0, "12건", "12 applications"),
        ("rnd_organisation", 2.0, "기업부설연구소", "certified corporate R&D institute"),
        ("rnd_organisation", 0.0, "없음", "none"),
        ("q07", 4.0, "5단계 가운데 4단계", "answer 4 of 5"),
    ],
)
def test_values_carry_their_units(name: str, value: float, ko: str, en: str) -> None:
    indicator: Indicator = BY_ID[name]
    found: dict[Lang, str] = {lang: shown_value(indicator, value, lang) for lang in ("ko", "en")}
    assert found == {"ko": ko, "en": en}


def test_standings_never_say_nought_per_cent() -> None:
    assert percentile_words(99.97, "en") == "top 1%" and percentile_words(0.01, "ko") == "하위 1%"
    assert (
        percentile_words(92.0, "ko") == "상위 8%"
        and percentile_words(50.0, "en") == "top 50%"
        and percentile_words(49.9, "en") == "bottom 50%"
    )


def test_small_shares_keep_two_decimals_and_points_are_never_nought() -> None:
    assert percent(0.00321) == "0.32%" and percent(0.1234) == "12.3%"
    assert points(-0.01) == "0.1" and points(-3.26) == "3.3"


def test_labels_inside_a_sentence_keep_abbreviations() -> None:
    assert within_sentence("CEO capability") == "CEO capability" and within_sentence("R&D intensity") == "R&D intensity"
    assert within_sentence("Patent claims") == "patent claims" and within_sentence("특허출원") == "특허출원"


def test_the_wording_depends_on_the_figures_only() -> None:
    assert seed_of([1.0, float("nan"), 3.0]) == seed_of([1.0, float("nan"), 3.0]) != seed_of([1.0, 2.0, 3.0])
    assert variants("opinion.strength") == ["opinion.strength_1", "opinion.strength_2", "opinion.strength_3"]
    assert (
        variant("opinion.strength", 4) == "opinion.strength_2"
        and variant("opinion.strength_none", 4) == "opinion.strength_none"
    )


def test_every_wording_takes_the_same_figures_in_both_languages() -> None:
    """A template that drops a figure in one language would tell its readers less."""
    import string

    for key, texts in messages().items():
        if key.split(".")[0] in ("opinion", "tech_index", "ktrs_fm"):
            fields = {lang: {f for _, f, _, _ in string.Formatter().parse(text) if f} for lang, text in texts.items()}
            dropped = fields["ko"] ^ fields["en"]
            assert dropped <= {"score"}, f"{key}: {dropped}"
