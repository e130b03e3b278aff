"""Exports of lens.org: every header they have had, every type of publication, languages in capitals."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from .reading import patents

PRESENT = (
    "#,Jurisdiction,Kind,Display Key,Lens ID,Publication Date,Publication Year,Application Number,Application Date,"
    "Priority Numbers,Earliest Priority Date,Title,Abstract,Applicants,Inventors,Owners,URL,Document Type,"
    "Has Full Text,"
    "Cites Patent Count,Cited by Patent Count,Simple Family Size,Simple Family Members,"
    "Simple Family Member Jurisdictions,"
    "Extended Family Size,Extended Family Members,Extended Family Member Jurisdictions,Sequence Count,"
    "CPC Classifications,"
    "IPCR Classifications,US Classifications,NPL Citation Count,NPL Resolved Citation Count,NPL Resolved Lens ID(s),"
    "NPL Resolved External ID(s),NPL Citations,Legal Status"
)
OF_2019 = (
    "#,Jurisdiction,Kind,Publication Number,Lens ID,Publication Date,Publication Year,Application Number,"
    "Application Date,"
    "Priority Numbers,Title,Applicants,Inventors,URL,Type,Has Full Text,Cited Count,Simple Family Size,"
    "Extended Family Size,Sequence Count,CPC Classifications,IPCR Classifications,US Classifications,"
    "NPL Citation Count,"
    "NPL Resolved Citation Count,NPL Resolved Lens ID(s),NPL Resolved External Id(s),NPL Citations"
)
OF_2017 = (
    "#,Jurisdiction,Kind,Publication Number,Lens ID,Publication Date,Publication Year,Application Number,"
    "Application Date,"
    "Priority Numbers,Title,Applicants,Inventors,URL,Type,Full Text,Cited Count,Simple Family Size,"
    "Extended Family Size,"
    "Sequence Count,CPC Classifications,IPCR Classifications,US Classifications,PubMed Id(s),DOI(s),"
    "Non-Patent Citations"
)
VALUES = {
    "Jurisdiction": "US", "Kind": "B2", "Display Key": "US 9100001 B2", "Publication Number": "US 9100001 B2",
    "Lens ID": "1", "Publication Date": "2016-01-12", "Application Number": "US 201414000001 A",
    "Application Date": "2014-02-04", "Title": "Kite spool", "Applicants": "QUILLMOOR WORKS;;DOE LTD",
    "CPC Classifications": "B66D1/12", "IPCR Classifications": "B66D1/12;;F16H55/36",
    "NPL Citations": "A book;;A paper",
    "Non-Patent Citations": "A book;;A paper",
}  # fmt: skip


@pytest.mark.parametrize("header", [PRESENT, OF_2019, OF_2017, PRESENT.upper()])
@pytest.mark.parametrize(
    ("printed", "granted"),
    [
        ("Granted Patent", True), ("GRANTED_PATENT", True), ("Plant Patent", True), ("Design Right", True),
        ("Patent of Addition", True), ("Patent Application", False), ("Amended Application", False),
        ("Search Report", False), ("Amended Patent", False), ("Limited Patent", False), ("unknown", False), ("", False),
    ],
)  # fmt: skip
def test_the_csv_says_the_day_of_grant_by_its_type(tmp_path: Path, header: str, printed: str, granted: bool) -> None:
    values = VALUES | {"Document Type": printed, "Type": printed}
    cells = [next((v for k, v in values.items() if k.lower() == name.lower()), "") for name in header.split(",")]
    (tmp_path / "a.csv").write_text(f"\ufeff{header}\n{','.join(cells)}\n", encoding="utf-8")
    (patent,) = patents(tmp_path).values()
    day = date(2016, 1, 12)
    assert (patent.id, patent.application, patent.filing_date) == ("US9100001B2", "US14000001", date(2014, 2, 4))
    assert (patent.publication_date, patent.grant_date) == (day, day if granted else None)
    assert (patent.ipc, patent.applicants) == (("B66D1/12", "F16H55/36"), ("QUILLMOOR WORKS", "DOE LTD"))
    assert [cited.text for cited in patent.cited_literature] == ["A book", "A paper"]


@pytest.mark.parametrize(
    ("printed", "granted"),
    [
        ("GRANTED_PATENT", True), ("AMENDED_PATENT", True), ("LIMITED_PATENT", True), ("DESIGN_RIGHT", True),
        ("PLANT_PATENT", True), ("PATENT_OF_ADDITION", True), ("STATUTORY_INVENTION_REGISTRATION", True),
        ("UNKNOWN", True), ("AMBIGUOUS", True), ("Granted Patent", True), ("PATENT_APPLICATION", False),
        ("AMENDED_APPLICATION", False), ("SEARCH_REPORT", False), ("ABSTRACT", False), ("SPC", False),
    ],
)  # fmt: skip
def test_the_json_says_the_day_of_grant_by_its_legal_status(tmp_path: Path, printed: str, granted: bool) -> None:
    record = {
        "lens_id": "1", "jurisdiction": "US", "doc_number": "9100002", "kind": "B2", "date_published": "2020-08-25",
        "publication_type": printed, "lang": "EN", "legal_status": {"grant_date": "2019-08-27", "granted": True},
        "biblio": {"invention_title": [{"text": "Drachen", "lang": "DE"}, {"text": "Kite", "lang": "EN"}]},
        "abstract": [{"text": "A kite.", "lang": "EN"}],
    }  # fmt: skip
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    (patent,) = patents(tmp_path).values()
    assert patent.grant_date == (date(2019, 8, 27) if granted else None)
    assert (patent.title, patent.abstract, patent.language) == ("Kite", "A kite.", "en")
