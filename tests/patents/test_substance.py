"""What of a text tells something: boiler-plate, advertising and repetition are left out, technical sentences stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ktop.domain.technology import Lang
from ktop.patents.substance import emptiness, substance
from ktop.patents.text import Analyser

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
SUMMARIES = yaml.safe_load((FIXTURES / "technology_summaries.yaml").read_text(encoding="utf-8"))
PADDING = yaml.safe_load((FIXTURES / "padding.yaml").read_text(encoding="utf-8"))
LANGUAGES: tuple[Lang, ...] = ("ko", "en")


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


@pytest.mark.parametrize("language", LANGUAGES)
def test_padding_leaves_nothing_behind(analyser: Analyser, language: Lang) -> None:
    text = SUMMARIES[1][language]
    for kind, sentences in PADDING["development"].items():
        assert substance(f"{text} {' '.join(sentences[language])}", language, analyser) == text, kind
        assert substance(f"{sentences[language][0]} {text}", language, analyser) == text, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_padding_not_seen_before_is_mostly_left_out(analyser: Analyser, language: Lang) -> None:
    text = SUMMARIES[1][language]
    sentences = [sentence for kind in PADDING["reported"].values() for sentence in kind[language]]
    left = [s for s in sentences if substance(f"{text} {s}", language, analyser) != text]
    assert len(left) <= 0.15 * len(sentences), left


@pytest.mark.parametrize("language", LANGUAGES)
def test_padding_mixed_in_anywhere_leaves_the_technical_sentences(analyser: Analyser, language: Lang) -> None:
    chance = np.random.Generator(np.random.PCG64(11))
    padding = [sentence for kind in PADDING["development"].values() for sentence in kind[language]]
    for number in range(12):
        own = SUMMARIES[number][language].split(". ")
        own = [sentence if sentence.endswith(".") else f"{sentence}." for sentence in own]
        mixed = list(own)
        for sentence in chance.choice(padding, int(chance.integers(1, 9))):
            mixed.insert(int(chance.integers(0, len(mixed) + 1)), str(sentence))
        assert substance(" ".join(mixed), language, analyser) == substance(" ".join(own), language, analyser)


@pytest.mark.real_data
def test_few_sentences_of_real_patents_are_left_out(analyser: Analyser, shared_data: Path) -> None:
    sets: tuple[tuple[str, str, Lang, float], ...] = (
        ("us_fulltext_2005_2016", "abstract", "en", 0.20),
        ("kr_kipris_1329", "abstract_ko", "ko", 0.05),
    )
    for folder, column, language, most in sets:
        texts = (
            pl.read_parquet(shared_data / "patents" / folder / "patents.parquet")[column]
            .drop_nulls()
            .head(200)
            .to_list()
        )
        before = sum(len(text) for text in texts)
        after = sum(len(substance(text, language, analyser)) for text in texts)
        assert after >= (1.0 - most) * before, folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_repetition_is_left_out(analyser: Analyser, language: Lang) -> None:
    text = SUMMARIES[0][language]
    assert substance(" ".join([text] * 4), language, analyser) == text


@pytest.mark.parametrize("key", ["ko", "en", "ko_again", "en_again"])
def test_technical_sentences_stay(analyser: Analyser, key: str) -> None:
    language: Lang = "ko" if key.startswith("ko") else "en"
    whole = [substance(summary[key], language, analyser) == summary[key] for summary in SUMMARIES]
    assert sum(whole) >= 0.9 * len(whole)


def test_a_text_of_nothing_but_advertising_is_kept_whole(analyser: Analyser) -> None:
    text = " ".join(PADDING["development"]["marketing"]["en"])
    assert substance(text, "en", analyser) == text
    assert substance("", "en", analyser) == ""


def test_a_single_sentence_is_not_judged(analyser: Analyser) -> None:
    assert substance("Therefore cost can be reduced.", "en", analyser) == "Therefore cost can be reduced."


def test_examples_are_told_apart() -> None:
    idle, technical = emptiness(["We thank our customers for their trust.", "The pump moves oil through a filter."])
    assert idle > 0.0 > technical
    assert emptiness([]).shape == (0,)
