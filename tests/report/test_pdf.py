"""PDF reports: readable text in both languages, archivable and tagged, the same bytes twice, user text inert."""

from __future__ import annotations

import io
import re
from typing import Any

import invented
import pytest
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from ktop.catalogue import Lang
from ktop.kernel.errors import InputError
from ktop.report.pdf import company_report, report, technology_report

BOTH: tuple[Lang, ...] = ("ko", "en")


def words_of(content: bytes) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def test_korean_company_report_can_be_read() -> None:
    content = company_report([invented.tech_index(), invented.ktrs_fm()], "ko")
    read = words_of(content)
    for expected in ("가온정밀 주식회사", "혁신성장역량지수", "70.9", "위험등급", "미입력", "대표자의 동업종 경력이"):
        assert expected in read
    assert "tech-index 버전 1.0.0" in read
    assert "가상 기업 자료로 학습" in read
    assert "2026년 3월 31일" in read


def test_english_company_report_is_english() -> None:
    rating = invented.ktrs_fm(inputs=())
    read = words_of(company_report([rating], "en"))
    assert "An open reconstruction trained on synthetic firms" in read
    assert not re.search("[가-힣]", read)


def test_contributions_stand_in_the_report() -> None:
    rating = invented.tech_index()
    read = words_of(company_report([rating], "en"))
    for part in rating["contributions"]:
        points = part["points"]
        assert f"{'+' if points > 0 else '−'}{abs(points):.2f}" in read


@pytest.mark.parametrize("lang", BOTH)
def test_technology_report_can_be_read(lang: Lang) -> None:
    read = words_of(technology_report(invented.originality(), lang, "본 기술은 필름에 관한 것이다."))
    assert "KR1020190000001A" in read
    assert "71.3" in read
    assert "본 기술은 필름에 관한 것이다." in read


def objects_of(document: PdfReader) -> list[Any]:
    """Return every object that a file holds, so that nothing hides behind a page."""
    numbers = {number for table in document.xref.values() for number in table} | set(document.xref_objStm)
    return [document.get_object(IndirectObject(number, 0, document)) for number in sorted(numbers) if number]


@pytest.mark.parametrize("lang", BOTH)
@pytest.mark.parametrize("made", [invented.ktrs_fm, invented.originality], ids=["company", "technology"])
def test_report_is_built_as_pdf_a_2a_and_pdf_ua_1_ask(lang: Lang, made: Any) -> None:
    # What the two standards ask of a file's structure; that every rule of theirs holds is left to a validator.
    content = report([made()], lang, technology_text="본 기술은 漢字 필름에 관한 것이다.")
    document = PdfReader(io.BytesIO(content))
    root: Any = document.trailer["/Root"]
    metadata = root["/Metadata"].get_data().decode()
    for claim in ("<pdfaid:part>2<", "<pdfaid:conformance>A<", "<pdfuaid:part>1<", "<dc:title>"):
        assert claim in metadata
    assert "/Encrypt" not in document.trailer and document.trailer["/ID"]
    assert str(root["/Lang"]) == lang and root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] and document.metadata and document.metadata.title
    (intent,) = root["/OutputIntents"]
    assert intent.get_object()["/S"] == "/GTS_PDFA1" and intent.get_object()["/DestOutputProfile"].get_object()
    found = [one for one in objects_of(document) if isinstance(one, dict)]
    acts = {"/JavaScript", "/JS", "/Launch", "/OpenAction", "/AA", "/EmbeddedFiles", "/XFA"}
    assert not [one for one in found if acts & set(one) or one.get("/S") in acts]
    fonts = [one for one in found if one.get("/Type") == "/FontDescriptor"]
    assert fonts and all({"/FontFile2", "/FontFile3"} & set(one) and "NotoSans" in one["/FontName"] for one in fonts)
    assert not [one for one in found if one.get("/Type") == "/Font" and one["/Subtype"] in ("/Type1", "/TrueType")]
    assert all(one.get("/ToUnicode") for one in found if one.get("/Subtype") == "/Type0")
    elements = [one for one in found if one.get("/Type") == "/StructElem"]
    kinds = {one["/S"] for one in elements}
    assert root["/StructTreeRoot"]["/K"] and {"/H1", "/H2", "/P", "/Table", "/TH", "/TD", "/Figure", "/TOC"} <= kinds
    assert all(str(one.get("/Alt", "")).strip() for one in elements if one["/S"] == "/Figure")
    assert all(page["/Tabs"] == "/S" and "/StructParents" in page for page in document.pages)
    assert all(one.get("/Contents") for one in found if one.get("/Subtype") == "/Link")


def test_a_report_has_cover_contents_summary_and_appendix() -> None:
    content = company_report([invented.tech_index(), invented.ktrs_fm()], "ko")
    pages = [re.sub(r"\s+", " ", page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages]
    assert "차례" in pages[0]
    assert "서명하지 않은 사본" in pages[0]
    assert pages[1].startswith("한눈에 보기")
    read = " ".join(pages)
    for heading in ("방법과 한계", "등급의 뜻", "용어 풀이"):
        assert read.count(heading) >= 2  # in the contents and where it stands
    assert "R1이 가장 안전하고" in read


def test_a_long_korean_summary_can_be_printed() -> None:
    words = [f"기술{number}은" for number in range(900)]
    read = words_of(technology_report(invented.originality(), "ko", " ".join(words)))
    assert words[0] in read
    assert words[500] in read


def test_same_rating_gives_the_same_bytes() -> None:
    assert company_report([invented.tech_index()], "ko") == company_report([invented.tech_index()], "ko")


INJECTIONS = [
    '#panic("x")',
    "*bold* _emph_ $x^2$ `raw` = heading",
    '#read("/etc/passwd") #include "look.typ"',
    "] #text(red)[x] [",
    "// comment /* block */ \\ \\u{41} <label> @ref ~ --- \"quoted\" 'single'",
    '{"json": true}, ", \\n',
    "<svg><script>alert(1)</script></svg> & ]]> <!--",
]


@pytest.mark.parametrize("evil", INJECTIONS)
def test_user_text_is_printed_and_never_run(evil: str) -> None:
    subject = {"name": evil, "name_en": evil}
    rating = invented.tech_index(subject=subject)
    rating["inputs"].append({"name": "note", "value": evil, "source": evil, "date": None})
    read = words_of(report([rating], "ko", technology_text=evil))
    plain = re.sub(r"\s+", "", read)
    assert re.sub(r"\s+", "", evil) in plain


def test_strange_characters_do_not_stop_a_report() -> None:
    strange = "가\x00\x07\u200b\ue000\ufffe\U000f0000😀漢字ㄱ\u202e" + "긴말" * 400
    content = report([invented.tech_index(subject={"name": strange})], "ko", technology_text=strange)
    assert "漢字" in words_of(content)


def test_nothing_to_report_is_said() -> None:
    with pytest.raises(InputError):
        company_report([], "ko")
