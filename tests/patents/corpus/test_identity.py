"""Which records are one patent and which citations meet: by office, number and kind, through a whole import."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ktop.domain.patent.document import Patent
from ktop.patents.corpus.citations import resolved_citations
from ktop.patents.corpus.corpus import Corpus, patent_of
from ktop.patents.corpus.importing import import_paths
from ktop.patents.measures.compute import compute_measures

#: Country, number, kind of a publication; country, number, kind of its application; day of publication.
Published = tuple[str, str, str, str, str, str, str]


def docdb(path: Path, *documents: Published) -> Path:
    """Write made-up DOCDB documents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(
        f'<exch:exchange-document country="{c}" doc-number="{n}" kind="{k}" date-publ="{day}"><exch:bibliographic-data>'
        f'<exch:application-reference data-format="docdb"><document-id><country>{ac}</country><doc-number>{an}'
        f"</doc-number><kind>{ak}</kind><date>{day}</date></document-id></exch:application-reference>"
        f'<exch:invention-title lang="en">Device {c} {n} {k}</exch:invention-title></exch:bibliographic-data>'
        "</exch:exchange-document>"
        for c, n, k, ac, an, ak, day in documents
    )
    path.write_text(
        f'<?xml version="1.0"?><exch:exchange-documents xmlns:exch="x">{text}</exch:exchange-documents>',
        encoding="utf-8",
    )
    return path


def citing(path: Path, number: str, *cited: tuple[str, str, str, str]) -> Path:
    """Write a made-up US grant that cites documents: country, number, kind, day as printed."""
    entries = "".join(
        f"<us-citation><patcit><document-id><country>{country}</country><doc-number>{printed}</doc-number>"
        f"{f'<kind>{kind}</kind>' if kind else ''}<date>{day}</date></document-id></patcit></us-citation>"
        for country, printed, kind, day in cited
    )
    path.write_text(
        f"""<?xml version="1.0"?><us-patent-grant><us-bibliographic-data-grant><publication-reference><document-id>
        <country>US</country><doc-number>{number}</doc-number><kind>B2</kind><date>20160112</date></document-id>
        </publication-reference><application-reference><document-id><country>US</country><doc-number>14{number[-6:]}
        </doc-number><date>20140102</date></document-id></application-reference><invention-title>Hull paint
        </invention-title><us-references-cited>{entries}</us-references-cited></us-bibliographic-data-grant>
        </us-patent-grant>""",
        encoding="utf-8",
    )
    return path


def stored(directory: Path) -> dict[str, Patent]:
    return {row["id"]: patent_of(row) for row in Corpus(directory).patents().collect().iter_rows(named=True)}


def links(directory: Path) -> set[tuple[str, str | None]]:
    """Return what each citation was resolved to."""
    found = resolved_citations(Corpus(directory))
    return set(found.select("cited", "cited_id").rows())


OPENING: Published = ("JP", "H05142789", "A", "JP", "30990091", "A", "19930611")
REGISTERED: Published = ("JP", "5142789", "B2", "JP", "2008066001", "A", "20130213")
EXAMINED: Published = ("JP", "H05142789", "B2", "JP", "12345684", "A", "19930611")
UTILITY: Published = ("JP", "H05142789", "U", "JP", "30990091", "U", "19930611")


@pytest.mark.parametrize(
    ("printed", "kind", "day", "leads_to"),
    [
        ("5-142789", "", "19930600", "JPH05142789A"),
        ("5-142789", "A", "19930600", "JPH05142789A"),
        ("05-142789", "", "19930600", "JPH05142789A"),
        ("5142789", "A", "19930600", "JPH05142789A"),
        ("5142789", "", "19930600", "JPH05142789A"),
        ("H5-142789", "", "", "JPH05142789A"),
        ("1993-142789", "A", "", "JPH05142789A"),
        ("5142789", "B2", "20130200", "JP5142789B2"),
        ("5142789", "", "20130200", "JP5142789B2"),
        ("5,142,789", "", "20130200", "JP5142789B2"),
        ("5-142789", "B2", "19930600", "JPH05142789B2"),
        ("5-142789", "U", "19930600", "JPH05142789U"),
        ("50-142789", "A", "19751100", None),
        ("5-142788", "A", "19930600", None),
    ],
)
def test_a_japanese_number_leads_to_the_document_of_its_time(
    tmp_path: Path, printed: str, kind: str, day: str, leads_to: str | None
) -> None:
    source = docdb(tmp_path / "jp.xml", OPENING, REGISTERED, EXAMINED, UTILITY)
    report = import_paths(
        tmp_path / "corpus", [source, citing(tmp_path / "us.xml", "9234361", ("JP", printed, kind, day))]
    )
    assert (report.patents_in_corpus, report.rejected) == (5, 0)
    assert [found for _, found in links(tmp_path / "corpus")] == [leads_to]


