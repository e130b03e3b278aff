"""Word forms of the demo texts: particles, endings, articles and inflection, on words that are known to be hard."""

from __future__ import annotations

import pytest

from ktop.training.demo_corpus.vocabulary import parse_entry, themes
from ktop.training.demo_corpus.wording import (
    EnglishNoun,
    EnglishVerb,
    KoreanNoun,
    KoreanVerb,
    gerund,
    is_open,
    third_person,
)


@pytest.mark.parametrize(
    ("stem", "ending", "form"),
    [
        ("단축하", "는", "단축하는"),
        ("단축하", "ㄴ다", "단축한다"),
        ("단축하", "ㄹ", "단축할"),
        ("단축하", "여", "단축하여"),
        ("줄이", "여", "줄여"),
        ("향상시키", "여", "향상시켜"),
        ("나누", "여", "나누어"),
        ("달라지", "ㄴ다", "달라진다"),
        ("낮추", "ㄹ", "낮출"),
    ],
)
def test_korean_endings(stem: str, ending: str, form: str) -> None:
    assert format(KoreanVerb(stem), ending) == form


def test_korean_particles() -> None:
    assert f"{KoreanNoun('촬영부'):을} {KoreanNoun('방법'):을}" == "촬영부를 방법을"
    assert f"{KoreanNoun('센서'):과} {KoreanNoun('서버'):으로} {KoreanNoun('모델'):으로}" == "센서와 서버로 모델로"


@pytest.mark.parametrize(
    ("phrase", "form"),
    [
        ("imaging unit", "an imaging unit"),
        ("user terminal", "a user terminal"),
        ("LED", "an LED"),
        ("X-ray imager", "an X-ray imager"),
        ("hour", "an hour"),
        ("uniform film", "a uniform film"),
        ("~silver nanoparticles", "silver nanoparticles"),
    ],
)
def test_english_articles(phrase: str, form: str) -> None:
    assert format(EnglishNoun(phrase), "a") == form


def test_english_inflection() -> None:
    assert [third_person(verb) for verb in ("carry", "pass", "match", "display", "go")] == [
        "carries", "passes", "matches", "displays", "goes",
    ]  # fmt: skip
    assert [gerund(verb) for verb in ("cut", "reduce", "free", "see", "carry", "transfer", "dye")] == [
        "cutting", "reducing", "freeing", "seeing", "carrying", "transferring", "dyeing",
    ]  # fmt: skip
    assert f"{EnglishVerb('dry the chips and *melt them'):ing}" == "drying the chips and melting them"


def test_entries_with_the_wrong_number_of_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="columns"):
        parse_entry("하나 | one | two", 2)
    entry = parse_entry("망막 | the retina @2010-2015 #fg", 2)
    assert entry.used_in(2012) and not entry.used_in(2016)
    assert entry.groups == {"f", "g"}


def test_every_korean_verb_of_the_vocabularies_can_be_conjugated() -> None:
    for theme in themes():
        verbs = [entry.fields[2] for entry in (*theme.parts, *theme.materials)]
        verbs += [entry.fields[0] for entry in (*theme.steps, *theme.problems, *theme.effects)]
        # a verb may be a slot: then its values are verbs
        filled = [verb[1:-1] for verb in verbs if verb.startswith("{") and verb.endswith("}")]
        verbs = [verb for verb in verbs if verb[1:-1] not in filled]
        verbs += [value.fields[0] for name in filled for value in theme.slots[name]]
        assert all(is_open(verb) for verb in verbs), theme.name


def test_every_subject_finds_words_in_every_year_it_is_in_use() -> None:
    for theme in themes():
        for subject in theme.subjects:
            for year in filter(subject.used_in, range(2005, 2025)):
                for entries, least in ((theme.problems, 1), (theme.effects, 2), (theme.details, 1)):
                    fitting = [entry for entry in entries if entry.used_in(year) and entry.fits(subject.groups)]
                    assert len(fitting) >= least, (theme.name, subject.fields[2], year)
