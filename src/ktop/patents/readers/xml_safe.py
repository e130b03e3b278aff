"""Parses XML that was not written for us: no entity is expanded, nothing is fetched, sizes are bounded."""

from __future__ import annotations

import html.entities
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from ktop.kernel.errors import InputError
from ktop.patents.readers import Reject
from ktop.patents.readers.charsets import NAMED, decoded, wide_encoding
from ktop.patents.readers.plain_text import plain_text
from ktop.patents.readers.source import Source
from ktop.patents.readers.xml_problems import what_is_wrong

MAX_DOCUMENT_BYTES = 64 * 1024**2
MAX_PROLOG_CHARS = 2 * 1024**2
#: Elements of one document: 64 MB of nothing but tags would otherwise take gigabytes of memory.
MAX_ELEMENTS = 1_500_000
_CHUNK = 1 << 20
_CDATA = b"<![CDATA["
_DECLARATION_OR_OPENING = re.compile(rb"<\?xml\s|<!\[CDATA\[|<!--")
_DECLARATION_BYTES = 6
_OPENING_BYTES = len(_CDATA)
#: What stands between documents that programs have joined: blanks, byte order marks, zeros, DOS's end of file.
_BETWEEN = b" \t\r\n\x00\x1a\xef\xbb\xbf"
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._\-]{1,40})["']""")
_FIRST_TAG = re.compile(rb"<([A-Za-z_][\w.:\-]*)[\s>/]")
_NAMED_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9.]{1,40});")
_PREFIXED_TAG = re.compile(r"<(/?)[A-Za-z_][\w.\-]*:(?=[A-Za-z_])")
_PREFIXED_ATTRIBUTE = re.compile(r"""(\s[A-Za-z_][\w.\-]*):(?=[\w.\-]+\s*=\s*["'])""")
_UNBOUND_PREFIX = 27  # expat's code
_DEFAULT_NAMESPACE = re.compile(r"""(\sxmlns)(?=\s*=\s*["'])""")
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
    """A document that is not well formed or is refused: a message key, where it shows, and what the message tells."""

    def __init__(self, reason: str, line: int, column: int = 0, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason, line, column)
        self.reason, self.line, self.column = reason, line, column
        self.told: Mapping[str, Any] = told or (what_is_wrong("", None) if reason == "patents.reject_xml" else {})


_FILE_ERRORS = {
    "patents.reject_xml": "patents.xml_broken",
    "patents.reject_too_large": "patents.xml_too_large",
    "patents.reject_entities": "patents.xml_refused",
    "patents.reject_encoding": "patents.xml_encoding",
}


def file_error(error: XmlError, file: str) -> InputError:
    """Return what the user reads where a broken document means that the whole file cannot be used."""
    limit = MAX_DOCUMENT_BYTES // 1024**2
    key = _FILE_ERRORS[error.reason]
    return InputError(key, file=file, line=error.line, column=error.column, limit=limit, **error.told)


def reject(error: XmlError) -> Reject:
    """Return what the record is rejected with whose document is broken."""
    return Reject(f"line {error.line}", error.reason, dict(error.told))


@dataclass(frozen=True, slots=True)
class Document:
    """One XML document of a file that may hold many, with the line on which it starts (from 1).

    ``encoding`` is set where the file, not this piece of it, declares one; ``too_large`` where the data was left out.
    """

    line: int
    data: bytes
    encoding: str | None = None
    too_large: bool = False


def documents(stream: BinaryIO) -> Iterator[Document]:
    """Split a file into its documents at every XML declaration; a file without one is one document.

    A declaration within CDATA or a comment begins no document. A document over ``MAX_DOCUMENT_BYTES`` is given once,
    without its data, so that parsing it refuses it. What programs leave between documents and at the end of a file
    (byte order marks, zeros, the end-of-file mark of DOS) belongs to none.
    """
    buffer = bytearray()
    line, searched, skipping, ended = 1, 0, False, False
    while not ended:
        chunk = stream.read(_CHUNK)
        ended = not chunk
        buffer += chunk
        while True:
            cut, searched = _next_declaration(buffer, max(searched, 1), ended)
            if cut is None:
                break
            piece = bytes(buffer[:cut])
            if piece.strip(_BETWEEN) and not skipping:
                yield Document(line, _trimmed(piece))
            line += piece.count(b"\n")
            del buffer[:cut]
            searched, skipping = _DECLARATION_BYTES, False
        if len(buffer) > MAX_DOCUMENT_BYTES or (skipping and len(buffer) > _CHUNK):
            if not skipping:
                yield Document(line, b"", too_large=True)
            line += buffer.count(b"\n", 0, len(buffer) - _DECLARATION_BYTES)
            del buffer[:-_DECLARATION_BYTES]  # a declaration may begin in these bytes
            searched, skipping = 0, True
    if buffer.strip(_BETWEEN) and not skipping:
        yield Document(line, _trimmed(bytes(buffer)))


