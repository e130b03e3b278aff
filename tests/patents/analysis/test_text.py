"""Index terms and noun phrases of Korean and English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.analysis.terms import PAIR
from ktop.patents.analysis.text import MAX_TERM_CHARS, Analyser, word_list


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


def test_korean_compounds_are_kept_whole_with_their_parts(analyser: Analyser) -> None:
    terms = analyser.terms("인공지능으로 자궁경부암을 판독한다.", "ko")
    assert {"인공지능", "인공", "지능", "자궁경부암", "판독"} <= set(terms)
    assert terms.index("인공지능") < terms.index("인공")
    (run,) = analyser.runs("산업용 로봇")
    assert run[0].terms == ("산업용", "산업")
    (run,) = analyser.runs("형태학적 분석")
    assert run[0].terms[0] == "형태학"


def test_nouns_written_together_are_also_one_word(analyser: Analyser) -> None:
    terms = analyser.terms("딥러닝 기반의 비정상 세포 검출", "ko")
    assert {"딥러닝", "러닝", "비정상", "정상", "세포", "검출"} <= set(terms)


def test_particles_and_boiler_plate_are_no_terms(analyser: Analyser) -> None:
    terms = analyser.terms("본 발명은 상기 장치를 포함하는 것을 특징으로 하는 전극에 관한 것이다.", "ko")
    assert "전극" in terms
    assert not {"발명", "상기", "포함", "특징", "을", "은"} & set(terms)


def test_foreign_words_in_korean_match_english_text(analyser: Analyser) -> None:
    assert {"gpu", "learn"} <= set(analyser.terms("GPU를 이용한 deep learning 모델", "ko"))
    assert {"gpu", "learn"} <= set(analyser.terms("deep learning on a GPU", "en"))


def test_english_words_are_stemmed_and_boiler_plate_is_left_out(analyser: Analyser) -> None:
    assert analyser.terms("The said imaging systems comprising images of cells, wherein 12 3D sensors", "en") == [
        "imag",
        "system",
        "imag",
        "cell",
        "3d",
        "sensor",
    ]


@pytest.mark.parametrize("text", ["", "   ", "123 456", "本発明は画像処理装置に関する。"])
def test_text_without_words_has_no_terms(analyser: Analyser, text: str) -> None:
    assert analyser.terms(text) == []
    assert analyser.runs(text) == []


def test_pairs_stand_next_to_each_other_and_never_cross_punctuation(analyser: Analyser) -> None:
    _, pairs = analyser.terms_and_pairs("neural network, memory of a network node", "en")
    assert pairs == ["neural_network", "network_node"]
    _, pairs = analyser.terms_and_pairs("자궁경부암 원격 판독과 병변 위치", "ko")
    assert pairs == ["자궁경부암_원격", "원격_판독", "병변_위치"]


def test_terms_and_pairs_agree_with_terms(analyser: Analyser) -> None:
    for text, lang in (
        ("A portable camera reads images of the cervix.", "en"),
        ("휴대용 촬영기로 영상을 판독한다.", "ko"),
    ):
        assert analyser.terms_and_pairs(text, lang)[0] == analyser.terms(text, lang)


def test_noun_phrases_end_at_verbs_and_particles(analyser: Analyser) -> None:
    phrases = [
        " ".join(word.surface for word in run) for run in analyser.runs("자궁경부암 원격 판독을 하는 휴대용 촬영기")
    ]
    assert phrases == ["자궁경부암 원격 판독", "휴대용 촬영기"]
    english = analyser.runs("A neural network detects small lesions in colour images.", "en")
    surfaces = [" ".join(word.surface for word in run) for run in english]
    assert surfaces == ["neural network", "small lesions", "colour images"]


@given(st.text(max_size=200), st.sampled_from(["ko", "en"]))
def test_any_text_gives_clean_terms(text: str, lang: str) -> None:
    terms, pairs = Analyser().terms_and_pairs(text, lang)  # type: ignore[arg-type]
    for term in terms:
        assert 2 <= len(term) <= MAX_TERM_CHARS
        assert term == term.strip()
        assert " " not in term
        assert PAIR not in term
    assert all(pair.count(PAIR) == 1 for pair in pairs)


def test_word_lists_hold_words() -> None:
    for name in ("stop_en", "generic_en", "breaks_en", "stop_ko", "generic_ko"):
        assert len(word_list(name)) > 50
    assert not word_list("stop_en") & word_list("generic_en")
