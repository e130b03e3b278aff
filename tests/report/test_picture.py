"""Pictures are drawn anew; what is none, or too much of one, is refused before it is unpacked."""

from __future__ import annotations

import struct
import zlib

import pytest

from ktop.kernel.errors import InputError
from ktop.report.picture import drawn_anew


def png(width: int, height: int, rows: bytes) -> bytes:
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    parts = (struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_picture_keeps_its_size() -> None:
    drawn = drawn_anew(png(30, 20, (b"\0" + b"\x40\x80\xc0" * 30) * 20) + b"<script>", "image/png")
    assert struct.unpack(">II", drawn[16:24]) == (30, 20) and b"<script>" not in drawn
    wide = drawn_anew(png(3200, 2, (b"\0" + b"\x40\x80\xc0" * 3200) * 2), "image/png")
    assert struct.unpack(">II", wide[16:24]) == (1600, 1)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (png(60_000, 60_000, b""), "image/png"),  # 10 GB unpacked
        (png(0, 7, b""), "image/png"),
        (png(30, 20, b"cut off"), "image/png"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\xea\x60\xea\x60\x03", "image/jpeg"),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x10\x00\x10\x03", "image/jpeg"),
        (b"\xff\xd8\xff\xff\xff\xff", "image/jpeg"),
        (b"%PDF-1.7", "application/pdf"),
    ],
)
def test_what_is_no_whole_picture_is_refused(content: bytes, media_type: str) -> None:
    with pytest.raises(InputError) as refused:
        drawn_anew(content, media_type)
    assert refused.value.key == "finance.picture_not_shown"
