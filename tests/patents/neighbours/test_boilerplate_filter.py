"""What of a text tells something: boiler-plate, advertising and repetition are left out, technical sentences stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from ktop import catalogue
from ktop.domain.technology.summary import Lang
from ktop.patents.analysis import sentence_rule
from ktop.patents.analysis.encoder import encode
from ktop.patents.analysis.text import Analyser
from ktop.patents.neighbours.boilerplate_filter import without_boilerplate

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
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
        assert without_boilerplate(f"{text} {' '.join(sentences[language])}", language, analyser) == text, kind
        assert without_boilerplate(f"{sentences[language][0]} {text}", language, analyser) == text, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_padding_not_seen_before_is_left_out(analyser: Analyser, language: Lang) -> None:
    text = SUMMARIES[1][language]
    sentences = [sentence for kind in PADDING["reported"].values() for sentence in kind[language]]
    left = [s for s in sentences if without_boilerplate(f"{text} {s}", language, analyser) != text]
    assert len(left) <= 0.05 * len(sentences), left


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
        assert without_boilerplate(" ".join(mixed), language, analyser) == without_boilerplate(
            " ".join(own), language, analyser
        )


@pytest.mark.real_data
def test_few_sentences_of_real_patents_are_left_out(analyser: Analyser, shared_data: Path) -> None:
    sets: tuple[tuple[str, str, Lang, float], ...] = (
        ("us_fulltext_2005_2016", "abstract", "en", 0.12),
        ("kr_kipris_1329", "abstract_ko", "ko", 0.03),
    )
    for folder, column, language, most in sets:
        texts = (
            pl.read_parquet(shared_data / "patents" / folder / "patents.parquet")[column]
            .drop_nulls()
            .head(200)
            .to_list()
        )
        before = sum(len(text) for text in texts)
        after = sum(len(without_boilerplate(text, language, analyser)) for text in texts)
        assert after >= (1.0 - most) * before, folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_repetition_is_left_out(analyser: Analyser, language: Lang) -> None:
    text = SUMMARIES[0][language]
    assert without_boilerplate(" ".join([text] * 4), language, analyser) == text


@pytest.mark.parametrize("key", ["ko", "en", "ko_again", "en_again"])
def test_technical_sentences_stay(analyser: Analyser, key: str) -> None:
    language: Lang = "ko" if key.startswith("ko") else "en"
    whole = [without_boilerplate(summary[key], language, analyser) == summary[key] for summary in SUMMARIES]
    assert sum(whole) >= 0.9 * len(whole)


def test_a_text_of_nothing_but_advertising_is_kept_whole(analyser: Analyser) -> None:
    text = " ".join(PADDING["development"]["marketing"]["en"])
    assert without_boilerplate(text, "en", analyser) == text
    assert without_boilerplate("", "en", analyser) == ""


def test_a_single_sentence_is_not_judged(analyser: Analyser) -> None:
    assert without_boilerplate("Therefore cost can be reduced.", "en", analyser) == "Therefore cost can be reduced."


@pytest.fixture(scope="module")
def judged(analyser: Analyser) -> tuple[list[sentence_rule.Example], np.ndarray, list[int]]:
    """The example sentences, their vectors and their numbers of telling words."""
    rows = sentence_rule.examples()
    vectors = np.concatenate([encode([row.sentence for row in rows[i : i + 200]]) for i in range(0, len(rows), 200)])
    telling = [
        len(sentence_rule.telling_words(analyser.terms(row.sentence, row.language), row.language)) for row in rows
    ]
    return rows, vectors, telling


def test_the_stored_rule_is_the_one_that_the_examples_give(
    judged: tuple[list[sentence_rule.Example], np.ndarray, list[int]],
) -> None:
    rows, vectors, telling = judged
    fitted = sentence_rule.fit(vectors, telling, np.array([row.idle for row in rows]))
    assert np.abs(fitted - catalogue.load("patents/sentence_rule")["weights"]).max() < 1e-3


def test_kinds_of_sentences_that_the_rule_was_not_fitted_to_are_told_apart(
    judged: tuple[list[sentence_rule.Example], np.ndarray, list[int]],
) -> None:
    rows, vectors, telling = judged
    idle = np.array([row.idle for row in rows])
    kinds = [row.kind for row in rows]
    fold = np.array([sorted(set(kinds)).index(kind) % 6 for kind in kinds])
    right = np.zeros(len(rows), dtype=np.bool_)
    known = np.column_stack([vectors, np.log1p(telling), np.ones(len(rows))])
    for number in range(6):
        weights = sentence_rule.fit(
            vectors[fold != number],
            [t for t, f in zip(telling, fold, strict=True) if f != number],
            idle[fold != number],
        )
        right[fold == number] = (known[fold == number] @ weights > 0.0) == idle[fold == number]
    assert right[idle].mean() > 0.9
    assert right[~idle].mean() > 0.85


def test_examples_are_of_two_languages_and_none_stands_twice() -> None:
    rows = sentence_rule.examples()
    assert len({row.sentence for row in rows}) == len(rows) > 1000
    for kind in {row.kind for row in rows}:
        assert {row.language for row in rows if row.kind == kind} == {"ko", "en"}, kind
    own = {
        sentence
        for half in PADDING.values()
        for kind in half.values()
        for listed in kind.values()
        for sentence in listed
    }
    assert not own & {row.sentence for row in rows}


def test_a_sentence_is_judged_by_what_the_rest_of_its_text_is_about() -> None:
    east, north = np.eye(2, dtype=np.float32)
    sentences = np.array([east, east, north])
    technical_and_doubtful = np.array([-0.8, 0.1, 0.1])
    assert sentence_rule.closeness(sentences, technical_and_doubtful) == pytest.approx(
        [0.2 / np.hypot(0.2, 0.2), 1.1 / np.hypot(1.1, 0.2), 0.0]
    )
    assert sentence_rule.empty(sentences, technical_and_doubtful).tolist() == [False, False, True]


def test_without_technical_surroundings_a_sentence_is_judged_by_itself() -> None:
    vectors = np.eye(3, dtype=np.float32)[:2]
    alone = np.array([0.4, 0.6])
    assert np.isnan(sentence_rule.closeness(vectors, alone)).all()
    assert sentence_rule.empty(vectors, alone).tolist() == [True, True]
    assert sentence_rule.closeness(vectors[:1], alone[:1] - 1.0).tolist() == pytest.approx([np.nan], nan_ok=True)


def test_a_surely_technical_sentence_stays_however_foreign_it_is() -> None:
    vectors = np.array([[1.0, 0.0], [-1.0, 0.0]], dtype=np.float32)
    assert not sentence_rule.empty(vectors, np.array([-0.9, sentence_rule.SURELY_TECHNICAL])).any()
    assert sentence_rule.empty(vectors, np.array([-0.9, sentence_rule.SURELY_TECHNICAL + 0.01])).tolist() == [
        False,
        True,
    ]
