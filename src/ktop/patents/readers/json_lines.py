"""Reads JSON: one record a line or one array of records, with the fields of this house or of Google's patent tables."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ktop.domain.patent.document import Patent
from ktop.kernel.errors import InputError
from ktop.patents.readers import Record, Reject, Sample
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.source import Source
from ktop.patents.readers.synthetic import as_patent
from ktop.patents.readers.table import is_usable, match_columns, patent_of_row

MAX_RECORD_CHARS = 16 * 1024**2
_CHUNK_CHARS = 1 << 20
_KEY = re.compile(r'"([^"\\\n]{1,80})"\s*:')
#: Short names of this house → those of ``catalogue/patents/columns.yaml``.
_OWN_NAMES = {"id": "patent_id", "filed": "filing_date", "published": "publication_date", "claims": "claims_count"}
#: What may stand for a character that is not ASCII: an escape, a brace code.
_PLAIN = re.compile(r"\\u|\{[A-Za-z ]")
_BETWEEN_RECORDS = re.compile(r"[\s,]*")


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


def json_records(source: Source) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """Yield place and record of JSON lines or one JSON array, one in memory at a time; a reject for what is none.

    Raises ``InputError`` with the line where an array breaks off; a broken line only rejects that line.
    """
    with source.open() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace") as text:
        start = text.read(_CHUNK_CHARS)
        records = _array(text, start, source.name) if start.lstrip()[:1] == "[" else _lines(text, start)
        for where, record in records:
            source.tally.saw()
            if isinstance(record, dict):
                yield where, record
            else:
                yield where, Reject(where, "patent_sources.reject_json")


def first_keys(text: str) -> list[str]:
    """Return the keys of the first readable record; of one that is longer than the head, all keys in the head."""
    if text.startswith("["):
        candidates = [text[1:].lstrip()]
    else:
        candidates = text.split("\n")[:20]
    decoder = json.JSONDecoder()
    for candidate in candidates:
        try:
            record, _ = decoder.raw_decode(candidate.lstrip())
        except (ValueError, RecursionError):
            continue
        return list(record) if isinstance(record, dict) else []
    return list(dict.fromkeys(_KEY.findall(text))) if "\n" not in text.strip() else []


def _lines(text: io.TextIOWrapper, start: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of every line that is not blank; None for one that is not JSON or too long."""
    buffer, number = start, 0
    while buffer:
        *whole, rest = buffer.split("\n")
        for line in whole:
            number += 1
            if line.strip():
                yield f"line {number}", _value(line)
        if len(rest) > MAX_RECORD_CHARS:
            number += 1
            yield f"line {number}", None
            rest = _skip_line(text)
        more = text.read(_CHUNK_CHARS)
        if not more:
            if rest.strip():
                yield f"line {number + 1}", _value(rest)
            return
        buffer = rest + more


def _skip_line(text: io.TextIOWrapper) -> str:
    """Read on to the end of a line that is too long; return what follows it in the last piece read."""
    while chunk := text.read(_CHUNK_CHARS):
        _, end, rest = chunk.partition("\n")
        if end:
            return rest
    return ""


def _value(line: str) -> Any:
    try:
        return _writable(json.loads(line), line)
    except (ValueError, RecursionError):
        return None


def _writable(value: Any, source: str) -> Any:
    """Return a value read from ``source``, its texts in their plain form.

    None where it holds half a character, which no file can carry.
    """
    if "\\ud" in source.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            return None
    return value if source.isascii() and _PLAIN.search(source) is None else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def _array(text: io.TextIOWrapper, start: str, file: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of every element of one array; what comes before an error is given first."""
    decoder = json.JSONDecoder()
    buffer = start.lstrip()
    line = 1 + start[: len(start) - len(buffer)].count("\n")
    buffer, number = buffer[1:], 0
    while True:
        gap = _BETWEEN_RECORDS.match(buffer)
        end = gap.end() if gap else 0
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]
        if buffer.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(buffer)
        except (ValueError, RecursionError) as error:
            chunk = text.read(_CHUNK_CHARS) if len(buffer) <= MAX_RECORD_CHARS else ""
            if not chunk:
                raise InputError("patent_sources.json_broken", file=file, line=line) from error
            buffer += chunk
            continue
        number += 1
        yield f"record {number}", _writable(value, buffer[:end])
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]


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
