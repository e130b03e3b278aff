"""Lists in one cell, in every form that people and programs write them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ktop.patents.readers.lists import split_classes, split_list, split_names, split_numbers

from .reading import patents, rejects


@pytest.mark.parametrize(
    "printed",
    [
        "A|B", "A;B", "A ;; B", "A\nB", "A\r\nB", "['A', 'B']", '["A", "B"]', "['A' 'B']", "['A'\n 'B']", "('A', 'B')",
        "{A,B}", "{'A', 'B'}", "[A, B]", "A、B", "A<br>B", "['A', nan, 'B']", '["A", null, "B"]', ["A", None, "B"],
        ("A", "B"), '[{"code": "A"}, {"code": "B"}]', "[{'name': 'A', 'x': 1}, {'name': 'B'}]", "A;B;", " A |B ",
    ],
)  # fmt: skip
def test_every_written_form_gives_its_parts(printed: object) -> None:
    assert split_list(printed) == ["A", "B"]


@pytest.mark.parametrize(("printed", "parts"), [
    ("", []), ("[]", []), ("nan", ["nan"]), (None, []), (5, []), ("(주)가상상사 (서울)", ["(주)가상상사 (서울)"]),
    ("[O'Neil, Pat]", ["O'Neil", "Pat"]), ('["O\'Neil; Pat"]', ["O'Neil; Pat"]), ("[" * 50_000, ["[" * 50_000]),
    ("[" * 50_000 + "]" * 50_000, ["[" * 50_000 + "]" * 50_000]),
])  # fmt: skip
def test_what_is_no_list_is_one_value(printed: object, parts: list[str]) -> None:
    assert split_list(printed) == parts


@pytest.mark.parametrize("printed", [
    "US7654321B2, US6543210B1, US5555555A", "US7654321B2,US6543210B1,US5555555A", "US7654321B2 US6543210B1 US5555555A",
    "US 7,654,321 B2, US 6,543,210 B1, US 5,555,555 A", "US7654321B2; US6543210B1; US5555555A",
    "US-7654321-B2|US-6543210-B1|US-5555555-A", "['US7654321B2', 'US6543210B1', 'US5555555A']",
    '["US7654321B2","US6543210B1","US5555555A"]', "US7654321B2\nUS6543210B1\nUS5555555A",
    "US7654321B2*; US6543210B1 (X); US5555555A [Y]", "US7654321B2 and US6543210B1 and US5555555A",
])  # fmt: skip
def test_cited_numbers_are_three_however_they_are_parted(tmp_path: Path, printed: str) -> None:
    pl.DataFrame({"publication_number": ["US9000001B2"], "title": ["Rope"], "cited_patents": [printed]}).write_csv(
        tmp_path / "a.csv"
    )
    (patent,) = patents(tmp_path).values()
    assert [cited.number for cited in patent.cited_patents] == ["US7654321B2", "US6543210B1", "US5555555A"]
    assert patent.cited_literature == ()


@pytest.mark.parametrize(("printed", "numbers"), [
    ("7654321, 6543210", ["7654321", "6543210"]), ("7654321,6543210", ["7654321", "6543210"]),
    ("7,654,321, 6,543,210", ["7654321", "6543210"]), ("7654321 6543210", ["7654321", "6543210"]),
    ("[7654321, 6543210]", ["7654321", "6543210"]), ("[7654321.0, 6543210.0]", ["7654321.0", "6543210.0"]),
    ("KR 10-2019-0012345, KR 10-0123456", ["KR 10-2019-0012345", "KR 10-0123456"]),
    ("US D435,854 S", ["US D435,854 S"]),
])  # fmt: skip
def test_bare_numbers_and_thousands_are_told_apart(printed: str, numbers: list[str]) -> None:
    assert [n.replace(",", "") for n in split_numbers(printed)] == [n.replace(",", "") for n in numbers]


def test_what_is_cited_and_no_number_stays_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("publication_number,title,cites\nUS9000001B2,Rope,US7654321B2;A book on ropes\n")
    (patent,) = patents(tmp_path).values()
    assert [cited.number for cited in patent.cited_patents] == ["US7654321B2"]
    assert [cited.text for cited in patent.cited_literature] == ["A book on ropes"]


@pytest.mark.parametrize("printed", [
    "B66D 1/12, F16H 55/36", "B66D1/12,F16H55/36", "B66D1/12|F16H55/36", "B66D1/12\nF16H55/36", "B66D1/12 F16H55/36",
    "['B66D1/12', 'F16H55/36']", "B66D-001/12; F16H-055/36", "Int. Cl.7 B66D 1/12; F16H 55/36",
    "B66D 1/12 (2006.01), F16H 55/36",
    "B66D0001120000;F16H0055360000", "b66d 1/12; f16h 55/36", "Ｂ６６Ｄ　１／１２；Ｆ１６Ｈ　５５／３６",
])  # fmt: skip
def test_classes_are_two_however_they_are_printed(tmp_path: Path, printed: str) -> None:
    pl.DataFrame({"publication_number": ["US9000001B2"], "title": ["Rope"], "ipc": [printed]}).write_csv(
        tmp_path / "a.csv"
    )
    (patent,) = patents(tmp_path).values()
    assert patent.ipc == ("B66D1/12", "F16H55/36")


def test_a_symbol_without_its_subclass_has_that_of_the_one_before() -> None:
    assert split_classes("G06F 17/30, 17/27; H04L 12/56") == ["G06F 17/30", "G06F 17/27", "H04L 12/56"]


@pytest.mark.parametrize(("printed", "names"), [
    ("홍길동, 김철수", ["홍길동", "김철수"]), ("Odo Fennick, Jane Doe", ["Odo Fennick", "Jane Doe"]),
    ("Fennick, Odo", ["Fennick, Odo"]), ("Fennick, Odo; Doe, Jane", ["Fennick, Odo", "Doe, Jane"]),
    ("Acme Works, Inc.", ["Acme Works, Inc."]),
    ("Acme Works, Inc., Quill Moor Ltd", ["Acme Works, Inc.", "Quill Moor Ltd"]),
    ("['Odo Fennick', 'Jane Doe']", ["Odo Fennick", "Jane Doe"]),
    ("FENNICK ODO;;DOE JANE", ["FENNICK ODO", "DOE JANE"]),
    ("주식회사 가상, 홍길동", ["주식회사 가상", "홍길동"]),
    ("[\"O'Neil Pat\", \"Doe Jane\"]", ["O'Neil Pat", "Doe Jane"]),
])  # fmt: skip
def test_commas_part_names_only_where_no_name_has_one(printed: str, names: list[str]) -> None:
    assert split_names(printed) == names


def test_a_number_in_the_place_of_a_list_is_told(tmp_path: Path) -> None:
    pl.DataFrame({"publication_number": ["US9000001B2"], "title": ["Rope"], "ipc": [5]}).write_parquet(
        tmp_path / "a.parquet"
    )
    assert rejects(tmp_path) == [("row 1", "patent_sources.reject_no_list")]
