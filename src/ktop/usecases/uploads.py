"""Reads what a user hands over as a file, within limits: a company record, a text, a table."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from ktop.catalogue import Lang
from ktop.catalogue import text as sentence
from ktop.domain.values.kind import shown
from ktop.domain.values.number import integer_of_json
from ktop.kernel.csv_tables import read_csv
from ktop.kernel.errors import InputError, TooLargeError
from ktop.kernel.files import atomic_path
from ktop.kernel.json_lines import read_json_lines
from ktop.kernel.parquet import read_parquet, start_reading
from ktop.kernel.table_layout import Headings
from ktop.kernel.tables import Table, damage_told_as
from ktop.report.spreadsheet import inert, read_sheets, read_workbook, write_xlsx

#: A company record with a long history and a thousand rights stays below 1 MB.
RECORD_LIMIT_BYTES = 2_000_000
#: A technology summary is at most 20,000 characters; this only bounds what is read from disk.
TEXT_LIMIT_BYTES = 200_000
#: A record has lists of groups of values: five levels.
DEEPEST_NESTING = 30
TABLE_LIMIT_BYTES = 500_000_000


class _YamlRefused(yaml.YAMLError):
    """YAML that is valid but not taken; ``line`` counts from 0."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _RecordLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that reads figures as people mean them and loses nothing.

    YAML 1.1 takes 01110 for an octal, 12:30 for a base-60 number and 1_0 for ten: here these stay text, for the kind of
    value to judge, and so do an integer of more digits than Python converts and a date that no calendar has. A key
    given twice is refused instead of dropping one of the two values.
    """

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            if (
                isinstance(node, yaml.ScalarNode)
                and self.resolve(yaml.ScalarNode, node.value, (True, False)) == node.tag
            ):
                self.recursive_objects.pop(node, None)
                return node.value
            raise _YamlRefused(node.start_mark.line) from error  # a tag such as !!int before what is none

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in seen:
                raise _YamlRefused(key.start_mark.line)
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


_RecordLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in resolvers if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    ]
    for first, resolvers in _RecordLoader.yaml_implicit_resolvers.items()
}
_RecordLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:_[0-9]{3})+)$"), list("-+0123456789")
)
_RecordLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^[-+]?(?:(?:[0-9]+|[1-9][0-9]{0,2}(?:_[0-9]{3})+)\.[0-9]*(?:[eE][-+]?[0-9]+)?|\.[0-9]+|[0-9]+[eE][-+]?[0-9]+|\.(?:inf|nan))$"
    ),
    list("-+0123456789."),
)


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        raise InputError("records.key_twice", name=shown(next(name for name in names if names.count(name) > 1)))
    return mapping


def _refuse_traps(text: str) -> None:
    """Raise ``yaml.YAMLError`` for YAML that is cheap to write and dear to read.

    A few nested aliases can stand for billions of values, and each level of nesting makes reading slower: both are
    refused from the stream of events, before anything is built.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_RecordLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_NESTING:
            raise _YamlRefused(event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.AliasEvent):
            raise _YamlRefused(event.start_mark.line if event.start_mark else 0)


def existing(path: Path) -> Path:
    """Return ``path`` if it is a readable file; raises ``InputError`` otherwise."""
    if not path.is_file():
        raise InputError("cli.file_not_found", path=str(path))
    return path


