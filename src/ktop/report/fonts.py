"""Fonts: where the embedded ones lie, and slices of them for web pages on machines that have no Korean font.

A page names system fonts first. Only a browser that finds none of them fetches our slices, and of those only the ones
whose characters the page shows (``unicode-range``). Slices are cut from the installed font package once and kept.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import io
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ktop.kernel.errors import NotFoundError, UnavailableError
from ktop.kernel.files import atomic_path

#: Name under which pages ask for the slices; never the name of a font a user may have installed.
WEB_FAMILY = "K-TOP Sans"
_RECIPE = "1"  # part of every slice's address; raise it when slices are cut differently
_BUILD_SECONDS_LIMIT = 120
#: Every font has Latin and usual signs; from here on (CJK punctuation, kana, Hangul, hanja) a Korean one is needed.
_FIRST_KOREAN = 0x3000


@functools.cache
def font_folder() -> Path:
    """Return the folder of the Korean fonts (OFL) that come with the installation.

    Found without importing the package. Raises ``UnavailableError`` where it is not installed.
    """
    spec = importlib.util.find_spec("pylopdf_fonts_ko")
    if spec is None or not spec.submodule_search_locations:
        raise UnavailableError("report.no_fonts")
    return Path(spec.submodule_search_locations[0])


#: Family of the font that has every weight, for bold text on paper.
BOLD_FAMILY = "Noto Sans CJK KR"


@functools.cache
def bold_font_folder() -> Path | None:
    """Return the folder of the variable Noto Sans CJK (OFL), None in an installation made before it came with it."""
    spec = importlib.util.find_spec("manimgx_fonts_cjk")
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _common_hangul() -> Iterable[int]:
    """Yield the 2,350 syllables of KS X 1001: nearly all of running Korean text."""
    for row in range(0xB0, 0xC9):
        for cell in range(0xA1, 0xFF):
            yield ord(bytes((row, cell)).decode("euc-kr"))


@functools.cache
def slices() -> dict[str, tuple[int, ...]]:
    """Return the characters of each slice: name → code points, ascending, no character in two slices."""
    latin = [
        *range(0x20, 0x180),
        *range(0x2010, 0x2028),
        0x2030,
        0x20A9,
        0x2122,
        *range(0x2190, 0x2194),
        0x2212,
        0x2260,
    ]
    latin += [0x2264, 0x2265, *range(0x3000, 0x3003), *range(0x3008, 0x3012)]
    symbols = {*range(0x180, 0x250), *range(0x370, 0x400), *range(0x2000, 0x2C00), *range(0x3000, 0x3040)}
    symbols |= {*range(0x3130, 0x3190), *range(0x3200, 0x3400), *range(0xFF00, 0xFFF0)}
    common = sorted(_common_hangul())
    rest = sorted(set(range(0xAC00, 0xD7A4)) - set(common))
    return {
        "latin": tuple(latin),
        "hangul": tuple(common),
        "hangul-rare": tuple(rest),
        "symbols": tuple(sorted(symbols - set(latin))),
        "hanja": tuple(range(0x4E00, 0xA000)),
    }


#: Slices nearly every Korean page needs; the others are cut when a page first asks for them.
FIRST_SLICES = ("latin", "hangul")


def unicode_range(code_points: Iterable[int]) -> str:
    """Return ascending code points as a CSS ``unicode-range`` value."""
    spans: list[list[int]] = []
    for code in code_points:
        if spans and code == spans[-1][1] + 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return ",".join(f"U+{a:X}" if a == b else f"U+{a:X}-{b:X}" for a, b in spans)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    key: str


@functools.cache
def _source() -> _Source:
    path = font_folder() / "NotoSansKR-Regular.otf"
    digest = hashlib.blake2b(path.read_bytes(), digest_size=6, key=_RECIPE.encode()).hexdigest()
    return _Source(path, digest)


class WebFonts:
    """The slices of one installation, kept under ``folder``.

    ``css`` names each slice by an address that changes with its content, so that browsers may keep it for good.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks = {name: threading.Lock() for name in slices()}

    def css(self, prefix: str = "/fonts") -> str:
        """Return the ``@font-face`` rules; a Noto Sans KR that the reader has installed is used instead of ours."""
        key = _source().key
        return "\n".join(
            f'@font-face{{font-family:"{WEB_FAMILY}";font-weight:400;font-display:swap;'
            f'src:local("Noto Sans KR"),local("Noto Sans CJK KR"),url("{prefix}/{key}/{name}.woff2")format("woff2");'
            f"unicode-range:{unicode_range(codes)}}}"
            for name, codes in slices().items()
        )

    def path(self, key: str, name: str) -> Path:
        """Return the file of a slice, cut now where it was not yet (a few seconds, in a process of its own).

        Raises ``NotFoundError`` for a slice or key that does not exist.
        """
        if name not in slices() or key != _source().key:
            raise NotFoundError("report.no_such_font")
        target = self._folder / key / f"{name}.woff2"
        with self._locks[name]:
            if not target.is_file():
                # A process of its own: cutting is pure Python and would hold up every other request.
                done = subprocess.run(  # noqa: S603 - our own module, arguments from fixed lists
                    [sys.executable, "-m", "ktop.report.fonts", name, str(target)],
                    capture_output=True,
                    timeout=_BUILD_SECONDS_LIMIT,
                    check=False,
                )
                if done.returncode != 0 or not target.is_file():
                    raise UnavailableError("report.font_not_cut")
        return target

    def warm(self) -> threading.Thread:
        """Cut the slices nearly every page needs in the background; returns the running thread."""

        def work() -> None:
            for name in FIRST_SLICES:
                try:
                    self.path(_source().key, name)
                except (UnavailableError, OSError, subprocess.SubprocessError):
                    return  # a page that needs the slice tries again and tells

        thread = threading.Thread(target=work, name="web-fonts", daemon=True)
        thread.start()
        return thread


def cut(name: str, target: Path) -> None:
    """Write slice ``name`` of Noto Sans KR as WOFF2."""
    with atomic_path(target) as beside:
        beside.write_bytes(_subset(slices()[name]))


def _subset(code_points: Iterable[int]) -> bytes:
    from fontTools import subset

    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = ["kern", "liga", "locl", "ccmp"]
    options.hinting = False
    options.desubroutinize = True
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 13, 14]  # the licence stays with the font
    font = subset.load_font(str(_source().path), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=code_points)
    cutter.subset(font)
    written = io.BytesIO()
    subset.save_font(font, written, options)
    return written.getvalue()


def with_fonts(page: str) -> str:
    """Return an HTML page whose first style sheet carries the Korean characters it shows (some 20 KB).

    For files that are sent around and opened where no Korean font is installed; a reader's own fonts come first. A page
    without such characters, or made where the fonts are not installed, stays as it is.
    """
    wanted = sorted({ord(character) for character in page if ord(character) >= _FIRST_KOREAN})
    if not wanted:
        return page
    try:
        font = base64.b64encode(_subset(wanted)).decode("ascii")
    except (UnavailableError, ImportError):
        return page
    rule = (
        f'@font-face{{font-family:"{WEB_FAMILY}";font-weight:400;src:local("Noto Sans KR"),local("Noto Sans CJK KR"),'
        f'url("data:font/woff2;base64,{font}")format("woff2");unicode-range:{unicode_range(wanted)}}}'
    )
    return page.replace("<style>", f"<style>{rule}", 1)


if __name__ == "__main__":
    cut(sys.argv[1], Path(sys.argv[2]))
