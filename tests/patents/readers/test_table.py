"""Patent tables: columns found by name or by the user's map, every printed form of dates, numbers and lists."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ktop.domain.patent.document import PatentCitation
from ktop.kernel.errors import InputError
from ktop.patents.readers import CitationLink, Sample, reader_for, readers
from ktop.patents.readers.source import Source, sources

from .reading import patents, read, rejects


def test_a_bare_us_table_gets_ids_with_the_office(tmp_path: Path) -> None:
    pl.DataFrame(
        {
            "patent_number": ["6975802", "RE39123", "x"],
            "title": ["Waveguide", "Lamp", "Lamp"],
            "abstract": ["A guide &amp; more.", "<p>A lamp</p>", ""],
            "desc_excerpt": ["It is old.", None, None],
            "filing_date": [date(2005, 5, 26), None, None],
            "assignee": ["Invented Inc.", None, None],
            "family_group": ["6975802", "39123", None],
        }
    ).write_parquet(tmp_path / "patents.parquet")
    found = patents(tmp_path)
    assert list(found) == ["US6975802", "USRE39123"]
    guide = found["US6975802"]
    assert (guide.abstract, guide.description, guide.family) == ("A guide & more.", "It is old.", "6975802")
    assert (guide.applicants, guide.filing_date, guide.publication_date) == (
        ("Invented Inc.",),
        date(2005, 5, 26),
        None,
    )
    assert found["USRE39123"].abstract == "A lamp"
    assert rejects(tmp_path) == [("row 3", "patents.reject_number")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_korean_export_is_read_in_either_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = [
        ["발명의 명칭", "출원번호", "출원일자", "공개번호", "등록번호", "IPC분류", "출원인", "요약"],
        ["통", "10-2019-0012345", "2019.01.30", "10-2020-0099999", "", "A61B 5/00|G06F 17/30", "가상상사", "통이다."],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "export.csv").write_bytes(text.encode(encoding))
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application) == ("KR1020200099999A", "KR1020190012345")
    assert (patent.title, patent.filing_date, patent.language) == ("통", date(2019, 1, 30), "ko")
    assert (patent.ipc, patent.applicants) == (("A61B5/00", "G06F17/30"), ("가상상사",))


def test_rows_that_cannot_be_taken_say_why(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "publication_number,title,abstract,filing_date\n"
        "US7000001B2,Lamp,,2005-13-40\n"
        "US7000002B2,,,2005-01-02\n"
        ",Lamp,,\n"
        "US7000003B2,Lamp,,2005-01-02,surplus\n"
        '"US7000004B2","A lamp,\nlit",,20050102\n'
    )
    assert rejects(tmp_path) == [
        ("line 2", "patents.reject_date"),
        ("line 3", "patents.reject_no_text"),
        ("line 4", "patents.reject_number"),
        ("line 5", "patents.reject_columns"),
    ]
    (patent,) = patents(tmp_path).values()
    assert (patent.title, patent.filing_date) == ("A lamp,\nlit", date(2005, 1, 2))


def test_absent_values_stay_absent(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("publication_number,title,claims_count,ipc,cites\nUS7000001B2,Lamp,,,\n")
    (patent,) = patents(tmp_path).values()
    assert (patent.claims_count, patent.abstract, patent.filing_date) == (None, None, None)
    assert (patent.ipc, patent.cited_patents) == ((), ())


def test_the_users_column_map_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("key,words,title\nUS7000001B2,Lamp,not this\n")
    (source,) = sources([path])
    table = readers()["table"]
    (patent,) = table.read(source, {"number": "key", "title": "words"})
    assert patent.title == "Lamp"  # type: ignore[union-attr]
    for column_map, key in (
        ({"number": "absent"}, "patents.column_map_column"),
        ({"numbr": "key"}, "patents.column_map_field"),
    ):
        with pytest.raises(InputError) as caught:
            list(table.read(source, column_map))
        assert caught.value.key == key


def test_a_citation_table_gives_links(tmp_path: Path) -> None:
    pl.DataFrame({"citing": ["6981339", None], "cited": ["4000566", "1"], "kind": ["intext", "intext"]}).write_parquet(
        tmp_path / "citations.parquet"
    )
    found = read(tmp_path)
    assert found[0] == CitationLink("US6981339", "US4000566", "intext")
    assert rejects(tmp_path) == [("row 2", "patents.reject_number")]


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"just words\nand more\n", b"a,b\n1,2\n", b"PAR1nonsense"])
def test_what_is_no_patent_source_is_not_taken_for_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    reader = reader_for(Source("thing", path=path))
    if reader is not None:  # a Parquet file by its mark: asked for its columns, then refused
        with pytest.raises(InputError):
            list(reader.read(Source("thing", path=path)))


def test_formats_are_found_by_content_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "table.xml"
    path.write_text("publication_number,title\nUS7000001B2,Lamp\n")
    assert [name for name, reader in readers().items() if reader.recognises(Sample(Source("x", path=path)))] == [
        "table"
    ]


@pytest.mark.real_data
def test_real_layouts_are_read_whole(shared_data: Path) -> None:
    sets = shared_data / "patents"
    korean = patents(sets / "kr_kipris_1329" / "patents.parquet")
    assert len(korean) == 1051
    tester = next(patent for patent in korean.values() if patent.application == "KR1020220062084")
    assert (tester.id, tester.also_published_as) == ("KR1020230162338A", ("KR102725142B1",))
    assert (tester.filing_date, tester.grant_date) == (date(2022, 5, 20), date(2024, 10, 29))
    course = patents(sets / "nus_retrieval_2244" / "patents.parquet")
    assert len(course) == 2244
    assert course["EP0049154B2"].cited_patents == (PatentCitation("EP0047956A"),)
    assert course["EP0049154B2"].ipc == ("B08B5/00", "C02F3/20")
    google = patents(sets / "us_bigquery_10k" / "patents.parquet")
    assert len(google) == 8028
    assert [cited.number for cited in google["US4058776A"].cited_patents] == ["US3792375A", "US3882420A"]
    assert "US20040137729A1" in google, "a serial that lost its leading zero gets it back"


def test_a_carriage_return_within_the_header_makes_it_no_table(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_bytes(b"patent_id\rtitle,x\nUS7000001B2,Lamp\n")
    assert read(tmp_path) == []