@pytest.mark.parametrize("only", [REGISTERED, EXAMINED, UTILITY], ids=lambda document: document[2])
def test_a_number_without_kind_is_not_linked_to_another_series(tmp_path: Path, only: Published) -> None:
    source = docdb(tmp_path / "jp.xml", only)
    import_paths(
        tmp_path / "corpus", [source, citing(tmp_path / "us.xml", "9234361", ("JP", "5-142789", "", "19930600"))]
    )
    assert [found for _, found in links(tmp_path / "corpus")] == [None]


@pytest.mark.parametrize(
    ("document", "printed", "kind"),
    [
        (("KR", "20010024348", "A", "KR", "20007003123", "A", "20010326"), "2001-0024348", ""),
        (("KR", "20010024348", "A", "KR", "20007003123", "A", "20010326"), "10-2001-0024348", ""),
        (("KR", "20010024348", "A", "KR", "20007003123", "A", "20010326"), "2001-24348", "A"),
        (("KR", "920006633", "A", "KR", "900012345", "A", "19920427"), "92-6633", ""),
        (("KR", "100955871", "B1", "KR", "20080012345", "A", "20100506"), "955871", "B1"),
        (("EP", "0240590", "A1", "EP", "86104873", "A", "19871014"), "240590", "A1"),
        (("EP", "0240590", "A1", "EP", "86104873", "A", "19871014"), "0 240 590", ""),
        (("DE", "10142737", "B4", "DE", "10142737", "A", "20061130"), "000010142737", "B4"),
        (("DE", "10142737", "B4", "DE", "10142737", "A", "20061130"), "101 42 737.4", ""),
        (("DE", "102004006583", "A1", "DE", "102004006583", "A", "20050908"), "10 2004 006 583", "A1"),
        (("DE", "4439502", "A1", "DE", "4439502", "A", "19960509"), "P 44 39 502.8", ""),
        (("WO", "9721730", "A1", "US", "9620000", "W", "19970619"), "97/21730", ""),
        (("WO", "9721730", "A1", "US", "9620000", "W", "19970619"), "1997/021730", "A1"),
        (("WO", "9721730", "A1", "US", "9620000", "W", "19970619"), "97021730", ""),
        (("WO", "02083860", "A2", "US", "0210000", "W", "20021024"), "2002083860", ""),
        (("WO", "2004012345", "A1", "US", "2003010000", "W", "20040205"), "04/012345", ""),
        (("SG", "10201406420X", "A", "SG", "10201406420X", "A", "20150528"), "10201406420X", ""),
        (("IN", "2014DN09340", "A", "IN", "2014DN09340", "A", "20150717"), "9340/DELNP/2014", "A"),
        (("BR", "PI0507004", "A2", "BR", "PI0507004", "A", "20070612"), "PI 0507004-0", "A2"),
        (("BR", "9506658", "A", "BR", "9506658", "A", "19970902"), "PI9506658-6", "A"),
        (("MX", "PA05006297", "A", "MX", "PA05006297", "A", "20060117"), "PA/a/2005/006297", "A"),
        (("DK", "PA201570123", "A1", "DK", "PA201570123", "A", "20160919"), "PA 2015 70123", ""),
        (("IT", "MI20130124", "A1", "IT", "MI20130124", "A", "20140730"), "MI20130124", ""),
        (("CN", "100389945", "C", "CN", "200510113767", "A", "20080528"), "ZL 200510113767.6", ""),
        (("CN", "100389945", "C", "CN", "200510113767", "A", "20080528"), "200510113767.6", ""),
        (("CN", "1365575", "A", "CN", "01800565", "A", "20020821"), "01800565.9", ""),
        (("CN", "86108132", "A", "CN", "86108132", "A", "19880622"), "86108132", ""),
        (("US", "RE39411", "E1", "US", "201010123456", "A", "20061128"), "Re. 39,411", ""),
        (("US", "D435854", "S", "US", "29100000", "F", "20010102"), "435854", "S"),
        (("US", "PP12345", "P3", "US", "200010123457", "A", "20020101"), "Plant 12,345", ""),
        (("JP", "2015180001", "A", "JP", "2014058123", "A", "20151015"), "2015-180001", ""),
        (("JP", "H0525353", "A", "JP", "17000191", "A", "19930202"), "5-25353", ""),
        (("JP", "S6419780", "A", "JP", "17500187", "A", "19890123"), "64-19780", ""),
        (("JP", "WO2014148622", "A1", "JP", "2015506001", "A", "20170216"), "WO2014/148622", "A1"),
    ],
)  # fmt: skip
def test_a_citation_meets_the_patent_however_its_number_is_printed(
    tmp_path: Path, document: Published, printed: str, kind: str
) -> None:
    source = docdb(tmp_path / "a.xml", document)
    cites = citing(tmp_path / "us.xml", "9234361", (document[0], printed, kind, ""))
    report = import_paths(tmp_path / "corpus", [source, cites])
    assert (report.new, report.rejected) == (2, 0)
    (patent_id,) = set(stored(tmp_path / "corpus")) - {"US9234361B2"}
    assert [found for _, found in links(tmp_path / "corpus")] == [patent_id]


