"""Reads patent tables, Parquet and CSV, by a column map: known layouts by their column names, others by the user's."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from ktop import catalogue
from ktop.domain.patent import (
    Patent,
    PatentCitation,
    normalise_application_number,
    normalise_class,
    normalise_publication_number,
)
from ktop.domain.technology import clean_text, detect_language
from ktop.errors import InputError
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    MAX_DESCRIPTION_CHARS,
    MAX_TITLE_CHARS,
    Reject,
)
from ktop.patents.readers.fields import parse_count, parse_date, split_list
from ktop.patents.readers.kipris_xml import korean_patent_id
from ktop.patents.readers.source import Source

_BATCH_ROWS = 5_000
_MAX_FIELD_CHARS = 5_000_000
_PARQUET = b"PAR1"
_DELIMITERS = ",\t;|"
#: Bare numbers: a Korean application or opening number has thirteen digits and starts with its right code.
_KOREAN_NUMBER = re.compile(r"^[12]0-?\d{4}-?\d{7}$")
_BARE_US_NUMBER = re.compile(r"^(?:RE|PP|D|H|T)?\d{5,8}$")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


class Table:
    """Parquet (told by its magic) and CSV in UTF-8 or CP949 with a header that names a number and a title."""

    name = "table"

    def recognises(self, head: bytes, name: str) -> bool:
        """Tell Parquet by its magic, CSV by a header line with columns this house knows."""
        if head.startswith(_PARQUET):
            return True
        text = _decoded(head)
        if text is None or "\x00" in text or text.lstrip().startswith(("<", "{", "[")):
            return False
        header = next(csv.reader([text.split("\n", 1)[0]], delimiter=_delimiter(text)), [])
        fields = _match_columns(header, {})
        return _usable(fields)

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Patent | Reject]:
        """Yield a patent or a reject per row, a batch of rows in memory at a time.

        Parameters
        ----------
        column_map : our field → the table's column (see ``catalogue/patents/columns.yaml`` for the fields).

        Raises
        ------
        InputError : not a readable table, no number or title column, or a map that names what is not there.
        """
        head = source.head()
        rows = _parquet_rows(source) if head.startswith(_PARQUET) else _csv_rows(source, head)
        _, header, _ = next(rows)
        assert header is not None
        columns = _columns(header, column_map or {}, source.name)
        for where, cells, problem in rows:
            if problem is not None or cells is None:
                yield Reject(where, problem or "patents.reject_columns")
                continue
            row = {field: cells[index] for field, index in columns.items()}
            yield _patent(row, where, header)


Row = tuple[str, list[Any] | None, str | None]


def _columns(header: list[Any], column_map: Mapping[str, str], file: str) -> dict[str, int]:
    known = catalogue.load("patents/columns")
    for field, column in column_map.items():
        if field not in known:
            raise InputError("patents.column_map_field", field=field, known=", ".join(known))
        if column not in header:
            raise InputError("patents.column_map_column", column=column, file=file)
    columns = _match_columns(header, column_map)
    if not _usable(columns):
        shown = ", ".join(str(column)[:40] for column in header[:30])
        raise InputError("patents.table_columns", file=file, columns=shown)
    return columns


def _match_columns(header: list[Any], column_map: Mapping[str, str]) -> dict[str, int]:
    """Return our field → column index: the user's map first, then the known names."""
    by_name = {_plain(str(column)): index for index, column in reversed(list(enumerate(header)))}
    columns: dict[str, int] = {}
    for field, names in catalogue.load("patents/columns").items():
        if field in column_map:
            columns[field] = header.index(column_map[field])
            continue
        for name in names:
            if _plain(name) in by_name:
                columns[field] = by_name[_plain(name)]
                break
    return columns


def _usable(columns: Mapping[str, int]) -> bool:
    numbered = {"number", "opening_number", "registration_number"} & columns.keys()
    return bool(numbered) and bool({"title", "abstract"} & columns.keys())


# --- rows -----------------------------------------------------------------------------------------------------------


def _parquet_rows(source: Source) -> Iterator[Row]:
    """Yield the header, then the rows, read in slices so that a file of any size fits."""
    try:
        where_from: Any = source.path if source.path and not source.gzipped else io.BytesIO(source.whole())
        frame = pl.scan_parquet(where_from)
        header = frame.collect_schema().names()
        yield "header", list(header), None
        offset = 0
        while True:
            batch = frame.slice(offset, _BATCH_ROWS).collect()
            for number, row in enumerate(batch.iter_rows(), offset + 1):
                yield f"row {number}", list(row), None
            offset += batch.height
            if batch.height < _BATCH_ROWS:
                return
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError("patents.table_broken", file=source.name) from error


