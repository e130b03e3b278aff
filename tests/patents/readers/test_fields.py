"""Dates, counts and numbers as tables and programs write them: read where they can mean one thing only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from ktop.patents.readers.fields import (
    cell_value,
    day_order,
    is_rounded,
    number_text,
    parse_count,
    parse_date,
    parse_spreadsheet_date,
    says_no_day,
)

from .reading import patents, read, rejects

DAY = date(2014, 2, 3)


@pytest.mark.parametrize("printed", [
    "20140203", "2014-02-03", "2014.02.03", "2014. 2. 3.", "2014/2/3", "2014년 2월 3일", "2014年2月3日", "2014 02 03",
    "2014-02-03T00:00:00Z", "2014-02-03 00:00:00", "20140203.0", 20140203, 20140203.0, "3 Feb 2014", "03-Feb-2014",
    "Feb 3, 2014", "February 3, 2014", "3rd of February 2014", "03.02.2014", "3. Februar 2014", "20140203T120000",
    date(2014, 2, 3), datetime(2014, 2, 3, 12, tzinfo=UTC),
])  # fmt: skip
def test_a_day_is_read_from_every_form_that_means_one(printed: object) -> None:
    assert parse_date(printed) == DAY
    assert not says_no_day(printed)


@pytest.mark.parametrize("printed", [
    "2013-11", "201311", "2013", "2013.11", "2013년 11월", "2013년", "Nov 2013", "Nov-13", "11/2013", "2013-11-00",
    "20131100", "20130000", "0", 0, "00000000", "0000-00-00", "", None, "201311.0", 201311, 2013.0, "9999-12-31",
    "2013/11",
    "November 2013",
])  # fmt: skip
def test_a_month_or_a_year_gives_no_day(printed: object) -> None:
    assert parse_date(printed) is None
    assert says_no_day(printed)


@pytest.mark.parametrize("printed", [
    "03/02/2014", "131201", "41673", 41673, "2014-13-40", "20141340", "1014-02-03", "soon", "12014-02-03", "2013-111",
    "3/2", True, 1.5, float("nan"), "2014-02-031", "30000101",
])  # fmt: skip
def test_what_means_nothing_or_two_things_is_no_date_and_is_told(printed: object) -> None:
    assert parse_date(printed) is None
    assert not says_no_day(printed)


def test_the_order_of_day_and_month_is_learned_from_the_whole_table() -> None:
    assert day_order(["03/02/2014", "13/01/2013"]) == "dmy"
    assert day_order(["03/02/2014", "01/13/2013"]) == "mdy"
    assert day_order(["4/2/15", "9/24/14"]) == "mdy"
    assert day_order(["98/4/21", "02/03/04"]) == "ymd"
    assert day_order(["03/02/2014", "2014-01-13", None, 5]) is None
    assert day_order(["13/01/2013", "01/13/2013"]) is None
    assert parse_spreadsheet_date("03/02/2014", "dmy") == DAY
    assert parse_spreadsheet_date("02/03/2014", "mdy") == DAY
    assert parse_spreadsheet_date("2/3/14", "mdy") == DAY
    assert parse_spreadsheet_date("2/3/14", "mdy", 1914) == date(1914, 2, 3)
    assert parse_spreadsheet_date("13/01/2013", None) == date(2013, 1, 13)
    assert parse_spreadsheet_date("03/03/2014", None) == date(2014, 3, 3)
    assert parse_spreadsheet_date("03/02/2014", None) is None
    assert parse_spreadsheet_date("13/01/2013 00:00", "dmy") == date(2013, 1, 13)


def test_a_table_of_days_first_is_read_so_and_one_that_does_not_tell_is_rejected(tmp_path: Path) -> None:
    head = "publication_number,title,filing_date,publication_date\n"
    (tmp_path / "a.csv").write_text(
        head + "US9000001B2,Rope,03/02/2012,04/05/2014\nUS9000002B2,Rope,01/02/2012,28/05/2014\n"
    )
    found = patents(tmp_path)
    assert (found["US9000001B2"].filing_date, found["US9000001B2"].publication_date) == (
        date(2012, 2, 3),
        date(2014, 5, 4),
    )
    (tmp_path / "a.csv").write_text(head + "US9000001B2,Rope,03/02/2012,\nUS9000002B2,Rope,,05/05/2014\n")
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_day_or_month")]
    assert patents(tmp_path)["US9000002B2"].publication_date == date(2014, 5, 5)


@pytest.mark.parametrize(("printed", "number"), [
    ("9234369.0", "9234369"), ("1020180098765.0", "1020180098765"), (9234369.0, "9234369"), (9234369, "9234369"),
    ("1.020180098765E+12", "1020180098765"), ("1.020180098765e12", "1020180098765"), ("'0123", "0123"), (None, ""),
    ("US9234369B2", "US9234369B2"), ("10-2019-0012345", "10-2019-0012345"), ("1.02018E+12", "1.02018E+12"),
    ("12.5", "12.5"),
])  # fmt: skip
def test_numbers_lose_what_tables_add(printed: object, number: str) -> None:
    assert number_text(printed) == number


def test_a_number_that_a_spreadsheet_has_cut_is_told() -> None:
    assert is_rounded("1.02018E+12") and is_rounded("9.23E+06") and is_rounded("1,02018E+12")
    assert not is_rounded("1.020180098765E+12") and not is_rounded("9234369")


@pytest.mark.parametrize(("printed", "value"), [
    ('="10-2019-0012345"', "10-2019-0012345"), ('="a ""b"""', 'a "b"'), ("'=SUM", "=SUM"), ("nan", None),
    ("NULL", None),
    ("N/A", None), ("#N/A", None), ("-", None), (float("nan"), None), ("'90s lamp", "'90s lamp"), (5, 5), (" x ", "x"),
    ("<NA>", None), ("None", None), ("", None), ("Nan Wan", "Nan Wan"),
])  # fmt: skip
def test_guards_and_words_for_nothing_are_taken_off(printed: object, value: object) -> None:
    assert cell_value(printed) == value


