"""Says of XML that is not well formed what was expected where it breaks, and what was found there."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from xml.parsers import expat

from ktop import catalogue

_SHOWN_CHARS = 40
#: Codes of expat (xml.parsers.expat.errors).
_NO_ELEMENT, _INVALID_TOKEN, _UNCLOSED_TOKEN, _MISMATCH, _DUPLICATE, _JUNK, _UNDEFINED = 3, 4, 5, 7, 8, 9, 11
_UNCLOSED_CDATA, _UNBOUND = 20, 27


def what_is_wrong(text: str, problem: ET.ParseError | None) -> Mapping[str, Any]:
    """Return ``expected`` and ``found`` for the messages ``patents.reject_xml`` and ``patents.xml_broken``.

    Parameters
    ----------
    text : what was parsed; the place of ``problem`` is in it.
    problem : the parser's error, None where it gave none.
    """
    if problem is None:
        return {"expected": _label("xml_well_formed"), "found": _label("xml_something_else")}
    line, column = problem.position
    lines = text.split("\n")
    found: Any = (lines[line - 1] if line <= len(lines) else "")[column : column + _SHOWN_CHARS].strip(" \t\r")
    expected: Any = _label("xml_well_formed")
    code = problem.code
    if code in (_NO_ELEMENT, _MISMATCH, _UNCLOSED_TOKEN, _UNCLOSED_CDATA):
        within = _open_element(text)
        expected = f"</{within}>" if within else _label("xml_root")
        if code == _UNCLOSED_CDATA:
            expected = "]]>"
        if code != _MISMATCH:
            found = _label("xml_end_of_file")
        elif found and not found.startswith("<"):
            found = f"</{found.partition('>')[0]}>"  # the place is behind the opening of the tag
    elif code == _JUNK:
        expected = _label("xml_end_of_file")
    elif code == _UNDEFINED:
        expected = _label("xml_known_entity")
    elif code == _DUPLICATE:
        expected = _label("xml_one_attribute")
    return {"expected": expected, "found": _visible(found) or _label("xml_end_of_file")}


def _label(name: str) -> dict[str, str]:
    return {lang: catalogue.text(f"patent_sources.{name}", lang) for lang in catalogue.LANGS}


def _visible(found: Any) -> Any:
    """Return a piece of a file with its control characters as their numbers."""
    if not isinstance(found, str):
        return found
    return "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in found)


def _open_element(text: str) -> str | None:
    """Return the innermost element that is open where the parser stops, None before the root."""
    within: list[str] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda name, _: within.append(name)
    parser.EndElementHandler = lambda _: within.pop()
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except (expat.ExpatError, ValueError):
        pass
    return within[-1] if within else None
