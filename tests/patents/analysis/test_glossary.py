"""The glossary of technical words: every entry can be used, and the words of each field lead to the other language."""

from __future__ import annotations

from collections import Counter
from importlib import resources

import pytest
import yaml

from ktop import catalogue
from ktop.patents.analysis.glossary import counterparts
from ktop.patents.analysis.terms import PAIR
from ktop.patents.analysis.text import Analyser

GLOSSARY = "patents/glossary"


@pytest.fixture(scope="module")
def entries() -> dict[str, list[str]]:
    """Korean word → English words, over all groups."""
    return {
        korean: [word.strip() for word in english.split(",")]
        for group in catalogue.load(GLOSSARY).values()
        for korean, english in group.items()
    }


def test_no_word_is_written_twice() -> None:
    """YAML keeps the last of equal keys without a word, so the nodes themselves are counted."""
    source = resources.files(catalogue).joinpath(f"{GLOSSARY}.yaml").read_text(encoding="utf-8")
    root = yaml.compose(source, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    groups = root.value
    words = Counter(key.value for _, group in groups for key, _ in group.value)
    assert [word for word, times in words.items() if times > 1] == []
    names = Counter(name.value for name, _ in groups)
    assert max(names.values()) == 1
    assert len(words) > 3500


def test_every_entry_has_counterparts_that_the_index_can_have(entries: dict[str, list[str]]) -> None:
    """The index has words and pairs of words: each entry gives at least one, none of them twice."""
    analyser = Analyser()
    for korean, english in entries.items():
        assert analyser.language(korean) == "ko"
        assert 1 <= len(english) <= 4, korean
        stems = [analyser.terms(word, "en") for word in english]
        assert all(stems), korean
        assert min(map(len, stems)) <= 2, f"{korean}: {english}"
        assert len({PAIR.join(stem) for stem in stems}) == len(stems), f"{korean}: {english}"


def test_most_words_are_kept_whole_by_the_analyser(entries: dict[str, list[str]]) -> None:
    """A word that the analyser always cuts up is never looked up; alone, a few are cut that a sentence keeps whole."""
    analyser = Analyser()
    whole = sum(
        any(word.surface == korean for run in analyser.runs(korean, "ko") for word in run) for korean in entries
    )
    assert whole > 0.9 * len(entries)


@pytest.mark.parametrize(
    ("korean", "english"),
    [
        ("역삼투", "reverse osmosis"),
        ("한외여과", "ultrafiltration"),
        ("활성탄", "activated carbon"),
        ("고체전해질", "solid electrolyte"),
        ("집전체", "current collector"),
        ("수소저장", "hydrogen storage"),
        ("계면활성제", "surfactant"),
        ("공중합체", "copolymer"),
        ("포토레지스트", "photoresist"),
        ("도광판", "light guide plate"),
        ("생검", "biopsy"),
        ("조영제", "contrast agent"),
        ("형질전환", "transformation"),
        ("중합효소", "polymerase"),
        ("자외선차단제", "sunscreen"),
        ("전이학습", "transfer learning"),
        ("사이드링크", "sidelink"),
        ("해시함수", "hash function"),
        ("임펠러", "impeller"),
        ("평형수", "ballast water"),
        ("배기관", "exhaust pipe"),
        ("부직포", "nonwoven fabric"),
        ("연속주조", "continuous casting"),
        ("거푸집", "formwork"),
        ("분무기", "sprayer"),
    ],
)
def test_words_of_each_field_are_found_both_ways(korean: str, english: str) -> None:
    analyser = Analyser()
    assert english in [spelling for _, spelling in counterparts(korean, korean, "ko")]
    term = PAIR.join(analyser.terms(english, "en"))
    assert (korean, korean) in counterparts(term, english, "en")


def test_words_written_apart_are_found_as_one_and_put_together() -> None:
    assert counterparts("고체_전해질", "고체 전해질", "ko") == counterparts("고체전해질", "고체전해질", "ko")
    assert [spelling for _, spelling in counterparts("역삼투_펌프", "역삼투 펌프", "ko")] == ["reverse osmosis pump"]


def test_words_that_it_does_not_have_lead_nowhere() -> None:
    assert counterparts("가나다라", "가나다라", "ko") == []
    assert counterparts("qwertyuiop", "qwertyuiop", "en") == []
