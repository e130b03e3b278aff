"""Answers without a title - citations, family, register, claims, legal status - complete patents that are known."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from ktop.domain.patent.document import LiteratureCitation, PatentCitation
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths

from .reading import completions, patents, rejects

KOREAN = """<?xml version="1.0" encoding="UTF-8"?>
<response><header><resultCode>00</resultCode></header><body><items>{}</items></body></response>"""
SEARCH = KOREAN.format(
    """<PatentUtilityInfo><ApplicationNumber>1020190012345</ApplicationNumber><ApplicationDate>20190130</ApplicationDate>
<InventionName>통</InventionName><OpeningNumber>1020200099999</OpeningNumber><OpeningDate>20200810</OpeningDate>
<RegistrationNumber></RegistrationNumber></PatentUtilityInfo>
<PatentUtilityInfo><ApplicationNumber>1020210054321</ApplicationNumber><ApplicationDate>20210427</ApplicationDate>
<InventionName>뚜껑</InventionName><OpeningNumber>1020220011111</OpeningNumber><OpeningDate>20221101</OpeningDate>
</PatentUtilityInfo>"""
)
CITATIONS = KOREAN.format(
    """<citationInfoV3><ApplicationNumber>1020190012345</ApplicationNumber>
<OriginalcitationLiteraturenumber>CN113039310 A</OriginalcitationLiteraturenumber>
<StandardCitationLiteratureCountryCode>CN</StandardCitationLiteratureCountryCode>
<StandardCitationLiteraturenumber>113039310</StandardCitationLiteraturenumber>
<StandardCitationIdentificationCode>A</StandardCitationIdentificationCode>
<CitationLiteratureTypeCodeName>선행기술조사보고서</CitationLiteratureTypeCodeName></citationInfoV3>
<citationInfoV3><ApplicationNumber>1020190012345</ApplicationNumber>
<OriginalcitationLiteraturenumber>CN113039310 A</OriginalcitationLiteraturenumber>
<StandardCitationLiteraturenumber> </StandardCitationLiteraturenumber>
<CitationLiteratureTypeCodeName>선행기술조사보고서</CitationLiteratureTypeCodeName></citationInfoV3>
<citationInfoV3><ApplicationNumber>1020190012345</ApplicationNumber>
<StandardCitationLiteratureCountryCode>KR</StandardCitationLiteratureCountryCode>
<StandardCitationLiteraturenumber>1020100012345</StandardCitationLiteraturenumber>
<StandardCitationIdentificationCode>A</StandardCitationIdentificationCode>
<CitationLiteratureTypeCodeName>명세서</CitationLiteratureTypeCodeName></citationInfoV3>
<citationInfoV3><ApplicationNumber>1020190012345</ApplicationNumber>
<OriginalcitationLiteraturenumber>한국통학회지 제3권</OriginalcitationLiteraturenumber></citationInfoV3>
<citationInfoV3><OriginalcitationLiteraturenumber>US5123456 A</OriginalcitationLiteraturenumber></citationInfoV3>"""
)
CITING = KOREAN.format(
    """<citingInfo><ApplicationNumber>1020210054321</ApplicationNumber>
<StandardCitationApplicationNumber>1020190012345</StandardCitationApplicationNumber>
<CitationLiteratureTypeCodeName>발송문서</CitationLiteratureTypeCodeName></citingInfo>
<citingInfo><ApplicationNumber>1020239999999</ApplicationNumber>
<StandardCitationApplicationNumber>1020190012345</StandardCitationApplicationNumber></citingInfo>
<citingInfo><ApplicationNumber>1020210054321</ApplicationNumber></citingInfo>"""
)
FAMILY = KOREAN.format(
    """<item><docdbFamilyID>71234567</docdbFamilyID><publicationCountryCode>KR</publicationCountryCode>
<publicationNumber>20200099999</publicationNumber><publicationKindCode>A</publicationKindCode></item>
<item><docdbFamilyID>71234567</docdbFamilyID><publicationCountryCode>US</publicationCountryCode>
<publicationNumber>2021000001</publicationNumber><publicationKindCode>A1</publicationKindCode></item>"""
)
REGISTER = KOREAN.format(
    """<registrationInfo><registrationRightInfo><applicationNumber>10-2019-0012345</applicationNumber>
