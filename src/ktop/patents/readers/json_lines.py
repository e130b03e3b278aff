"""Reads JSON: one record a line or one array of records, with the fields of this house or of Google's patent tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ktop.domain.patent.document import Patent
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.json_records import first_keys, json_records
from ktop.patents.readers.source import Source
from ktop.patents.readers.synthetic import as_patent
from ktop.patents.readers.table import is_usable, match_columns, patent_of_row

#: Short names of this house → those of ``catalogue/patents/columns.yaml``.
_OWN_NAMES = {"id": "patent_id", "filed": "filing_date", "published": "publication_date", "claims": "claims_count"}


class JsonLines:
    """JSON lines and JSON arrays. Field names are matched like table columns; made-up records say ``synthetic``."""

    name = "json"

    def recognises(self, sample: Sample) -> bool:
        """Tell by the opening bracket and the keys."""
        text = sample.head.decode("utf-8-sig", errors="ignore").lstrip()
        if not text.startswith(("{", "[")):
            return False
        keys = first_keys(text)
        return is_usable(match_columns([_OWN_NAMES.get(key, key) for key in keys], {}))

    def read(self, source: Source, column_map: Mapping[str, str] | None = None) -> Iterator[Record]:
        """Yield a patent or a reject per record, one record in memory at a time.

        Raises ``InputError`` with the line where an array breaks off; a broken line only rejects that line.
        """
        for where, record in json_records(source):
            yield record if isinstance(record, Reject) else _patent(record, where, column_map or {})


def _patent(record: dict[str, Any], where: str, column_map: Mapping[str, str]) -> Patent | Reject:
    synthetic = record.get("synthetic") is True
    if synthetic and "theme" in record:  # a record of the demo corpus, exactly as it is shipped
        try:
            return as_patent(record)
        except (KeyError, TypeError, ValueError) as error:
            return Reject(where, "patent_sources.reject_json_record", {"field": str(error)[:80]})
    header = [_OWN_NAMES.get(key, key) for key in record]
    values = list(record.values())
    wanted = {field: _OWN_NAMES.get(key, key) for field, key in column_map.items() if key in record}
    row = {field: values[index] for field, index in match_columns(header, wanted).items()}
    for field, value in row.items():
        nested = isinstance(value, list) and any(isinstance(part, dict | list) for part in value)
        if isinstance(value, dict) or nested:
            return Reject(where, "patent_sources.reject_json_record", {"field": field})
    try:
        return patent_of_row(row, where, source="synthetic" if synthetic else JsonLines.name)
    except (TypeError, AttributeError, ValueError, OverflowError) as error:
        return Reject(where, "patent_sources.reject_json_record", {"field": str(error)[:80]})


READER = JsonLines()
