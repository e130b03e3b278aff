"""Reads the CSV that patents.google.com gives for a search: the search's address in the first line, then the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from ktop.domain.patent.document import Patent
from ktop.kernel.errors import InputError
from ktop.patents.readers import Record, Reject, Sample, tabular
from ktop.patents.readers.fields import parse_spreadsheet_date
from ktop.patents.readers.record import build, distinct, language_of, undamaged
from ktop.patents.readers.source import Source

_FIRST = re.compile(rb'^(?:\xef\xbb\xbf)?"?search URL:?"?,')
_NEEDED = ("id", "title")
#: Parts that belong to the name before them: "Apple Computer, Inc.", "John Bond, III".
_LEGAL_FORMS = {
    "inc", "llc", "ltd", "corp", "co", "lp", "llp", "sa", "ag", "gmbh", "kg", "bv", "nv", "plc", "spa", "srl", "sas",
    "kk", "limited", "incorporated", "corporation", "company", "pte", "pty", "ab", "as", "oy",
}  # fmt: skip
_GENERATIONS = {"jr", "sr", "ii", "iii", "iv", "v"}


class GoogleCsv:
    """The download of a search on patents.google.com, also after a spreadsheet has rewritten its dates."""

    name = "google-csv"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the first line and the column names in the second."""
        return _FIRST.match(sample.head) is not None and _header(sample.head) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per row."""
        header = _header(source.head())
        if header is None:
            raise InputError("patents.table_broken", file=source.name)
        for row in tabular.rows(source, skip=1, damaged=True):
            if row.cells is None:
                yield Reject(row.where, row.problem or "patents.reject_columns")
            else:
                yield _patent({name: cell or "" for name, cell in zip(header, row.cells, strict=True)}, row.where)


def _header(head: bytes) -> list[str] | None:
    names = tabular.names_in_line(head, 1)
    return names if all(name in names for name in _NEEDED) else None


def _patent(row: Mapping[str, str], where: str) -> Patent | Reject:
    title = row["title"].strip()
    if "\ufffd" in title or "\ufffd" in row["id"]:
        return Reject(where, "patents.reject_encoding")
    granted = parse_spreadsheet_date(row.get("grant date", ""))
    return build(
        where,
        GoogleCsv.name,
        ("", row["id"], ""),
        title,
        None,
        language=language_of(title, "", row["id"][:2]),
        filing_date=parse_spreadsheet_date(row.get("filing/creation date", "")),
        publication_date=parse_spreadsheet_date(row.get("publication date", "")),
        grant_date=granted,
        applicants=_split(row.get("assignee", ""), _LEGAL_FORMS),
        inventors=_split(row.get("inventor/author", ""), _GENERATIONS),
    )


def _split(printed: str, endings: AbstractSet[str]) -> tuple[str, ...]:
    """Split names at commas, but not before an ending that belongs to the name."""
    names: list[str] = []
    for part in printed.split(","):
        if names and part.strip().lower().replace(".", "") in endings:
            names[-1] = f"{names[-1]}, {part.strip()}"
        else:
            names.append(part.strip())
    return distinct(undamaged(names))


READER = GoogleCsv()
