"""What a class of the patent classification is about, in words: of its subclass, else its class, else its section."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ktop.catalogue import Lang, load


def class_words(symbol: str, lang: Lang) -> str:
    """Return what a symbol (``H01M10/0525``, ``H01M``, ``H01``) is about, "" for one that is no class symbol.

    The words are ours (``catalogue/patent_classes.yaml``); the narrowest that are known are given.
    """
    for words, length in ((_words("subclasses"), 4), (_words("classes"), 3), (_words("sections"), 1)):
        found = words.get(symbol[:length])
        if found is not None and len(symbol) >= length:
            return found[lang]
    return ""


@functools.cache
def _words(level: str) -> Mapping[str, Mapping[Lang, str]]:
    told: Mapping[str, str] = load("patent_classes")[level]
    pairs = {code: line.split(" | ") for code, line in told.items()}
    return {code: {"ko": korean, "en": english} for code, (korean, english) in pairs.items()}