def _trimmed(piece: bytes) -> bytes:
    """Take off what stands before and behind a document, keeping its lines; not of one in UTF-16, which has zeros."""
    if wide_encoding(piece[:400]) is not None:
        return piece
    document = piece.strip(_BETWEEN)
    return b"\n" * piece.count(b"\n", 0, piece.find(document)) + document


def _next_declaration(buffer: bytearray, start: int, ended: bool) -> tuple[int | None, int]:
    """Return where the next document begins, or None and where to search on once there is more of the file."""
    while True:
        found = _DECLARATION_OR_OPENING.search(buffer, start)
        if found is None:
            return None, max(len(buffer) - _OPENING_BYTES, start)
        opening = found[0]
        if opening.startswith(b"<?"):
            return found.start(), 0
        closing = b"]]>" if opening == _CDATA else b"-->"
        end = buffer.find(closing, found.end())
        if end < 0 and not ended and len(buffer) - found.start() <= MAX_DOCUMENT_BYTES:
            return None, found.start()
        # one that is opened again before it is closed, or never closed, was cut off: it hides no document
        hides = end >= 0 and buffer.find(opening, found.end(), end) < 0
        start = end + len(closing) if hides else found.end()


def elements(stream: BinaryIO, name: str) -> Iterator[Document]:
    """Yield every element ``name`` of one large document, prefixed or not, without holding more than one.

    An element that does not end before the next one starts, or before the file does, is given as far as it goes, so
    that parsing it rejects it and not its neighbours. So is the end of an element that does not begin.

    Raises ``XmlError`` where the document declares entities, or is in an encoding that cannot be cut at tags.
    """
    tag = re.escape(name.encode("ascii"))
    start_tag = re.compile(rb"<(?:[\w.\-]+:)?" + tag + rb"[\s>]")
    end_tag = re.compile(rb"</(?:[\w.\-]+:)?" + tag + rb"\s*>")
    either_tag = re.compile(start_tag.pattern + b"|" + end_tag.pattern)
    margin = len(name) + 80  # no tag cut by the end of a chunk is longer
    buffer = bytearray(stream.read(_CHUNK))
    encoding = _declared_encoding(bytes(buffer[:400]), 1)
    if b"\x00" in buffer[:8]:  # cannot be cut at tags
        raise XmlError("patents.reject_encoding", 1, told={"encoding": encoding})
    first = start_tag.search(buffer)
    prolog = buffer[: first.start() if first else MAX_PROLOG_CHARS].decode("latin-1")
    _without_prolog(prolog + "<x/>", 1)  # refuses declarations of entities
    line, position = 1, 0  # line of, and place in the buffer of, the first byte that is still needed
    searched, inside, too_large = 0, False, False
    while True:
        found = (end_tag if inside else either_tag).search(buffer, searched)
        if inside:
            following = start_tag.search(buffer, searched, found.start() if found else len(buffer))
            found = following or found
            if found is not None:
                end = found.start() if following else found.end()
                if not too_large:
                    yield Document(line, bytes(buffer[position:end]), encoding)
                line += buffer.count(b"\n", position, end)
                position = searched = end
                inside = too_large = False
                continue
        elif found is not None:
            line += buffer.count(b"\n", position, found.start())
            position, searched, inside = found.start(), found.end(), not found[0].startswith(b"</")
            if not inside:  # the end of an element whose beginning is damaged
                yield Document(line, found[0], encoding)
                line += found[0].count(b"\n")
                position = searched
            continue
        if inside and not too_large and len(buffer) - position > MAX_DOCUMENT_BYTES:
            yield Document(line, b"", too_large=True)
            too_large = True
        keep = position if inside and not too_large else max(len(buffer) - margin, position)
        line += buffer.count(b"\n", position, keep)
        position = keep
        searched = max(len(buffer) - margin, searched, position)
        del buffer[:keep]
        position, searched = 0, searched - keep
        chunk = stream.read(_CHUNK)
        if not chunk:
            break
        buffer += chunk
    if inside and not too_large:
        yield Document(line, bytes(buffer), encoding)


def well_formed(
    source: Source,
    found: Callable[[BinaryIO], Iterable[Document]],
    *,
    namespaces: bool = False,
    holds_many: bool = False,
) -> Iterator[tuple[str, ET.Element | Reject]]:
    """Parse the pieces that ``found`` cuts a file into: place and root element, or a reject for what is broken.

    Raises ``InputError`` where the first piece is broken and no other follows, or where the file cannot be cut at all:
    then the file as a whole is no source, and its line is told.

    Parameters
    ----------
    holds_many : whether a document holds records that its reader counts itself; else it is one.
    """
    held: XmlError | None = None  # the first broken piece, told apart from a broken file once another one comes
    number = 0
    with source.open() as stream:
        try:
            for document in found(stream):
                for line, piece in _roots(document, namespaces=namespaces):
                    number += 1
                    if not holds_many or isinstance(piece, XmlError):
                        source.tally.saw()
                    if held is not None:
                        yield f"line {held.line}", reject(held)
                        held = None
                    if not isinstance(piece, XmlError):
                        yield f"line {line}", piece
                    elif number == 1:
                        held = piece
                    else:
                        yield f"line {piece.line}", reject(piece)
        except XmlError as error:
            raise file_error(error, source.name) from error
    if held is not None:
        raise file_error(held, source.name)


