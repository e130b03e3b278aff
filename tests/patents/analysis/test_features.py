"""How a text is cut into what can be compared."""

from __future__ import annotations

import pytest

from ktop.domain.technology.summary import Lang
from ktop.patents.analysis.features import FEWEST_WORDS, PART_WORDS, content_words, features, sentences
from ktop.patents.analysis.text import Analyser


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One part. Another part! A third?", ["One part.", "Another part!", "A third?"]),
        ("It heats to 3.5 degrees. Then it cools.", ["It heats to 3.5 degrees.", "Then it cools."]),
        ("Metals, e.g. copper, are used. See No. 5 below.", ["Metals, e.g. copper, are used.", "See No. 5 below."]),
        ("영상을 찍는다. 병변을 찾는다.", ["영상을 찍는다.", "병변을 찾는다."]),
        ("① 영상 획득 ② 병변 판독; 결과 전송", ["영상 획득", "병변 판독", "결과 전송"]),
        ("", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            "A portable camera photographs the cervix under polarised light, a remote server segments lesions with a"
            " convolutional network, and a physician receives the severity grade with the evidence region on a tablet.",
        ),
        (
            "ko",
            "휴대용 카메라가 편광 조명으로 자궁경부를 촬영하고, 원격 서버가 합성곱 신경망으로 병변 영역을 분할하며,"
            " 전문의가 태블릿으로 중증도 등급과 근거 영역을 확인하여 검진 결과를 환자에게 통보한다.",
        ),
    ],
)
def test_a_long_sentence_is_cut_at_its_commas_and_loses_nothing(analyser: Analyser, language: Lang, text: str) -> None:
    found = features(text, language, analyser)
    assert len(found) >= 2
    assert all(len(words) >= min(PART_WORDS, FEWEST_WORDS) for _, words in found)
    whole = {word.terms[0] for word in content_words(text, language, analyser)}
    assert {word.terms[0] for _, words in found for word in words} == whole


def test_small_talk_is_no_feature(analyser: Analyser) -> None:
    assert features("Thank you very much. See below.", "en", analyser) == []
