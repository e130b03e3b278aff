"""Arrays of an index segment: what goes in comes out, and counts before a day equal counting by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ktop.patents.segment import NO_DAY, PAIR, IndexedPatent, Segment, term_code, write_segment

TERMS = ["lamp", "lens", "laser", "lamp_lens"]


def patent(number: int, day: int, terms: list[str]) -> IndexedPatent:
    codes = np.array([term_code(term) for term in terms], dtype=np.uint32)
    return IndexedPatent(
        id=f"US{number}B2",
        digest=number,
        day=day,
        year=2000,
        language="en",
        family=None,
        claims=None if number % 2 else number,
        title=f"Lamp {number}",
        opening="A lamp.",
        applicants=["A & B Co.", "씨앤디 주식회사"],
        subclasses=["F21V", "G02B"],
        codes=codes,
        counts=np.arange(1, len(terms) + 1, dtype=np.uint8),
    )


@pytest.fixture
def segment(tmp_path: Path) -> Segment:
    rows = [
        patent(1, 10, ["lamp"]),
        patent(2, 10, ["lamp", "lens", "lamp_lens"]),
        patent(3, 20, ["laser"]),
        patent(4, 30, []),
        patent(5, NO_DAY, ["lamp"]),
    ]
    write_segment(tmp_path / "000000", rows)
    return Segment(tmp_path / "000000", 100, len(rows))


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
    assert segment.rows_with(term_code("lamp")).tolist() == [0, 1, 4]
    assert segment.rows_with(term_code("unknown")).tolist() == []


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
    write_segment(segment.folder, [patent(9, 5, ["lens"])])
    assert not segment.folder.with_name("000000.part").exists()
    assert Segment(segment.folder, 0, 1).display(0).title == "Lamp 9"
