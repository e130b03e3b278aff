"""Whole noun phrases: rows of content words cut at verbs, adjectives and participles."""

from __future__ import annotations

import pytest

from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.noun_phrases import (
    MAX_WORDS,
    _is_cut,
    _is_verb,
    as_written,
    empty_words,
    is_term,
    noun_phrases,
)
from ktop.patents.analysis.text import Analyser, Word


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


def phrases(analyser: Analyser, text: str, language: Lang) -> list[str]:
    found = noun_phrases(text, analyser.runs(text, language), language)
    return [" ".join(word.surface for word in phrase) for phrase in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A sliding valve deposited onto the inner wall.", ["sliding valve", "inner wall"]),
        ("The wall adjacent to the pump is perpendicular.", ["wall", "pump"]),
        ("The technique sterilizes fruit juice.", ["fruit juice"]),
        ("An ultraviolet laser illuminates the wafer.", ["ultraviolet laser", "wafer"]),
        ("Handover failures decrease at cell boundaries.", ["handover failures", "cell boundaries"]),
        ("Two gas lenses are glued to substrates.", ["gas lenses", "substrates"]),
        ("By heating it, the coating hardens.", ["heating", "coating"]),
        ("Depositing and emanating", []),
        ("A method, a system and an apparatus.", []),
        ("A 3 mm gap at 20 degrees.", ["gap"]),
        ("The seed needs a thread.", ["seed", "thread"]),
    ],
)
def test_english_phrases_hold_no_verb_and_end_in_a_noun(analyser: Analyser, text: str, expected: list[str]) -> None:
    assert phrases(analyser, text, "en") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("토양 수분을 무선 센서로 측정한다.", ["토양 수분", "무선 센서"]),
        ("결함을 검출하고 인접한 다이를 찾는다.", ["결함", "다이"]),
        ("결함의 검출에 쓰는 광학 장치이다.", ["결함", "검출", "광학 장치"]),
        ("방법과 장치를 제공한다.", []),
        ("로봇 그리퍼가 물체를 집는다.", ["로봇", "물체"]),
    ],
)
def test_korean_phrases_hold_no_verb(analyser: Analyser, text: str, expected: list[str]) -> None:
    assert phrases(analyser, text, "ko") == expected


def test_of_a_long_row_the_last_words_are_kept(analyser: Analyser) -> None:
    (found,) = phrases(analyser, "carbon fiber silicon rubber copper silver iron nickel magnet", "en")
    assert found == "rubber copper silver iron nickel magnet"
    assert len(found.split()) == MAX_WORDS


def test_empty_words_are_generic_or_idle() -> None:
    assert {"system", "market"} <= empty_words("en")
    assert {"장치", "시장"} <= empty_words("ko")
    assert "catheter" not in empty_words("en")


@pytest.mark.parametrize(
    ("words", "language", "expected"),
    [
        ("card reader", "en", True),
        ("issuer certified", "en", False),
        ("portable", "en", False),
        ("improved", "en", False),
        ("processing", "en", False),
        ("laser illuminates", "en", False),
        ("합성곱 신경망", "ko", True),
        ("불필요", "ko", False),
        ("방법", "ko", False),
    ],
)
def test_pieces_of_titles_that_could_be_terms(words: str, language: Lang, expected: bool) -> None:
    assert is_term([Word(word, (word,)) for word in words.split()], language) is expected


def test_a_korean_word_is_cut_where_it_only_ends_others() -> None:
    assert _is_cut("리퍼", "그리퍼로 잡는다. 그리퍼는 가볍다.") and not _is_cut("리퍼", "리퍼와 그리퍼")
    assert not _is_cut("AI", "ai 센서") and _is_cut("센서", "온도센서")
    assert _is_verb("검출", "결함을 검출한 뒤 검출하여") and not _is_verb("검출", "결함 검출 장치, 검출한")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("전고체 전지용 고체 전해질", "전고체 전지용 고체 전해질"),
        ("대면적 코팅 방법", "대면적 코팅 방법"),
        ("고집적 양자점 전자 장치", "고집적 양자점 전자 장치"),
        ("치아 미백용 겔 조성물", "치아 미백용 겔 조성물"),
        ("LED 조명 커버", "LED 조명 커버"),
    ],
)
def test_a_korean_phrase_is_written_as_the_text_has_it(text: str, expected: str) -> None:
    sentence = f"본 발명은 {text}에 관한 것이다."
    phrases = noun_phrases(sentence, Analyser().runs(sentence, "ko"), "ko")
    assert expected in [as_written(phrase, sentence) for phrase in phrases]


def test_a_word_that_only_makes_an_adjective_is_no_term() -> None:
    sentence = "전극은 전기적으로 연결된다."
    phrases = noun_phrases(sentence, Analyser().runs(sentence, "ko"), "ko")
    assert [as_written(phrase, sentence) for phrase in phrases] == ["전극", None]


def test_a_word_that_stands_by_itself_is_not_taken_from_a_compound() -> None:
    sentence = "이중공간과 공간을 나눈다."
    assert as_written((Word("공간", ("공간",)),), sentence) == "공간"
