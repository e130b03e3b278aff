"""Tells in which characters a text is written where nothing says so, or what says so is wrong."""

from __future__ import annotations

import codecs
import io
import re
from typing import BinaryIO

_CHUNK = 1 << 16
_SAMPLE_BYTES = 8_192
#: Blanks, digits, delimiters and ends of lines make up so much of any text, whatever its script.
_MIN_PLAIN_SHARE = 0.1
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
#: Characters that a text consists of; control characters but for the ends of lines and tabs are none.
_CONTROL = re.compile("[\x01-\x08\x0b\x0e-\x19\x1b-\x1f\ufffe\uffff]")
_HIGH = re.compile(rb"[\x80-\xff]+")
_HANGUL = re.compile("[가-힣ㄱ-ㆎ]")
#: Chinese stands in rows; single characters between Latin letters are damage.
_HANZI_WORD = re.compile("[\u4e00-\u9fff]{2,}")
_KANA = re.compile("[\u3041-\u30ff]")
_MULTI_BYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
#: Control characters in the place of which Windows has quotation marks and dashes.
_OF_WINDOWS = re.compile("[\x80-\x9f]")
#: What stands beyond ASCII in texts of Windows-1252: accented letters, small ones within words, and signs. Text that
#: has been read in a wrong encoding before has capitals within words (FÌ_r) and bullets instead.
_OF_EUROPE = re.compile("[ß-öø-ÿšžœ‘’“”–—…°±²³µ·½€™©®§«»×ªº \xa0]|(?<![a-zß-ÿ_])[À-ÖØ-ÞŠŽŸŒ](?!_)")


def wide_encoding(head: bytes) -> str | None:
    """Return UTF-16 or UTF-32 with its byte order where a file is written so, with a byte order mark or without."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.count(b"\x00") < 2:
        return None
    sample = head[: min(len(head), _SAMPLE_BYTES) // 2 * 2]
    best, most = None, 2  # so few might be chance
    for name, zeros in (("utf-16-le", 1), ("utf-16-be", 0)):
        if sample[zeros::2].count(b"\x00") < _MIN_PLAIN_SHARE * len(sample) / 2:
            continue
        text = sample.decode(name, errors="replace")
        plain = sum(map(str.isascii, text))
        if plain > most and not _CONTROL.search(text) and "\x00" not in text and "\ufffd" not in text[:-1]:
            best, most = name, plain
    return best


class AsUtf8(io.RawIOBase):
    """A stream in UTF-16 or UTF-32 as UTF-8, without its mark; what is no character becomes U+FFFD."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._decode = codecs.getincrementaldecoder(encoding)("replace")
        self._ready, self._started = b"", False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        while not self._ready:
            chunk = self._stream.read(_CHUNK)
            text = self._decode.decode(chunk, final=not chunk)
            if not self._started and text:
                self._started, text = True, text.removeprefix("\ufeff")
            self._ready = text.encode("utf-8", "replace")
            if not chunk:
                break
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def is_utf8(data: bytes, *, whole: bool = False) -> bool:
    """Tell whether bytes are UTF-8; unless ``whole``, the last character may be cut off."""
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return not whole and error.start > len(data) - 4 and error.reason == "unexpected end of data"
    return True


