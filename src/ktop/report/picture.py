"""Pictures that somebody handed in, drawn anew: nothing of the file itself reaches who looks at it."""

from __future__ import annotations

import shutil
import tempfile
from importlib import resources
from pathlib import Path

from ktop.kernel.errors import InputError
from ktop.kernel.places import Places

#: What is shown is so wide at most; what is read has so many pixels at most (a small file can unpack to gigabytes).
WIDEST, MOST_PIXELS = 1600, 40_000_000
_DRAWING = Places(at_once=2, waiting=8, seconds=30.0, busy="report.pdf_busy")
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg"}
#: Markers of JPEG segments that begin a frame and say its size (ITU-T T.81, table B.1), and those without a length.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def can_be_drawn(media_type: str) -> bool:
    """Return whether ``drawn_anew`` takes files of a type."""
    return media_type in _ENDINGS


def drawn_anew(content: bytes, media_type: str) -> bytes:
    """Return a PNG or JPEG as a new PNG of its pixels: without what else the file holds, such as where it was taken.

    Raises ``InputError`` for a file that is no whole picture or has too many pixels, ``BusyError`` where too many wait.
    """
    import typst  # heavy, and only who looks at a picture needs it

    size = _size(content, media_type) if can_be_drawn(media_type) else None
    if size is None or not 0 < size[0] * size[1] <= MOST_PIXELS:
        raise InputError("finance.picture_not_shown")
    name = f"picture.{_ENDINGS[media_type]}"
    document = Path(str(resources.files("ktop.report"))) / "documents" / "picture.typ"
    with _DRAWING.taken(), tempfile.TemporaryDirectory(prefix="ktop-picture-") as folder:
        (Path(folder) / name).write_bytes(content)
        shutil.copy(document, folder)
        try:
            png = typst.compile(
                Path(folder) / document.name,
                root=Path(folder),
                format="png",
                ppi=72.0,  # a point is a pixel
                sys_inputs={"name": name, "width": str(min(size[0], WIDEST))},
                ignore_system_fonts=True,
            )
        except typst.TypstError:
            raise InputError("finance.picture_not_shown") from None
    return png


def _size(content: bytes, media_type: str) -> tuple[int, int] | None:
    """Return width and height in pixels as the file says them, None where it says none."""
    if media_type == "image/png":
        if content[12:16] != b"IHDR" or len(content) < 24:
            return None
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    at = 2
    while at + 9 < len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _FRAMES:
            height, width = content[at + 5 : at + 7], content[at + 7 : at + 9]
            return int.from_bytes(width, "big"), int.from_bytes(height, "big")
        at += 1 if marker == 0xFF else 2 if marker in _ALONE else 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None
