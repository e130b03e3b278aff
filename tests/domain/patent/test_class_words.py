"""Classes are told in the narrowest words that are known, in both languages."""

from __future__ import annotations

import json
import re

import pytest

from ktop.catalogue import load
from ktop.domain.patent.class_words import class_words
from ktop.training.demo_corpus import shipped_lines


@pytest.mark.parametrize(
    ("symbol", "ko", "en"),
    [
        ("H01M10/0525", "전지와 연료 전지", "batteries and fuel cells"),
        ("H01M", "전지와 연료 전지", "batteries and fuel cells"),
        ("H01X", "전기 소자", "electric elements"),
        ("H99Z", "전기", "electricity"),
        ("", "", ""),
        ("topic 3", "", ""),
    ],
)
def test_narrowest_words_are_given(symbol: str, ko: str, en: str) -> None:
    assert (class_words(symbol, "ko"), class_words(symbol, "en")) == (ko, en)


def test_every_subclass_of_the_demo_corpus_has_words_of_its_own() -> None:
    used = {symbol[:4] for line in shipped_lines() for symbol in json.loads(line)["ipc"]}
    assert sorted(used - set(load("patent_classes")["subclasses"])) == []


def test_words_are_korean_and_english_and_keep_to_their_level() -> None:
    catalogue = load("patent_classes")
    shapes = {"sections": r"[A-HY]", "classes": r"[A-HY]\d\d", "subclasses": r"[A-HY]\d\d[A-Z]"}
    for level, shape in shapes.items():
        for code, line in catalogue[level].items():
            korean, english = line.split(" | ")
            assert re.fullmatch(shape, code), code
            assert re.search("[가-힣]", korean) and not re.search("[가-힣]", english), code
    assert {code[:3] for code in catalogue["subclasses"]} <= set(catalogue["classes"])
    assert {code[:1] for code in catalogue["classes"]} <= set(catalogue["sections"])
