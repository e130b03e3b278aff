"""Turns what firms say of themselves, and what is asked, into weighted words: the analysis of the patent index.

BM25 (Robertson and Zaragoza 2009) in whole numbers, so that every database adds up to the same scores: the weight of a
word within its text is computed here, how rare it is among the texts when somebody asks.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping

from ktop.patents.analysis.glossary import counterparts, synonyms
from ktop.patents.analysis.terms import term_code
from ktop.patents.analysis.text import Analyser
from ktop.patents.engine.lexical import PAIR_WEIGHT
from ktop.store.discovery_text import EVERY_TEXT
from ktop.usecases.discovery.fields import asked_fields, text_fields

#: BM25's saturation and length correction, with a fixed usual length in place of an average that changes.
_K1, _B, _USUAL_TERMS = 1.2, 0.75, 40.0
_IMPACT = 100
_SHORTEST_PREFIX, _LONGEST_PREFIX = 2, 20
_PART_WEIGHT = 0.6
#: Words that the glossary gives for a word, in the other language and its own, and what they count.
_MOST_OTHERS, _OTHER_WEIGHT = 4, 0.7
#: So many words of a question count, and so many ways to write one.
_MOST_WORDS, _MOST_WAYS = 12, 8
#: The way in which texts are read, by number: texts read in another are read again by the clock. 1: with fields.
READING = 1
_LEGAL_FORMS = re.compile(r"\(주\)|㈜|주식회사|유한회사|\(유\)")
_NAME_WORD = re.compile(r"\w+")


@functools.cache
def _analyser() -> Analyser:
    return Analyser()


def text_words(said: str) -> dict[int, int]:
    """Return code → weight of a text's words and fields of technology. The first call reads dictionary and encoder."""
    lang = _analyser().language(said)
    terms, pairs = _analyser().terms_and_pairs(said, lang)
    counts = Counter(terms + pairs)
    long = _K1 * (1 - _B + _B * len(terms) / _USUAL_TERMS)
    found = {term_code(term): round(_IMPACT * n * (_K1 + 1) / (n + long)) for term, n in counts.items()}
    found |= {field_code(symbol): round(_IMPACT * weight) for symbol, weight in text_fields(said).items()}
    return found | {EVERY_TEXT: READING}


def name_words(name: str) -> dict[int, int]:
    """Return code → weight of the beginnings of a name's words."""
    words = _NAME_WORD.findall(_LEGAL_FORMS.sub(" ", name).casefold())
    ends = ((word, end) for word in words for end in range(_SHORTEST_PREFIX, min(len(word), _LONGEST_PREFIX) + 1))
    return {_name_code(word[:end]): _IMPACT for word, end in ends}


def asked_words(words: str) -> list[dict[int, float]]:
    """Return what is asked as groups of code → weight: one group a word, with all the ways it may be said."""
    groups: list[dict[int, float]] = []
    for word in _LEGAL_FORMS.sub(" ", words).casefold().split()[:_MOST_WORDS]:
        lang = _analyser().language(word) or "en"
        terms = _analyser().terms(word, lang)
        group = {term_code(term): 1.0 if place == 0 else _PART_WEIGHT for place, term in enumerate(terms[:_MOST_WAYS])}
        for place, term in enumerate(terms[:_MOST_WAYS]):
            others = [other for other, _ in counterparts(term, term, lang)[:_MOST_OTHERS]]
            for other in others + [one for word in synonyms(term, lang) for one in _analyser().terms(word, lang)[:1]]:
                group.setdefault(term_code(other), _OTHER_WEIGHT * (1.0 if place == 0 else _PART_WEIGHT))
        if len(word) >= _SHORTEST_PREFIX:
            group[_name_code(word[:_LONGEST_PREFIX])] = 1.0
        groups.append(group)
    return groups


def asked_near(words: str) -> dict[int, float]:
    """Return code → weight of the fields of technology that what is asked is near in meaning."""
    return {field_code(symbol): weight for symbol, weight in asked_fields(words).items()}


def likest_words(own: Mapping[int, int], rarity: Mapping[int, float]) -> list[dict[int, float]]:
    """Return the words that tell a text best, each a group of its own; neither names nor fields count."""
    weights = {code: weight * rarity[code] for code, weight in own.items() if code in rarity and code < _NAMES}
    best = sorted(weights, key=lambda code: (-weights[code], code))[:_MOST_WORDS]
    return [{code: PAIR_WEIGHT if code & 1 else 1.0} for code in best]


#: Codes of names and of fields lie above the 32 bits of the words of texts.
_NAMES, _FIELDS = 1 << 32, 1 << 33


def field_code(symbol: str) -> int:
    """Return the code of a field of technology, by its symbol in the classification (H01M)."""
    return _FIELDS | term_code(symbol)


def _name_code(beginning: str) -> int:
    return _NAMES | term_code(f"name:{beginning}".replace("_", " "))
