"""Every raw sample, record by record, against what was read in the files by hand: counts, numbers, dates, citations."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from ktop.domain.patent.document import LiteratureCitation, Patent, PatentCitation
from ktop.patents.corpus.corpus import Corpus
from ktop.patents.corpus.importing import import_paths
from ktop.patents.readers import Completion, reader_for
from ktop.patents.readers.source import sources

from .reading import completions, patents, read, rejects

pytestmark = pytest.mark.real_data


@pytest.fixture
def raw(shared_data: Path) -> Path:
    return shared_data / "patents" / "raw"


def numbers(patent: Patent) -> list[str]:
    return [cited.number for cited in patent.cited_patents]


def categories(cited: tuple[PatentCitation, ...] | tuple[LiteratureCitation, ...]) -> Counter[str | None]:
    return Counter(entry.category for entry in cited)


# file, id, application, filed, published, granted, claims that stand, patents and other documents cited, inventors
USPTO_TABLE = """
[uspto_xml_versions]
application__v1-5-A1_1.xml US20010000001A1 US09725796 2000-11-29 2001-03-15 - - 0 0 2
application__v1-5-A1_2.xml US20010000002A1 US09726341 2000-12-01 2001-03-15 - 33 0 0 4
application__v4-0-A1.xml US20050000001A1 US10909766 2004-08-02 2005-01-06 - - 0 0 1
application__v4-0-A2_1.xml US20050004655A2 US10743857 2003-12-22 2005-01-06 - - 0 0 2
application__v4-4-A1.xml US20210267109A1 US17173265 2021-02-11 2021-09-02 - 20 0 0 1
application__v4-4-A2.xml US20150075015A2 US14266913 2014-05-01 2015-03-19 - 23 0 0 1
application__v4-5-A1.xml US20220159901A1 US17437086 2019-09-19 2022-05-26 - 6 0 0 1
application__v4-5-A2.xml US20220160114A2 US17309147 2019-11-05 2022-05-26 - 8 0 0 1
grant__v2-5-B2.xml US6530116B2 US09782496 2001-02-13 2003-03-11 2003-03-11 20 33 4 3
grant__v2-5-S1.xml USD452599S1 US29129833 2000-09-22 2002-01-01 2002-01-01 1 3 1 1
grant__v4-0-B2.xml US6857133B2 US10141259 2002-05-07 2005-02-22 2005-02-22 6 8 0 1
grant__v4-5-B1.xml US9358892B1 US14558596 2014-12-02 2016-06-07 2016-06-07 20 24 4 1
grant__v4-5-B2.xml US11147202B2 US16232658 2018-12-26 2021-10-19 2021-10-19 9 41 0 1
[uspto_full_text]
pap__US20010009014A1.xml US20010009014A1 US09777392 2001-02-05 2001-07-19 - 55 0 0 2
sgml__US06336130.xml US6336130B1 US09413215 1999-10-05 2002-01-01 2002-01-01 22 6 3 1
sgml__US06337117.xml US6337117B1 US09343526 1999-06-30 2002-01-08 2002-01-08 39 2 0 5
sgml__USD435854S1.xml USD435854S US29116510 1999-01-06 2001-01-02 2001-01-02 1 10 0 8
xml2004__US06859910.xml US6859910B2 US09832323 2001-04-10 2005-02-22 2005-02-22 2 8 0 1
xml2006__US07272630B2.xml US7272630B2 US10991571 2004-11-18 2007-09-18 2007-09-18 17 78 38 4
xml2014__US08926509.xml US8926509B2 US12134151 2008-06-05 2015-01-06 2015-01-06 31 129 30 5
xmlApp2004__US20050004437A1.xml US20050004437A1 US10830857 2004-04-23 2005-01-06 - 10 0 0 2
xmlApp2004__US20050004974A1.xml US20050004974A1 US10687244 2003-10-16 2005-01-06 - 21 0 0 12
greenbook__US03932709.greenbook US3932709A US05449155 1974-03-07 1976-01-13 1976-01-13 17 9 0 2
greenbook__US03937375.greenbook US3937375A US05518454 1974-10-29 1976-02-10 1976-02-10 3 5 0 1
greenbook__US04347903.greenbook US4347903A US06192529 1980-03-10 1982-09-07 1982-09-07 3 3 0 8
"""


def _uspto() -> dict[str, list[str]]:
    rows, folder = {}, ""
    for line in USPTO_TABLE.split("\n"):
        if line.startswith("["):
            folder = line.strip("[]")
        elif line:
            file, *values = line.split()
            rows[f"{folder}/{file}"] = values
    return rows


USPTO = _uspto()


@pytest.mark.parametrize("file", USPTO)
def test_uspto_texts(raw: Path, file: str) -> None:
    (patent,) = patents(raw / file).values()
    days = (patent.filing_date, patent.publication_date, patent.grant_date)
    counts = (patent.claims_count, len(patent.cited_patents), len(patent.cited_literature), len(patent.inventors))
    found = (patent.id, patent.application, *days, *counts)
    assert ["-" if value is None else str(value) for value in found] == USPTO[file]
    assert patent.language == "en" and patent.title


def test_the_green_book(raw: Path) -> None:
    found = patents(raw / "uspto_full_text")
    phone, bumper, balance = (found[number] for number in ("US3932709A", "US3937375A", "US4347903A"))
    assert (phone.title, bumper.title, balance.title) == (
        "Electronic business telephone", "Bumper support for a boat loader", "Electronic reading balance",
    )  # fmt: skip
    assert numbers(bumper) == ["US2542907", "US2762542", "US2772799", "US3113789", "US3702197"]
    assert (phone.ipc, bumper.ipc, balance.ipc) == (
        ("H04M11/00",), ("B60R9/00",), ("G01G19/04", "G01G23/10", "G06F7/28"),
    )  # fmt: skip
    assert (phone.applicants, bumper.applicants) == (("General Teletronics Incorporated",), ())
    assert (phone.inventors, balance.inventors[-1]) == (("Don G. Hoff", "Patrick Young"), "Tadashi Nagaoka")
    assert bumper.first_claim is not None
    assert bumper.first_claim.startswith("1. In a bumper support for a boat loader, the combination of a pair")
    assert bumper.first_claim.endswith("hooks under said automobile bumper rear lower edge.")
    assert bumper.abstract is not None and bumper.abstract.endswith("scratched up or otherwise damaged.")
    assert bumper.description is not None
    assert bumper.description.startswith("This invention relates generally to automotive accessories. A principal")


def test_weekly_files_in_zips(raw: Path) -> None:
    folder = raw / "uspto_bulk_biblio_zip"
    records = [record for record in read(folder) if isinstance(record, Patent)]
    assert len(records) == 14, "11 and 3; the waffle stands in the week's file twice"
    # JP4257759A and JPH04257759A, both cited by USRE49258E1, are one document.
    assert [(patent.id, patent.claims_count, len(patent.cited_patents)) for patent in records] == [
        ("US11617522B2", 20, 88), ("USD967598S1", 1, 50), ("USD967598S1", 1, 50), ("USPP34694P2", 1, 0),
        ("USRE49257E1", 20, 45), ("USRE49258E1", 38, 202), ("USRE49259E1", 40, 149), ("US11477944B2", 1, 5),
        ("US11477945B2", 19, 12), ("US11477946B2", 21, 12), ("US11477947B2", 36, 13), ("USD982278S1", 1, 45),
        ("USD982279S1", 1, 11), ("US11617590B2", 9, 17),
    ]  # fmt: skip
    skipped = {source.name.rpartition("/")[2] for source in sources([folder]) if reader_for(source) is None}
    assert skipped == {
        "ipgb20221025lst.txt", "ipgb20221025rpt.html", "ipgb20230404lst.txt", "ipgb20230404rpt.html",
    }  # fmt: skip


# id → filed, family, IPC symbols, patents and other documents cited
DOCDB: dict[str, tuple[str, str, int, int, int]] = {
    "AP1206A": ("1998-08-04", "22179393", 18, 3, 0),
    "DE1258188B": ("1964-07-10", "6979546", 3, 4, 0),
    "DE1258189B": ("1965-02-25", "6980816", 1, 1, 0),
    "DE1258190B": ("1962-03-06", "22421564", 1, 2, 0),
    "DE1258191B": ("1962-01-16", "5458240", 1, 2, 0),
    "DE1258192B": ("1961-03-20", "9678134", 1, 10, 0),
    "DE1258193B": ("1963-12-07", "8792589", 2, 8, 0),
    "DE1258194B": ("1964-10-30", "8821965", 1, 2, 0),
    "DE1258195B": ("1963-02-19", "22421569", 1, 6, 0),
    "DE1258196B": ("1963-11-25", "10885784", 1, 4, 0),
    "DE1258197B": ("1965-11-03", "9678135", 1, 3, 0),
    "WO2022259205A1": ("2022-06-09", "82558028", 11, 4, 19),
    "WO2023012807A1": ("2022-08-05", "83004620", 4, 3, 21),
    "YU6701A": ("1999-06-02", "22248526", 39, 0, 0),
}


def test_docdb(raw: Path) -> None:
    found = patents(raw / "epo_docdb_xml")
    assert rejects(raw / "epo_docdb_xml") == []
    assert {
        patent.id: (
            str(patent.filing_date), patent.family, len(patent.ipc), len(patent.cited_patents),
            len(patent.cited_literature),
        )
        for patent in found.values()
    } == DOCDB  # fmt: skip
    german = found["DE1258188B"]
    assert german.title == "Kraftstoffeinspritzpumpe fuer mehrzylindrige Brennkraftmaschinen"
    assert (german.language, german.publication_date, german.grant_date) == (None, date(1968, 1, 4), None)
    assert german.inventors == ("KNAPP DIPL-PHYS DR HEINRICH", "HEISER DIPL-ING JOACHIM"), "each person once"
    assert german.cpc == ("F02M59/34", "F02M41/125", "F02M59/36", "F02M2700/1358"), "both offices' codes, once each"
    assert numbers(german) == ["DE814968C", "DE1156606B", "DE1734877U", "FR1343388A"]
    pills = found["WO2022259205A1"]
    assert (pills.language, pills.title) == (
        "en", "SELF-EMULSIFYING COMPOSITION, PRODUCTION METHODS AND USES THEREOF",
    )  # fmt: skip
    assert pills.cited_patents == tuple(
        PatentCitation(number, "Y") for number in
        ("CN102908333A", "WO2005013972A1", "WO2013147452A1", "WO2021005101A1")
    )  # fmt: skip
    assert categories(pills.cited_literature) == {"X": 1, "Y": 7, "applicant": 11}
    antibodies = found["WO2023012807A1"]
    assert antibodies.cited_patents == (
        PatentCitation("US20200223945A1", "X"),
        PatentCitation("US8343489B2", "applicant"),
        PatentCitation("WO2019025299A1", "applicant"),
    )
    assert found["AP1206A"].applicants == ("BRISTOL MYERS SQUIBB CO",)
    assert found["AP1206A"].grant_date == date(2003, 9, 18), "printed with grant"


# file → id, application, filed, published, granted, claims, patents and other documents cited
EUROPEAN: dict[str, tuple[str, str, str, str, str, int, int, int]] = {
    "v1-0-B1.xml": ("EP1442058B1", "EP02779063", "2002-11-18", "2006-07-19", "2006-07-19", 3, 2, 2),
    "v1-0-B2.xml": ("EP0874807B2", "EP96939832", "1996-11-18", "2006-08-02", "2002-02-20", 5, 5, 0),
    "v1-1-B1.xml": ("EP1019261B1", "EP98948476", "1998-09-23", "2003-07-09", "2003-07-09", 29, 5, 1),
    "v1-1-B2.xml": ("EP0546210B2", "EP91121229", "1991-12-11", "2003-07-09", "1997-10-01", 32, 2, 3),
    "v1-2-B1.xml": ("EP0610335B1", "EP92922494", "1992-10-16", "2008-01-02", "2008-01-02", 14, 3, 8),
    "v1-3-B1.xml": ("EP1654642B1", "EP04777385", "2004-07-01", "2008-12-24", "2008-12-24", 32, 2, 1),
    "v1-3-B2.xml": ("EP1497510B2", "EP03721225", "2003-04-22", "2008-12-24", "2006-06-28", 1, 14, 0),
    "v1-4-B1.xml": ("EP0449582B1", "EP91302636", "1991-03-26", "2009-10-21", "2009-10-21", 12, 1, 1),
    "v1-4-B2.xml": ("EP1451194B2", "EP02776152", "2002-10-03", "2009-12-16", "2006-10-04", 9, 6, 1),
    "v1-5-1-B1.xml": ("EP3383757B1", "EP16849316", "2016-08-29", "2021-07-07", "2021-07-07", 8, 6, 0),
    "v1-5-1-B2.xml": ("EP2716170B2", "EP13196195", "2012-09-14", "2021-09-22", "2016-02-03", 4, 7, 0),
    "v1-5-B1.xml": ("EP3404678B1", "EP17171508", "2017-05-17", "2021-06-30", "2021-06-30", 12, 4, 0),
    "v1-5-B2.xml": ("EP2743087B2", "EP13189031", "2013-10-17", "2021-05-05", "2016-03-23", 13, 5, 0),
}


@pytest.mark.parametrize("file", EUROPEAN)
def test_european_full_text(raw: Path, file: str) -> None:
    (patent,) = patents(raw / "epo_ep_full_text_xml" / file).values()
    days = tuple(map(str, (patent.filing_date, patent.publication_date, patent.grant_date)))
    counts = (patent.claims_count, len(patent.cited_patents), len(patent.cited_literature))
    assert (patent.id, patent.application, *days, *counts) == EUROPEAN[file]
    assert patent.language == "en" and patent.first_claim and patent.ipc and patent.applicants and patent.inventors


def test_european_details(raw: Path) -> None:
    found = patents(raw / "epo_ep_full_text_xml")
    assert len(found) == 13 and rejects(raw / "epo_ep_full_text_xml") == []
    strips = found["EP2716170B2"]
    assert strips.title == "Device for transporting material in the form of strips or tape"
    assert numbers(strips) == [
        "EP1186247A2", "WO2004045320A1", "DE3701285A1", "DE19751691A1", "US4945926A", "US5156169A", "USRE36154E",
    ]  # fmt: skip
    assert strips.description is None, "the description is in German"
    assert strips.inventors == ("Grothaus, Frank", "Schafforz, Mathias", "Schicke, Joachim", "Schaadt, Uwe")
    assert (strips.ipc, strips.cpc) == (("A24C5/20",), ("A24C5/20",))
    assert found["EP1019261B1"].ipc == ("B60L7/26", "B66F9/24", "B60T8/26"), "an edition before 2006"
    assert numbers(found["EP3383757B1"]).count("US20070204872A1") == 1, "printed twice"


def test_answers_of_ops(raw: Path) -> None:
    folder = raw / "epo_ops_xml"
    catheter = patents(folder / "biblio_example.xml")["US20060142694A1"]
    assert (catheter.family, catheter.publication_date, len(catheter.cited_patents)) == (
        "35840242", date(2006, 6, 29), 99,
    )  # fmt: skip
    assert rejects(folder / "biblio_example_2.xml") == [("document 1", "patents.reject_no_text")], "no title printed"
    fuel = patents(folder / "biblio_example_4.xml")["US20120116137A1"]
    assert (len(fuel.cited_patents), len(fuel.ipc), fuel.family) == (6, 2, "46020268")
    bricks = patents(folder / "ep1000000_full_cycle_result.xml")
    assert list(bricks) == ["EP1000000A1", "EP1000000B1"]
    opened = bricks["EP1000000A1"]
    assert (opened.application, opened.filing_date, opened.family) == ("EP99203729", date(1999, 11, 8), "19768124")
    assert opened.cited_patents == (
        PatentCitation("DE3546191A1", "A"), PatentCitation("EP0680812A1", "A"), PatentCitation("NL9400663A", "A"),
    )  # fmt: skip
    assert opened.inventors == ("KOSMAN WILHELMUS JACOBUS MARIA",)
    assert opened.cpc == ("B28B1/29", "B28B5/022", "B28B5/025", "B28B7/0064")
    (saved,) = patents(folder / "ep1000000_biblio_result.json").values()
    assert (saved.id, saved.title, saved.ipc) == (opened.id, opened.title, opened.ipc)
    assert saved.cited_patents[0] == PatentCitation("DE3546191A1", "examiner"), "this JSON has lost the letters"


def test_answers_of_ops_that_complete(raw: Path) -> None:
    folder = raw / "epo_ops_xml"

    def only(file: str) -> Completion:
        (completion,) = completions(folder / file)
        return completion

    for file, number, claims in [
        ("claims_example.xml", "EP1000000A1", 11), ("claims_example.json", "EP1000000A1", 11),
        ("claims_example_2.xml", "WO2009085664A2", 20), ("claims_example_2.json", "WO2009085664A2", 20),
    ]:  # fmt: skip
        assert (only(file).number, only(file).values["claims_count"]) == (number, claims)
    assert "claims_count" not in only("ep1000000_claims_result.json").values, "eleven claims run into one text"
    for file in ("description_example.xml", "ep1000000_description_result.xml"):
        assert only(file).values["description"].startswith("The invention relates to an apparatus for manufacturing")
    assert only("ep1000000_abstract_result.xml").values["abstract"].startswith("The invention relates to an apparatus")
    legal = only("legal__fixtures__example_3.xml")
    assert (legal.number, legal.values["application"]) == ("US10465445B2", "US15919370")
    assert legal.values["status"].endswith("INTER PARTES REVIEW")
    family = completions(folder / "family__fixtures__family_input.xml")
    assert [member.number for member in family][:3] == ["EP1000000A1", "EP1000000B1", "AT232441T"]
    assert {member.values["family"] for member in family} == {"19768124"} and len(family) == 6
    assert len(completions(folder / "search_example.xml")) == 15
    assert len(completions(folder / "search_result.xml")) == 100
    assert rejects(folder / "image_example.xml") == [("answer", "patent_sources.reject_no_record")]


def test_lens(raw: Path) -> None:
    table = raw / "lens_csv"
    found = patents(table)
    reasons = Counter(reason for _, reason in rejects(table))
    assert len(read(table)) == 863
    assert reasons == {"patents.reject_encoding": 25}, "titles that were damaged before they reached us"
    tailgate = found["US8818681B1"]
    assert (tailgate.title, tailgate.application) == ("Detecting And Responding To Tailgaters", "US13949894")
    assert (tailgate.filing_date, tailgate.publication_date) == (date(2013, 7, 24), date(2014, 8, 26))
    assert tailgate.ipc == ("G05D1/00", "G08G1/14", "G08G9/02") and len(tailgate.cited_literature) == 2
    assert tailgate.cpc == ("B60W30/16", "B62D15/025", "G05D1/00", "G05D1/0055", "G05D1/0287")
    assert found["DE102014219223A1"].language is None
    assert found["EP0173280A1"].publication_date == date(1986, 3, 5)
    lines = patents(raw / "lens_jsonl" / "biopoly_broken1.jsonl")
    assert rejects(raw / "lens_jsonl" / "biopoly_broken1.jsonl") == [("line 4", "patent_sources.reject_json")]
    assert rejects(raw / "lens_jsonl" / "biopoly_min.jsonl") == [("line 1", "patents.reject_no_text")]
    assert [
        (p.id, str(p.filing_date), len(p.cited_patents), len(p.cited_literature), p.claims_count, p.status)
        for p in lines.values()
    ] == [
        ("CN102206141A", "2011-04-11", 3, 1, None, "ACTIVE"), ("CN111100454A", "2019-12-23", 5, 1, None, "PENDING"),
        ("US20160266975A1", "2015-09-23", 5, 0, 20, "ACTIVE"), ("RO135742A2", "2020-11-11", 0, 0, None, "PENDING"),
        ("US9785570B2", "2015-09-23", 9, 0, 20, "ACTIVE"), ("WO2017205695A1", "2017-05-25", 4, 4, None, "PENDING"),
        ("CN112760747A", "2020-12-29", 7, 0, None, "DISCONTINUED"),
        ("US20150192597A1", "2015-01-07", 1, 4, 10, "ACTIVE"), ("WO2015105917A1", "2015-01-07", 1, 4, None, "PENDING"),
    ]  # fmt: skip
    assert {patent.language for patent in lines.values()} == {"en"}
    assert lines["US9785570B2"].grant_date == date(2017, 10, 10) and lines["US20160266975A1"].grant_date is None
    assert lines["US9785570B2"].family == lines["US20160266975A1"].family is not None
    assert categories(lines["US20160266975A1"].cited_patents) == {"examiner": 5}


def test_google(raw: Path) -> None:
    folder = raw / "google_patents_csv"
    found = patents(folder)
    assert len(read(folder)) == 316 and Counter(reason for _, reason in rejects(folder)) == {
        "patents.reject_encoding": 3
    }
    cargo, interface = found["US5686888A"], found["US7730338B2"]
    assert cargo.title == "Use of mutter mode in asset tracking for gathering data from cargo sensors"
    assert (cargo.filing_date, cargo.publication_date, cargo.grant_date) == (
        date(1995, 6, 7), date(1997, 11, 11), date(1997, 11, 11),
    )  # fmt: skip
    assert cargo.inventors == ("Brakeley Welles II Kenneth", "John Erik Hershey")
    assert interface.inventors[-1] == "Frederick Daniel Weber" and len(interface.inventors) == 5
    assert found["US5966441A"].applicants == ("Apple Computer, Inc.",)
    assert found["US6517172B1"].inventors[0] == "John Vincent Bond, III"
    assert found["US20080162027A1"].applicants == ("Robotic Research, Llc", "General Dynamics Robotic Systems")
    assert found["US20080162996A1"].grant_date is None
    exports = patents(raw / "google_bigquery_json")
    assert len(exports) == 110 and exports["US20040137729A1"].cited_patents[2].number == "US20010001472A1"


def test_patsnap(raw: Path) -> None:
    found = patents(raw / "patsnap_xml")
    assert set(found) == {"EP0735178A1", "US7442313B2", "US7591949B2", "WO1997028909A1"}
    ozone, washer = found["US7442313B2"], found["EP0735178A1"]
    assert (ozone.application, ozone.filing_date, ozone.grant_date) == (
        "US10916863", date(2004, 8, 12), date(2008, 10, 28),
    )  # fmt: skip
    assert (len(ozone.cited_patents), numbers(ozone)[0], categories(ozone.cited_literature)) == (
        23, "US7264747", {"other": 7},
    )  # fmt: skip
    assert ozone.applicants == ("THINKVILLAGE-KERFOOT, LLC",) and ozone.inventors == ("KERFOOT, WILLIAM, B.",)
    assert (washer.application, washer.ipc) == ("EP96101687", ("D06F17/02", "D06F17/06"))
    assert numbers(washer) == ["EP0495168A1", "DE813550C", "FR1273382A", "CH257386A"]


def test_patentsview_of_made_up_numbers_is_rejected_row_by_row(raw: Path) -> None:
    folder = raw / "patentsview_tsv_fixture"
    assert [reason for _, reason in rejects(folder / "citations__citations__patent.tsv")] == [
        "patents.reject_number"
    ] * 8
    assert len(rejects(folder / "citations__citations__uspatentcitation.tsv")) == 7
    unknown = {source.name for source in sources([folder]) if reader_for(source) is None}
    assert len(unknown) == 5, "expected outputs and samples of a test, no source"


def test_old_pages_of_the_uspto(raw: Path) -> None:
    found = patents(raw / "uspto_patft_html_2013" / "5762315.html")
    assert list(found) == ["US8322364", "US8113544", "US7799047", "US7708254", "US7483558", "US7306195"]
    assert {number for patent in found.values() for number in numbers(patent)} == {"US5762315"}
    assert found["US7708254"].title.endswith("locking a control valve and a method for its use")
    assert len(patents(raw / "uspto_patft_html_2013" / "4957690.html")) == 29


def test_the_whole_folder_comes_in_and_again_changes_nothing(raw: Path, tmp_path: Path) -> None:
    report = import_paths(tmp_path / "corpus", [raw])
    assert report.formats == {
        "docdb-xml": 5, "ep-xml": 13, "google-csv": 1, "json": 2, "kipris-xml": 8, "lens-csv": 1,
        "lens-json": 2, "ops": 22, "patentsview": 3, "patft-html": 2, "patsnap-xml": 4, "uspto-greenbook": 3,
        "uspto-xml": 24,
    }  # fmt: skip
    assert len(report.skipped) == 10 and "kipris_plus_xml/README.md" in report.skipped
    assert report.patents_in_corpus == report.new
    corpus = Corpus(tmp_path / "corpus")
    bricks = corpus.get(["EP1000000B1"])["EP1000000B1"]
    assert bricks.also_published_as == ("EP1000000A1",)
    assert bricks.abstract is not None and len(bricks.cited_patents) == 3, "told by the application"
    assert (bricks.claims_count, bricks.first_claim) == (None, None), "claims change until the grant"
    again = import_paths(tmp_path / "corpus", [raw])
    assert (again.new, again.updated, again.unchanged) == (0, 0, report.new)
    assert Corpus(tmp_path / "corpus").version == corpus.version
