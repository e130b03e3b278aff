"""Reads the CSV export of lens.org, in the layout of 2017 and in today's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from ktop.domain.patent.document import LiteratureCitation, Patent
from ktop.kernel.errors import InputError
from ktop.patents.readers import Record, Reject, Sample, tabular
from ktop.patents.readers.fields import TableDates, UnreadableDateError, cell_value, parse_count
from ktop.patents.readers.record import build, distinct, docdb_application_number, language_of, symbols, undamaged
from ktop.patents.readers.source import Source
from ktop.patents.readers.tabular import shown_columns

#: Our name → columns of the two layouts.
_COLUMNS = {
    "number": ("publication number", "display key"),
    "literature": ("non-patent citations", "npl citations"),
    "type": ("document type", "publication type", "type"),
}
#: Document types that are published on the day of their grant. Amended and limited patents are not: theirs was earlier.
_GRANTS = frozenset({"granted patent", "plant patent", "design right", "patent of addition"})
_DATES = ("application date", "publication date")
_NEEDED = ("jurisdiction", "kind", "lens id", "title")


class LensCsv:
    """One row a publication; lists within a cell are parted by two semicolons."""

    name = "lens-csv"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the column names."""
        return sample.table(_is_known) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per row."""
        sample = Sample(source)
        layout = sample.table(_is_known)
        if layout is None:
            raise InputError("patents.table_columns", file=source.name, columns=shown_columns(sample.columns))
        header = [name.lower() for name in layout.names]
        places = [header.index(name) for name in _DATES if name in header]
        dates = TableDates(lambda: tabular.values(source, layout, places, damaged=True))
        for row in tabular.rows(source, layout, damaged=True):
            if row.cells is None:
                yield Reject(row.where, row.problem or "patents.reject_columns")
            else:
                cells = {name: str(cell_value(cell) or "") for name, cell in zip(header, row.cells, strict=True)}
                yield _patent(cells, row.where, dates)


def _is_known(columns: Sequence[str]) -> bool:
    names = {name.lower() for name in columns}
    return bool(names & set(_COLUMNS["number"])) and all(name in names for name in _NEEDED)


def _patent(row: Mapping[str, str], where: str, dates: TableDates) -> Patent | Reject:
    """Build the patent. Damaged characters are borne in names and references, not in what is searched."""

    def field(name: str) -> str:
        return next((row[column] for column in _COLUMNS.get(name, (name,)) if row.get(column)), "")

    def several(name: str) -> list[str]:
        return [part.strip() for part in field(name).split(";;") if part.strip()]

    title, abstract, country = field("title"), field("abstract"), field("jurisdiction")
    if "\ufffd" in title + abstract + field("number"):
        return Reject(where, "patents.reject_encoding")
    kind = field("kind")
    years = {"publication date": parse_count(field("publication year"))}
    days: dict[str, date | None] = {}
    for name in _DATES:
        try:
            days[name] = dates.day(field(name), years.get(name))
        except UnreadableDateError as error:
            return Reject(where, error.reason, {"field": name, "value": error.value})
    published = days["publication date"]
    applied = field("application number").split()
    return build(
        where,
        LensCsv.name,
        (country, field("number").removeprefix(country).removesuffix(kind), kind),
        title,
        abstract,
        language=language_of(title, abstract, country),
        application=docdb_application_number(applied[0], applied[1], "".join(applied[2:3])) if applied[1:] else None,
        filing_date=days["application date"],
        publication_date=published,
        grant_date=published if field("type").lower().replace("_", " ") in _GRANTS else None,
        ipc=symbols(several("ipcr classifications")),
        cpc=symbols(several("cpc classifications")),
        applicants=distinct(undamaged(several("applicants"))),
        inventors=distinct(undamaged(several("inventors"))),
        cited=[LiteratureCitation(text) for text in several("literature")],
        status=field("legal status")[:100] or None,
    )


READER = LensCsv()