PCT: Published = ("WO", "2014148622", "A1", "JP", "2014058123", "W", "20140925")
NATIONAL: Published = ("JP", "2015180001", "A", "JP", "2014058123", "A", "20151015")
MODEL: Published = ("JP", "3190000", "U", "JP", "2014058123", "U", "20140410")
IN_US: Published = ("US", "20160012345", "A1", "US", "201414058123", "A", "20160114")
PCT_OF_US: Published = ("WO", "2015123456", "A1", "US", "2014058123", "W", "20150820")


@pytest.mark.parametrize("source", ["docdb-xml", "lens-json", "bigquery-json", "table"])
@pytest.mark.parametrize("order", [1, -1])
def test_one_application_number_of_several_kinds_is_several_patents(tmp_path: Path, source: str, order: int) -> None:
    documents = [PCT, NATIONAL, MODEL, IN_US, PCT_OF_US][::order]
    path = tmp_path / "source"
    if source == "docdb-xml":
        docdb(path, *documents)
    elif source == "lens-json":
        path.write_text("\n".join(json.dumps(_lens(*document)) for document in documents))
    elif source == "bigquery-json":
        path.write_text("\n".join(json.dumps(_bigquery(*document)) for document in documents))
    else:
        documents = [document for document in documents if document[0] == "JP"]
        rows = [f"{c}{n}{k},{an},{c} {n}" for c, n, k, _, an, _, _ in documents]
        path.write_text("publication_number,application_number,title\n" + "\n".join(rows) + "\n")
    report = import_paths(tmp_path / "corpus", [path], source)
    found = stored(tmp_path / "corpus")
    assert (report.new, report.rejected) == (len(documents), 0)
    assert set(found) == {f"{c}{n}{k}" for c, n, k, *_ in documents}
    assert all(not patent.also_published_as for patent in found.values())
    applications = {patent.application for patent in found.values()}
    wanted = {"JP2014058123", "JP2014058123U"} | (
        {"JP2014058123W", "US2014058123W", "US14058123"} if source != "table" else set()
    )
    assert applications == wanted


def _lens(c: str, n: str, k: str, ac: str, an: str, ak: str, day: str) -> dict[str, Any]:
    return {
        "lens_id": f"{c}-{n}", "doc_number": n, "jurisdiction": c, "kind": k,
        "date_published": f"{day[:4]}-{day[4:6]}-{day[6:]}",
        "biblio": {
            "application_reference": {"jurisdiction": ac, "doc_number": an, "kind": ak},
            "invention_title": [{"lang": "en", "text": f"Device {n}"}],
        },
    }  # fmt: skip


def _bigquery(c: str, n: str, k: str, ac: str, an: str, ak: str, day: str) -> dict[str, Any]:
    return {
        "publication_number": f"{c}-{n}-{k}", "application_number": f"{ac}-{an}-{ak}", "country_code": c,
        "kind_code": k, "title_localized": [{"text": f"Device {n}", "language": "en"}], "publication_date": int(day),
    }  # fmt: skip


def test_publications_of_one_application_still_supersede_each_other(tmp_path: Path) -> None:
    opened = ("EP", "1234567", "A1", "EP", "01123456", "A", "20020814")
    granted = ("EP", "1234567", "B1", "EP", "01123456", "A", "20050105")
    import_paths(tmp_path / "corpus", [docdb(tmp_path / "a.xml", opened, granted)])
    (patent,) = stored(tmp_path / "corpus").values()
    assert (patent.id, patent.also_published_as) == ("EP1234567B1", ("EP1234567A1",))


