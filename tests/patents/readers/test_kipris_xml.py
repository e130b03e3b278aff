"""KIPRIS Plus answers: searches of both interfaces, details, service errors and other rights."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ktop.domain.patent.document import Patent, PatentCitation
from ktop.kernel.errors import InputError

from .reading import patents, read, rejects

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def answer(body: str, code: str = "") -> str:
    return f"{HEAD}<response><header><resultCode>{code}</resultCode></header><body>{body}</body></response>"


SEARCH = answer(
    """<items><PatentUtilityInfo><Applicant>가상상사 주식회사|홍길동</Applicant>
<ApplicationDate>20150729</ApplicationDate>
<ApplicationNumber>2020150005106</ApplicationNumber><Abstract>본 고안은 통에 관한 것이다.</Abstract>
<InventionName>방차통</InventionName><InternationalpatentclassificationNumber>H02G 11/02|B65H 75/14
</InternationalpatentclassificationNumber><OpeningDate>20170208</OpeningDate><OpeningNumber>2020170000524</OpeningNumber>
<PublicDate>20170209</PublicDate><RegistrationDate>20170202</RegistrationDate>
<RegistrationNumber>2004825760000</RegistrationNumber><RegistrationStatus>등록</RegistrationStatus></PatentUtilityInfo>
<PatentUtilityInfo><ApplicationNumber>1020230132011</ApplicationNumber><InventionName>광케이블</InventionName>
<OpeningNumber></OpeningNumber><RegistrationNumber>1026507480000</RegistrationNumber></PatentUtilityInfo>
<PatentUtilityInfo><ApplicationNumber>1020230132012</ApplicationNumber><InventionName>번호 없음</InventionName>
</PatentUtilityInfo></items>"""
)
DETAIL = answer(
    """<item><biblioSummaryInfoArray><biblioSummaryInfo><applicationNumber>10-2019-0012345</applicationNumber>
<applicationDate>2019.01.30</applicationDate><inventionTitle>통</inventionTitle><openNumber>10-2020-0099999</openNumber>
<openDate>2020.08.10</openDate><claimCount>7</claimCount></biblioSummaryInfo></biblioSummaryInfoArray>
<ipcInfoArray><ipcInfo><ipcNumber>A61B 5/00</ipcNumber></ipcInfo></ipcInfoArray>
<abstractInfoArray><abstractInfo><astrtCont>통에 관한 것이다.</astrtCont></abstractInfo></abstractInfoArray>
<claimInfoArray><claimInfo><claim>뚜껑을 포함하는 통.</claim></claimInfo></claimInfoArray>
<applicantInfoArray><applicantInfo><name>가상상사 주식회사</name></applicantInfo></applicantInfoArray>
<priorArtDocumentsInfoArray><priorArtDocumentsInfo><documentsNumber>KR1020100012345 A</documentsNumber>
<examinerQuotationFlag>Y</examinerQuotationFlag></priorArtDocumentsInfo></priorArtDocumentsInfoArray></item>""",
    "00",
)


def test_search_records_go_by_their_opening_else_their_registration(tmp_path: Path) -> None:
    (tmp_path / "search.xml").write_text(SEARCH, encoding="utf-8")
    found = patents(tmp_path)
    assert list(found) == ["KR2020170000524U", "KR102650748B1"]
    model = found["KR2020170000524U"]
    assert model.also_published_as == ("KR200482576Y1",)
    assert (model.filing_date, model.publication_date) == (date(2015, 7, 29), date(2017, 2, 8))
    assert (model.grant_date, model.status, model.language) == (date(2017, 2, 2), "등록", "ko")
    assert model.ipc == ("H02G11/02", "B65H75/14")
    assert model.applicants == ("가상상사 주식회사", "홍길동")
    assert model.claims_count is None, "the search does not say, and missing is never zero"
    assert rejects(tmp_path) == [("record 3", "patents.reject_number")]


def test_details_are_read_from_their_deeper_fields(tmp_path: Path) -> None:
    (tmp_path / "detail.xml").write_text(DETAIL, encoding="utf-8")
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application) == ("KR1020200099999A", "KR1020190012345")
    assert (patent.filing_date, patent.claims_count) == (date(2019, 1, 30), 7)
    assert (patent.abstract, patent.first_claim) == ("통에 관한 것이다.", "뚜껑을 포함하는 통.")
    assert patent.cited_patents == (PatentCitation("KR1020100012345A", "examiner"),)


def test_a_service_error_is_told_as_such_and_not_taken_for_no_data(tmp_path: Path) -> None:
    (tmp_path / "error.xml").write_text(answer("", "30"), encoding="utf-8")
    assert rejects(tmp_path) == [("header", "patents.reject_service_answer")]
    (tmp_path / "error.xml").write_text(answer("<items><totalCount>0</totalCount></items>"), encoding="utf-8")
    assert read(tmp_path) == []


def test_other_rights_are_rejected_by_name(tmp_path: Path) -> None:
    body = "<items><TradeMarkInfo><Title>X</Title></TradeMarkInfo></items>"
    (tmp_path / "mark.xml").write_text(answer(body), encoding="utf-8")
    assert rejects(tmp_path) == [("TradeMarkInfo 1", "patents.reject_not_patent")]


def test_a_cut_off_answer_is_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "cut.xml").write_text(SEARCH[:900], encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.key == "patents.xml_broken"


@pytest.mark.real_data
def test_all_records_of_the_stored_answers_are_read(shared_data: Path) -> None:
    folder = shared_data / "patents" / "raw" / "kipris_plus_xml"
    found = [record for record in read(folder) if isinstance(record, Patent)]
    assert len(found) == 92 + 14 + 33 + 6
    assert all(patent.id.startswith("KR") and patent.title and patent.filing_date for patent in found)
    reasons = [reason for _, reason in rejects(folder)]
    assert reasons == ["patents.reject_not_patent"] * 7, "two designs and five trademarks"
    drum = next(patent for patent in found if patent.application == "KR2020150005106")
    assert (drum.id, drum.title, drum.grant_date) == ("KR2020170000524U", "방차통", date(2017, 2, 2))
    assert drum.ipc == ("H02G11/02", "B65H75/14", "B65H75/34")
