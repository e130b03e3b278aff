"""Parses XML that was not written for us: no entity is expanded, nothing is fetched, sizes are bounded."""

from __future__ import annotations

import html.entities
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ktop.errors import InputError

MAX_DOCUMENT_BYTES = 64 * 1024**2
MAX_PROLOG_CHARS = 2 * 1024**2
_CHUNK = 1 << 20
_DECLARATION = re.compile(rb"<\?xml\s")
_DECLARATION_BYTES = 6
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
#: Encodings that patent offices have used; anything else is refused rather than guessed.
_ENCODINGS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "latin-1"}
_ENCODINGS |= {"windows-1252": "cp1252", "euc-kr": "cp949", "cp949": "cp949", "ks_c_5601-1987": "cp949"}
_ENCODINGS |= {"utf-16": "utf-16", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9.]{1,40});")
_XML_OWN = frozenset({"lt", "gt", "amp", "quot", "apos"})
#: An entity declaration that only names an image file; it has no text to expand.
_UNPARSED_ENTITY = re.compile(r"""<!ENTITY\s+[^\s%"'<>]+\s+(?:SYSTEM|PUBLIC)\s+[^<>]*?\sNDATA\s+[\w.\-]+\s*>""")
#: Greek letters of ISO 8879 (agr, Dgr ...), as old USPTO files name them.
_ISO_GREEK = {
    "a": "α",
    "b": "β",
    "g": "γ",
    "d": "δ",
    "e": "ε",
    "z": "ζ",
    "ee": "η",
    "th": "θ",
    "i": "ι",
    "k": "κ",
    "l": "λ",
    "m": "μ",
    "n": "ν",
    "x": "ξ",
    "o": "ο",
    "p": "π",
    "r": "ρ",
    "s": "σ",
    "t": "τ",
    "u": "υ",
    "ph": "φ",
    "kh": "χ",
    "ps": "ψ",
    "oh": "ω",
}


class XmlError(Exception):
    """A document that is not well formed or is refused: a message key, and the line where it shows."""

    def __init__(self, reason: str, line: int, column: int = 0) -> None:
        super().__init__(reason, line, column)
        self.reason, self.line, self.column = reason, line, column


_FILE_ERRORS = {
    "patents.reject_xml": "patents.xml_broken",
    "patents.reject_entities": "patents.xml_refused",
    "patents.reject_encoding": "patents.xml_encoding",
}


def file_error(error: XmlError, file: str) -> InputError:
    """Return what the user reads where a broken document means that the whole file cannot be used."""
    return InputError(_FILE_ERRORS[error.reason], file=file, line=error.line, column=error.column)


@dataclass(frozen=True, slots=True)
class Document:
    """One XML document of a file that may hold many, with the line on which it starts (from 1)."""

    line: int
    data: bytes


def documents(stream: BinaryIO) -> Iterator[Document]:
    """Split a file into its documents at every XML declaration; a file without one is one document.

    A document over ``MAX_DOCUMENT_BYTES`` is given cut off, so that parsing it fails and it is rejected.
    """
    buffer = bytearray()
    line, searched = 1, 0
    while chunk := stream.read(_CHUNK):
        buffer += chunk
        while True:
            found = _DECLARATION.search(buffer, max(searched, 1))
            if found is None:
                break
            cut = found.start()
            piece = bytes(buffer[:cut])
            if piece.strip():
                yield Document(line, piece)
            line += piece.count(b"\n")
            del buffer[:cut]
            searched = _DECLARATION_BYTES
        searched = max(len(buffer) - _DECLARATION_BYTES, 1)
        if len(buffer) > MAX_DOCUMENT_BYTES:
            yield Document(line, bytes(buffer[:_CHUNK]))
            line += buffer.count(b"\n")
            buffer.clear()
            searched = 0
    if buffer.strip():
        yield Document(line, bytes(buffer))


def parse(document: Document) -> ET.Element:
    """Return the root element.

    The document type declaration is taken out unread: declared entities with text are refused, image names are passed
    over, named characters (``&lsqb;``) become the character, unknown names a space.

    Raises ``XmlError`` with the line in the file.
    """
    text = _decode(document)
    text = _without_prolog(text, document.line)
    if "&" in text:
        text = _NAMED_ENTITY.sub(_character, text)
    parser = ET.XMLParser()  # noqa: S314 - no declarations are left that could be expanded or fetched
    try:
        parser.feed(text)
        return parser.close()
    except ET.ParseError as error:
        line, column = error.position
        raise XmlError("patents.reject_xml", document.line + line - 1, column + 1) from error


def _decode(document: Document) -> str:
    data = document.data
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        match = _ENCODING.match(data[3:] if data[:3] == b"\xef\xbb\xbf" else data)
        name = match[1].decode("ascii").lower() if match else "utf-8"
        if name not in _ENCODINGS:
            raise XmlError("patents.reject_encoding", document.line)
        encoding = _ENCODINGS[name]
    try:
        return data.decode(encoding).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        raise XmlError("patents.reject_encoding", document.line + data[: error.start].count(b"\n")) from error


def _without_prolog(text: str, first_line: int) -> str:
    """Blank out XML declaration and document type, keeping line numbers."""
    position = 0
    while True:
        start = text.find("<", position, position + MAX_PROLOG_CHARS)
        if start < 0:
            if len(text) - position > MAX_PROLOG_CHARS:  # blanks that would hide a declaration from this check
                raise XmlError("patents.reject_xml", first_line)
            return text
        if text.startswith("<?", start):
            end = text.find("?>", start)
            position = end + 2 if end >= 0 else len(text)
        elif text.startswith("<!--", start):
            end = text.find("-->", start)
            position = end + 3 if end >= 0 else len(text)
        elif text[start : start + 9].upper() == "<!DOCTYPE":
            end = _end_of_doctype(text, start)
            line = first_line + text.count("\n", 0, start)
            if end < 0:
                raise XmlError("patents.reject_xml", line)
            subset = text[start:end]
            declared = subset.count("<!ENTITY")
            if declared != len(_UNPARSED_ENTITY.findall(subset)):
                raise XmlError("patents.reject_entities", line)
            position = end
        else:
            return "\n" * text.count("\n", 0, start) + text[start:]


def _end_of_doctype(text: str, start: int) -> int:
    """Return the place after the document type declaration at ``start``, -1 where it does not end."""
    depth, quote, position = 0, "", start
    limit = min(len(text), start + MAX_PROLOG_CHARS)
    while position < limit:
        character = text[position]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif text.startswith("<!--", position):
            position = text.find("-->", position)
            if position < 0:
                return -1
            position += 2
        elif character in "[<":
            depth += 1
        elif character in "]>":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return -1


def _character(match: re.Match[str]) -> str:
    name = match[1]
    if name in _XML_OWN:
        return match[0]
    known = html.entities.html5.get(name + ";")
    if known is None and name.endswith("gr"):
        letter = _ISO_GREEK.get(name[:-2].lower())
        known = letter.upper() if letter and name[0].isupper() else letter
    if known is None or known in "<>&":
        return " "
    return known


def text_of(element: ET.Element | None) -> str:
    """Return all text inside an element as one line, "" for None."""
    return "" if element is None else " ".join("".join(element.itertext()).split())


def text_at(element: ET.Element, path: str) -> str:
    """Return the text of the first element at ``path``, "" where there is none."""
    return text_of(element.find(path))
