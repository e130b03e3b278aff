"""XML that people have joined, cut off or saved in another encoding: every document read, or told where it breaks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import xml_safe

from .reading import patents, read, rejects

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
DOCTYPE = '<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v45-2014-04-03.dtd" [ ]>\n'


def grant(number: int, abstract: str = "A mast.") -> str:
    return (
        "<us-patent-grant><us-bibliographic-data-grant><publication-reference><document-id><country>US</country>"
        f"<doc-number>0{number}</doc-number><kind>B2</kind><date>20160105</date></document-id></publication-reference>\n"
        f"<invention-title>Mast {number}</invention-title></us-bibliographic-data-grant>"
        f"<abstract>{abstract}</abstract></us-patent-grant>\n"
    )


def answer(number: int) -> str:
    return (
        "<response><header><resultCode>00</resultCode></header><body><items><item>"
        f"<applicationNumber>10201800{number}</applicationNumber><openNumber>10202000{number}</openNumber>"
        f"<inventionTitle>솥 {number}</inventionTitle></item></items></body></response>\n"
    )


GRANTS = {f"US{number}B2" for number in (9_100_001, 9_100_002, 9_100_003)}


@pytest.mark.parametrize("between", ["", "\ufeff", "\x1a", "\x00\x00", "\r\n\ufeff", "\x1a\ufeff", "\n\n \t"])
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "bare"])
@pytest.mark.parametrize("doctype", ["", DOCTYPE], ids=["", "doctype"])
def test_documents_are_read_whatever_stands_between_them(
    tmp_path: Path, between: str, declared: bool, doctype: str
) -> None:
    opening = (DECLARATION if declared else "") + doctype
    joined = "".join(between + opening + grant(number) for number in (9_100_001, 9_100_002, 9_100_003)) + between
    (tmp_path / "all.xml").write_text(joined, encoding="utf-8")
    assert set(patents(tmp_path)) == GRANTS
    assert rejects(tmp_path) == []


def test_answers_of_a_service_may_be_joined_and_a_broken_one_costs_no_other(tmp_path: Path) -> None:
    joined = "".join("\ufeff" + DECLARATION + answer(number) for number in (12_341, 12_342, 12_343))
    (tmp_path / "all.xml").write_text(joined, encoding="utf-8")
    assert set(patents(tmp_path)) == {f"KR10202000{number}A" for number in (12_341, 12_342, 12_343)}
    (tmp_path / "all.xml").write_text(joined.replace("솥 12342<", "솥 <<", 1), encoding="utf-8")
    assert set(patents(tmp_path)) == {f"KR10202000{number}A" for number in (12_341, 12_343)}
    assert [reason for _, reason in rejects(tmp_path)] == ["patents.reject_xml"]


@pytest.mark.parametrize("hidden", [
    "<![CDATA[<?xml version='1.0'?><us-patent-grant/>]]>", "<!-- <?xml version='1.0'?> -->",
    "<![CDATA[ <!-- ]]><![CDATA[<?xml version='1.0'?>]]>",
])  # fmt: skip
def test_a_declaration_within_cdata_or_a_comment_begins_no_document(
    tmp_path: Path, hidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(DECLARATION + grant(number, f"A {hidden} mast.") for number in (9_100_001, 9_100_002, 9_100_003))
    (tmp_path / "all.xml").write_text(text)
    for chunk in (1 << 20, 97, 31):
        monkeypatch.setattr(xml_safe, "_CHUNK", chunk)
        assert set(patents(tmp_path)) == GRANTS


def test_cdata_that_is_cut_off_hides_no_document(tmp_path: Path) -> None:
    cut = DECLARATION + grant(9_100_001, "A <![CDATA[mast")[:-60].partition("]]>")[0]
    rest = "".join(DECLARATION + grant(number, "A <![CDATA[<b>]]> mast.") for number in (9_100_002, 9_100_003))
    (tmp_path / "all.xml").write_text(cut + rest)
    assert set(patents(tmp_path)) == GRANTS - {"US9100001B2"}
    assert [reason for _, reason in rejects(tmp_path)] == ["patents.reject_xml"]


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-16", "utf-8"), ("UTF-8", "cp949"), ("euc-kr", "utf-8"), ("EUC-KR", "cp949"), ("ks_c_5601-1987", "cp949"),
        ("MS949", "cp949"), ("UTF-8", "utf-16"), ("UTF-16", "utf-16-le"), ("utf-16", "utf-16-be"),
        ("iso-8859-1", "utf-8"),
        ("UTF-8", "utf-8-sig"), ("UTF-8", "utf-32"), ("GB2312", "utf-8"), ("UTF-8", "cp949"),
    ],
)  # fmt: skip
def test_what_a_document_is_written_in_goes_before_what_it_declares(
    tmp_path: Path, declared: str, written: str
) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + answer(12_345).replace("솥 12345", "압력 조절 솥의 뚜껑")
    (tmp_path / "a.xml").write_bytes(text.encode(written))
    assert patents(tmp_path)["KR1020200012345A"].title == "압력 조절 솥의 뚜껑"


@pytest.mark.parametrize(
    ("declared", "written", "title"),
    [
        ("shift_jis", "cp932", "半導体装置の製造方法"), ("UTF-8", "cp932", "扉を備える装置およびその方法"),
        ("GBK", "gb18030", "一种窑衬及其制造方法"), ("euc-jp", "euc_jp", "扉を備える装置"),
        ("Big5", "big5", "半導體裝置"),
        ("iso-8859-1", "cp1252", "Gerät für „Möbel“"), ("UTF-8", "cp1252", "Procédé à clé pour pièce"),
        ("ISO-8859-1", "latin-1", "Gerät für Möbel"),
    ],
)  # fmt: skip
def test_other_encodings_are_read_as_declared_and_told_where_wrongly_declared(
    tmp_path: Path, declared: str, written: str, title: str
) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?>\n' + grant(9_100_001).replace("Mast 9100001", title)
    (tmp_path / "a.xml").write_bytes(text.encode(written))
    assert patents(tmp_path)["US9100001B2"].title == title


def test_an_encoding_that_is_unknown_or_fits_nothing_is_named(tmp_path: Path) -> None:
    for declared, title in (("ebcdic-x", b"Mast"), ("UTF-8", b"\xff\xfe\x81 mast \x9d\x81\xff")):
        text = f'<?xml version="1.0" encoding="{declared}"?>\n' + grant(9_100_001)
        (tmp_path / "a.xml").write_bytes(text.encode().replace(b"Mast 9100001", title))
        with pytest.raises(InputError) as caught:
            read(tmp_path)
        assert caught.value.key == "patents.xml_encoding"
        assert declared.lower() in catalogue.message(caught.value, "en").lower()


@pytest.mark.parametrize(
    ("text", "place", "expected", "found"),
    [
        ("<us-patent-grant>\n<abstract>a</title></us-patent-grant>", (2, 14), "</abstract>", "</title>"),
        ("<us-patent-grant>\n<abstract>a mast", (2, 17), "</abstract>", "the end of the file"),
        ("<us-patent-grant>\n<a>3 < 4</a></us-patent-grant>", (2, 7), "well-formed XML", "4</a></us-patent-grant>"),
        ("<us-patent-grant>\n<a b='1' b='2'/></us-patent-grant>", (2, 10), "each attribute once", "b='2'/>"),
        ("<us-patent-grant>\n</us-patent-grant>\nor else", (3, 1), "the end of the file", "or else"),
        ("<us-patent-grant>\n\x0b</us-patent-grant>", (2, 1), "well-formed XML", "U+000B</us-patent-grant>"),
    ],
)  # fmt: skip
def test_broken_xml_says_where_what_was_expected_and_what_was_found(
    tmp_path: Path, text: str, place: tuple[int, int], expected: str, found: str
) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    told = catalogue.message(caught.value, "en")
    assert caught.value.key == "patents.xml_broken"
    assert f"a.xml is not well-formed XML at line {place[0]}, column" in told
    assert f"expected {expected}" in told and f"found {found}"[:30] in told
    assert "a.xml" in catalogue.message(caught.value, "ko") and f"{place[0]}번째 줄" in catalogue.message(
        caught.value, "ko"
    )


def test_a_broken_record_among_others_says_the_same_in_both_languages(tmp_path: Path) -> None:
    bad = DECLARATION + grant(9_100_002).replace("</abstract>", "</title>")
    (tmp_path / "a.xml").write_text(DECLARATION + grant(9_100_001) + bad + DECLARATION + grant(9_100_003))
    report = import_paths(tmp_path / "corpus", [tmp_path / "a.xml"])
    assert (report.patents_in_corpus, report.rejected) == (2, 1)
    (line,) = (tmp_path / "corpus" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    rejected = json.loads(line)
    assert rejected["where"] == "line 6"
    assert rejected["message"]["en"] == "Not well-formed XML: expected </abstract>, found </title>."
    assert "</abstract>" in rejected["message"]["ko"] and "</title>" in rejected["message"]["ko"]
