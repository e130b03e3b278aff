"""Cuts JSON into records, however it is laid out: lines, arrays, printed over lines, wrapped, turned by pandas."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ktop import catalogue
from ktop.kernel.errors import InputError, TooLargeError
from ktop.patents.readers import Reject
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.source import Source

MAX_RECORD_CHARS = 16 * 1024**2
#: One JSON value that holds all records (the answer of a service, a table turned by pandas) is read whole up to this.
MAX_WHOLE_CHARS = 64 * 1024**2
_CHUNK_CHARS = 1 << 20
_LINES_TRIED = 20
_LOOKED_AT_CHARS = 1 << 20
_MAX_DEPTH = 5
_SHOWN_CHARS = 40
_KEY = re.compile(r'"([^"\\\n]{1,80})"\s*:')
_BETWEEN_RECORDS = re.compile(r"[\s,]*")
#: What may stand for a character that is not ASCII: an escape, a brace code.
_PLAIN = re.compile(r"\\u|\{[A-Za-z ]")
#: Under these names services and programs put their records, one within the other.
_WRAPPERS = (
    "data", "results", "result", "hits", "_source", "patents", "publications", "docs", "items", "item",
    "records", "rows", "response", "body", "content", "output", "value",
)  # fmt: skip
_WRAPPED = re.compile(rf'"(?:{"|".join(_WRAPPERS)})"\s*:\s*\[\s*(?=\{{)')
#: Keys that only a record has, never what wraps it.
_OF_RECORD = frozenset({
    "lens_id", "publication_number", "patent_id", "doc_number", "patent_number", "title", "biblio", "invention_title",
})  # fmt: skip
_EXPECTED = {
    "Expecting value": "json_value",
    "Expecting property name enclosed in double quotes": "json_name",
    "Unterminated string starting at": "json_string_end",
    "Expecting ',' delimiter": "json_comma",
    "Expecting ':' delimiter": "json_colon",
    "Extra data": "json_end",
}


def json_records(source: Source) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """Yield place and record of a JSON file; a reject for what is no record.

    Lines and arrays are read one record at a time. Values over several lines and values that wrap the records are held
    whole, one at a time.

    Raises
    ------
    InputError : with line and column where an array or a value over several lines breaks off; a broken line of many
        only rejects that line.
    TooLargeError : a single value is beyond ``MAX_WHOLE_CHARS``.
    """
    with source.open() as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace") as text:
        start = _first_lines(text)
        if start.lstrip()[:1] == "[":
            values = _array(text, start, source.name)
        elif _is_lines(start):
            values = _lines(text, start)
        else:
            values = _documents(text, start, source.name)
        for where, value in values:
            for record in _records(value, where):
                source.tally.saw()
                yield record


def first_keys(text: str) -> Sequence[str]:
    """Return the keys of the first readable record; of one that is longer than the head, all keys in the head."""
    candidates = [text[1:].lstrip()] if text.startswith("[") else [*text.split("\n")[:_LINES_TRIED], text]
    decoder = json.JSONDecoder()
    for candidate in candidates:
        try:
            value, _ = decoder.raw_decode(candidate.lstrip())
        except (ValueError, RecursionError):
            continue
        first = next(_records(value, ""), None)
        if first is not None and isinstance(first[1], dict):
            return list(first[1])
        if isinstance(value, dict):
            return list(value)
    wrapped = _WRAPPED.search(text)
    if wrapped is not None and not _OF_RECORD & set(_KEY.findall(text[: wrapped.start()])):
        rest = text[wrapped.end() :]
        try:
            return list(decoder.raw_decode(rest)[0])
        except (ValueError, RecursionError):
            text = rest
    return list(dict.fromkeys(_KEY.findall(text)))


def broken(file: str, error: ValueError | RecursionError, line: int = 1) -> InputError:
    """Return what the user reads of a file that breaks off: where, what was expected and what was found.

    ``line`` is that of the file in which the text that was parsed begins.
    """
    column, expected, found = 1, _label("json_valid"), _label("json_nested")
    if isinstance(error, json.JSONDecodeError):
        line, column = line + error.lineno - 1, error.colno
        expected = _label(_EXPECTED.get(error.msg, "json_valid"))
        piece = error.doc[error.pos : error.pos + _SHOWN_CHARS].split("\n")[0].strip()
        found = "".join(c if c.isprintable() else "?" for c in piece) or _label("xml_end_of_file")
    return InputError("patent_sources.json_broken", file=file, line=line, column=column, expected=expected, found=found)


def _label(name: str) -> Any:
    return {lang: catalogue.text(f"patent_sources.{name}", lang) for lang in catalogue.LANGS}


# --- layouts ---------------------------------------------------------------------------------------------------------


def _first_lines(text: io.TextIOWrapper) -> str:
    """Return enough of a file to tell its layout: some lines, the first of them whole up to ``MAX_RECORD_CHARS``."""
    start = text.read(_CHUNK_CHARS)
    while start.lstrip()[:1] != "[" and len(start) <= MAX_RECORD_CHARS:
        if start.count("\n") > _LINES_TRIED or (len(start) > _LOOKED_AT_CHARS and "\n" in start):
            break
        more = text.read(_CHUNK_CHARS)
        if not more:
            break
        start += more
    return start


def _is_lines(start: str) -> bool:
    """Tell whether one of the first lines is a value by itself, or the first is longer than any record."""
    if len(start) > MAX_RECORD_CHARS and "\n" not in start:
        return True
    lines = (line.strip() for line in start.split("\n")[:_LINES_TRIED])
    return any(line[:1] == "{" and _decodes(line) for line in lines)


def _decodes(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(text: io.TextIOWrapper, start: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of every line that is not blank; None for one that is not JSON, a reject if too long."""
    buffer, number = start, 0
    while buffer:
        *whole, rest = buffer.split("\n")
        for line in whole:
            number += 1
            if line.strip(" \t\r\x00\x1a\ufeff"):
                yield f"line {number}", _value(line)
        if len(rest) > MAX_RECORD_CHARS:
            number += 1
            yield f"line {number}", Reject(f"line {number}", "patents.reject_too_large")
            rest = _skip_line(text)
        more = text.read(_CHUNK_CHARS)
        if not more:
            if rest.strip(" \t\r\x00\x1a\ufeff"):
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
        return _writable(json.loads(line.strip("\x00\x1a\ufeff \t\r")), line)
    except (ValueError, RecursionError):
        return None


