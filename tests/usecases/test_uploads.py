"""Files a user hands over: read within limits, refused with one sentence, written whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path

import polars as pl
import pytest

from ktop.kernel.errors import InputError, TooLargeError
from ktop.usecases.uploads import (
    RECORD_LIMIT_BYTES,
    parse_record,
    read_record,
    read_table,
    read_text,
    require_table_ending,
    write_table,
)


def test_yaml_and_json_give_the_same_record() -> None:
    assert parse_record("name: 한빛\nceo: {industry_years: 12}\n") == parse_record(
        '{"name": "한빛", "ceo": {"industry_years": 12}}'
    )


def test_yaml_figures_are_read_as_people_mean_them() -> None:
    record = parse_record(
        "industry: 01110\nsales: 6_420_000\nshare: 1.5\nloss: -3\ntime: 12:30\nzero: 0\nday: 2024-12-31\n"
    )
    day = record.pop("day")
    assert record == {"industry": "01110", "sales": 6_420_000, "share": 1.5, "loss": -3, "time": "12:30", "zero": 0}
    assert day.isoformat() == "2024-12-31"


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ('{"name": "a", }', "records.not_json"),
        ("name: [1, 2", "records.not_yaml"),
        ("a: &x [1]\nb: *x\n", "records.not_yaml"),
        ("name: a\nname: b\n", "records.not_yaml"),
        ('{"name": "a", "name": "b"}', "records.key_twice"),
        ("- 1\n- 2\n", "records.not_a_mapping"),
        ("", "records.not_a_mapping"),
        (b"\xff\xfe\x00", "records.not_utf8"),
        ("[" * 100_000, "records.not_yaml"),
    ],
)
def test_what_is_no_record_is_refused_with_its_reason(source: str | bytes, key: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_record(source)
    assert caught.value.key == key


def test_sizes_are_checked_before_reading(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (RECORD_LIMIT_BYTES + 1))
    with pytest.raises(TooLargeError):
        read_record(large)
    with pytest.raises(TooLargeError):
        read_text(large)
    with pytest.raises(InputError) as caught:
        read_text(tmp_path / "absent.txt")
    assert caught.value.key == "cli.file_not_found"


@pytest.mark.parametrize("ending", ["xlsx", "csv", "parquet"])
def test_a_table_survives_being_written_and_read(tmp_path: Path, ending: str) -> None:
    frame = pl.DataFrame({"company_id": ["0001", "0002"], "name": ["한빛", None], "sales_krw_t0": [1.5e9, None]})
    path = tmp_path / f"table.{ending}"
    write_table(frame, path, {"company_id": "기업 번호"})
    back = read_table(path)
    assert back.columns == frame.columns
    assert back.get_column("company_id").to_list() == ["0001", "0002"]
    assert back.get_column("name").to_list() == ["한빛", None]
    assert [None if v in (None, "") else float(v) for v in back.get_column("sales_krw_t0")] == [1.5e9, None]
    assert [p.name for p in tmp_path.iterdir()] == [path.name], "no half-written file stays behind"


@pytest.mark.parametrize("ending", ["xlsx", "csv"])
def test_text_never_becomes_a_formula(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    write_table(pl.DataFrame({"name": ['=HYPERLINK("http://example.invalid")']}), path)
    if ending == "csv":
        assert read_table(path).item(0, 0).startswith("'=")
    else:
        from python_calamine import CalamineWorkbook

        assert CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[2] == [
            '=HYPERLINK("http://example.invalid")'
        ]


def test_a_broken_table_is_refused(tmp_path: Path) -> None:
    for ending in ("xlsx", "parquet"):
        path = tmp_path / f"broken.{ending}"
        path.write_bytes(b"not a table")
        with pytest.raises(InputError) as caught:
            read_table(path)
        assert caught.value.key == "records.broken_table"
    with pytest.raises(InputError) as caught:
        write_table(pl.DataFrame(), tmp_path / "table.doc")
    assert caught.value.key == "records.unknown_table"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_as_korean_spreadsheets_save_it(tmp_path: Path, encoding: str, separator: str) -> None:
    path = tmp_path / "표 [1].csv"
    path.write_bytes(f"번호{separator}기술개요\r\n1{separator}자궁경부 세포 판독\r\n".encode(encoding))
    assert read_table(path).to_dicts() == [{"번호": "1", "기술개요": "자궁경부 세포 판독"}]


SHEET = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
CORNERS = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="ALL1048576"><v>1</v></c></row>'


def test_a_small_spreadsheet_that_asks_for_all_memory_costs_only_its_own_reading(tmp_path: Path) -> None:
    sound, trap = tmp_path / "sound.xlsx", tmp_path / "trap.xlsx"
    write_table(pl.DataFrame({"text": ["words"]}), sound)
    with zipfile.ZipFile(sound) as read, zipfile.ZipFile(trap, "w", zipfile.ZIP_DEFLATED) as write:
        for name in read.namelist():
            content = SHEET + CORNERS + "</sheetData></worksheet>" if name.endswith("sheet1.xml") else read.read(name)
            write.writestr(name, content)
    assert trap.stat().st_size < 20_000
    with pytest.raises(InputError) as caught:
        read_table(trap)
    assert caught.value.key == "records.broken_table"


def test_a_place_that_cannot_hold_the_answer_is_told_beforehand(tmp_path: Path) -> None:
    require_table_ending(tmp_path / "new" / "folder" / "out.csv")
    (tmp_path / "file").write_text("words", "utf-8")
    for path, key in (
        (tmp_path / "file" / "out.csv", "records.out_not_writable"),
        (tmp_path / "out.doc", "records.unknown_table"),
    ):
        with pytest.raises(InputError) as caught:
            require_table_ending(path)
        assert caught.value.key == key
