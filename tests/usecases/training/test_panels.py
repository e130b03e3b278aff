"""Panels and schemes as files: Korean offices' encodings, numbers written as text, and what cannot be read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError
from ktop.usecases.training.panels import read_panel, read_scheme_file

TEXT = '기업번호,연도,업종,매출액,상태\n007,2019,전자,"1,234",true\n012,2020,-,-,false\n113,2021,기계,△5,\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_panel_is_read_as_offices_save_it(tmp_path: Path, encoding: str, separator: str) -> None:
    text = TEXT if separator == "," else TEXT.replace('"1,234"', "1234").replace(",", separator)
    (tmp_path / "panel.csv").write_bytes(text.encode(encoding))
    frame = read_panel(tmp_path / "panel.csv")
    assert frame["기업번호"].to_list() == ["007", "012", "113"], "codes keep their zeros"
    assert frame["연도"].to_list() == [2019, 2020, 2021]
    assert frame["업종"].to_list() == ["전자", None, "기계"]
    assert frame["매출액"].to_list() == [1234, None, -5]
    assert frame["상태"].to_list() == [True, False, None]


def test_a_spreadsheet_is_a_panel(tmp_path: Path) -> None:
    from ktop.usecases.uploads import write_table

    write_table(pl.DataFrame({"firm": ["a", "b"], "x": [1.5, None]}), tmp_path / "panel.xlsx")
    assert read_panel(tmp_path / "panel.xlsx")["x"].to_list() == [1.5, None]


def test_text_in_a_number_column_stays_to_be_told_of(tmp_path: Path) -> None:
    (tmp_path / "panel.csv").write_text("firm,x\na,1\nb,about 2\n")
    assert read_panel(tmp_path / "panel.csv")["x"].dtype == pl.String


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("p.csv", b"firm,x,x\na,1,2\n", "broken_table"),
        ("p.csv", b"", "broken_table"),
        ("p.parquet", b"hello", "broken_table"),
        ("p.xlsx", b"PK\x03\x04", "broken_table"),
        ("p.hwp", b"", "unknown_panel"),
    ],
)
def test_what_is_no_panel_is_said_in_one_sentence(tmp_path: Path, name: str, content: bytes, key: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_panel(tmp_path / name)
    assert caught.value.key == f"records.{key}"
    assert all(name in message(caught.value, lang) for lang in LANGS)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "scheme_not_mapping"),
        (b"- a\n- b\n", "scheme_not_mapping"),
        (b"a: 1\nb: 2\na: 3\n", "scheme_not_yaml"),
        (b"a: &x [1]\nb: *x\n", "scheme_not_yaml"),
        (b"a: [1\n", "scheme_not_yaml"),
        ("title: 제목\n".encode("cp949"), "scheme_not_utf8"),
    ],
)
def test_what_is_no_scheme_is_said_in_one_sentence(tmp_path: Path, content: bytes, key: str) -> None:
    (tmp_path / "s.yaml").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_scheme_file(tmp_path / "s.yaml")
    assert caught.value.key == f"records.{key}"
    assert all("s.yaml" in message(caught.value, lang) for lang in LANGS)