def _array(text: io.TextIOWrapper, start: str, file: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of every element of one array; what comes before an error is given first."""
    buffer = start.lstrip()
    line = 1 + start[: len(start) - len(buffer)].count("\n")
    yield from _values(text, buffer[1:], file, line, closing="]", limit=MAX_RECORD_CHARS)


def _documents(text: io.TextIOWrapper, start: str, file: str) -> Iterator[tuple[str, Any]]:
    """Yield place and value of values that follow each other, over lines or not."""
    yield from _values(text, start, file, 1, closing="", limit=MAX_WHOLE_CHARS)


def _values(
    text: io.TextIOWrapper, buffer: str, file: str, line: int, *, closing: str, limit: int
) -> Iterator[tuple[str, Any]]:
    decoder = json.JSONDecoder()
    number = 0
    while True:
        gap = _BETWEEN_RECORDS.match(buffer)
        end = gap.end() if gap else 0
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]
        if closing and buffer.startswith(closing):
            return
        if not closing and not buffer.strip("\x00\x1a\ufeff \t\r\n"):
            more = text.read(_CHUNK_CHARS)
            if not more:
                return
            buffer += more
            continue
        try:
            value, end = decoder.raw_decode(buffer)
        except (ValueError, RecursionError) as error:
            # as much again as there is, so that a long value is not tried at every step
            chunk = text.read(max(_CHUNK_CHARS, len(buffer))) if len(buffer) <= limit else ""
            if not chunk:
                if len(buffer) > limit:
                    raise TooLargeError(
                        "patent_sources.json_too_large", file=file, line=line, limit=limit // 1024**2
                    ) from error
                raise broken(file, error, line) from error
            buffer += chunk
            continue
        number += 1
        yield f"record {number}", _writable(value, buffer[:end])
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]


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


# --- what wraps records ----------------------------------------------------------------------------------------------


def _records(value: Any, where: str) -> Iterator[tuple[str, dict[str, Any] | Reject]]:
    """Yield a record, or those that a value wraps; a reject for what is none or wraps none."""
    if isinstance(value, Reject):
        yield where, value
        return
    if not isinstance(value, dict):
        yield where, Reject(where, "patent_sources.reject_json")
        return
    wrapped = _wrapped(value, 0)
    if wrapped is None:
        yield where, value
        return
    for number, record in enumerate(wrapped, 1):
        place = f"{where}, record {number}" if where.startswith("line") else f"record {number}"
        yield place, record if isinstance(record, dict) else Reject(place, "patent_sources.reject_json")
    if not wrapped:
        yield where, Reject(where, "patent_sources.reject_no_record")


def _wrapped(value: Mapping[str, Any], depth: int) -> list[Any] | None:
    """Return the records within a value, None where it is a record itself."""
    turned = _turned(value)
    if turned is not None:
        return turned
    if _OF_RECORD & value.keys() or depth > _MAX_DEPTH:
        return None
    for name in _WRAPPERS:
        inner = value.get(name)
        if isinstance(inner, list) and all(isinstance(part, dict) for part in inner):
            found: list[Any] = []
            for part in inner:
                within = _wrapped(part, depth + 1)
                found += [part] if within is None else within
            return found
        if isinstance(inner, dict):
            within = _wrapped(inner, depth + 1)
            return [inner] if within is None else within
    return None


def _turned(value: Mapping[str, Any]) -> list[Any] | None:
    """Return the rows of a table as pandas writes it: split, by columns, by index; None for anything else."""
    columns, rows = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return [dict(zip(map(str, columns), row, strict=False)) for row in rows]
    parts = list(value.values())
    if not parts or not all(isinstance(part, dict) for part in parts):
        return None
    if _OF_RECORD & value.keys():  # each column under its name, each cell under its row's
        places = dict.fromkeys(place for part in parts for place in part)
        return [{name: part.get(place) for name, part in value.items()} for place in places]
    if all(_OF_RECORD & part.keys() for part in parts):
        return parts
    return None
