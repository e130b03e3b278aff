"""Reads the lists that people and programs write into one cell: of anything, of patent numbers, classes and names."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

#: A longer text that looks like a program's list is cut at its commas instead.
_MAX_LITERAL_CHARS = 200_000
_MAX_BRACKETS = 20_000
#: Marks that part a list and stand in no value: bars, semicolons, ends of lines, the Chinese list comma.
_MARKS = re.compile(r"\s*(?:[|;\r\n\u3001\uff1b]|<br\s*/?>)\s*", re.IGNORECASE)
#: What an entry of a list may be where it is a structure itself.
_NAMED = ("publication_number", "code", "symbol", "name", "text", "number", "value", "id")
#: numpy prints lists without commas: ['A' 'B'].
_NO_COMMA = re.compile(r"(['\"])\s+(?=['\"])")
_THOUSANDS = re.compile(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?!\d)")
_NEXT_NUMBER = re.compile(
    r"\s*,\s*|(?<=[A-Z0-9)*])\s+(?=[A-Z]{2}[\s-]?(?:[A-Z]{1,2}[\s-]?)?\d)|(?<=\d{5})\s+(?=\d{5})|\s+(?:and|및|und|et)\s+"
)
#: Signs behind a cited number: who cited it, how damaging it is.
_SIGN = re.compile(r"\s*(?:[*\u2020\u2021]+|[(\[]\s*[XYAEPDOTL&, ]{1,6}\s*[)\]])\s*$")
_HANGUL = re.compile("[가-힣]")
#: Parts that belong to the name before them: "Apple Computer, Inc.", "John Bond, III".
LEGAL_FORMS = frozenset({
    "inc", "llc", "ltd", "corp", "co", "lp", "llp", "sa", "ag", "gmbh", "kg", "bv", "nv", "plc", "spa", "srl", "sas",
    "kk", "limited", "incorporated", "corporation", "company", "pte", "pty", "ab", "as", "oy",
})  # fmt: skip
GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})


def is_list_or_text(value: object) -> bool:
    """Tell whether ``split_list`` reads a value; a number or yes/no holds no several."""
    return value is None or isinstance(value, str | list | tuple)


def split_list(value: object) -> list[str]:
    """Return the parts of a field that holds several.

    A list as it is; a text as a program printed its list (pandas, numpy, JSON, PostgreSQL), else cut at bars,
    semicolons and ends of lines. Nothing else holds several (``is_list_or_text``): it gives none.
    """
    if isinstance(value, str):
        printed = _printed_list(value.strip())
        parts = _MARKS.split(value) if printed is None else printed
    elif isinstance(value, list | tuple):
        parts = [text for part in value if (text := _entry(part)) is not None]
    else:
        return []
    return [part.strip() for part in parts if part and part.strip()]


def _printed_list(text: str) -> list[str] | None:
    """Return the entries of a list that a program has printed, None for a text that is none."""
    if len(text) < 2 or (text[0], text[-1]) not in (("[", "]"), ("(", ")"), ("{", "}")):
        return None
    inside = text[1:-1].strip()
    if not inside:
        return []
    found = _literal(f"[{inside}]") if text[0] != "(" else _literal(text)
    if isinstance(found, list | tuple):
        return [entry for part in found if (entry := _entry(part)) is not None]
    if text[0] == "(" or re.search(r"[\[\](){}]", inside):  # "(주)가상 (유)": a name, no list
        return None
    return [part.strip().strip("\"'") for part in re.split(r"[,;|\n]", inside)]


def _literal(text: str) -> object:
    if len(text) > _MAX_LITERAL_CHARS or text.count("[") + text.count("{") + text.count("(") > _MAX_BRACKETS:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    plain = re.sub(r"\b(?:nan|null|NaN|<NA>)\b", "None", _NO_COMMA.sub(r"\1, ", text))
    try:
        return ast.literal_eval(plain)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _entry(part: object) -> str | None:
    """Return one entry as text: of a structure what names it."""
    if isinstance(part, dict):
        part = next((part[key] for key in _NAMED if part.get(key)), None)
    if part is None or isinstance(part, list | tuple | dict | set | bool):
        return None
    return str(part)


def split_numbers(value: object) -> list[str]:
    """Return the patent numbers of a field, also where commas or blanks part them: ``US 7,654,321 B2, US6543210B1``."""
    found: list[str] = []
    for part in split_list(value):
        plain = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), part)
        found += [_SIGN.sub("", number) for number in _NEXT_NUMBER.split(plain)]
    return [number.strip() for number in found if number.strip()]


def split_classes(value: object) -> list[str]:
    """Return the class symbols of a field; one that lacks its subclass has that of the symbol before it.

    ``G06F 17/30, 17/27`` gives ``G06F 17/30`` and ``G06F 17/27``.
    """
    found: list[str] = []
    subclass = ""
    for part in split_list(value):
        for piece in re.split(r"\s*,\s*|\s+(?=[A-HY]\d{2}[A-Z]\b|[A-HY]\d{2}[A-Z]\s*\d+/)", part):
            symbol = piece.strip()
            if re.match(r"^\d{1,4}\s*/\s*\d{2,6}\b", symbol) and subclass:
                symbol = f"{subclass} {symbol}"
            elif match := re.match(r"^[A-HY]\s*\d{2}\s*[A-Z]", symbol, re.IGNORECASE):
                subclass = match[0]
            if symbol:
                found.append(symbol)
    return found


def split_names(value: object) -> list[str]:
    """Return the names of a field. Commas part them only where they cannot stand within one.

    ``홍길동, 김철수`` and ``Odo Fennick, Jane Doe, Jr.`` are two; ``Fennick, Odo`` is one, ``Acme Works, Inc.`` too.
    """
    parts = split_list(value)
    if len(parts) != 1 or not isinstance(value, str):
        return parts
    pieces = joined_names(parts[0].split(","), LEGAL_FORMS | GENERATIONS)
    if len(pieces) > 1 and all(_HANGUL.search(piece) or len(piece.split()) > 1 for piece in pieces):
        return pieces
    return parts


def joined_names(pieces: Iterable[str], endings: AbstractSet[str]) -> list[str]:
    """Join pieces that a comma parted again where the later one is an ending of a name (``Inc.``, ``III``)."""
    names: list[str] = []
    for piece in _stripped(pieces):
        if names and piece.lower().replace(".", "") in endings:
            names[-1] = f"{names[-1]}, {piece}"
        else:
            names.append(piece)
    return names


def _stripped(pieces: Iterable[str]) -> Iterator[str]:
    return (piece for each in pieces if (piece := each.strip()))
