"""Numbers by office and period: every form of the table, one number for one patent, two for two."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop import catalogue
from ktop.domain.patent.numbers import (
    also_written,
    application_kind_of,
    forms,
    ids_of,
    look_up_key,
    normalise_application_number,
    normalise_publication_number,
    office_code,
    split_kind,
)

_PUBLICATIONS = [
    (printed, written)
    for of_office in forms("publications").values()
    for form in of_office
    for printed, written in form.examples.items()
]
_APPLICATIONS = [
    (printed, written, form.docdb or form.source == "DOCDB")
    for of_office in forms("applications").values()
    for form in of_office
    for printed, written in form.examples.items()
]


def parts(printed: str) -> tuple[str, str | None, str | None]:
    """Return an example as ``text``, ``country``, ``kind``: ``PI0507004 (BR, A2)``."""
    match = re.fullmatch(r"(.*) \(([A-Z]{2})(?:, ([A-Z]\d?))?\)", printed)
    return (match[1], match[2], match[3]) if match else (printed, None, None)


@pytest.mark.parametrize(("printed", "written"), _PUBLICATIONS)
def test_every_form_of_the_published_table_is_written_as_it_says(printed: str, written: str) -> None:
    text, country, kind = parts(printed)
    assert normalise_publication_number(text, country=country, kind=kind) == written
    assert normalise_publication_number(written) == written, "the written form is stable"
    assert normalise_publication_number(written.lower()) == written
    office, rest = written[:2], written[2:]
    assert normalise_publication_number(rest, country=office) == written, "office beside the number"
    body, code = split_kind(written)
    assert normalise_publication_number(body[2:], country=office, kind=code) == written, "kind beside the number"


@pytest.mark.parametrize(("printed", "written", "docdb"), _APPLICATIONS)
def test_every_form_of_applications_is_written_as_the_table_says(printed: str, written: str, docdb: bool) -> None:
    text, country, kind = parts(printed)
    match = re.fullmatch(r"([A-Z]{2} \S+) ([A-Z])", text)
    text, kind = (match[1], match[2]) if match else (text, kind)
    assert normalise_application_number(text, country=country, kind=kind, docdb=docdb) == written
    assert normalise_application_number(written) == written


def test_every_form_names_its_source_and_period() -> None:
    table = catalogue.load("patents/number_forms")
    for form in itertools.chain(*forms("publications").values(), *forms("applications").values()):
        assert form.source in table["sources"] and form.period and form.what and form.examples


@pytest.mark.parametrize(
    "same",
    [
        ["JPH05142789A", "JP 5-142789 A", "JP H5-142789 A", "JP5142789A", "JP 1993-142789 A",
         "特開平5-142789", "JP평05142789 A",
         "일본공개특허공보 특개평05-142789호(1993.06.08)", "JP H05-142789 A"],
        ["JPH0525353A", "JP 5-25353 A", "JP H05-025353 A", "JP05025353A", "JP1993025353A", "特開平5-25353"],
        ["JPS6419780A", "JP S64-19780 A", "JP 64-19780 A", "JP S64-019780 A", "特開昭64-19780", "JP64019780A"],
        ["JP2001024348A", "JP 2001-24348 A", "JP 2001-024348 A", "特開2001-24348", "JP H13-24348 A",
         "JP 2001/024348 A"],
        ["KR1020010024348A", "KR 10-2001-0024348 A", "KR20010024348A", "KR 2001-0024348 A", "KR2001-24348 A",
         "한국공개특허공보 제10-2001-0024348호", "KR 10-2001-24348 A", "KR020010024348A"],
        ["KR1019920006633A", "KR 92-6633 A", "KR920006633A", "KR 1992-0006633 A", "KR 10-1992-0006633 A"],
        ["KR100955871B1", "KR 10-0955871 B1", "KR10-0955871-0000 B1", "KR1009558710000B1",
         "등록특허 10-0955871", "KR0955871B1"],
        ["EP0240590A1", "EP 240590 A1", "EP 0 240 590 A1", "EP000000240590A1", "EP-0240590-A1", "EP 0,240,590 A1"],
        ["DE10142737B4", "DE 101 42 737 B4", "DE000010142737B4", "DE 101 42 737.4 B4", "DE-10142737-B4"],
        ["DE102004006583A1", "DE 10 2004 006 583 A1", "DE 10 2004 006583.5 A1", "DE 10-2004-6583 A1"],
        ["DE4439502A1", "DE 44 39 502 A1", "DE P 44 39 502.8 A1", "DE-OS 4439502 A1", "DEP4439502A1",
         "DE000004439502A1"],
        ["US20120278883A1", "US 2012/0278883 A1", "US-2012278883-A1", "US 2012-0278883 A1"],
        ["USD435854S1", "US D435,854 S1", "US Des. 435,854 S1", "US D0435854 S1", "US 435854 S1"],
        ["USPP12345P3", "US PP12,345 P3", "US Plant Pat. 12,345 P3", "US PP012345 P3", "US 12345 P3"],
        ["USRE39411E1", "US Re. 39,411 E1", "US RE039411 E1", "US Reissue 39,411 E1", "US 39411 E1"],
        ["USH1234H1", "US H1,234 H1", "US H001234 H1", "US 1234 H1"],
        ["CN86108132A", "CN 86 1 08132 A", "CN-86108132-A"],
        ["SG11201505229SA", "SG-11201505229S-A", "SG 11201505229S A"],
        ["IN2014DN09340A", "IN 2014DN9340 A", "IN-2014DN09340-A"],
        ["BRPI0507004A2", "BR PI 0507004 A2", "BR PI 0507004-0 A2", "BRPI05070040A2"],
        ["MXPA05006297A", "MX PA05006297 A", "MX PA/a/2005/006297 A"],
        ["DKPA201570123A1", "DK PA 2015 70123 A1", "DKPA2015 70123 A1"],
    ],
    ids=lambda same: same[0],
)  # fmt: skip
def test_one_patent_has_one_number_however_it_is_printed(same: list[str]) -> None:
    assert {normalise_publication_number(printed) for printed in same} == {same[0]}


@pytest.mark.parametrize(
    "same",
    [
        ["WO9721730A1", "WO 97/21730 A1", "WO97021730A1", "WO1997021730A1", "WO 1997/021730 A1", "WO 1997/21730 A1"],
        ["WO0107475A1", "WO 01/07475", "WO2001007475A1", "WO 2001/7475"],
        ["WO02083860A2", "WO 02/083860 A2", "WO2002083860A2", "WO200202083860A2"],
        ["WO0212345A1", "WO 02/12345", "WO2002012345A1"],
        ["WO2004012345A1", "WO 04/012345 A1", "WO2004/012345", "WO2004/12345 A1"],
        ["JPWO9721730A1", "JPWO1997021730A1", "再表97/21730"],
        ["USRE36154E", "USR36154", "US Re. 36,154"],
        ["BR9506658A", "BRPI9506658A", "PI 9506658-6 (BR)"],
        ["DK200401978A", "DKPA200401978A"],
        ["US7654321B2", "US 7,654,321", "US07654321"],
        ["SG11201505229SA", "SG11201505229S"],
        ["CH661404GA3", "CH661404G"],
        ["JPH05142789A", "JP 5-142789"],
        ["JP5142789B2", "JP 5,142,789", "JP5142789"],
    ],
    ids=lambda same: same[0],
)
def test_the_years_of_wo_and_a_missing_kind_are_looked_up_under_one_key(same: list[str]) -> None:
    written = [normalise_publication_number(parts(p)[0], country=parts(p)[1]) for p in same]
    assert None not in written and len({look_up_key(str(number)) for number in written}) == 1


@pytest.mark.parametrize(
    "different",
    [
        ["JP 5-142789 A", "JP5142789B2", "JP 5-142789 B2", "JP S05-142789 B2", "JP 5-142789 U", "JP 50-142789 A"],
        ["JPWO2014148622A1", "WO2014148622A1", "JP2014148622A"],
        ["KR 10-2001-0024348 A", "KR 20-2001-0024348 U", "KR 30-2001-0024348 S", "KR 10-0024348 B1",
         "KR 20-0024348 Y1"],
        ["KR 92-6633 A", "KR 92-6633 B1", "KR 92-6633 U", "KR 92-6633 Y1"],
        ["US 435854", "US D435854", "US PP4358", "US RE43585", "US H435", "US T435854"],
        ["SG 10201406420X A", "SG 10201406420Y A", "SG 11201406420X A"],
        ["IN 2014DN09340 A", "IN 2014MN09340 A", "IN 2014DE09340 A", "IN 2013DN09340 A"],
        ["BRPI0507004A2", "BRMU0507004U2", "BR102005070044A2"],
        ["MXPA05006297A", "MXNL05006297A", "MX2005006297A"],
        ["ITMI20130124A1", "ITBO20130124A1", "ITRM20130124A1"],
        ["CN1144336A", "CN1144336C", "CN2144336Y"],
        ["DE4439502A1", "DE14439502A1", "DE9439502U1", "DE202004439502U1"],
        ["EP0240590A1", "EP2405900A1"],
        ["WO 97/21730", "WO 2097/021730", "WO 98/21730"],
        ["GB189522685A", "GB 2268522 A", "GB 895226 A"],
    ],
    ids=lambda different: different[0],
)  # fmt: skip
def test_two_patents_never_have_one_number(different: list[str]) -> None:
    written = [normalise_publication_number(printed) for printed in different]
    assert None not in written
    keys = [look_up_key(str(number)) for number in written]
    assert len(set(keys)) == len(keys), dict(zip(different, keys, strict=True))


@pytest.mark.parametrize(
    ("year", "printed", "kind", "number"),
    [
        (1993, "5142789", None, "JPH05142789"),
        (2013, "5142789", None, "JP5142789"),
        (1993, "5-142789", "B2", "JPH05142789B2"),
        (1930, "5-1427", None, "JPS051427"),
        (1922, "11-1427", None, "JPT111427"),
        (1985, "60-123456", None, "JPS60123456"),
        (1985, "60123456", None, "JPS60123456"),
        (1988, "88-123456", None, "JPS63123456"),
        (1989, "1-123456", None, "JPH01123456"),
        (1991, "3139357", "U", "JPH03139357U"),
        (None, "3139357", "U", "JP3139357U"),
        (1993, "62-341", "A", "JPS62341A"),
    ],
)
def test_the_day_of_a_japanese_document_tells_its_era(
    year: int | None, printed: str, kind: str | None, number: str
) -> None:
    assert normalise_publication_number(printed, country="JP", kind=kind, year=year) == number


@pytest.mark.parametrize(
    ("printed", "country"),
    [
        ("PI0507004A2", None), ("MI20130124A1", None), ("PCT/JP2014/058123", None), ("특원평3-309900",
         None), ("-1", "US"),
        ("1.02018E+12", "KR"), ("N/A", "US"), ("nan", "US"), ("US-0", None), ("특허 123", "KR"), ("KKK12345", "US"),
    ],
)  # fmt: skip
def test_what_is_no_publication_number_is_none(printed: str, country: str | None) -> None:
    assert normalise_publication_number(printed, country=country) is None


@pytest.mark.parametrize(
    ("number", "country", "kind", "docdb", "written"),
    [
        ("2014058123", "JP", "A", True, "JP2014058123"),
        ("2014058123", "JP", "W", True, "JP2014058123W"),
        ("2014058123", "JP", "U", True, "JP2014058123U"),
        ("2014012345", "US", "W", True, "US2014012345W"),
        ("9712345", "US", "W", True, "US1997012345W"),
        ("201414002002", "US", "A", True, "US14002002"),
        ("78249689", "US", "A", True, None),
        ("78249689", "US", None, False, "US78249689"),
        ("20190012345", "KR", None, False, "KR1020190012345"),
        ("96939832", "AT", "T", True, "AT96939832T"),
        ("10201406420X", "SG", "A", True, "SG10201406420X"),
        ("PI0507004", "BR", "A", True, "BRPI0507004"),
        ("MI20130124", "IT", "A", True, "ITMI20130124"),
        ("ZL 2015 1 0012345.X", None, None, False, "CN201510012345"),
        ("201510012345X", "CN", "A", False, "CN201510012345"),
        ("95115608.X", "CN", None, False, "CN95115608"),
        ("1020180098765.0", "KR", None, False, "KR1020180098765"),
    ],
)
def test_an_application_is_known_by_office_number_and_kind(
    number: str, country: str, kind: str | None, docdb: bool, written: str | None
) -> None:
    assert normalise_application_number(number, country=country, kind=kind, docdb=docdb) == written


def test_a_publication_tells_the_kind_of_its_application() -> None:
    told = {
        number: application_kind_of(number)
        for number in ("JP2015180001A", "JP3139357U", "JPH04677Y2", "WO2014148622A1")
    }
    assert list(told.values()) == ["", "U", "U", "W"]


def test_codes_of_the_time_before_st_3() -> None:
    told = [office_code(code) for code in ("UK", "DT", "JA", "SW", "OE", "kr", "SZ", "PI")]
    assert told == ["GB", "DE", "JP", "SE", "AT", "KR", "SZ", None]
    assert office_code("SZ", before_1978=True) == "CH"


def test_codes_of_three_letters_are_not_cut_to_another_office() -> None:
    told = [office_code(code) for code in ("CHN", "AUT", "KOR", "jpn", "JPX", "UKX", "Korea", "")]
    assert told == ["CN", "AT", "KR", "JP", "JP", "GB", None, None]


_OFFICES = st.sampled_from(sorted([*forms("publications"), "PL", "ZA", "HU", "XX", "ZZ"]))
_MARKS = st.sampled_from(["", " ", "-", "/", ".", ", "])


@given(
    _OFFICES, st.integers(1, 10**13), st.sampled_from(["", "A", "A1", "B1", "B2", "U", "Y1", "S1", "T2", "C"]), _MARKS
)
def test_what_is_written_once_is_written_the_same_again(office: str, number: int, kind: str, mark: str) -> None:
    once = normalise_publication_number(f"{office}{mark}{number}{mark}{kind}")
    if once is not None:
        assert normalise_publication_number(once) == once
        assert once.isascii() and once.isalnum() and once.startswith(office)
        assert look_up_key(once) in (
            look_up_key(split_kind(once)[0]),
            f"{split_kind(once)[0]}/{kind[:1]}",
            look_up_key(once),
        )
        for other in also_written(once):
            assert look_up_key(other) == look_up_key(once) and normalise_publication_number(other) == other


@given(
    st.integers(1_000_000, 99_999_999) | st.integers(20_010_000_001, 20_999_999_999), st.sampled_from(["", "A1", "A9"])
)
def test_plain_us_numbers_are_written_as_any_other(number: int, kind: str) -> None:
    slowly = normalise_publication_number(f"US {number}", kind=kind)
    assert (
        slowly
        == normalise_publication_number(f"US{number}{kind}")
        == normalise_publication_number(f"US-{number}-{kind}")
    )


@given(_OFFICES, st.integers(10**4, 10**13), st.sampled_from(["", "A", "U", "W", "T"]), st.booleans())
def test_applications_are_written_the_same_again(office: str, number: int, kind: str, docdb: bool) -> None:
    once = normalise_application_number(str(number), country=office, kind=kind, docdb=docdb)
    if once is not None:
        assert normalise_application_number(once) == once


@given(
    st.text("0123456789-/., ABDEHKPRSUWJ平特開号평", max_size=24), st.sampled_from([None, "US", "JP", "KR", "CN", "DE"])
)
def test_no_text_is_more_than_a_number_or_none(text: str, country: str | None) -> None:
    for found in (
        normalise_publication_number(text, country=country),
        normalise_application_number(text, country=country),
    ):
        assert found is None or (found.isascii() and found.isalnum() and any(map(str.isdigit, found)))
    written = normalise_publication_number(text, country=country)
    assert written is None or normalise_publication_number(written) == written


@given(st.sampled_from("MTSH"), st.integers(1, 64), st.integers(1, 999_999), st.sampled_from(["A", "B2", "U", "Y2"]))
def test_an_era_and_its_western_year_are_one_number(era: str, year: int, serial: int, kind: str) -> None:
    eras = catalogue.load("patents/number_forms")["eras"]
    western = eras[era]["before"] + year
    one_era = sum(1 <= western - told["before"] <= told["last"] for told in eras.values()) == 1
    number = normalise_publication_number(f"JP{era}{year:02d}{serial:06d}{kind}")
    if year > eras[era]["last"]:
        return
    assert number == normalise_publication_number(f"JP {era}{year}-{serial} {kind}")
    if one_era and western >= 1920:
        assert number == normalise_publication_number(f"JP {western}-{serial:06d} {kind}")


@pytest.mark.parametrize(
    ("named", "ids"),
    [
        ("US 7,654,321 B2", {"US7654321B2", "US7654321"}),
        ("WO 97/21730 A1", {"WO9721730A1", "WO1997021730A1", "WO9721730"}),
        ("WO1997021730A1", {"WO9721730A1", "WO1997021730A1", "WO1997021730"}),
        ("JP 5-142789 B2", {"JPH05142789B2"}),
        ("ZZ1", {"ZZ1"}),
        ("my own id", {"my own id"}),
    ],
)
def test_a_patent_that_somebody_names_is_found_however_it_is_printed(named: str, ids: set[str]) -> None:
    assert set(ids_of(named)) - {named} == ids - {named} and set(ids_of(named)) <= ids | {named}


@pytest.mark.parametrize("piece", ["공개특허", "特開", "9", "US", "-", "JP平5-", "7,", " ", "PI", "X"])
def test_a_text_of_any_length_is_answered_at_once(piece: str) -> None:
    text = piece * 500_000
    assert normalise_publication_number(text, country="JP") is None
    assert normalise_application_number(text, country="KR") is None
    assert normalise_publication_number("7654321", country="US", kind=text) == "US7654321"
    assert normalise_publication_number("7654321", country=text) is None


def table_rows(of: str) -> list[str]:
    """Return the forms of the catalogue as the rows of docs/patent-numbers.md."""
    rows = []
    for office, of_office in forms(of).items():
        for form in of_office:
            shown = ", ".join(
                f"{printed.replace('|', '/')} → `{written}`" for printed, written in form.examples.items()
            )
            rows.append(f"| {office} | {form.what} | {form.period} | {shown} | {form.source} |")
    return rows


@pytest.mark.parametrize("of", ["publications", "applications"])
def test_the_page_shows_every_form(of: str) -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "patent-numbers.md").read_text(encoding="utf-8")
    missing = [row for row in table_rows(of) if row not in page]
    assert not missing, "paste these rows into docs/patent-numbers.md:\n" + "\n".join(missing)