@pytest.mark.parametrize(
    ("same", "kept"),
    [
        (["EP1234567B1", "EP1234567"], "EP1234567B1"),
        (["JP-H05142789-A", "JP 5-142789"], "JPH05142789A"),
        (["WO9721730A1", "WO1997021730A1"], None),
        (["SG11201505229SA", "SG11201505229S"], "SG11201505229SA"),
        (["DE102004006583A1", "DE 10 2004 006583"], "DE102004006583A1"),
        (["US7654321B2", "US07654321"], "US7654321B2"),
        (["USRE36154E", "USR36154"], None),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_kind_missing_on_one_side_splits_no_patent(
    tmp_path: Path, same: list[str], kept: str | None, together: bool
) -> None:
    for order, numbers in enumerate(itertools.permutations(same)):
        paths = []
        for place, number in enumerate(numbers):
            path = tmp_path / f"{order}-{place}.jsonl"
            path.write_text(json.dumps({"id": number, "title": "Lamp", "published": "2001-02-03"}))
            paths.append(path)
        corpus = tmp_path / f"corpus-{order}"
        for batch in [paths] if together else [[path] for path in paths]:
            import_paths(corpus, batch)
        (patent,) = stored(corpus).values()
        assert len(patent.also_published_as) == 1
        version = Corpus(corpus).version
        import_paths(corpus, paths)
        assert Corpus(corpus).version == version or kept is None


def test_the_kind_splits_what_an_office_numbers_twice(tmp_path: Path) -> None:
    numbers = ["JPH05142789A", "JPH05142789B2", "JPH05142789U", "JP5142789B2", "CN1144336A", "CN1144336C",
               "KR920006633B1", "KR920006633Y1", "KR1019920006633A"]  # fmt: skip
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps({"id": number, "title": number}) for number in [*numbers, "JP 5-142789"]))
    import_paths(tmp_path / "corpus", [path])
    found = stored(tmp_path / "corpus")
    assert set(found) | {also for patent in found.values() for also in patent.also_published_as} == {
        *numbers,
        "JPH05142789",
    }
    assert len(found) == len(numbers)


def test_one_document_cited_with_and_without_its_kind_counts_once(tmp_path: Path) -> None:
    """In the corpus or not: two documents are cited here, five times."""
    cites = citing(
        tmp_path / "us.xml", "9234361",
        ("US", "7654321", "B2", "20100126"), ("US", "7654321", "", "20100126"), ("US", "7,654,321", "B1", "20100126"),
        ("JP", "5-142789", "", "19930600"), ("JP", "H05-142789", "A", "19930611"),
    )  # fmt: skip
    table = tmp_path / "citations.csv"
    table.write_text("citing,cited\nUS9234361,US7654321\nUS9234361B2,JPH05142789A\n")
    for documents in ([], [("US", "7654321", "B2", "US", "200511000001", "A", "20100126"), OPENING]):
        corpus = tmp_path / f"corpus{len(documents)}"
        sources = [docdb(tmp_path / "known.xml", *documents)] if documents else []
        import_paths(corpus, [cites, table, *sources])
        assert len(links(corpus)) == 2
        compute_measures(Corpus(corpus))
        measures = pl.read_parquet(corpus / "measures" / "patents.parquet").filter(pl.col("id") == "US9234361B2")
        assert measures["backward_citations"].to_list() == [2]


def test_kinds_of_several_publications_lead_to_the_one_that_stands(tmp_path: Path) -> None:
    granted = ("EP", "0240590", "B1", "EP", "86104873", "A", "19900103")
    cites = citing(tmp_path / "us.xml", "9234361", ("EP", "240590", "A1", "19871000"), ("EP", "0240590", "", ""))
    import_paths(tmp_path / "corpus", [docdb(tmp_path / "ep.xml", granted), cites])
    assert {found for _, found in links(tmp_path / "corpus")} == {"EP0240590B1"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bq.jsonl", json.dumps(_bigquery("SG", "11201505229S", "A", "SG", "11201505229S", "A", "20150828"))),
        ("google.csv", "search URL:,https://x\nid,title,assignee,result link\nSG-11201505229S-A,Membrane,A,x\n"),
        ("lens.jsonl", json.dumps(_lens("SG", "11201505229S", "A", "SG", "11201505229S", "A", "20150828"))),
        ("a.csv", "publication_number,title\nSG 11201505229S A,Water membrane\n"),
    ],
)  # fmt: skip
def test_the_check_letter_of_singapore_is_no_kind(tmp_path: Path, file: str, text: str) -> None:
    (tmp_path / file).write_text(text)
    report = import_paths(tmp_path / "corpus", [tmp_path / file])
    assert report.rejected == 0 and set(stored(tmp_path / "corpus")) == {"SG11201505229SA"}
