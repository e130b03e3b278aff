"""Searching: what is asked for is found, what is later or excluded never is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.domain.technology.summary import Lang
from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.engine.index import MAX_QUERY_CHARS, PatentIndex
from ktop.patents.engine.patent_search import EVERY, Filter

MODES = ("lexical", "dense", "hybrid")
ENGLISH = "medical image diagnosis of cancer lesions in the tissue of a patient"
KOREAN = "환자의 의료 영상에서 종양과 암 병변을 분할하고 진단하는 장치"


@pytest.fixture(scope="module")
def index(small_corpus: Path) -> PatentIndex:
    return PatentIndex(small_corpus)


@pytest.fixture(scope="module")
def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records}


def themes(index: PatentIndex, by_id: dict[str, dict[str, Any]], text: str, **asked: Any) -> list[str]:
    return [by_id[hit.patent_id]["theme"] for hit in index.search(text, **asked)]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", [ENGLISH, KOREAN])
def test_neighbours_are_on_the_theme(
    index: PatentIndex, by_id: dict[str, dict[str, Any]], text: str, mode: str
) -> None:
    found = themes(index, by_id, text, top=10, mode=mode)
    assert found.count("imaging") >= 9


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("text", "other"), [(ENGLISH, "ko"), (KOREAN, "en")])
def test_the_other_language_is_reached(
    index: PatentIndex, by_id: dict[str, dict[str, Any]], text: str, other: str, mode: str
) -> None:
    hits = [by_id[hit.patent_id] for hit in index.search(text, top=20, mode=mode)]
    over = [record for record in hits if record["language"] == other]
    assert len(over) >= 3
    assert sum(record["theme"] == "imaging" for record in over) >= 0.7 * len(over)


def test_scores_fall_and_answers_repeat(index: PatentIndex) -> None:
    for mode in MODES:
        hits = index.search(ENGLISH, top=30, mode=mode)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert len({hit.patent_id for hit in hits}) == len(hits)
        assert hits == index.search(ENGLISH, top=30, mode=mode)


@settings(max_examples=25, deadline=None)
@given(
    day=st.dates(date(2004, 6, 1), date(2016, 1, 1)),
    mode=st.sampled_from(MODES),
    text=st.sampled_from([ENGLISH, KOREAN]),
)
def test_nothing_later_is_ever_found(
    index: PatentIndex, by_id: dict[str, dict[str, Any]], day: date, mode: str, text: str
) -> None:
    for hit in index.search(text, top=200, before=day, mode=mode):  # type: ignore[arg-type]
        assert by_id[hit.patent_id]["filed"] < day.isoformat()


def test_the_day_itself_is_not_before_it(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    record = next(record for record in records if record["theme"] == "imaging" and record["language"] == "en")
    day = date.fromisoformat(record["filed"])
    text = f"{record['title']}. {record['abstract']}"
    assert record["id"] not in [hit.patent_id for hit in index.search(text, 200, before=day)]
    assert index.search(text, 200, before=day + timedelta(days=1))[0].patent_id == record["id"]


@pytest.mark.parametrize("mode", MODES)
def test_excluded_patents_are_not_found(index: PatentIndex, mode: str) -> None:
    first = [hit.patent_id for hit in index.search(ENGLISH, top=5, mode=mode)]
    rest = [hit.patent_id for hit in index.search(ENGLISH, top=5, exclude=[*first, "US1B1", "특허"], mode=mode)]
    assert not set(first) & set(rest)
    assert len(rest) == 5


def test_a_patent_is_its_own_nearest(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    for record in records[::15]:
        hits = index.search(f"{record['title']}. {record['abstract']}", top=3, mode="lexical")
        assert hits[0].patent_id == record["id"]


def test_a_search_looks_where_it_is_told(index: PatentIndex, records: list[dict[str, Any]]) -> None:
    by_id = {record["id"]: record for record in records}
    for only in (
        Filter(languages=frozenset({"ko"})),
        Filter(countries=frozenset({"US"})),
        Filter(classes=frozenset({"H01M", "A61"})),
        Filter(languages=frozenset({"en"}), classes=frozenset({"H"})),
    ):
        hits = index.search(ENGLISH, top=200, only=only)
        assert hits
        for hit in hits:
            record = by_id[hit.patent_id]
            assert only.languages is None or record["language"] in only.languages
            assert only.countries is None or hit.patent_id[:2] in only.countries
            symbols = record["ipc"]
            assert only.classes is None or any(s.startswith(tuple(only.classes)) for s in symbols)
    assert index.search(ENGLISH, top=5, only=Filter(countries=frozenset({"ZZ"}))) == []


def test_what_cannot_be_asked_is_refused(index: PatentIndex) -> None:
    with pytest.raises(InputError) as refused:
        index.search("本発明は画像処理装置に関する。")
    assert refused.value.key == "patents.query_language"
    with pytest.raises(TooLargeError):
        index.search("lamp " * MAX_QUERY_CHARS)
    with pytest.raises(InputError) as refused:
        index.search(ENGLISH, mode="magic")  # type: ignore[arg-type]
    assert refused.value.key == "patents.search_mode"


def test_unknown_words_match_nothing(index: PatentIndex) -> None:
    docs, scores = index.lexical.search(index.question("qwzx vbnm").own_groups(), 10, None, np.empty(0, dtype=np.uint8))
    assert len(docs) == len(scores) == 0
    assert index.search(ENGLISH, top=0) == []


def test_a_search_weighs_by_chances_what_neighbours_are_found_by_counts(index: PatentIndex) -> None:
    question, nothing = index.question(ENGLISH, "en"), np.empty(0, dtype=np.int64)
    by_chances = index.retrieve(question, 20, None, nothing, "lexical", weighing="chances")
    by_counts = index.retrieve(question, 20, None, nothing, "lexical")
    only = Filter(languages=frozenset({"en"}))
    alone = index.retrieve(question, 20, None, nothing, "lexical", only, "chances")
    wanted = index.lexical.search_by_chances(question.occurrences, 20, None, index.mask(only))
    assert [hit.patent_id for hit in index.search(ENGLISH, 20, mode="lexical")] == [
        index.patent_id(int(doc)) for doc in by_chances[0]
    ]
    assert alone[0].tolist() == wanted[0].tolist()
    assert alone[1].tolist() == wanted[1].tolist()
    counted = index.lexical.search(question.own_groups(), 20, None, index.mask(only))
    assert index.retrieve(question, 20, None, nothing, "lexical", only)[1].tolist() == counted[1].tolist()
    assert counted[1].tolist() != wanted[1].tolist()
    assert set(by_counts[0].tolist()) & set(by_chances[0].tolist())


def test_several_threads_ask_one_index_and_get_what_one_would(small_corpus: Path, index: PatentIndex) -> None:
    days = [int(day) for day in np.quantile(index.tables.days, (0.3, 0.6, 0.9), method="nearest")]
    vectors = [index.question(text).vector_across for text in (ENGLISH, KOREAN, f"{ENGLISH} {ENGLISH[::-1]}")]
    terms = [[int(code) for code in codes[:2]] for codes, _ in index.terms_of(np.arange(12))]
    asked = [(vector, day) for vector in vectors for day in days] * 2
    alone = PatentIndex(small_corpus)
    alone_found = [
        (alone.dense.search(vector, 30, day, alone.mask(EVERY)), alone._docs_with(terms, day)) for vector, day in asked
    ]

    def ask(question: tuple[Any, int]) -> tuple[Any, Any]:
        vector, day = question
        return index.by_vector(vector, 30, day, EVERY), index.docs_with(terms, day)

    with ThreadPoolExecutor(4) as threads:
        for (near, having), (one_near, one_having) in zip(threads.map(ask, asked), alone_found, strict=True):
            assert [list(part) for part in near] == [list(part) for part in one_near], "by language or at once"
            assert [list(docs) for docs in having] == [list(docs) for docs in one_having]


def test_what_is_asked_beside_is_the_same_on_one_core_and_on_two(
    index: PatentIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (0, len(index) + 1):
        monkeypatch.setattr("ktop.patents.engine.index.BESIDE_FROM", size)
        with index.beside(lambda: (index.search(KOREAN), threading.get_ident())) as answer:
            here = index.search(ENGLISH)
            found, thread = answer()
        assert (found, here) == (index.search(KOREAN), index.search(ENGLISH))
        assert (thread == threading.get_ident()) == (size > 0)
        with pytest.raises(InputError), index.beside(lambda: index.search(ENGLISH, mode="none")) as answer:  # type: ignore[arg-type]
            answer()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_is_scanned_ahead_is_what_is_found(
    small_corpus: Path, language: Lang, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {
        "ko": ["배터리의 전압과 온도를 측정하여 셀의 노화를 판정하는 장치", "로봇 팔의 경로를 계획하는 방법"],
        "en": ["a battery electrode with a separator and an electrolyte", "a robot arm that plans its path"],
    }[language]
    day, nothing = 19_000, np.empty(0, dtype=np.int64)
    plain, ahead = PatentIndex(small_corpus), PatentIndex(small_corpus)
    questions = [ahead.question(text, language) for text in texts]
    ahead.scan_ahead(questions, 20, day, 0)
    scans = 0
    search = ahead.dense.search_together

    def counted(*arguments: Any) -> Any:
        nonlocal scans
        scans += 1
        return search(*arguments)

    monkeypatch.setattr(ahead.dense, "search_together", counted)
    for text, question in zip(texts, questions, strict=True):
        alone = plain.question(text, language)
        for one, other in (
            (ahead.retrieve(question, 20, day, nothing), plain.retrieve(alone, 20, day, nothing)),
            (
                ahead.by_vector(question.vector_across, 30, day, EVERY),
                plain.by_vector(alone.vector_across, 30, day, EVERY),
            ),
        ):
            assert one[0].tolist() == other[0].tolist() and one[1].tolist() == other[1].tolist()
            assert len(one[0])
    assert scans == 0


def test_what_is_shown_is_read_once(small_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, docs = PatentIndex(small_corpus), np.array([7, 3, 7, 20])
    alone = [segment.display(row) for segment, row in map(index.segment_of, docs.tolist())]
    assert index.displays(docs[1:]) == alone[1:]
    monkeypatch.setattr(PatentIndex, "_displays", lambda *_: pytest.fail("read again"))
    assert index.displays(docs) == alone
    assert index.displays(docs[:0]) == []
