"""Reads citation tables (citing, cited, optionally kind), Parquet or CSV, that sources ship beside their patents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ktop.domain.patent.document import normalise_publication_number
from ktop.kernel.errors import InputError
from ktop.patents.readers import CitationLink, Record, Reject, Sample, tabular
from ktop.patents.readers.fields import BARE_US_NUMBER
from ktop.patents.readers.source import Source
from ktop.patents.readers.tabular import shown_columns

_CITING = ("citing", "citing_id", "citing_patent", "citing_number")
_CITED = ("cited", "cited_id", "cited_patent", "cited_number")
_CATEGORY = ("category", "kind", "citation_category")


class CitationTable:
    """A table of who cites whom; numbers are normalised like patent ids."""

    name = "citations"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the column names."""
        return sample.table(_is_known) is not None

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a link or a reject per row."""
        sample = Sample(source)
        layout = sample.table(_is_known)
        picked = _pick(layout.names) if layout else None
        if layout is None or picked is None:
            raise InputError("patents.table_columns", file=source.name, columns=shown_columns(sample.columns))
        citing_at, cited_at, category_at = picked
        for row in tabular.rows(source, layout):
            if row.cells is None:
                yield Reject(row.where, row.problem or "patents.reject_columns")
                continue
            citing, cited = _number(row.cells[citing_at]), _number(row.cells[cited_at])
            if citing is None or cited is None:
                printed = f"{row.cells[citing_at]} → {row.cells[cited_at]}"[:80]
                yield Reject(row.where, "patents.reject_number", {"number": printed})
            else:
                category = None if category_at is None else row.cells[category_at]
                yield CitationLink(citing, cited, None if category is None else str(category))


def _is_known(columns: Sequence[str]) -> bool:
    return _pick(columns) is not None


def _pick(columns: Sequence[str]) -> tuple[int, int, int | None] | None:
    """Return where the citing, cited and (where there is one) category columns stand."""
    place = {name.strip().lower(): index for index, name in enumerate(columns)}
    citing, cited, category = (
        next((place[name] for name in names if name in place), None) for names in (_CITING, _CITED, _CATEGORY)
    )
    return None if citing is None or cited is None else (citing, cited, category)


def _number(printed: object) -> str | None:
    text = str(printed or "").strip()
    return normalise_publication_number(text, country="US" if BARE_US_NUMBER.match(text) else None)


READER = CitationTable()