def test_counts() -> None:
    assert [parse_count(value) for value in ("12", "12.0", "1,200", 12.0, "", "x", -1, True, "12.5")] == [
        12, 12, 1200, 12, None, None, None, None, None,
    ]  # fmt: skip


def test_a_table_written_by_pandas_gives_the_numbers_it_was_made_of(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        ",publication_number,title,application_number,publication_year,num_claims,filing_date,cited_patents,family_id\n"
        "0,KR1020200012345A,Lid,1020180098765.0,2020.0,12.0,20180823.0,\"['US7654321B2', 'US6543210B1']\",48000001.0\n"
        "1,9234369.0,Pot,nan,2016.0,7.0,nan,nan,nan\n"
    )
    found = patents(tmp_path)
    korean, us = found["KR1020200012345A"], found["US9234369"]
    assert (korean.application, korean.claims_count, korean.family) == ("KR1020180098765", 12, "48000001")
    assert (korean.filing_date, korean.publication_date) == (date(2018, 8, 23), date(2020, 12, 31))
    assert [cited.number for cited in korean.cited_patents] == ["US7654321B2", "US6543210B1"]
    assert (us.application, us.claims_count, us.filing_date, us.cited_patents, us.family) == (None, 7, None, (), None)


def test_a_parquet_table_of_floats_gives_the_same(tmp_path: Path) -> None:
    pl.DataFrame({
        "publication_number": [9234369.0, None], "title": ["Pot", "Lid"], "num_claims": [7.0, float("nan")],
        "filing_date": [20130820, 0],
    }).write_parquet(tmp_path / "a.parquet")  # fmt: skip
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.claims_count, patent.filing_date) == ("US9234369", 7, date(2013, 8, 20))
    assert rejects(tmp_path) == [("row 2", "patents.reject_number")]


def test_spreadsheet_errors_and_cut_numbers_reject_their_row_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "publication_number,title,application_number,filing_date,notes\n"
        "US9000001B2,#NAME?,,2013-01-02,\nUS9000002B2,Rope,,########,\nKR1020200012345A,Lid,1.02018E+12,,\n"
        '="US9000003B2",Rope,"=""14/123,456""",2013-01-02,#REF!\n'
    )
    assert [reason for _, reason in rejects(tmp_path)] == [
        "patent_sources.reject_cell_error", "patent_sources.reject_cell_error", "patent_sources.reject_rounded",
    ]  # fmt: skip
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application, patent.filing_date) == ("US9000003B2", "US14123456", date(2013, 1, 2))
    assert len(read(tmp_path)) == 4
