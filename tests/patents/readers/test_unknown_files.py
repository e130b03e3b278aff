"""A file of no known format: the sentence says what it is and what would have been needed, in both languages."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from ktop import catalogue
from ktop.kernel.errors import InputError
from ktop.patents.corpus.importing import import_paths


def workbook() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "found", "expected"),
    [
        (b"", "an empty file", "known formats"), (b"\xef\xbb\xbf \r\n", "an empty file", "known formats"),
        (workbook(), "an Excel workbook", "CSV (UTF-8)"), (b"\xd0\xcf\x11\xe0" + bytes(99), ".xls", "CSV (UTF-8)"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document", "known formats"),
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "an image", "known"),
        (b'<?xml version="1.0"?><index><a/></index>', "XML whose first element is <index>", "us-patent-grant"),
        (b"<!DOCTYPE html><html><head><title>Sign in</title>",
         "a web page with the title \u201cSign in\u201d", "known"),
        (b'{"took": 4, "name": "x"}', "JSON with the keys took, name", "publication_number"),
        (b'{"error": {"code": 403}}', "JSON with the keys error", "publication_number"),
        ("firm;size;제목\nRope;5;솥\n".encode(), "a table with the columns firm, size, 제목", "patent number"),
        (b"patent_id,size\nUS1,5\n", "a table with the columns patent_id, size", "the title or the abstract"),
        (b"Dear reader\nhow are you\n", "text that begins with \u201cDear reader how are you\u201d", "known formats"),
        (bytes(range(256)) * 9, "data that is no text", "known formats"),
    ],
)  # fmt: skip
def test_what_was_found_and_what_was_expected_are_told(tmp_path: Path, data: bytes, found: str, expected: str) -> None:
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "corpus", [tmp_path / "a"])
    told = catalogue.message(caught.value, "en")
    assert caught.value.key == "patents.format_unknown"
    assert told.startswith("The format of a is not known: found ") and found in told and expected in told
    korean = catalogue.message(caught.value, "ko")
    assert korean.startswith("a 파일의 형식을 알 수 없습니다.") and "필요한 것은" in korean and "found" not in korean


def test_the_member_of_an_archive_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes/read me.txt", "nothing here")
    with pytest.raises(InputError) as caught:
        import_paths(tmp_path / "corpus", [tmp_path / "a.zip"])
    assert "a.zip/notes/read me.txt" in catalogue.message(caught.value, "en")
