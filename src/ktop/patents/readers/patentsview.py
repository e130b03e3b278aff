"""Reads PatentsView's bulk tables, today's (``g_patent`` ...) and the old ones (``patent``, ``ipcr`` ...), by columns.

One table has the titles; all others complete its patents by number. They may be imported in any order at once, or later
by themselves: then the patents must be in the corpus already.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ktop.domain.patent.document import (
    LiteratureCitation,
    Patent,
    normalise_application_number,
    normalise_class,
    normalise_publication_number,
)
from ktop.kernel.errors import InputError
from ktop.patents.readers import (
    MAX_ABSTRACT_CHARS,
    MAX_CLAIM_CHARS,
    CitationLink,
    Completion,
    Record,
    Reject,
    Sample,
    tabular,
)
from ktop.patents.readers.fields import parse_count, parse_date
from ktop.patents.readers.record import build, distinct, document_year
from ktop.patents.readers.source import Source
from ktop.patents.readers.tabular import shown_columns

Cells = Mapping[str, str]


class PatentsView:
    """Tab-separated (or Parquet) tables as downloaded, zipped or not."""

    name = "patentsview"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the column names."""
        return sample.table(_is_known) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent, a citation, a completion (one for rows of a patent that follow each other) or a reject."""
        sample = Sample(source)
        layout = sample.table(_is_known)
        table = _table(layout.names) if layout else None
        if layout is None or table is None:
            raise InputError("patents.table_columns", file=source.name, columns=shown_columns(sample.columns))
        rows = _rows(source, layout)
        if table.each is not None:
            for where, row in rows:
                yield row if isinstance(row, Reject) else table.each(row, where)
        else:
            yield from _completions(rows, table)


class _Table(NamedTuple):
    """A table: the columns that it is known by, and what is made of each row, or of all rows of one patent."""

    columns: frozenset[str]
    each: Callable[[Cells, str], Record] | None = None
    of_patent: Callable[[Sequence[Cells]], Mapping[str, Any]] | None = None


def _table(columns: Sequence[str]) -> _Table | None:
    present = {name.strip().lower() for name in columns}
    return next((table for table in _TABLES if table.columns <= present), None)


def _is_known(columns: Sequence[str]) -> bool:
    return _table(columns) is not None


def _rows(source: Source, layout: tabular.Layout) -> Iterator[tuple[str, Cells | Reject]]:
    header = [name.strip().lower() for name in layout.names]
    for row in tabular.rows(source, layout):
        if row.cells is None:
            yield row.where, Reject(row.where, row.problem or "patents.reject_columns")
        else:
            cells = ("" if cell is None else str(cell) for cell in row.cells)
            yield row.where, dict(zip(header, cells, strict=True))


def _completions(rows: Iterator[tuple[str, Cells | Reject]], table: _Table) -> Iterator[Record]:
    assert table.of_patent is not None

    def patent(entry: tuple[str, Cells | Reject]) -> str:
        return "" if isinstance(entry[1], Reject) else entry[1]["patent_id"]

    for printed, together in itertools.groupby(rows, key=patent):
        rest = iter(together)
        found = list(itertools.islice(rest, _MAX_ROWS))
        yield from (row for _, row in found if isinstance(row, Reject))
        kept = [(where, row) for where, row in found if not isinstance(row, Reject)]
        beyond = [where for where, _ in rest]
        if beyond:
            yield Reject(beyond[0], "patent_sources.reject_too_many_rows", {"limit": _MAX_ROWS}, len(beyond))
        if not kept:
            continue
        where, number = kept[0][0], _number(printed)
        if number is None:
            yield Reject(where, "patents.reject_number", {"number": printed[:80]}, len(kept))
            continue
        values = table.of_patent(sorted((row for _, row in kept), key=_sequence))
        told = {field: value for field, value in values.items() if value}
        yield Completion(where, number, told, records=len(kept))


#: More rows of one patent than any table has; what comes after them is rejected.
_MAX_ROWS = 50_000


def _number(printed: str) -> str | None:
    return normalise_publication_number(printed, country="US") if printed else None


def _sequence(row: Cells) -> int:
    return next((parse_count(row[name]) or 0 for name in row if name == "sequence" or name.endswith("_sequence")), 0)


# --- one record a row ------------------------------------------------------------------------------------------------


def _patent(row: Cells, where: str) -> Patent | Reject:
    """Return the patent of a row of ``g_patent`` (or ``patent``); withdrawn ones are rejected."""

    def field(*names: str) -> str:
        return next((row[name] for name in names if row.get(name)), "")

    if field("withdrawn") in ("1", "1.0", "TRUE", "True"):
        return Reject(where, "patent_sources.reject_withdrawn")
    granted = parse_date(field("patent_date", "date"))
    return build(
        where,
        PatentsView.name,
        ("US", field("patent_id", "number", "id"), field("wipo_kind", "kind")),
        field("patent_title", "title"),
        field("patent_abstract", "abstract"),
        language="en",
        publication_date=granted,
        grant_date=granted,
        claims_count=parse_count(field("num_claims")) or None,
    )


def _citation(row: Cells, where: str) -> CitationLink | Reject:
    """Return a citation of a US patent, a US application or a foreign document."""
    cited = row.get("citation_patent_id") or row.get("citation_id") or ""
    country = "US"
    if "citation_document_number" in row:
        cited = row["citation_document_number"]
    elif "citation_application_id" in row:
        cited, country = row["citation_application_id"], row.get("citation_country", "")
    citing_number = _number(row["patent_id"])
    year = document_year(row.get("citation_date") or row.get("date") or "")
    cited_number = normalise_publication_number(cited, country=country or None, year=year) if cited else None
    if citing_number is None or cited_number is None:
        return Reject(where, "patents.reject_number", {"number": f"{row['patent_id']} → {cited}"[:80]})
    said = (row.get("citation_category") or row.get("category") or "").lower()
    category = next((who for who in ("examiner", "applicant", "third party", "other") if who in said), None)
    return CitationLink(citing_number, cited_number, category, where=where)


# --- one completion a patent -----------------------------------------------------------------------------------------


def _abstract(rows: Sequence[Cells]) -> Mapping[str, Any]:
    return {"abstract": rows[0]["patent_abstract"][:MAX_ABSTRACT_CHARS], "language": "en"}


def _application(rows: Sequence[Cells]) -> Mapping[str, Any]:
    row = rows[0]
    number = row.get("application_id") or f"{row.get('series_code', '')}{row.get('number', '')}"
    filed = parse_date(row.get("filing_date") or row.get("date", ""))
    return {"application": normalise_application_number(number, country="US"), "filing_date": filed}


def _cpc(rows: Sequence[Cells]) -> Mapping[str, Any]:
    return {"cpc": _symbols(row.get("cpc_group") or row.get("subgroup_id", "") for row in rows)}


def _ipc(rows: Sequence[Cells]) -> Mapping[str, Any]:
    return {"ipc": _symbols(map(_ipc_symbol, rows))}


def _ipc_symbol(row: Cells) -> str:
    subclass = f"{row['section']}{row['ipc_class'].zfill(2)}{row['subclass']}"
    group, subgroup = row.get("main_group", ""), row.get("subgroup", "")
    return f"{subclass}{group}/{subgroup.zfill(2)}" if group and subgroup else subclass


def _symbols(found: Iterator[str] | map[str]) -> list[str]:
    return list(dict.fromkeys(symbol for printed in found if (symbol := normalise_class(printed))))


def _people(role: str) -> Callable[[Sequence[Cells]], Mapping[str, Any]]:
    """Return what names the assignees or inventors of a patent, with the disambiguated name where there is one."""

    def name(row: Cells) -> str:
        for start in (f"disambig_{role}_", f"raw_{role}_", ""):
            organisation = row.get(f"{start}organization", "")
            middle = "individual_" if f"{start}individual_name_last" in row else ""
            first, last = (row.get(f"{start}{middle}name_{part}", "") for part in ("first", "last"))
            if organisation or first or last:
                return organisation or f"{first} {last}"
        return ""

    field = "applicants" if role == "assignee" else "inventors"
    return lambda rows: {field: list(distinct(map(name, rows)))}


def _literature(rows: Sequence[Cells]) -> Mapping[str, Any]:
    texts = (" ".join(row["other_reference_text"].split()) for row in rows)
    return {"cited_literature": [LiteratureCitation(text) for text in dict.fromkeys(texts) if text]}


def _first_claim(rows: Sequence[Cells]) -> Mapping[str, Any]:
    first = rows[0]
    return {"first_claim": first["claim_text"].strip()[:MAX_CLAIM_CHARS]} if _sequence(first) in (0, 1) else {}


def _columns(*names: str) -> frozenset[str]:
    return frozenset(names)


#: Asked in this order; the old layout's names are shorter and come last.
_TABLES = (
    _Table(_columns("patent_id", "patent_title", "patent_date"), each=_patent),
    _Table(_columns("patent_id", "citation_patent_id"), each=_citation),
    _Table(_columns("patent_id", "citation_document_number"), each=_citation),
    _Table(_columns("patent_id", "citation_application_id", "citation_country"), each=_citation),
    _Table(_columns("patent_id", "patent_abstract"), of_patent=_abstract),
    _Table(_columns("patent_id", "application_id", "filing_date"), of_patent=_application),
    _Table(_columns("patent_id", "cpc_group", "cpc_subclass"), of_patent=_cpc),
    _Table(_columns("patent_id", "section", "ipc_class", "subclass"), of_patent=_ipc),
    _Table(_columns("patent_id", "disambig_assignee_organization"), of_patent=_people("assignee")),
    _Table(_columns("patent_id", "raw_assignee_organization"), of_patent=_people("assignee")),
    _Table(_columns("patent_id", "disambig_inventor_name_last"), of_patent=_people("inventor")),
    _Table(_columns("patent_id", "raw_inventor_name_last"), of_patent=_people("inventor")),
    _Table(_columns("patent_id", "other_reference_text"), of_patent=_literature),
    _Table(_columns("patent_id", "claim_sequence", "claim_text"), of_patent=_first_claim),
    _Table(_columns("patent_id", "citation_id"), each=_citation),
    _Table(_columns("patent_id", "subgroup_id", "group_id"), of_patent=_cpc),
    _Table(_columns("patent_id", "series_code", "number", "date"), of_patent=_application),
    _Table(_columns("patent_id", "assignee_id", "organization"), of_patent=_people("assignee")),
    _Table(_columns("patent_id", "inventor_id", "name_last"), of_patent=_people("inventor")),
    _Table(_columns("id", "date", "country", "abstract"), each=_patent),
)

READER = PatentsView()
