"""Says of a file that is of no known format what it is, and what would have been needed instead."""

from __future__ import annotations

import html
import re
from typing import Any

from ktop import catalogue
from ktop.kernel.errors import InputError
from ktop.patents.readers import Sample, readers
from ktop.patents.readers.json_records import first_keys
from ktop.patents.readers.source import Source
from ktop.patents.readers.table import match_columns
from ktop.patents.readers.tabular import shown_columns

_SHOWN_CHARS = 60
_SHOWN_KEYS = 12
_TITLE = re.compile(rb"<title[^>]*>(.{0,200}?)</title>", re.IGNORECASE | re.DOTALL)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:\-]{0,80})")
#: How files begin that hold no patents as such, and the label of what they are.
_BINARY = {
    b"%PDF": "found_pdf", b"\xd0\xcf\x11\xe0": "found_old_office", b"\x89PNG": "found_image",
    b"\xff\xd8\xff": "found_image",
    b"II*\x00": "found_image", b"MM\x00*": "found_image", b"GIF8": "found_image", b"BM": "found_image",
}  # fmt: skip


def why_unknown(source: Source) -> InputError:
    """Return the error of a file that no reader recognises: what was found, what was expected.

    Raises ``InputError`` where it cannot be opened at all.
    """
    sample = Sample(source)
    found, expected = _found(sample)
    known = ", ".join(sorted(readers()))
    return InputError("patents.format_unknown", file=source.name, found=found, expected=expected, known=known)


def _label(key: str, **params: Any) -> dict[str, str]:
    return {lang: catalogue.text(f"patent_sources.{key}", lang, **params) for lang in catalogue.LANGS}


def _found(sample: Sample) -> tuple[dict[str, str], dict[str, str]]:
    head = sample.head
    any_format = _label("expected_any")
    if not head.strip(b" \t\r\n\x00\x1a\xef\xbb\xbf"):
        return _label("found_empty"), any_format
    if head.startswith(b"PK"):
        workbook = b"xl/" in head or b"spreadsheet" in head
        return (_label("found_workbook") if workbook else _label("found_office")), _label("expected_text_table")
    for mark, name in _BINARY.items():
        if head.startswith(mark):
            return _label(name), _label("expected_text_table") if name == "found_old_office" else any_format
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return _found_markup(head)
    if text.startswith(("{", "[")):
        keys = ", ".join(key[:40] for key in first_keys(text)[:_SHOWN_KEYS])
        return (_label("found_json", keys=keys) if keys else _label("found_broken_json")), _label("expected_json")
    if sample.columns:
        columns = match_columns(sample.columns, {})
        numbered = {"number", "opening_number", "registration_number"} & columns.keys()
        missing = "expected_title" if numbered else "expected_number"
        return _label("found_table", columns=shown_columns(sample.columns)), _label(missing)
    if "\x00" in text or sum(c == "\ufffd" for c in text) > len(text) / 10:
        return _label("found_binary"), any_format
    begins = " ".join(text[: 4 * _SHOWN_CHARS].split())[:_SHOWN_CHARS]
    return _label("found_text", begins=begins), any_format


def _found_markup(head: bytes) -> tuple[dict[str, str], dict[str, str]]:
    """Return what a page or an XML file is, by its title or its first element."""
    if b"<html" in head[:2_000].lower():
        title = _TITLE.search(head)
        shown = " ".join(html.unescape(title[1].decode("utf-8", "replace")).split())[:_SHOWN_CHARS] if title else "?"
        return _label("found_page", title=shown), _label("expected_any")
    root = _ROOT.search(head)
    name = root[1].decode("utf-8", "replace") if root else "?"
    return _label("found_xml", name=name), _label("expected_xml")
