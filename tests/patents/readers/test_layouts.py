"""Tables as people save them: titles above the header, any delimiter, any encoding, cells more or less than needed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError
from ktop.patents.readers import reader_for
from ktop.patents.readers.charsets import guessed, wide_encoding
from ktop.patents.readers.source import Source

from .reading import patents, read, rejects

KOREAN = (
    "번호,출원번호,공개번호,발명의명칭,요약,출원일자\n"
    "1,1020180098764,1020200012344,솥 뚜껑,솥의 뚜껑에 관한 것이다.,2018.08.23\n"
)
HEAD = "publication_number,title,filing_date\n"
JAPANESE = HEAD + "JP2014000001A,扉を備える窯,2012-04-25\nJP2014000002A,半導体の製造方法,2012-04-26\n"
CHINESE = HEAD + "CN104000001A,一种窑衬及其制造方法,2012-04-25\nCN104000002A,半导体装置,2012-04-26\n"
GERMAN = "publication_number,title,filing_date\nDE102014000001A1,Gerät für “Möbel” mit Größe,2012-04-25\n"


@pytest.mark.parametrize("above", [
    "키프리스 검색결과,,,,,\n검색식: 솥,,,,,\n검색일: 2024-01-02,,,,,\n,,,,,\n", "검색결과\n\n", "\n\n\n", "sep=,\n",
    "Export of 2024-01-02; 1 hit\n", "a,b\nc,d\n", '"A title, of two\nlines"\n',
])  # fmt: skip
@pytest.mark.parametrize("below", ["", "\n\n", ",,,,,\n"])
def test_the_header_is_found_below_what_stands_above_it(tmp_path: Path, above: str, below: str) -> None:
    (tmp_path / "a.csv").write_text(above + KOREAN + below, encoding="utf-8")
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application) == ("KR1020200012344A", "KR1020180098764")
    assert (patent.title, patent.filing_date) == ("솥 뚜껑", date(2018, 8, 23))
    assert rejects(tmp_path) == []


def test_a_line_is_named_as_it_is_counted_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("검색결과,,,,,\n,,,,,\n" + KOREAN + "2,,,솥,,\n", encoding="utf-8")
    assert rejects(tmp_path) == [("line 5", "patents.reject_number")]


@pytest.mark.parametrize("text", [
    "The table has a patent_id, title and abstract\nfor each patent, and more.\n\nIt was made by hand.\n",
    "| patent_id | title | abstract |\n| --- | --- | --- |\n| the number | what it is called | a summary |\n",
    "About:\n\n| patent_id | title | abstract |\n| --- | --- | --- |\n",
    "Notes\n\nUse patent_id, title, abstract\n",
])  # fmt: skip
def test_prose_that_names_the_fields_gives_no_patents(tmp_path: Path, text: str) -> None:
    (tmp_path / "README.md").write_text(text)
    assert patents(tmp_path) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_korean_tables_are_read_in_every_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    (tmp_path / "a.txt").write_bytes(KOREAN.replace(",", delimiter).replace("\n", "\r\n").encode(encoding))
    (patent,) = patents(tmp_path).values()
    assert (patent.title, patent.language, patent.filing_date) == ("솥 뚜껑", "ko", date(2018, 8, 23))


@pytest.mark.parametrize(("text", "encoding", "title"), [
    (JAPANESE, "cp932", "扉を備える窯"), (JAPANESE, "euc_jp", "扉を備える窯"),
        (CHINESE, "gb18030", "一种窑衬及其制造方法"),
    (CHINESE, "utf-16", "一种窑衬及其制造方法"), (GERMAN, "cp1252", "Gerät für “Möbel” mit Größe"),
        (JAPANESE, "utf-16-le", "扉を備える窯"),
    (GERMAN.replace("“", "").replace("”", ""), "latin-1", "Gerät für Möbel mit Größe"),
])  # fmt: skip
def test_tables_of_other_offices_are_read_in_their_encodings(
    tmp_path: Path, text: str, encoding: str, title: str
) -> None:
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert next(iter(patents(tmp_path).values())).title == title


def test_korean_far_down_an_english_file_is_read(tmp_path: Path) -> None:
    rows = "".join(f"US{9_000_000 + n}B2,Rope {n} {'x' * 60},2012-04-25\n" for n in range(2_000))
    text = (
        "publication_number,title,filing_date\n"
        + rows
        + "KR1020200012344A,압력 조절 솥의 뚜껑과 그 손잡이,2018.08.23\n"
    )
    (tmp_path / "a.csv").write_bytes(text.encode("cp949"))
    found = patents(tmp_path)
    assert (len(found), found["KR1020200012344A"].title) == (2_001, "압력 조절 솥의 뚜껑과 그 손잡이")


def test_damaged_characters_cost_their_row_and_no_other(tmp_path: Path) -> None:
    rows = "KR1020200012344A,압력 조절 밸브의 뚜껑\nKR1020200012345A,조절 밸브의 손잡이\n"
    good = f"publication_number,title\n{rows}".encode()
    (tmp_path / "a.csv").write_bytes(good + b"KR1020200012346A," + "솥뚜껑".encode()[:-1] + b"\n")
    assert set(patents(tmp_path)) == {"KR1020200012344A", "KR1020200012345A"}
    assert rejects(tmp_path) == [("line 4", "patents.reject_encoding")]


def test_text_that_was_read_in_a_wrong_encoding_before_is_no_windows_1252() -> None:
    assert guessed(b"1,Fahrzeugregelung F\xcc_r Beeintr\xcc_chtigte,R\xcc\xa6nnb\xcc_ck\n" * 9) is None
    assert guessed("Procédé de fabrication d’une clé; Größe; señal\n".encode("cp1252")) == "cp1252"
    assert wide_encoding(b"%PDF-1.4 \x00\x00\x01\x02 binary") is None
    assert wide_encoding("가가가가\t나\n다\n".encode("utf-16-le")) == "utf-16-le"


@pytest.mark.parametrize(("header", "rows"), [
    ("publication_number,title,filing_date,", "US9000001B2,Rope,2012-04-25\nUS9000002B2,Cord,2012-04-26,\n"),
    ("publication_number,title,filing_date", "US9000001B2,Rope,2012-04-25,,,\nUS9000002B2,Cord,2012-04-26\n"),
    (",publication_number,title,filing_date", "0,US9000001B2,Rope,2012-04-25\n1,US9000002B2,Cord,2012-04-26\n"),
    ("\ufeffPublication Number , Title,Filing Date", "US9000001B2,Rope,2012-04-25\nUS9000002B2,Cord,2012-04-26\n"),
    ("ＰＵＢＬＩＣＡＴＩＯＮ　ＮＵＭＢＥＲ,Title (en),Filing date",
     "US9000001B2,Rope,2012-04-25\nUS9000002B2,Cord,2012-04-26\n"),
    ('"publication\nnumber",title,filing_date', "US9000001B2,Rope,2012-04-25\nUS9000002B2,Cord,2012-04-26\n"),
])  # fmt: skip
def test_blank_cells_and_names_as_people_write_them_do_no_harm(tmp_path: Path, header: str, rows: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n{rows}", encoding="utf-8")
    assert {key: (p.title, p.filing_date) for key, p in patents(tmp_path).items()} == {
        "US9000001B2": ("Rope", date(2012, 4, 25)), "US9000002B2": ("Cord", date(2012, 4, 26)),
    }  # fmt: skip
    assert rejects(tmp_path) == []


GOOGLE = "id,title,assignee,inventor/author,priority date,filing/creation date,publication date,grant date,result link"
ROWS = [
    ["US-9100001-B2", "Anchor windlass", '"Quillmoor Works, Inc., Doe Ltd"', "Odo Fennick", "",
     "13/01/2013", "04/05/2014", "", "https://x"],
    ["US-9100002-B2", "Anchor chain", "Quillmoor Works", '"Odo Fennick, Jane Doe"', "", "03/02/2014", "05/06/2015", "", "https://x"],
]  # fmt: skip


@pytest.mark.parametrize(
    "above", ["", "search URL:,https://patents.google.com/?q=anchor\n", "sep=,\nsearch URL:,https://x\n"]
)
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_googles_download_is_read_after_others_have_saved_it(tmp_path: Path, above: str, delimiter: str) -> None:
    if delimiter == ";":
        above = above.replace(",", ";")
    lines = [GOOGLE.replace(",", delimiter), *(delimiter.join(row) for row in ROWS)]
    (tmp_path / "a.csv").write_text(above + "\n".join(lines) + "\n", encoding="utf-8")
    found = patents(tmp_path)
    first, second = found["US9100001B2"], found["US9100002B2"]
    assert (first.filing_date, first.publication_date) == (date(2013, 1, 13), date(2014, 5, 4))
    assert (second.filing_date, second.publication_date) == (date(2014, 2, 3), date(2015, 6, 5))
    assert first.applicants == ("Quillmoor Works, Inc.", "Doe Ltd")
    assert second.inventors == ("Odo Fennick", "Jane Doe")


def test_googles_dates_that_tell_no_order_are_rejected_by_line(tmp_path: Path) -> None:
    row = ",".join(["US-9100001-B2", "Anchor", "", "", "", "03/02/2014", "2015-01-02", "", "https://x"])
    (tmp_path / "a.csv").write_text(f"{GOOGLE}\n{row}\n")
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_day_or_month")]


def test_a_table_without_a_number_says_which_columns_it_has(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("제목 없음\nname,size\nRope,5\n", encoding="utf-8")
    reader = reader_for(Source("a.csv", path=path), "table")
    assert reader is not None
    with pytest.raises(InputError) as caught:
        list(reader.read(Source("a.csv", path=path)))
    assert caught.value.key == "patents.table_columns"
    assert "name, size" in catalogue.message(caught.value, "ko")
    assert read(tmp_path) == []
