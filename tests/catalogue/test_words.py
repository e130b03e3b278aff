"""Ordinary words: no jargon that the glossary replaces, no undecided particles, no language in the other's text."""

from __future__ import annotations

import re

from ktop.catalogue import messages

HANGUL = re.compile("[가-힣]")
#: Words that users asked about, each with what is said instead (standing alone, so that 기판 and 판단 stay).
REPLACED = {
    r"코퍼스|말뭉치": "특허 자료",
    r"로짓": "로그 오즈",
    r"위험점수": "안전점수",
    r"재지 않음": "측정 전",
    r"(?<![가-힣])판(?![가-힣])|\}판|(?<![가-힣])판(?=(은|이|을|의|에|과|으로)(?![가-힣]))": "버전",
}


def test_korean_texts_use_the_words_of_the_glossary() -> None:
    found = {
        (key, wrong, instead)
        for key, words in messages().items()
        for wrong, instead in REPLACED.items()
        if re.search(wrong, words["ko"])
    }
    assert not found


def test_korean_texts_decide_their_particles() -> None:
    undecided = re.compile(r"은\(는\)|을\(를\)|이\(가\)|와\(과\)|\(으\)로|\(이\)라")
    assert not {key for key, words in messages().items() if undecided.search(words["ko"])}
    after_field = re.compile(r"\{[a-z_]+\}['\"”]?(은|는|이|가|을|를|과|와|으로|이라)(?=[ .,])")
    assert not {key for key, words in messages().items() if after_field.search(words["ko"])}


def test_english_texts_hold_no_korean() -> None:
    # Headings of Korean source files are quoted as they stand there.
    quoted = {"patent_sources.expected_number", "patent_sources.expected_title"}
    assert {key for key, words in messages().items() if HANGUL.search(words["en"])} == quoted


def test_korean_texts_are_korean() -> None:
    # Names of models, standards and units are the same in both languages; a sentence is not.
    same = {key for key, words in messages().items() if words["ko"] == words["en"] and " " in words["ko"].strip()}
    untranslated = {key for key in same if len(re.findall(r"(?<!\{)\b[A-Za-z]{3,}\b", messages()[key]["ko"])) >= 3}
    assert not untranslated