def parse_record(source: str | bytes) -> dict[str, Any]:
    """Return a company record written as YAML or JSON (JSON is read as such, so its errors name the place).

    Raises ``TooLargeError`` above ``RECORD_LIMIT_BYTES`` and ``InputError`` for text that is neither, or that holds
    anything but one mapping.
    """
    if len(source) > RECORD_LIMIT_BYTES:
        raise TooLargeError("records.record_too_large", limit_mb=RECORD_LIMIT_BYTES // 1_000_000)
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source
    except UnicodeDecodeError:
        raise InputError("records.not_utf8") from None
    try:
        if text.lstrip()[:1] == "{":
            record = json.loads(text, object_pairs_hook=_no_key_twice, parse_int=integer_of_json)
        else:
            record = parse_yaml(text)
    except json.JSONDecodeError as error:
        raise InputError("records.not_json", line=error.lineno, column=error.colno) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError("records.not_yaml", line=yaml_line(error)) from None
    if not isinstance(record, dict):
        raise InputError("records.not_a_mapping")
    return {str(key): value for key, value in record.items()}


def parse_yaml(text: str) -> Any:
    """Return what YAML says, read as safely as a record; raises ``yaml.YAMLError``, a key given twice included."""
    _refuse_traps(text)
    return yaml.load(text, Loader=_RecordLoader)  # noqa: S506 - a safe loader


def yaml_line(error: Exception) -> int:
    """Return the line, from 1, that an error of ``parse_yaml`` is about."""
    mark = getattr(error, "problem_mark", None)
    return (error.line if isinstance(error, _YamlRefused) else mark.line if mark else 0) + 1


def read_record(path: Path) -> dict[str, Any]:
    """Return the company record in a file; see ``parse_record``."""
    if existing(path).stat().st_size > RECORD_LIMIT_BYTES:
        raise TooLargeError("records.record_too_large", limit_mb=RECORD_LIMIT_BYTES // 1_000_000)
    return parse_record(path.read_bytes())


def read_text(path: Path) -> str:
    """Return a UTF-8 text file; raises ``TooLargeError`` above ``TEXT_LIMIT_BYTES`` before anything is read."""
    size = existing(path).stat().st_size
    if size > TEXT_LIMIT_BYTES:
        raise TooLargeError("records.text_too_large", size_mb=round(size / 1e6, 1), limit_kb=TEXT_LIMIT_BYTES // 1000)
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("records.not_utf8") from None


def read_table(path: Path, shown: str | None = None) -> pl.DataFrame:
    """Return the rows of a table file; see ``read_told_table``."""
    return read_told_table(path, shown).frame


def read_told_table(path: Path, shown: str | None = None, headings: Headings | None = None) -> Table:
    """Return a table from .xlsx (a visible sheet), .csv, .jsonl or .parquet; every cell of .csv is read as text.

    A .csv may be in UTF-8, or in CP949 or UTF-16 as Korean spreadsheets save it, with commas, semicolons or tabs.
    ``headings`` finds the header by its words, below titles and notes. ``shown`` is what errors call the file. Raises
    ``InputError`` for another ending or a file that is not what its ending says.
    """
    if existing(path).stat().st_size > TABLE_LIMIT_BYTES:
        raise TooLargeError("records.table_too_large", limit_mb=TABLE_LIMIT_BYTES // 1_000_000)
    ending = path.suffix.lower()
    if ending not in (".xlsx", ".csv", ".parquet", ".jsonl"):
        raise InputError("records.unknown_table", path=shown or path.name)
    with damage_told_as(InputError("records.broken_table", path=shown or path.name, kind=ending[1:])):
        if ending == ".parquet":
            return read_parquet(path)
        if ending == ".csv":
            return read_csv(path, headings)
        if ending == ".jsonl":
            return read_json_lines(path)
        return read_workbook(path, headings)


def read_told_sheets(
    path: Path, shown: str, headings: Headings, passed_over: Sequence[str] = ()
) -> list[tuple[str, Table]]:
    """Return every visible sheet of an .xlsx that holds anything, or the one table of a .csv, with its name ("" there).

    ``passed_over`` are names of sheets of explanations. Raises ``InputError`` for a file that is not what its ending
    says.
    """
    ending = path.suffix.lower()
    with damage_told_as(InputError("records.broken_table", path=shown, kind=ending[1:])):
        return [("", read_csv(path, headings))] if ending == ".csv" else read_sheets(path, headings, passed_over)


def expect_table(path: Path) -> None:
    """Begin what ``read_told_table`` of this file waits for, where the caller has something else to do before."""
    if path.suffix.lower() == ".parquet" and path.is_file():
        start_reading()


def sentences(table: Table, lang: Lang) -> tuple[str, ...]:
    """Return what was done to read a table, one sentence each."""
    return tuple(sentence(told.key, lang, **told.params) for told in table.told)


def require_table_ending(path: Path, endings: Sequence[str] = (".xlsx", ".csv", ".parquet")) -> None:
    """Raise ``InputError`` unless a table can be written under this name; to be asked before long work."""
    if path.suffix.lower() not in endings:
        raise InputError("records.parquet_only" if len(endings) == 1 else "records.unknown_table", path=path.name)
    require_place(path)


def require_place(path: Path) -> None:
    """Raise ``InputError`` where a file cannot be made; to be asked before long work."""
    if path.is_dir():
        raise InputError("records.out_is_folder", path=path.name)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise InputError("records.out_not_writable", path=str(path), folder=str(folder))


def write_table(frame: pl.DataFrame, path: Path, labels: Mapping[str, str] | None = None) -> None:
    """Write a table as .xlsx, .csv (UTF-8 with a byte-order mark, as Excel expects) or .parquet; never half of it.

    ``labels`` gives the second heading row of an .xlsx file.
    """
    require_table_ending(path)
    ending = path.suffix.lower()
    with atomic_path(path) as beside:
        if ending == ".parquet":
            frame.write_parquet(beside, compression="zstd", compression_level=1, statistics=False)
        elif ending == ".csv":
            inert(flat(frame)).write_csv(beside, include_bom=True)
        else:
            write_xlsx(flat(frame), beside, labels or {})


def flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose cells .csv and .xlsx can hold: lists, groups, bytes and spans of time become JSON."""
    odd = [s for s in frame if s.dtype.is_nested() or s.dtype in (pl.Binary, pl.Object, pl.Duration)]
    return frame.with_columns(
        pl.Series(s.name, [None if c is None else json.dumps(c, ensure_ascii=False, default=str) for c in cells])
        for s in odd
        if (cells := [c.to_list() if isinstance(c, pl.Series) else c for c in s.to_list()]) is not None
    )