def _csv_rows(source: Source, head: bytes) -> Iterator[Row]:
    text = _decoded(head)
    if text is None or "\x00" in text:
        raise InputError("patents.table_broken", file=source.name)
    csv.field_size_limit(min(_MAX_FIELD_CHARS, sys.maxsize))
    encoding = "utf-8-sig" if _is_utf8(head) else "cp949"
    with source.open() as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="") as lines:
        reader = csv.reader(lines, delimiter=_delimiter(text))
        try:
            header = next(reader)
            yield "header", [column.strip() for column in header], None
            for row in reader:
                if not row:
                    continue
                where = f"line {reader.line_num}"
                if len(row) != len(header):
                    yield where, None, "patents.reject_columns"
                elif any("\ufffd" in cell for cell in row):
                    yield where, None, "patents.reject_encoding"
                else:
                    yield where, [cell.strip() or None for cell in row], None
        except (csv.Error, StopIteration) as error:
            raise InputError("patents.table_broken", file=source.name) from error


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4  # a character cut off at the end of the head
    return True


def _decoded(head: bytes) -> str | None:
    if _is_utf8(head):
        return head.decode("utf-8-sig", errors="ignore")
    try:
        return head[: len(head) // 2 * 2].decode("cp949", errors="strict")
    except UnicodeDecodeError as error:
        return head[: error.start].decode("cp949") if error.start > len(head) - 4 else None


def _delimiter(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)


# --- one row --------------------------------------------------------------------------------------------------------


def _text(value: Any, limit: int) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if "<" in text or "&" in text:
        text = clean_text(text)
    return text[:limit] or None


def _number(row: Mapping[str, Any]) -> tuple[str | None, tuple[str, ...], str]:
    """Return id, other numbers and what was printed."""
    printed = str(row.get("number") or "").strip()
    country = str(row.get("country") or "").strip().upper()[:2] or None
    if printed:
        if country is None and _KOREAN_NUMBER.match(printed):
            country = "KR"
        if country is None and _BARE_US_NUMBER.match(printed.upper().replace(",", "")):
            country = "US"
        return normalise_publication_number(printed, country=country), (), printed
    opening = str(row.get("opening_number") or "").strip()
    registration = str(row.get("registration_number") or "").strip()
    if opening[:2].isalpha() and opening:
        return normalise_publication_number(opening), (), opening
    patent_id, others = korean_patent_id(opening, registration, "")
    return patent_id, others, opening or registration


def _patent(row: Mapping[str, Any], where: str, header: list[Any]) -> Patent | Reject:
    patent_id, others, printed = _number(row)
    if patent_id is None:
        return Reject(where, "patents.reject_number", {"number": printed[:80]})
    title, abstract = _text(row.get("title"), MAX_TITLE_CHARS), _text(row.get("abstract"), MAX_ABSTRACT_CHARS)
    if not title and not abstract:
        return Reject(where, "patents.reject_no_text")
    days: dict[str, date | None] = {}
    for field in ("filing_date", "publication_date", "grant_date"):
        value = row.get(field)
        days[field] = parse_date(value)
        if days[field] is None and value not in (None, ""):
            return Reject(where, "patents.reject_date", {"value": str(value)[:40]})
    year = parse_count(row.get("publication_year"))
    if days["publication_date"] is None and year and 1790 <= year <= 2100:
        days["publication_date"] = date(year, 12, 31)  # the last day: never earlier than the truth
    printed_language = str(row.get("language") or "").lower()[:2]
    language = printed_language if printed_language in ("ko", "en") else detect_language(f"{title} {abstract}"[:600])
    country = patent_id[:2]
    cited = (normalise_publication_number(number, country=country) for number in split_list(row.get("cited_patents")))
    application = row.get("application")
    return Patent(
        id=patent_id,
        title=title or "",
        abstract=abstract,
        kind=re.sub(r"^.*\d(?=[A-Z]\d?$)|^.*\d$", "", patent_id) or None,
        application=normalise_application_number(str(application), country=country) if application else None,
        family=_text(row.get("family"), 100),
        first_claim=_text(row.get("first_claim"), MAX_CLAIM_CHARS),
        claims_count=parse_count(row.get("claims_count")),
        description=_text(row.get("description"), MAX_DESCRIPTION_CHARS),
        ipc=_symbols(row.get("ipc")),
        cpc=_symbols(row.get("cpc")),
        applicants=tuple(dict.fromkeys(split_list(row.get("applicants")))),
        inventors=tuple(dict.fromkeys(split_list(row.get("inventors")))),
        cited_patents=tuple(PatentCitation(number) for number in dict.fromkeys(cited) if number),
        also_published_as=others,
        status=_text(row.get("status"), 100),
        language=language,  # type: ignore[arg-type]
        source="table",
        filing_date=days["filing_date"],
        publication_date=days["publication_date"],
        grant_date=days["grant_date"],
    )


def _symbols(value: Any) -> tuple[str, ...]:
    parts = [piece for part in split_list(value) for piece in part.split(",")]
    return tuple(dict.fromkeys(symbol for part in parts if (symbol := normalise_class(part))))


READER = Table()
