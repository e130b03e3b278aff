"""USPTO XML of all versions: invented documents field by field, and real files against values checked by eye."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from ktop.domain.patent.document import LiteratureCitation, PatentCitation
from ktop.kernel.errors import InputError

from .reading import patents, read, rejects

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
GRANT_4 = f"""{HEAD}<!DOCTYPE us-patent-grant SYSTEM "us-patent-grant-v45-2014-04-03.dtd" [ ]>
<us-patent-grant lang="EN" country="US">
<us-bibliographic-data-grant>
<publication-reference><document-id><country>US</country><doc-number>07123456</doc-number><kind>B2</kind>
<date>20061017</date></document-id></publication-reference>
<application-reference appl-type="utility"><document-id><country>US</country><doc-number>09123456</doc-number>
<date>20010302</date></document-id></application-reference>
<classifications-ipcr><classification-ipcr><section>B</section><class>60</class><subclass>L</subclass>
<main-group>9</main-group><subgroup>00</subgroup></classification-ipcr></classifications-ipcr>
<classifications-cpc><main-cpc><classification-cpc><section>B</section><class>60</class><subclass>L</subclass>
<main-group>11</main-group><subgroup>1809</subgroup></classification-cpc></main-cpc></classifications-cpc>
<invention-title id="d1">Kettle with <i>two</i> spouts</invention-title>
<us-references-cited>
<us-citation><patcit num="1"><document-id><country>US</country><doc-number>554139</doc-number><kind>A</kind>
<date>18960200</date></document-id></patcit><category>cited by examiner</category></us-citation>
<us-citation><patcit num="2"><document-id><country>KR</country><doc-number>10-2009-0012345</doc-number><kind>A</kind>
</document-id></patcit><category>cited by applicant</category></us-citation>
<us-citation><nplcit num="3"><othercit>Invented, A., &#x201c;Spouts&#x201d;, 1999.</othercit></nplcit>
<category>cited by applicant</category></us-citation>
</us-references-cited>
<number-of-claims>2</number-of-claims>
<us-parties><us-applicants><us-applicant app-type="applicant"><addressbook><orgname>Invented Kettles Inc.</orgname>
</addressbook></us-applicant></us-applicants>
<inventors><inventor><addressbook><last-name>Doe</last-name><first-name>Jo</first-name></addressbook></inventor>
</inventors></us-parties>
</us-bibliographic-data-grant>
<abstract id="abstract"><p>A kettle pours at x &lt; 3 bar &#x26; twice.</p></abstract>
<description><heading>FIELD</heading><p>It is about kettles.</p></description>
<claims><claim id="c1" num="1"><claim-text><b>1</b>. A kettle comprising:
<claim-text>two spouts.</claim-text></claim-text></claim>
<claim id="c2" num="2"><claim-text><b>2</b>. The kettle of claim 1.</claim-text></claim></claims>
</us-patent-grant>
"""
GRANT_2 = f"""{HEAD}<!DOCTYPE PATDOC SYSTEM "ST32-US-Grant-025xml.dtd" [
<!ENTITY D1.TIF SYSTEM "D1.TIF" NDATA TIF>
]>
<PATDOC DTD="2.5"><SDOBI><B100><B110><DNUM><PDAT>06336130</PDAT></DNUM></B110><B130><PDAT>B1</PDAT></B130>
<B140><DATE><PDAT>20020101</PDAT></DATE></B140><B190><PDAT>US</PDAT></B190></B100>
<B200><B210><DNUM><PDAT>09413215</PDAT></DNUM></B210><B220><DATE><PDAT>19991005</PDAT></DATE></B220></B200>
<B500><B510><B511><PDAT>A47L  514</PDAT></B511><B512><PDAT>G06F 1516</PDAT></B512></B510>
<B540><STEXT><PDAT>Broom</PDAT></STEXT></B540>
<B560><B561><PCIT><DOC><DNUM><PDAT>D. 271298</PDAT></DNUM></DOC></PCIT><CITED-BY-EXAMINER/></B561>
<B561><PCIT><DOC><DNUM><PDAT>96/25012</PDAT></DNUM><CTRY><PDAT>WO</PDAT></CTRY></DOC></PCIT><CITED-BY-OTHER/></B561>
<B562><NCIT><STEXT><PDAT>&ldquo;Brooms&rdquo;, vol. 2</PDAT></STEXT></NCIT><CITED-BY-OTHER/></B562></B560>
<B570><B577><PDAT>3</PDAT></B577></B570></B500>
<B700><B720><B721><PARTY-US><NAM><FNM><PDAT>Jo</PDAT></FNM><SNM><STEXT><PDAT>Doe</PDAT></STEXT></SNM></NAM></PARTY-US>
</B721></B720>
<B730><B731><PARTY-US><NAM><ONM><STEXT><PDAT>Brooms Ltd</PDAT></STEXT></ONM></NAM></PARTY-US></B731></B730></B700>
</SDOBI><SDOAB><BTEXT><PARA><PTEXT><PDAT>A broom 5 &mgr;m thick.</PDAT></PTEXT></PARA></BTEXT></SDOAB>
<SDODE><BTEXT><PARA><PTEXT><PDAT>Sweeping is old.</PDAT></PTEXT></PARA></BTEXT></SDODE>
<SDOCL><CL><CLM ID="c1"><PARA><PTEXT><PDAT>1. A broom.</PDAT></PTEXT></PARA></CLM></CL></SDOCL></PATDOC>
"""
APPLICATION_1 = f"""{HEAD}<!DOCTYPE patent-application-publication SYSTEM "pap-v15-2001-01-31.dtd" []>
<patent-application-publication><subdoc-bibliographic-information>
<document-id><doc-number>20010000007</doc-number><kind-code>A1</kind-code><document-date>20010315</document-date></document-id>
<domestic-filing-data><application-number><doc-number>09725796</doc-number></application-number>
<filing-date>20001129</filing-date></domestic-filing-data>
<technical-information><classification-ipc><classification-ipc-primary><ipc>B08B003/00</ipc></classification-ipc-primary>
</classification-ipc><title-of-invention>Mop</title-of-invention></technical-information>
<inventors><first-named-inventor><name><given-name>Jo</given-name><family-name>Doe</family-name></name>
</first-named-inventor></inventors></subdoc-bibliographic-information>
<subdoc-abstract><paragraph>A mop.</paragraph></subdoc-abstract>
<subdoc-claims><claim><claim-text>1-3. (canceled)</claim-text></claim><claim><claim-text>4. A mop.</claim-text></claim>
</subdoc-claims></patent-application-publication>
"""


def test_a_grant_of_version_4(tmp_path: Path) -> None:
    (tmp_path / "grant.xml").write_text(GRANT_4)
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.kind, patent.application) == ("US7123456B2", "B2", "US09123456")
    assert (patent.filing_date, patent.publication_date) == (date(2001, 3, 2), date(2006, 10, 17))
    assert patent.grant_date == patent.publication_date
    assert (patent.title, patent.abstract) == ("Kettle with two spouts", "A kettle pours at x < 3 bar & twice.")
    assert (patent.claims_count, patent.first_claim) == (2, "1. A kettle comprising: two spouts.")
    assert patent.description == "It is about kettles."
    assert (patent.ipc, patent.cpc) == (("B60L9/00",), ("B60L11/1809",))
    assert (patent.applicants, patent.inventors) == (("Invented Kettles Inc.",), ("Jo Doe",))
    assert patent.cited_patents == (
        PatentCitation("US554139A", "examiner"),
        PatentCitation("KR1020090012345A", "applicant"),
    )
    assert patent.cited_literature == (LiteratureCitation("Invented, A., “Spouts”, 1999.", "applicant"),)


def test_a_grant_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "grant.xml").write_text(GRANT_2)
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application, patent.title) == ("US6336130B1", "US09413215", "Broom")
    assert (patent.filing_date, patent.grant_date) == (date(1999, 10, 5), date(2002, 1, 1))
    assert patent.abstract == "A broom 5 μm thick."
    assert (patent.claims_count, patent.first_claim) == (3, "1. A broom.")
    assert patent.ipc == ("A47L5/14", "G06F15/16")
    assert (patent.applicants, patent.inventors) == (("Brooms Ltd",), ("Jo Doe",))
    assert patent.cited_patents == (PatentCitation("USD271298", "examiner"), PatentCitation("WO9625012", "other"))
    assert patent.cited_literature == (LiteratureCitation("“Brooms”, vol. 2", "other"),)


def test_an_application_of_version_1(tmp_path: Path) -> None:
    (tmp_path / "application.xml").write_text(APPLICATION_1)
    (patent,) = patents(tmp_path).values()
    assert (patent.id, patent.application, patent.grant_date) == ("US20010000007A1", "US09725796", None)
    assert (patent.filing_date, patent.publication_date) == (date(2000, 11, 29), date(2001, 3, 15))
    assert (patent.ipc, patent.inventors, patent.applicants) == (("B08B3/00",), ("Jo Doe",), ())
    assert (patent.claims_count, patent.first_claim) == (1, "4. A mop."), "cancelled claims do not count"


def test_a_weekly_file_gives_every_document_and_rejects_the_broken_one(tmp_path: Path) -> None:
    broken = GRANT_4.replace("</claims>", "")
    nameless = GRANT_4.replace("07123456", "?")
    other = f"{HEAD}<sequence-cwu><p>x</p></sequence-cwu>\n"
    with zipfile.ZipFile(tmp_path / "week.zip", "w") as archive:
        archive.writestr("week.xml", GRANT_2 + broken + nameless + other + APPLICATION_1)
    assert set(patents(tmp_path)) == {"US6336130B1", "US20010000007A1"}
    lines = GRANT_2.count("\n")
    found = dict(reversed(entry) for entry in rejects(tmp_path))
    assert set(found) == {"patents.reject_xml", "patents.reject_number", "patents.reject_not_patent"}
    assert found["patents.reject_xml"] == f"line {lines + broken.count(chr(10))}"
    assert found["patents.reject_number"] == f"line {lines + broken.count(chr(10)) + 1}"


def test_a_file_with_one_broken_document_is_an_error_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "cut.xml").write_text("\n".join(GRANT_4.splitlines()[:30]))
    with pytest.raises(InputError) as caught:
        read(tmp_path)
    assert caught.value.key == "patents.xml_broken"
    assert caught.value.params["file"] == "cut.xml"
    assert caught.value.params["line"] == 30


@pytest.mark.real_data
def test_every_sample_of_every_version_is_read(shared_data: Path) -> None:
    raw = shared_data / "patents" / "raw"
    versions = patents(raw / "uspto_xml_versions")
    assert set(versions) == {
        "US20010000001A1", "US20010000002A1", "US20050000001A1", "US20050004655A2", "US20210267109A1",
        "US20150075015A2", "US20220159901A1", "US20220160114A2", "US6530116B2", "USD452599S1", "US6857133B2",
        "US9358892B1", "US11147202B2",
    }  # fmt: skip
    assert all(patent.title and patent.filing_date and patent.publication_date for patent in versions.values())
    assert rejects(raw / "uspto_xml_versions") == []
    truck = versions["US11147202B2"]
    assert (truck.title, truck.claims_count, truck.filing_date) == ("Wheeled hand truck", 9, date(2018, 12, 26))
    assert truck.ipc == ("A01B1/24", "B62B1/12", "B62B5/06")
    assert truck.cpc == ("A01B1/243", "B62B1/12", "B62B5/06", "B62B2202/70", "B62B2206/006")
    assert len(truck.cited_patents) == 41
    assert truck.cited_patents[0] == PatentCitation("US554139A", "applicant")
    cleaner = versions["US6530116B2"]
    assert (cleaner.ipc, cleaner.claims_count, cleaner.applicants) == (("A47L5/14",), 20, ("Shop Vac Corporation",))


@pytest.mark.real_data
def test_full_text_samples_and_weekly_zips_are_read(shared_data: Path) -> None:
    raw = shared_data / "patents" / "raw"
    texts = patents(raw / "uspto_full_text")
    assert len(texts) == 12, "three of them in the Green Book"
    server = texts["US6336130B1"]
    assert (server.filing_date, server.grant_date, server.claims_count) == (date(1999, 10, 5), date(2002, 1, 1), 22)
    assert [cited.number for cited in server.cited_patents][-1] == "WO9625012"
    assert len(server.cited_literature) == 3
    patch = texts["US8926509B2"]
    assert (patch.claims_count, len(patch.cited_patents), patch.applicants) == (31, 129, ("Hmicro, Inc.",))
    weekly = [record for record in read(raw / "uspto_bulk_biblio_zip") if record.id]  # type: ignore[union-attr]
    assert len(weekly) == 14