def guessed(data: bytes, *, whole: bool = False) -> str | None:
    """Return the encoding that a text is most likely in, None where none fits or where UTF-8 has been damaged.

    Told apart by what the high bytes are in each: CP949 is Hangul, Shift-JIS has kana, GB18030 is what else comes in
    pairs, Windows-1252 has single accented letters between plain ones.
    """
    if is_utf8(data, whole=whole):
        return "utf-8-sig"
    runs = _HIGH.findall(data)
    high = sum(map(len, runs))
    of_utf8 = sum(map(len, _MULTI_BYTE.findall(data)))
    if of_utf8 > 0.8 * high:
        return None
    for name in ("cp932", "euc_jp"):
        text = _decoded(data, name, whole)
        if text is not None and len(_KANA.findall(text)) >= max(2, 0.1 * sum(c > "\x7f" for c in text)):
            return name
    text = _decoded(data, "cp949", whole)
    if text is not None and len(_HANGUL.findall(text)) >= 0.6 * sum(c > "\x7f" for c in text):
        return "cp949"
    if sum(len(run) == 1 for run in runs) >= 0.7 * len(runs):
        text = _decoded(data, "cp1252", whole)
        if text is not None:
            beyond = sum(c > "\x7f" for c in text)
            fitting = sum(found[0] > "\x7f" for found in _OF_EUROPE.finditer(text))
            return "cp1252" if fitting >= 0.9 * beyond else None
        return None
    for name in ("gb18030", "big5"):
        text = _decoded(data, name, whole)
        if text is not None:
            in_words = sum(map(len, _HANZI_WORD.findall(text)))
            if in_words >= 0.5 * sum(c > "\x7f" for c in text):
                return name
    return None


def _decoded(data: bytes, name: str, whole: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(data, final=whole)
    except UnicodeDecodeError:
        return None


#: Names by which XML declarations and programs call encodings → the codec that reads them. What they stand for is read
#: as its superset: EUC-KR as CP949, GB 2312 as GB 18030, Latin-1 as Windows-1252 only where it is called so.
NAMED = {
    "utf-8": "utf-8", "utf8": "utf-8", "utf_8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
    "iso-8859-1": "latin-1", "latin1": "latin-1", "iso8859-1": "latin-1", "iso_8859-1": "latin-1",
    "iso-8859-15": "iso8859-15", "iso-8859-2": "iso8859-2", "windows-1252": "cp1252", "cp1252": "cp1252",
    "windows-1250": "cp1250", "windows-1251": "cp1251",
    "euc-kr": "cp949", "cp949": "cp949", "ks_c_5601-1987": "cp949", "ms949": "cp949", "x-windows-949": "cp949",
    "windows-949": "cp949", "uhc": "cp949", "ksc5601": "cp949", "euckr": "cp949", "korean": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932",
    "cp932": "cp932", "ms932": "cp932", "euc-jp": "euc_jp",
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "cp936": "gb18030", "big5": "big5", "cp950": "cp950",
    "utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "unicode": "utf-16", "ucs-2": "utf-16",
    "iso-10646-ucs-2": "utf-16", "utf-32": "utf-32",
}  # fmt: skip
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32"})
_PAIRS = frozenset({"cp949", "cp932", "euc_jp", "gb18030", "big5", "cp950"})


def decoded(data: bytes, declared: str) -> str | None:
    """Return a text that declares an encoding (a codec of ``NAMED``), None where neither that nor another one fits.

    What the bytes are goes before what is declared: a byte order mark; UTF-8 with characters beyond ASCII, which no
    other encoding looks like by chance; else what is declared, and where that fails what is most likely.
    """
    if data.startswith(codecs.BOM_UTF8):
        declared = "utf-8"
    if declared in _WIDE and b"\x00" in data[:8]:
        return _decoded(data, declared, whole=True)
    as_utf8 = _decoded(data, "utf-8", whole=True)
    if as_utf8 is not None:
        # short texts of two Korean letters may happen to be UTF-8, but of two-byte characters only
        by_chance = declared in _PAIRS and max(as_utf8, default="") < "\u0800"
        other = _decoded(data, declared, whole=True) if by_chance else None
        return as_utf8 if other is None else other
    if declared != "utf-8" and declared not in _WIDE:
        text = _decoded(data, declared, whole=True)
        if text is not None and declared == "latin-1" and _OF_WINDOWS.search(text):
            text = _decoded(data, "cp1252", whole=True) or text
        if text is not None:
            return text
    guess = guessed(data, whole=True)
    return None if guess is None else _decoded(data, guess, whole=True)
