"""Codes of terms and pairs: the same whether made one by one or all at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.analysis.terms import PAIR, pair_codes, term_code
from ktop.patents.analysis.text import Analyser
from ktop.patents.engine.row_analysis import COLUMNS, TITLE_COUNTS, analyse

WORDS = st.text("abcdefghij가나다라마바사", min_size=1, max_size=6)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=20))
def test_pairs_made_at_once_are_those_made_one_by_one(pairs: list[tuple[str, str]]) -> None:
    left, right = (np.array([term_code(pair[side]) for pair in pairs], dtype=np.uint64) for side in (0, 1))
    assert pair_codes(left, right).tolist() == [term_code(f"{a}{PAIR}{b}") for a, b in pairs]


@given(WORDS, WORDS)
def test_the_order_of_a_pair_counts(one: str, other: str) -> None:
    assert (term_code(f"{one}{PAIR}{other}") == term_code(f"{other}{PAIR}{one}")) == (one == other)


def test_few_codes_are_shared() -> None:
    assert len({term_code(f"word{n}") for n in range(100_000)}) > 99_990


def test_a_batch_counts_what_the_analyser_finds() -> None:
    texts = [
        ("en", "Wireless base station", "The base station measures antenna interference; the antenna is tuned."),
        ("ko", "인공지능 의료영상 판독", "휴대용 자궁경부 확대 촬영기로 얻은 의료영상을 딥러닝으로 판독한다."),
        (None, "12345", "+++"),
        ("en", "", ""),
        ("ko", "3D 프린터", "3D 프린터의 노즐과 IoT 센서를 제어한다."),
    ]
    rows = []
    for number, (language, title, abstract) in enumerate(texts):
        values = dict.fromkeys(COLUMNS)
        values |= {"id": f"US{number}A1", "digest": number, "language": language, "title": title, "abstract": abstract}
        rows.append(tuple(values[name] for name in COLUMNS))
    columns = analyse(rows, Analyser())
    assert len(columns) == len(texts)
    for number, (language, title, abstract) in enumerate(texts):
        expected: dict[int, int] = {}
        for text, weight in ((title, TITLE_COUNTS), (abstract, 1)):
            terms, pairs = Analyser().terms_and_pairs(text, language) if language else ([], [])
            for term in (*terms, *pairs):
                expected[term_code(term)] = expected.get(term_code(term), 0) + weight
        part = slice(columns.offsets[number], columns.offsets[number + 1])
        assert dict(zip(columns.codes[part].tolist(), columns.counts[part].tolist(), strict=True)) == expected
        assert columns.codes[part].tolist() == sorted(expected)
