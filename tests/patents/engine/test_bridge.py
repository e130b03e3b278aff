"""The way from one language to the other: glossary first, then nearness of term vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ktop import catalogue
from ktop.patents.analysis.glossary import counterparts
from ktop.patents.analysis.text import Analyser
from ktop.patents.engine import bridge
from ktop.patents.engine.index import PatentIndex


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


def test_the_glossary_is_usable() -> None:
    analyser = Analyser()
    seen: dict[str, str] = {}
    for group, entries in catalogue.load("patents/glossary").items():
        for korean, english in entries.items():
            assert korean not in seen, f"{korean} stands in {group} and in {seen.get(korean)}"
            seen[korean] = group
            assert analyser.language(korean) == "ko"
            for word in english.split(","):
                assert analyser.terms(word, "en"), f"{korean}: {word}"
    assert len(seen) > 600


def test_glossary_words_go_both_ways() -> None:
    assert (
        counterparts("반도체", "반도체", "ko")[0] == ("semiconductor", "semiconductor")
        or counterparts("반도체", "반도체", "ko")[0][1] == "semiconductor"
    )
    (term, _), *_ = counterparts("반도체", "반도체", "ko")
    assert ("반도체", "반도체") in counterparts(term, "semiconductor", "en")
    assert counterparts("컬러_영상", "컬러 영상", "ko")[0][1] == "color image"
    assert counterparts("없는말", "없는말", "ko") == []


def test_words_without_an_entry_go_to_the_nearest_term(index: PatentIndex) -> None:
    assert counterparts("클릭", "클릭", "ko") == []
    (near,) = index.space.bridge.translate([("클릭", "클릭")], "ko")
    assert near[0].term == "click"
    assert 0.5 <= near[0].similarity <= 1.0


def test_a_text_of_unknown_words_is_encoded_up_to_a_bound_only(
    index: PatentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[str] = []
    encode = bridge.encode_remembered

    def counted(terms: Sequence[str]) -> np.ndarray:
        encoded.extend(terms)
        return encode(terms)

    monkeypatch.setattr(bridge, "encode_remembered", counted)
    words = [(f"zq{k}", f"zq{k}") for k in range(bridge.MAX_UNKNOWN + 50)]
    known = ("반도체", "반도체")
    fresh = bridge.Bridge(index.space.bridge.folder)
    found = fresh.translate([*words, known], "ko")
    assert len(encoded) == bridge.MAX_UNKNOWN
    assert all(near == [] for near in found[bridge.MAX_UNKNOWN : -1])
    assert found[-1], "what the glossary knows is led over all the same"
    # What was asked before changes nothing: a rating follows from its text alone.
    other = bridge.Bridge(index.space.bridge.folder)
    other.translate(words[bridge.MAX_UNKNOWN :], "ko")
    assert other.translate([*words, known], "ko") == found


def test_what_leading_terms_over_will_encode_is_known_before(
    index: PatentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: set[str] = set()
    encode = bridge.encode_remembered

    def watched(terms: Sequence[str]) -> np.ndarray:
        encoded.update(terms)
        return encode(terms)

    monkeypatch.setattr(bridge, "encode_remembered", watched)
    terms = [
        ("반도체", "반도체"),
        ("컬러_영상", "컬러 영상"),
        ("클릭", "클릭"),
        ("김치통", "김치통"),
        ("독립항", "독립항"),
    ]
    fresh = bridge.Bridge(index.space.bridge.folder)
    foretold = fresh.to_encode(terms, "ko")
    assert not encoded
    found = fresh.translate(terms, "ko")
    fresh.vectors_of([(near.term, near.surface) for nears in found for near in nears], "en")
    assert encoded == set(foretold) and encoded
    assert not set(fresh.to_encode(terms, "ko")) & {"클릭", "김치통", "독립항"}, (
        "what is remembered is not encoded again"
    )


def test_text_vectors_have_unit_length(index: PatentIndex) -> None:
    docs = np.arange(index.manifest.rows)
    lengths = np.linalg.norm(index.dense.vectors_of(docs), axis=1)
    assert lengths == pytest.approx(np.ones(len(docs)), abs=0.02), "8 bits a number"
    question = index.question("lithium battery electrode with a separator and an electrolyte")
    assert np.linalg.norm(question.vector) == pytest.approx(1.0, abs=1e-4)
    assert np.linalg.norm(question.vector_across) == pytest.approx(1.0, abs=1e-4)


def test_topics_follow_the_themes(index: PatentIndex, records: list[dict[str, object]]) -> None:
    theme_of = {str(record["id"]): record["theme"] for record in records}
    topics: dict[int, list[object]] = {}
    for doc in range(index.manifest.rows):
        topics.setdefault(int(index.tables.topic[doc]), []).append(theme_of[index.patent_id(doc)])
    pure = sum(max(themes.count(theme) for theme in set(themes)) for themes in topics.values())
    assert pure >= 0.8 * index.manifest.rows
    assert len(set(index.space.topic_names)) == len(index.space.topic_names)


def test_counterparts_do_not_depend_on_what_is_asked_beside(
    index: PatentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit: products of matrices round a row by what stands beside it."""
    monkeypatch.setattr(bridge, "MIN_TRANSLATION_SIMILARITY", -1.0)
    firsts, seconds = ("김치", "온돌", "한지", "장독"), ("통", "마루", "공예", "뚜껑")
    words = [first + second for first in firsts for second in seconds]
    pairs = [(word, word) for word in words if not counterparts(word, word, "ko")]
    folder = index.space.bridge.folder
    together = bridge.Bridge(folder).translate(pairs, "ko")
    assert len(pairs) > 8 and all(len(near) == bridge.MAX_TRANSLATIONS for near in together)
    assert [bridge.Bridge(folder).translate([pair], "ko")[0] for pair in pairs] == together
    assert bridge.Bridge(folder).translate(pairs[::-1], "ko")[::-1] == together


def test_counterparts_are_the_nearest_but_for_commonplace_words(index: PatentIndex) -> None:
    """Five at most, in the order of nearness less half the nearness to commonplace words, worked out one by one."""
    found = bridge.Bridge(index.space.bridge.folder)
    english = np.flatnonzero(found.vocabulary["language"].to_numpy() == "en")
    (vector,) = found.vectors_of([("클릭", "클릭")], "ko").astype(np.float64)
    near = np.array([vector @ found.vectors[row].astype(np.float64) for row in english])
    order = np.argsort(-(near - 0.5 * found._commonplace("ko")), kind="stable")[: bridge.MAX_TRANSLATIONS]
    expected = [(found.vocabulary["term"][int(english[j])], near[j]) for j in order if near[j] >= 0.5]
    (translated,) = found.translate([("클릭", "클릭")], "ko")
    assert [near.term for near in translated] == [term for term, _ in expected]
    assert [near.similarity for near in translated] == pytest.approx([value for _, value in expected], abs=1e-6)
