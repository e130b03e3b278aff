"""Reads the CSV that patents.google.com gives for a search: the search's address in the first line, then the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from ktop.domain.patent.document import Patent
from ktop.kernel.errors import InputError
from ktop.patents.readers import Record, Reject, Sample, tabular
from ktop.patents.readers.fields import TableDates, UnreadableDateError, cell_value
from ktop.patents.readers.lists import GENERATIONS, LEGAL_FORMS, joined_names
from ktop.patents.readers.record import build, distinct, language_of, undamaged
from ktop.patents.readers.source import Source
from ktop.patents.readers.tabular import shown_columns

_SEARCH = re.compile(rb'^(?:\xef\xbb\xbf)?(?:"?sep=.{1,4}\n)?"?search URL:', re.IGNORECASE)
_NEEDED = {"id", "title"}
#: Names that no other table has.
_OWN = {"inventor/author", "filing/creation date", "result link"}
_DATES = ("filing/creation date", "publication date", "grant date")


class GoogleCsv:
    """The download of a search on patents.google.com, also after a spreadsheet has rewritten its dates."""

    name = "google-csv"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the column names; the line with the search above them may be missing."""
        return _layout(sample) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per row."""
        sample = Sample(source)
        layout = _layout(sample)
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


def _layout(sample: Sample) -> tabular.Layout | None:
    """Return the table's header; below the line with the search, number and title are enough to tell it."""
    if _SEARCH.match(sample.head):
        return sample.table(lambda columns: {name.lower() for name in columns} >= _NEEDED)
    return sample.table(_is_known)


def _is_known(columns: Sequence[str]) -> bool:
    names = {name.lower() for name in columns}
    return names >= _NEEDED and bool(_OWN & names)


def _patent(row: Mapping[str, str], where: str, dates: TableDates) -> Patent | Reject:
    title = row["title"].strip()
    if "\ufffd" in title or "\ufffd" in row["id"]:
        return Reject(where, "patents.reject_encoding")
    days: dict[str, date | None] = {}
    for name in _DATES:
        try:
            days[name] = dates.day(row.get(name))
        except UnreadableDateError as error:
            return Reject(where, error.reason, {"field": name, "value": error.value})
    return build(
        where,
        GoogleCsv.name,
        ("", row["id"], ""),
        title,
        None,
        language=language_of(title, "", row["id"][:2]),
        filing_date=days["filing/creation date"],
        publication_date=days["publication date"],
        grant_date=days["grant date"],
        applicants=_split(row.get("assignee", ""), LEGAL_FORMS),
        inventors=_split(row.get("inventor/author", ""), GENERATIONS),
    )


def _split(printed: str, endings: AbstractSet[str]) -> tuple[str, ...]:
    """Split names at commas, but not before an ending that belongs to the name."""
    return distinct(undamaged(joined_names(printed.split(","), endings)))


READER = GoogleCsv()
