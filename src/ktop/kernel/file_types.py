"""What a file is by its content, whatever it is called: PDF, PNG, JPEG or a workbook."""

from __future__ import annotations

import io
import zipfile

from ktop.kernel.errors import InputError

_STARTS = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_MEMBERS = 2_000
#: Endings of names by what the file is, the first of them the usual one.
ENDINGS = {"application/pdf": (".pdf",), "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg"), _WORKBOOK: (".xlsx",)}


def media_type_of(content: bytes) -> str:
    """Return the media type of a file; raises ``InputError`` for any other kind and for a workbook with macros.

    Only the beginning is looked at, and the list of members of a workbook: nothing is unpacked.
    """
    for start, media_type in _STARTS:
        if content.startswith(start):
            return media_type
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            names = []
        macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        if "xl/workbook.xml" in names and len(names) <= _MOST_MEMBERS and not macros:
            return _WORKBOOK
    raise InputError("finance.document_type")


def name_of_type(name: str, media_type: str) -> str:
    """Return a file's name with an ending of its type; raises ``InputError`` where the name claims to be another type.

    A name with another ending would be opened, once downloaded, by what the ending says.
    """
    endings = ENDINGS[media_type]
    if name.lower().endswith(endings):
        return name
    if "." in name.strip("."):
        raise InputError("finance.document_named_otherwise", name=name[-60:], ending=endings[0])
    return name + endings[0]