<registrationDate>20211019</registrationDate><claimCount>7</claimCount>
<terminationCauseName>등록료불납</terminationCauseName></registrationRightInfo></registrationInfo>"""
)
CLASSES = KOREAN.format(
    "<patentCpcInfo><CooperativepatentclassificationNumber>B65D 1/00</CooperativepatentclassificationNumber>"
    "</patentCpcInfo>"
)


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.xml").write_text(text, encoding="utf-8")
    return folder


def test_all_answers_of_kipris_plus_come_together(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in", a=CITATIONS, b=CITING, c=FAMILY, d=REGISTER, e=CLASSES, f=SEARCH
    )  # the search, which has the titles, comes last
    report = import_paths(tmp_path / "corpus", [source])
    assert (report.new, report.citations, report.completions, report.completions_unknown) == (2, 1, 7, 1)
    corpus = Corpus(tmp_path / "corpus")
    barrel = corpus.get(["KR1020200099999A"])["KR1020200099999A"]
    assert barrel.cited_patents == (
        PatentCitation("CN113039310A", "examiner"),
        PatentCitation("KR1020100012345A", "applicant"),
    )
    assert barrel.cited_literature == (LiteratureCitation("한국통학회지 제3권"),)
    assert (barrel.family, barrel.status, barrel.claims_count) == ("71234567", "등록료불납", 7)
    assert (barrel.grant_date, barrel.filing_date) == (date(2021, 10, 19), date(2019, 1, 30))
    links = corpus.citations().select("citing", "cited", "category").collect().rows()
    assert ("KR1020220011111A", "KR1020200099999A", "examiner") in links
    told = [json.loads(line) for line in (tmp_path / "corpus" / "rejects.jsonl").read_text("utf-8").splitlines()]
    assert sorted((line["file"], line["where"], line["reason"]) for line in told) == [
        ("a.xml", "citationInfoV3 5", "reject_no_application"),
        ("b.xml", "citingInfo 2", "reject_unknown_patent"),
        ("b.xml", "citingInfo 3", "reject_no_application"),
        ("c.xml", "record 2", "reject_unknown_patent"),
        ("e.xml", "patentCpcInfo 1", "reject_no_application"),
    ]
    version = corpus.version
    again = import_paths(tmp_path / "corpus", [source])
    assert (again.new, again.updated, Corpus(tmp_path / "corpus").version) == (0, 0, version)


def test_answers_that_come_later_complete_the_stored_patent(tmp_path: Path) -> None:
    import_paths(tmp_path / "corpus", [write(tmp_path / "one", search=SEARCH)])
    for name, answer in {"citations": CITATIONS, "citing": CITING, "family": FAMILY, "register": REGISTER}.items():
        import_paths(tmp_path / "corpus", [write(tmp_path / name, answer=answer)])
    together = write(tmp_path / "in", a=CITATIONS, b=CITING, c=FAMILY, d=REGISTER, f=SEARCH)
    import_paths(tmp_path / "together", [together])
    assert Corpus(tmp_path / "corpus").version == Corpus(tmp_path / "together").version


OPS = {
    "ops:world-patent-data": {
        "@xmlns": {"ops": "http://ops.epo.org"},
        "exchange-documents": {
            "exchange-document": {
                "@country": "EP",
                "@doc-number": "1000000",
                "@kind": "A1",
                "@family-id": "19768124",
                "bibliographic-data": {
                    "application-reference": {
                        "document-id": {
                            "@document-id-type": "docdb",
                            "country": {"$": "EP"},
                            "doc-number": {"$": "99203729"},
                            "kind": {"$": "A"},
                            "date": {"$": "19991108"},
                        }
                    },
                    "invention-title": [{"@lang": "de", "$": "Formsteine"}, {"@lang": "en", "$": "Green bricks"}],
                    "references-cited": {
                        "citation": {
                            "@cited-phase": "search",
                            "patcit": {
                                "document-id": {
                                    "@document-id-type": "docdb",
                                    "country": {"$": "DE"},
                                    "doc-number": {"$": "3546191"},
                                    "kind": {"$": "A1"},
                                }
                            },
                            "category": {"$": "XA"},
                        }
                    },
                },
            }
        },
    }
}


def test_json_as_the_epo_gives_it_is_its_xml(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps(OPS))
    (bricks,) = patents(tmp_path).values()
    assert (bricks.id, bricks.title, bricks.language) == ("EP1000000A1", "Green bricks", "en")
    assert (bricks.application, bricks.filing_date) == ("EP99203729", date(1999, 11, 8))
    assert bricks.cited_patents == (PatentCitation("DE3546191A1", "X"),)


FULL_TEXT = """<?xml version="1.0"?><ops:world-patent-data xmlns:ops="http://ops.epo.org" xmlns="http://www.epo.org/f">
<fulltext-documents><fulltext-document><bibliographic-data><publication-reference data-format="docdb"><document-id>
<country>EP</country><doc-number>1000000</doc-number><kind>{kind}</kind></document-id></publication-reference>
</bibliographic-data><claims lang="{lang}"><claim><claim-text>1. A brick.
2. The brick of claim 1, with 3. holes.
3. A wall.</claim-text></claim></claims><description lang="{lang}"><p>[0001] Bricks.</p></description>
</fulltext-document></fulltext-documents></ops:world-patent-data>"""


def test_claims_belong_to_one_publication_and_the_description_to_all(tmp_path: Path) -> None:
    grant = json.loads(json.dumps(OPS))
    document = grant["ops:world-patent-data"]["exchange-documents"]["exchange-document"]
    document["@kind"] = "B1"
    (tmp_path / "b1.json").write_text(json.dumps(grant))
    (tmp_path / "text.xml").write_text(FULL_TEXT.format(kind="A1", lang="en"))
    (tmp_path / "a1.json").write_text(json.dumps(OPS))
    import_paths(tmp_path / "corpus", [tmp_path])
    (bricks,) = Corpus(tmp_path / "corpus").get(["EP1000000B1"]).values()
    assert (bricks.claims_count, bricks.first_claim, bricks.description) == (None, None, "Bricks.")
    (tmp_path / "text.xml").write_text(FULL_TEXT.format(kind="B1", lang="en"))
    import_paths(tmp_path / "corpus", [tmp_path / "text.xml"])
    (bricks,) = Corpus(tmp_path / "corpus").get(["EP1000000B1"]).values()
    assert (bricks.claims_count, bricks.first_claim) == (3, "1. A brick.")


def test_claims_in_another_language_are_counted_only(tmp_path: Path) -> None:
    (tmp_path / "text.xml").write_text(FULL_TEXT.format(kind="A1", lang="DE"))
    (told,) = completions(tmp_path)
    assert dict(told.values) == {"claims_count": 3}
    assert rejects(tmp_path) == []


def test_an_error_of_the_service_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "fault.xml").write_text(
        '<?xml version="1.0"?><ops:world-patent-data xmlns:ops="o"><fault><code>SERVER.EntityNotFound</code></fault>'
        "</ops:world-patent-data>"
    )
    assert rejects(tmp_path) == [("answer", "patents.reject_service_answer")]


NESTED = {
    "publication_number": "US-7650331-B1", "application_number": "US-201314041364-A", "kind_code": "B1",
    "family_id": "41509905", "filing_date": "20130930", "publication_date": "20100119", "grant_date": 0,
    "title_localized": [{"text": "Großdaten", "language": "de"}, {"text": "Large-scale data", "language": "en"}],
    "abstract_localized": [{"text": "Une méthode", "language": "fr"}],
    "claims_localized": [{"text": "1. A system.\n2. The system of claim 1.", "language": "en"}],
    "ipc": [{"code": "G06F15/16"}, {"code": "nonsense"}], "cpc": [{"code": "G06F16/00"}, {"code": "G06F16/00"}],
    "assignee": [], "assignee_harmonized": [{"name": "GOOGLE INC", "country_code": "US"}], "inventor": ["Dean Jeffrey"],
    "citation": [
        {"publication_number": "US-5123456-A", "type": "", "category": "SEA", "npl_text": ""},
        {"publication_number": "", "type": "X", "category": "ISR", "npl_text": "Lamport,  1978"},
    ],
}  # fmt: skip


def test_googles_nested_table(tmp_path: Path) -> None:
    broken = {"publication_number": "US-1-A", "title_localized": "not a list"}
    (tmp_path / "rows.json").write_text("\n".join(map(json.dumps, (NESTED, broken))))
    (found,) = patents(tmp_path).values()
    assert (found.id, found.application, found.family) == ("US7650331B1", "US14041364", "41509905")
    assert (found.title, found.abstract, found.language) == ("Large-scale data", None, "en")
    assert (found.filing_date, found.publication_date, found.grant_date) == (date(2013, 9, 30), date(2010, 1, 19), None)
    assert (found.claims_count, found.first_claim) == (2, "1. A system.")
    assert (found.ipc, found.cpc, found.applicants) == (("G06F15/16",), ("G06F16/00",), ("GOOGLE INC",))
    assert found.cited_patents == (PatentCitation("US5123456A", "examiner"),)
    assert found.cited_literature == (LiteratureCitation("Lamport, 1978", "X"),)
    assert rejects(tmp_path) == [("line 2", "patent_sources.reject_json_record")]
