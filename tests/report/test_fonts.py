"""Web fonts: slices that do not overlap, cut once, read by a browser's rules."""

from __future__ import annotations

from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from ktop.kernel.errors import NotFoundError
from ktop.report import fonts


def test_slices_share_no_character_and_hold_all_hangul() -> None:
    parts = fonts.slices()
    everything = [code for codes in parts.values() for code in codes]
    assert len(everything) == len(set(everything))
    assert set(range(0xAC00, 0xD7A4)) <= set(everything)
    assert len(parts["hangul"]) == 2350
    assert all(list(codes) == sorted(codes) for codes in parts.values())


def test_unicode_range_joins_neighbours() -> None:
    assert fonts.unicode_range([0x41, 0x42, 0x43, 0xAC00]) == "U+41-43,U+AC00"


def test_a_slice_is_cut_once_and_then_kept(tmp_path: Path) -> None:
    made = fonts.WebFonts(tmp_path)
    css = made.css()
    key = css.split("/fonts/")[1].split("/")[0]
    path = made.path(key, "latin")
    written = path.stat().st_mtime_ns
    assert made.path(key, "latin").stat().st_mtime_ns == written
    font = TTFont(path)
    assert font.flavor == "woff2"
    known = font.getBestCmap()
    assert ord("A") in known
    assert ord("가") not in known
    assert "Open Font License" in str(font["name"].getDebugName(13))
    assert css.count("@font-face") == len(fonts.slices())


@pytest.mark.parametrize(("key", "name"), [("x", "latin"), ("../..", "latin"), ("x", "../../etc/passwd")])
def test_only_known_slices_exist(tmp_path: Path, key: str, name: str) -> None:
    with pytest.raises(NotFoundError):
        fonts.WebFonts(tmp_path).path(key, name)


def test_a_page_carries_its_korean_characters_in_itself() -> None:
    import base64
    import io
    import re

    from fontTools.ttLib import TTFont

    page = "<html><style>body{}</style><p>검증 보고서 AUC</p></html>"
    found = fonts.with_fonts(page)
    carried = re.search(r"base64,([A-Za-z0-9+/=]+)", found)
    assert carried and len(found) < 60_000 and found.endswith("body{}</style><p>검증 보고서 AUC</p></html>")
    held = TTFont(io.BytesIO(base64.b64decode(carried[1]))).getBestCmap()
    assert {ord(c) for c in "검증보고서"} <= set(held) and ord("한") not in held
    assert fonts.with_fonts("<style></style>plain") == "<style></style>plain"
