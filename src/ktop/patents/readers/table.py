"""Reads patent tables, Parquet and CSV, by a column map: known layouts by their column names, others by the user's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from ktop import catalogue
from ktop.domain.patent.document import (
    LiteratureCitation,
    Patent,
    PatentCitation,
    normalise_application_number,
    normalise_publication_number,
)
from ktop.domain.patent.numbers import application_kind_of, office_code, split_kind
from ktop.domain.technology.summary import clean_text, detect_language
from ktop.kernel.errors import InputError
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    MAX_DESCRIPTION_CHARS,
    MAX_TITLE_CHARS,
    Record,
    Reject,
    Sample,
    tabular,
)
from ktop.patents.readers.fields import (
    BARE_US_NUMBER,
    TableDates,
    UnreadableDateError,
    cell_value,
    is_cell_error,
    is_rounded,
    number_text,
    parse_count,
)
from ktop.patents.readers.kipris_xml import korean_patent_id
from ktop.patents.readers.lists import is_list_or_text, split_classes, split_names, split_numbers
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.record import language_code, symbols
from ktop.patents.readers.source import Source
from ktop.patents.readers.tabular import shown_columns

#: Fields that hold several values, as a list or in one text.
_LISTS = ("ipc", "cpc", "applicants", "inventors", "cited_patents")
#: Fields that hold one document's number.
_NUMBERS = ("number", "opening_number", "registration_number", "application")
DATES = ("filing_date", "publication_date", "grant_date")
#: Bare numbers: a Korean application or opening number has thirteen digits and starts with its right code.
_KOREAN_NUMBER = re.compile(r"^[12]0-?\d{4}-?\d{7}$")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


class Table:
    """Parquet and delimited text with a header that names a number and a title, whatever stands above it."""

    name = "table"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the column names; any other Parquet file is taken, too, so that its columns can be asked for."""
        if sample.head.startswith(b"PAR1"):
            return True
        return sample.table(_is_known) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per row.

        Parameters
        ----------
        column_map : our field → the table's column (see ``catalogue/patents/columns.yaml`` for the fields).

        Raises
        ------
        InputError : not a readable table, no number or title column, or a map that names what is not there.
        """
        sample = Sample(source)
        wanted = column_map or {}
        layout = sample.table(lambda names: _fits(names, wanted))
        if layout is None:
            raise _no_header(sample, wanted, source.name)
        columns = match_columns(layout.names, wanted)
        dates = [columns[field] for field in DATES if field in columns]
        days = TableDates(lambda: tabular.values(source, layout, dates))
        for where, cells, problem in tabular.rows(source, layout):
            if cells is None:
                yield Reject(where, problem or "patents.reject_columns")
                continue
            yield patent_of_row({field: cells[index] for field, index in columns.items()}, where, dates=days)


def _is_known(names: Sequence[str]) -> bool:
    return is_usable(match_columns(names, {}))


def _fits(names: Sequence[str], column_map: Mapping[str, str]) -> bool:
    known = catalogue.load("patents/columns")
    mapped = all(field in known and column in names for field, column in column_map.items())
    return mapped and is_usable(match_columns(names, column_map))


def _no_header(sample: Sample, column_map: Mapping[str, str], file: str) -> InputError:
    """Return why no line is the table's header."""
    known = catalogue.load("patents/columns")
    names = sample.columns
    if not names:
        return InputError("patents.table_broken", file=file)
    for field, column in column_map.items():
        if field not in known:
            return InputError("patents.column_map_field", field=field, known=", ".join(known))
        if column not in names:
            return InputError("patents.column_map_column", column=column, file=file)
    return InputError("patents.table_columns", file=file, columns=shown_columns(names))


def match_columns(header: Sequence[str], column_map: Mapping[str, str]) -> dict[str, int]:
    """Return our field → column index: the user's map first, then the known names.

    What stands in brackets behind a name (``발명의명칭(국문)``) may be left out.
    """
    backwards = list(reversed(list(enumerate(header))))
    by_name = {_plain(re.sub(r"[(\[].*", "", column)): index for index, column in backwards}
    by_name |= {_plain(column): index for index, column in backwards}
    columns: dict[str, int] = {}
    for field, names in catalogue.load("patents/columns").items():
        if field in column_map:
            columns[field] = list(header).index(column_map[field])
            continue
        for name in names:
            if _plain(name) in by_name:
                columns[field] = by_name[_plain(name)]
                break
    return columns


def is_usable(columns: Mapping[str, int]) -> bool:
    """Tell whether the columns found name a patent number and a text."""
    numbered = {"number", "opening_number", "registration_number"} & columns.keys()
    return bool(numbered) and bool({"title", "abstract"} & columns.keys())


def _text(value: Any, limit: int) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if "<" in text or "&" in text:
        text = clean_text(text)
    return text[:limit] or None