def _roots(document: Document, *, namespaces: bool) -> Iterator[tuple[int, ET.Element | XmlError]]:
    """Yield line and root of a document, of each of several where they follow each other without declarations."""
    try:
        found: ET.Element | XmlError = parse(document, namespaces=namespaces)
    except XmlError as error:
        found = error
    pieces = _after_roots(document) if isinstance(found, XmlError) and found.reason == "patents.reject_xml" else []
    if len(pieces) < 2:
        yield document.line, found
        return
    for piece in pieces:
        try:
            yield piece.line, parse(piece, namespaces=namespaces)
        except XmlError as error:
            yield piece.line, error


def _after_roots(document: Document) -> list[Document]:
    """Cut a document after every end of its root element that another beginning follows."""
    first = _FIRST_TAG.search(document.data)
    if first is None:
        return [document]
    boundary = re.compile(rb"</" + re.escape(first[1]) + rb"\s*>[\s\x00\x1a\xef\xbb\xbf]*(?=<(?:!DOCTYPE\b|[A-Za-z_]))")
    pieces: list[Document] = []
    start, line = 0, document.line
    for found in boundary.finditer(document.data):
        piece = document.data[start : found.end()]
        pieces.append(Document(line, _trimmed(piece), document.encoding))
        start, line = found.end(), line + piece.count(b"\n")
    return [*pieces, Document(line, _trimmed(document.data[start:]), document.encoding)]


def parse(document: Document, *, namespaces: bool = True) -> ET.Element:
    """Return the root element.

    The document type declaration is taken out unread: declared entities with text are refused, image names are passed
    over, named characters (``&lsqb;``) become the character, unknown names a space.

    Parameters
    ----------
    namespaces : False takes the prefixes off all names, so that ``exch:citation`` and ``citation`` are the same.

    Raises ``XmlError`` with the line in the file.
    """
    if document.too_large:
        raise XmlError("patents.reject_too_large", document.line)
    text = _decode(document)
    text = _without_prolog(text, document.line)
    if text.count("<") > 2 * MAX_ELEMENTS:
        raise XmlError("patents.reject_too_large", document.line)
    if "&" in text:
        text = _NAMED_ENTITY.sub(_character, text)
    if not namespaces:
        text = _PREFIXED_TAG.sub(r"<\1", text)
        if "xmlns" in text:
            text = _without_prefixes(text)
    try:
        return _parsed(text)
    except ET.ParseError as error:
        problem = error
    if not namespaces and problem.code == _UNBOUND_PREFIX:  # prefixes that are declared outside of this element
        try:
            return _parsed(_without_prefixes(text))
        except ET.ParseError as error:
            problem = error
    line, column = problem.position
    told = what_is_wrong(text, problem)
    raise XmlError("patents.reject_xml", document.line + line - 1, column + 1, told) from problem


def _parsed(text: str) -> ET.Element:
    parser = ET.XMLParser()  # noqa: S314 - no declarations are left that could be expanded or fetched
    parser.feed(text)
    return parser.close()


def _without_prefixes(text: str) -> str:
    """Take the prefixes off attributes, and the declarations of prefixes with them."""
    return _DEFAULT_NAMESPACE.sub(r"\1_", _PREFIXED_ATTRIBUTE.sub(r"\1_", text))


def _declared_encoding(data: bytes, line: int) -> str:
    """Return the codec that the first bytes of a document declare; ``XmlError`` for one that is not supported."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    match = _ENCODING.match(data[3:] if data[:3] == b"\xef\xbb\xbf" else data)
    name = match[1].decode("ascii").lower() if match else "utf-8"
    if name not in NAMED:
        raise XmlError("patents.reject_encoding", line, told={"encoding": name})
    return NAMED[name]


def _decode(document: Document) -> str:
    data = document.data
    encoding = document.encoding or _declared_encoding(data[:400], document.line)
    text = decoded(data, encoding)
    if text is not None:
        return text.lstrip("\ufeff")
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        line = document.line + data[: error.start].count(b"\n")
        raise XmlError("patents.reject_encoding", line, told={"encoding": encoding}) from error
    raise XmlError("patents.reject_encoding", document.line, told={"encoding": encoding})


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
    """Return all text inside an element as one line, its characters in their plain form; "" for None."""
    return "" if element is None else plain_text(" ".join("".join(element.itertext()).split()))


def text_at(element: ET.Element, path: str) -> str:
    """Return the text of the first element at ``path``, "" where there is none."""
    return text_of(element.find(path))
