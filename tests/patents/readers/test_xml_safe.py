"""Hostile and broken XML is refused with its line; odd but honest XML is read."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktop.patents.readers import xml_safe
from ktop.patents.readers.xml_safe import Document, XmlError, documents, parse

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
IMAGES = '<!DOCTYPE doc SYSTEM "x.dtd" [\n<!ENTITY US-D1.TIF SYSTEM "US-D1.TIF" NDATA TIF>\n]>\n'


def read(text: str | bytes) -> list[str]:
    """Return the text of every document in ``text``."""
    data = text.encode() if isinstance(text, str) else text
    return [xml_safe.text_of(parse(document)) for document in documents(io.BytesIO(data))]


@pytest.mark.parametrize(
    "subset",
    [
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY c PUBLIC "p" "http://example.org/x">',
        '<!ENTITY % p SYSTEM "http://example.org/x"> %p;',
        '<!ENTITY\n c\t"x">',
        '<!-- \' --><!ENTITY c "x">',
    ],
    ids=["bomb", "external file", "external address", "parameter", "odd blanks", "behind a quote"],
)
@pytest.mark.parametrize("use", ["&c;", "<b at='&c;'/>", ""])
def test_declared_entities_are_refused_where_they_are_declared(subset: str, use: str) -> None:
    with pytest.raises(XmlError) as caught:
        read(f"{DECLARATION}<!DOCTYPE doc [{subset}]>\n<doc>{use}</doc>")
    assert caught.value.reason == "patents.reject_entities"
    assert caught.value.line == 2


def test_a_declaration_cannot_hide_behind_blanks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_safe, "MAX_PROLOG_CHARS", 1_000)
    with pytest.raises(XmlError):
        read(" " * 1_001 + '<!DOCTYPE doc [<!ENTITY a "boom">]><doc>&a;</doc>')


def test_nothing_is_fetched_for_an_external_document_type(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the parser opened something")

    data = f'{DECLARATION}<!DOCTYPE doc SYSTEM "file:///etc/passwd"><doc>text</doc>'.encode()
    stream = io.BytesIO(data)
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr("socket.socket.connect", refuse)
    assert [xml_safe.text_of(parse(document)) for document in documents(stream)] == ["text"]


def test_names_of_image_files_are_passed_over() -> None:
    assert read(f"{DECLARATION}{IMAGES}<doc>a disc <emi file='US-D1.TIF'/>cartridge</doc>") == ["a disc cartridge"]


def test_named_characters_become_characters_and_unknown_names_a_blank() -> None:
    text = "&lsqb;x&rsqb; 5 &mgr;m &Dgr; &lt;b&gt; &amp; a&nosuchname;b"
    assert read(f"{DECLARATION}{IMAGES}<doc>{text}</doc>") == ["[x] 5 μm Δ <b> & a b"]


def test_a_truncated_document_tells_the_line() -> None:
    with pytest.raises(XmlError) as caught:
        read(f"{DECLARATION}<doc>\n<p>first</p>\n<p>second")
    assert (caught.value.reason, caught.value.line) == ("patents.reject_xml", 4)


def test_documents_in_one_file_are_split_and_lines_count_from_the_file() -> None:
    whole = f"{DECLARATION}<doc>one\n</doc>\n"
    broken = f"{DECLARATION}<doc>\n<p></doc>\n"
    found = list(documents(io.BytesIO((whole + broken + whole).encode())))
    assert [document.line for document in found] == [1, 4, 7]
    with pytest.raises(XmlError) as caught:
        parse(found[1])
    assert caught.value.line == 6


def test_a_style_sheet_line_does_not_split_a_document() -> None:
    assert read(f"{DECLARATION}<?xml-stylesheet href='a.css'?><doc>one</doc>") == ["one"]


@pytest.mark.parametrize("encoding", ["euc-kr", "utf-16", "iso-8859-1", "utf-8"])
def test_encodings_of_patent_offices_are_read(encoding: str) -> None:
    word = "caf\u00e9" if encoding == "iso-8859-1" else "특허"
    assert read(f'<?xml version="1.0" encoding="{encoding}"?><doc>{word}</doc>'.encode(encoding)) == [word]


@pytest.mark.parametrize("name", ["utf-7", "ebcdic-cp-us", "rot13"])
def test_other_encodings_are_refused_rather_than_guessed(name: str) -> None:
    with pytest.raises(XmlError) as caught:
        read(f'<?xml version="1.0" encoding="{name}"?><doc>x</doc>')
    assert caught.value.reason == "patents.reject_encoding"


def test_bytes_that_are_no_text_tell_their_line() -> None:
    with pytest.raises(XmlError) as caught:
        read(DECLARATION.encode() + b"<doc>\n\xff\xfe\xfa</doc>")
    assert (caught.value.reason, caught.value.line) == ("patents.reject_encoding", 3)


def test_an_absurdly_large_document_is_rejected_and_the_next_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_safe, "MAX_DOCUMENT_BYTES", 3 * xml_safe._CHUNK)
    huge = f"{DECLARATION}<doc>{'x' * 4 * xml_safe._CHUNK}</doc>\n"
    outcomes = []
    for document in documents(io.BytesIO((huge + f"{DECLARATION}<doc>small</doc>").encode())):
        try:
            outcomes.append(xml_safe.text_of(parse(document)))
        except XmlError:
            outcomes.append("refused")
    assert outcomes[0] == "refused" and outcomes[-1] == "small"


@given(st.binary(max_size=400))
def test_no_bytes_do_anything_but_parse_or_be_refused(data: bytes) -> None:
    for document in documents(io.BytesIO(data)):
        try:
            parse(document)
        except XmlError as error:
            assert error.line >= 1


@given(st.text(alphabet="<>!&;[]\"'-? DOCTYPENI%ax\n", max_size=120))
def test_no_prolog_lets_an_entity_be_expanded(noise: str) -> None:
    text = f'<!DOCTYPE doc [{noise}<!ENTITY boom "EXPANDED">]><doc>&boom;</doc>'
    try:
        root = parse(Document(1, text.encode()))
    except XmlError:
        return
    assert "EXPANDED" not in xml_safe.text_of(root)
