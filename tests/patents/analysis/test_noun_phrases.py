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
        ("결함의 검출에 쓰는 광학 장치이다.", ["결함", "광학 장치"]),
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
    assert _is_verb("검출", "결함을 검출한 뒤 검출하여", 2) and not _is_verb("검출", "검출을 돕는 검출, 검출한", 3)


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


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("라카아제를 갖는 균주이다.", ["라카아제", "균주"]),
        ("다공성 지지체 위의 고분자 분리막을 덮는다.", ["다공성 지지체", "고분자 분리막"]),
        ("가시광 투명도 및 고강도 텅스텐", ["가시광 투명도", "고강도", "텅스텐"]),
        ("유입구가 열리고 유입구는 닫힌다.", ["유입구"]),
        ("왕복운동시 상기 캐비닛의 왕복운동을 줄인다.", ["왕복운동", "캐비닛"]),
        ("화염 감지 여부와 딥러닝 기반의 제어", ["화염 감지", "딥러닝"]),
        ("하우징 내부와 상측 단부에 둔다.", ["하우징"]),
        ("무게 중심과 내부 공간을 잰다.", ["무게 중심", "내부 공간"]),
        ("원단을 이송하고 원단의 이송을 마치는 단계(S100)", ["원단"]),
        ("딥러닝(Deep-learning)과 충돌 시각(time-to-fire)", ["딥러닝", "Deep-learning", "충돌 시각", "time-to-fire"]),
        ("Cu층과 Ag를 쓴다.", ["Cu층", "Ag"]),
    ],
)
def test_a_korean_phrase_begins_and_ends_with_whole_words(sentence: str, expected: list[str]) -> None:
    phrases = noun_phrases(sentence, Analyser().runs(sentence, "ko"), "ko")
    written = [as_written(phrase, sentence) for phrase in phrases]
    assert list(dict.fromkeys(one for one in written if one)) == expected


def test_what_looks_like_a_particle_belongs_to_a_noun_that_has_one_itself() -> None:
    word = (Word("얼라", ("얼라",)),)
    assert as_written(word, "얼라인 보정부는 얼라인을 맞춘다.") == "얼라인"
    assert as_written(word, "얼라인 보정부") == "얼라"


def test_a_word_that_only_makes_an_adjective_is_no_term() -> None:
    sentence = "전극은 전기적으로 연결된다."
    phrases = noun_phrases(sentence, Analyser().runs(sentence, "ko"), "ko")
    assert [as_written(phrase, sentence) for phrase in phrases] == ["전극", None]


def test_a_word_that_stands_by_itself_is_not_taken_from_a_compound() -> None:
    sentence = "이중공간과 공간을 나눈다."
    assert as_written((Word("공간", ("공간",)),), sentence) == "공간"
