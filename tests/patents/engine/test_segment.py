"""Arrays of an index segment: what goes in comes out, and counts before a day equal counting by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ktop.patents.analysis.terms import PAIR, term_code
from ktop.patents.engine.segment import (
    K1,
    MAX_IMPACT,
    NO_DAY,
    B,
    Columns,
    Display,
    Segment,
    lengths_of,
    write_segment,
)

TERMS = ["lamp", "lens", "laser", "lamp_lens"]


def patent(number: int, day: int, terms: list[str]) -> Columns:
    codes = {term_code(term): count for count, term in enumerate(terms, 1)}
    ordered = sorted(codes)
    return Columns(
        id=np.array([f"US{number}B2".encode()], dtype="S28"),
        digest=np.array([number], dtype=np.uint64),
        day=np.array([day], dtype=np.int32),
        year=np.array([2000], dtype=np.int16),
        language=np.array([2], dtype=np.uint8),
        family=np.array([0], dtype=np.uint64),
        claims=np.array([np.nan if number % 2 else number], dtype=np.float32),
        records=[Display(f"Lamp {number}", ("A & B Co.", "씨앤디 주식회사"), ("F21V", "G02B")).to_bytes()],
        offsets=np.array([0, len(codes)], dtype=np.int64),
        codes=np.array(ordered, dtype=np.uint32),
        counts=np.array([codes[code] for code in ordered], dtype=np.uint8),
    )


ROWS = [
    patent(3, 20, ["laser"]),
    patent(1, 10, ["lamp"]),
    patent(5, NO_DAY, ["lamp"]),
    patent(2, 10, ["lamp", "lens", "lamp_lens"]),
    patent(4, 30, []),
]


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    write_segment(tmp_path / "000000", Columns.joined(ROWS).by_date())
    return Segment(tmp_path / "000000", 100, len(ROWS))


def test_rows_are_put_in_the_order_of_their_days(segment: Segment) -> None:
    assert segment.column("id").tolist() == [b"US1B2", b"US2B2", b"US3B2", b"US4B2", b"US5B2"]
    assert [segment.end(day) for day in (None, 0, 11, 31)] == [5, 0, 2, 4]


def test_a_segment_comes_back_whole(segment: Segment) -> None:
    written, back = Columns.joined(ROWS).by_date(), segment.columns()
    for name in ("id", "digest", "day", "year", "language", "family", "claims", "offsets", "codes", "counts"):
        np.testing.assert_array_equal(getattr(back, name), getattr(written, name))
    assert list(back.records) == list(written.records)


def test_control_characters_do_not_shift_what_is_shown() -> None:
    shown = Display("a\x1fb\x1d", ("c\x1ed",), ())
    assert Display.of_bytes(shown.to_bytes()) == Display("a b ", ("c d",), ())


def test_length_counts_words_and_no_pairs() -> None:
    assert lengths_of(patent(2, 10, ["lamp", "lens", "lamp_lens"])).tolist() == [3.0]


def test_what_is_shown_comes_back(segment: Segment) -> None:
    shown = segment.display(1)
    assert shown.title == "Lamp 2"
    assert shown.applicants == ("A & B Co.", "씨앤디 주식회사")
    assert shown.subclasses == ("F21V", "G02B")
    assert segment.column("id")[4] == b"US5B2"
    assert np.isnan(segment.column("claims")[0])
    assert segment.column("claims")[1] == 2


def test_terms_come_back_with_their_counts(segment: Segment) -> None:
    codes, counts = segment.terms_of(1)
    assert dict(zip(codes.tolist(), counts.tolist(), strict=True)) == {
        term_code("lamp"): 1,
        term_code("lens"): 2,
        term_code("lamp_lens"): 3,
    }
    assert len(segment.terms_of(3)[0]) == 0


def test_rows_with_a_term_ascend(segment: Segment) -> None:
    codes = np.array([term_code("unknown"), term_code("lamp")], dtype=np.uint32)
    assert [rows.tolist() for rows in segment.rows_with(codes)] == [[], [0, 1, 4]]


@pytest.mark.parametrize("day", [None, 0, 10, 11, 20, 25, 31, NO_DAY])
def test_document_frequencies_before_a_day(segment: Segment, day: int | None) -> None:
    codes = np.array(sorted(term_code(term) for term in [*TERMS, "unknown"]), dtype=np.uint32)
    days = segment.column("day")
    expected = [
        sum(code in segment.terms_of(row)[0] and (day is None or days[row] < day) for row in range(segment.rows))
        for code in codes
    ]
    assert segment.document_frequencies(codes, day).tolist() == expected


def test_a_pair_is_told_by_its_code() -> None:
    assert term_code(f"lamp{PAIR}lens") & 1
    assert not term_code("lamp") & 1


def test_writing_again_replaces_whole(tmp_path: Path, segment: Segment) -> None:
    write_segment(segment.folder, patent(9, 5, ["lens"]))
    assert not segment.folder.with_name("000000.part").exists()
    assert Segment(segment.folder, 0, 1).display(0).title == "Lamp 9"


def test_impacts_are_bm25_with_length_normalised_by_b(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tf (k1 + 1) / (tf + k1 (1 - b + b length / average)) by hand, in steps of MAX_IMPACT / 255."""
    rows = Columns.joined([patent(1, 10, ["lamp"]), patent(2, 10, ["lamp", "lens", "laser"])]).by_date()
    lengths = lengths_of(rows)
    assert lengths.tolist() == [1.0, 6.0]  # one word once; words counted once, twice and three times
    write_segment(tmp_path / "000000", rows)
    monkeypatch.setattr("ktop.patents.engine.segment._POSTINGS_AT_ONCE", 3)
    written = Segment(tmp_path / "000000", 0, 2)
    assert written.column("length").tolist() == [1, 6]
    expected = []
    postings = {"lamp": [(1, 1.0), (1, 6.0)], "lens": [(2, 6.0)], "laser": [(3, 6.0)]}
    for term in sorted(postings, key=term_code):
        for count, length in postings[term]:
            share = count * (K1 + 1) / (count + K1 * (1 - 0.75 + 0.75 * length / 4.0))
            expected.append(round(share * 255 / MAX_IMPACT))
    assert B == 0.75
    assert written.impacts(4.0).tolist() == expected