def _number(row: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...], str]:
    """Return id, other numbers and what was printed."""
    printed = number_text(row.get("number"))
    country = office_code(str(row.get("country") or ""))
    if printed:
        if country is None and _KOREAN_NUMBER.match(printed):
            country = "KR"
        if country is None and BARE_US_NUMBER.match(printed.upper().replace(",", "")):
            country = "US"
        kind = str(row.get("kind") or "").strip() or None
        return normalise_publication_number(printed, country=country, kind=kind), (), printed
    opening, registration = number_text(row.get("opening_number")), number_text(row.get("registration_number"))
    if opening[:2].isalpha() and opening:
        return normalise_publication_number(opening), (), opening
    patent_id, others = korean_patent_id(opening, registration, "")
    return patent_id, others, opening or registration


def _unreadable(row: Mapping[str, Any]) -> tuple[str, Mapping[str, str]] | None:
    """Return why a row cannot be taken as a whole, None where it can."""
    for field, value in row.items():
        if is_cell_error(value):
            return "patent_sources.reject_cell_error", {"field": field, "value": str(value)[:40]}
    for field in _NUMBERS:
        if is_rounded(row.get(field)):
            return "patent_sources.reject_rounded", {"field": field, "value": str(row[field])[:40]}
    for field in _LISTS:
        if not is_list_or_text(row.get(field)):
            return "patent_sources.reject_no_list", {"field": field, "value": str(row[field])[:40]}
    return None


def patent_of_row(
    row: Mapping[str, Any], where: str, source: str = "table", dates: TableDates | None = None
) -> Patent | Reject:
    """Return the patent of a row (our field → printed value), or why it has none.

    Parameters
    ----------
    source : names the reader.
    dates : reads the dates of the table that the row is of.
    """
    row = {field: _plain_value(value) for field, value in row.items()}
    problem = _unreadable(row)
    if problem is not None:
        return Reject(where, *problem)
    patent_id, others, printed = _number(row)
    if patent_id is None:
        return Reject(where, "patents.reject_number", {"number": printed[:80]})
    title, abstract = _text(row.get("title"), MAX_TITLE_CHARS), _text(row.get("abstract"), MAX_ABSTRACT_CHARS)
    if not title and not abstract:
        return Reject(where, "patents.reject_no_text")
    days: dict[str, date | None] = {}
    for field in DATES:
        try:
            days[field] = (dates or TableDates()).day(row.get(field))
        except UnreadableDateError as error:
            return Reject(where, error.reason, {"field": field, "value": error.value})
    year = parse_count(row.get("publication_year"))
    if days["publication_date"] is None and year and 1790 <= year <= 2100:
        days["publication_date"] = date(year, 12, 31)  # the last day: never earlier than the truth
    printed_language = language_code(row.get("language"))
    language = printed_language if printed_language in ("ko", "en") else detect_language(f"{title} {abstract}"[:600])
    country = patent_id[:2]
    cited = list(_cited(row.get("cited_patents"), country))
    application = number_text(row.get("application"))
    return Patent(
        id=patent_id,
        title=title or "",
        abstract=abstract,
        kind=split_kind(patent_id)[1] or None,
        application=normalise_application_number(application, country=country, kind=application_kind_of(patent_id))
        if application
        else None,
        family=_text(number_text(row.get("family")), 100),
        first_claim=_text(row.get("first_claim"), MAX_CLAIM_CHARS),
        claims_count=parse_count(row.get("claims_count")),
        description=_text(row.get("description"), MAX_DESCRIPTION_CHARS),
        ipc=symbols(split_classes(row.get("ipc"))),
        cpc=symbols(split_classes(row.get("cpc"))),
        applicants=tuple(dict.fromkeys(split_names(row.get("applicants")))),
        inventors=tuple(dict.fromkeys(split_names(row.get("inventors")))),
        cited_patents=tuple(entry for entry in cited if isinstance(entry, PatentCitation)),
        cited_literature=tuple(entry for entry in cited if isinstance(entry, LiteratureCitation)),
        also_published_as=others,
        status=_text(row.get("status"), 100),
        language=language,  # type: ignore[arg-type]
        source=source,
        filing_date=days["filing_date"],
        publication_date=days["publication_date"],
        grant_date=days["grant_date"],
    )


def _plain_value(value: Any) -> Any:
    value = cell_value(value)
    if isinstance(value, str):
        return plain_text(value)
    return [plain_text(part) if isinstance(part, str) else part for part in value] if isinstance(value, list) else value


def _cited(value: Any, country: str) -> Iterator[PatentCitation | LiteratureCitation]:
    """Yield the documents cited, each once; what is no number stays as text rather than get lost."""
    for printed in dict.fromkeys(map(number_text, split_numbers(value))):
        number = normalise_publication_number(printed, country=country)
        yield LiteratureCitation(printed) if number is None else PatentCitation(number)


READER = Table()
