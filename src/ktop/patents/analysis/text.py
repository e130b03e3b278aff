"""Turns Korean and English text into index terms and noun phrases: the same way when indexing and when asking."""

from __future__ import annotations

import functools
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from ktop import catalogue
from ktop.domain.technology.summary import Lang, detect_language
from ktop.patents.analysis.terms import term_code

#: A word of one to four adjacent nouns is also indexed whole (딥러닝 = 딥 + 러닝); longer chains are only their parts.
MAX_COMPOUND_PARTS = 4
MAX_TERM_CHARS = 40
#: Korean texts whose words are remembered: a rating asks for those of its text and its sentences several times.
KOREAN_KEPT = 64
#: Version of the analysis; an index built by another version is rebuilt.
ANALYSIS_VERSION = "3"

_EN_TOKEN = re.compile(r"[a-z0-9]+|[.,;:()\[\]{}!?/\"]")
_EN_WORD = re.compile(r"[a-z0-9]+")
_HAS_LETTER = re.compile(r"[a-z]")
#: Parts of speech of mecab-ko-dic that are content: common and proper nouns, roots, foreign words, hanja, unknown.
_KO_NOUNS = frozenset({"NNG", "NNP", "XR", "SH"})
#: Suffixes that only say how the noun is used (형태학적, 사용자들); they neither end a phrase nor make another term.
_KO_EMPTY_SUFFIXES = frozenset({"적", "들", "별", "상", "하"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a noun phrase: how it is written and the index terms it stands for (the whole first)."""

    surface: str
    terms: tuple[str, ...]


P = ParamSpec("P")
T = TypeVar("T")

#: A noun phrase: content words in a row, nothing between them.
Run = tuple[Word, ...]


@functools.cache
def word_list(name: str) -> frozenset[str]:
    """Return one list of ``catalogue/patents/stop_terms.yaml``."""
    return frozenset(catalogue.load("patents/stop_terms")[name].split())


def _one_at_a_time(method: Callable[Concatenate[Analyser, P], T]) -> Callable[Concatenate[Analyser, P], T]:
    """Let one thread at a time into a method: dictionary, stemmer and caches are for one."""

    @functools.wraps(method)
    def call(self: Analyser, /, *args: P.args, **keywords: P.kwargs) -> T:
        with self._lock:
            return method(self, *args, **keywords)

    return call


class Analyser:
    """Korean and English analysis behind one interface. Cheap to make; the Korean dictionary loads on first use.

    Several threads may use one: it serves them one after the other (a text takes a millisecond at most).
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._stem_cache: dict[str, str] = {}
        self._code_cache: dict[str, int] = {}
        self._surfaces_told = 0
        self._compounds: dict[str, tuple[str, ...]] = {}
        self._tagger: Any = None
        self._korean: dict[str, tuple[Run, ...]] = {}
        self._stemmer: Any = None

    def language(self, text: str) -> Lang | None:
        """Return the language of ``text``, None where it is neither Korean nor English."""
        return detect_language(text)

    @_one_at_a_time
    def terms(self, text: str, lang: Lang | None = None) -> list[str]:
        """Return the index terms of ``text`` in order, repeats included; empty where the language is unknown.

        English terms are stems, Korean terms are nouns; a Korean compound gives itself and then its parts.
        """
        lang = lang or self.language(text)
        if lang == "ko":
            return [term for run in self.runs(text, lang) for word in run for term in word.terms]
        if lang == "en":
            return self._english_terms(text)
        return []

    @_one_at_a_time
    def terms_and_pairs(self, text: str, lang: Lang | None = None) -> tuple[list[str], list[str]]:
        """Return the index terms and the pairs of content words that stand next to each other, as ``first_second``."""
        lang = lang or self.language(text)
        if lang == "en":
            return self._english_terms_and_pairs(text)
        runs = self.runs(text, lang)
        terms = [term for run in runs for word in run for term in word.terms]
        pairs = [f"{a.terms[0]}_{b.terms[0]}" for run in runs for a, b in itertools.pairwise(run)]
        return terms, pairs

    @_one_at_a_time
    def coded(self, text: str, lang: Lang | None = None) -> tuple[list[int], list[int]]:
        """Return what ``terms_and_pairs`` finds, as codes: words in order with 0 for every break, and further terms.

        Two words without a 0 between them are a pair; the further terms are the parts of Korean compounds.
        """
        lang = lang or self.language(text)
        if lang == "en":
            cache, code = self._code_cache, self._code
            return [cache[token] if token in cache else code(token) for token in _EN_TOKEN.findall(text.lower())], []
        words: list[int] = []
        parts: list[int] = []
        for run in self.runs(text, lang):
            for word in run:
                words.append(term_code(word.terms[0]))
                parts.extend(map(term_code, word.terms[1:]))
            words.append(0)
        return words, parts

    @_one_at_a_time
    def new_surfaces(self) -> dict[str, str]:
        """Return stem → the shortest word met for it, of the words met since the last call."""
        found: dict[str, str] = {}
        for word, stem in itertools.islice(self._stem_cache.items(), self._surfaces_told, None):
            if stem and (stem not in found or (len(word), word) < (len(found[stem]), found[stem])):
                found[stem] = word
        self._surfaces_told = len(self._stem_cache)
        return found

    @_one_at_a_time
    def runs(self, text: str, lang: Lang | None = None) -> list[Run]:
        """Return the noun phrases of ``text`` in order: maximal rows of content words."""
        lang = lang or self.language(text)
        if lang == "ko":
            known = self._korean.get(text)
            if known is None:
                if len(self._korean) >= KOREAN_KEPT:
                    self._korean.clear()  # in one step: several threads ask at once, none may lose what another removed
                known = self._korean[text] = tuple(self._korean_runs(text))
            return list(known)
        if lang == "en":
            return list(self._english_runs(text))
        return []

    # --- English ------------------------------------------------------------------------------------------------

    def _stem(self, word: str) -> str:
        """Return the stem of a lower-case word, "" for one that is not indexed."""
        known = self._stem_cache.get(word)
        if known is None:
            if self._stemmer is None:
                from Stemmer import Stemmer

                self._stemmer = Stemmer("english", 0)
            content = 2 <= len(word) <= MAX_TERM_CHARS and word not in word_list("stop_en") and _HAS_LETTER.search(word)
            known = self._stemmer.stemWord(word) if content else ""
            if len(self._stem_cache) < 500_000:
                self._stem_cache[word] = known
        return known

    def _code(self, token: str) -> int:
        """Return the code of a token's stem, 0 for one that is not indexed."""
        stem = self._stem(token)
        code = term_code(stem) if stem else 0
        if len(self._code_cache) < 500_000:
            self._code_cache[token] = code
        return code

    def _english_terms(self, text: str) -> list[str]:
        cache, stem = self._stem_cache, self._stem
        found = [cache[word] if word in cache else stem(word) for word in _EN_WORD.findall(text.lower())]
        return [term for term in found if term]

    def _english_terms_and_pairs(self, text: str) -> tuple[list[str], list[str]]:
        cache, stem = self._stem_cache, self._stem
        terms: list[str] = []
        pairs: list[str] = []
        before = ""
        for token in _EN_TOKEN.findall(text.lower()):
            term = cache[token] if token in cache else stem(token)
            if term:
                terms.append(term)
                if before:
                    pairs.append(f"{before}_{term}")
            before = term
        return terms, pairs

    def _english_runs(self, text: str) -> Iterator[Run]:
        breaks = word_list("breaks_en")
        run: list[Word] = []
        for token in _EN_TOKEN.findall(text.lower()):
            stem = self._stem(token)
            if stem and token not in breaks and not token.endswith("ly"):
                run.append(Word(token, (stem,)))
            elif run:
                yield tuple(run)
                run = []
        if run:
            yield tuple(run)

    # --- Korean -------------------------------------------------------------------------------------------------

    def _korean_runs(self, text: str) -> Iterator[Run]:
        """Yield rows of nouns. Nouns written without a space between them make one word, with its parts as terms."""
        if self._tagger is None:
            self._tagger = _tagger()
        stop = word_list("stop_ko")
        run: list[Word] = []
        joined: list[str] = []  # nouns written together so far
        parts: list[str] = []
        position = 0
        end_of_word = -1
        for line in self._tagger.parse(text).split("\n"):
            fields = line.split("\t")
            if len(fields) != 4:  # EOS and the empty rest
                continue
            surface, tag, kind, expression = fields
            start = text.find(surface, position)
            position = start + len(surface) if start >= 0 else position
            is_noun = tag in _KO_NOUNS
            content: str | None = None
            if is_noun:
                content = surface
            elif tag == "SL":
                content = surface.lower()
            elif tag in ("SN", "XPN"):  # "3D", "비정상": part of a noun only where one follows without a space
                content = surface
            adjacent = start == end_of_word
            if tag == "XSN" and adjacent:  # 휴대-용: a word of its own, with 휴대 as its part
                if surface not in _KO_EMPTY_SUFFIXES:
                    joined.append(surface)
                end_of_word = position
                continue
            if content is None or not adjacent:
                if joined:
                    self._close(run, joined, parts, stop)
                    joined, parts = [], []
                if content is None and run:
                    yield tuple(run)
                    run = []
            if content is None:
                end_of_word = -1
                continue
            end_of_word = position
            joined.append(content)
            if is_noun:
                if kind == "Compound":
                    parts.extend(self._parts_of(surface, expression))
                else:
                    parts.append(surface)
            elif tag == "SL":
                parts.append(self._stem(content))
        if joined:
            self._close(run, joined, parts, stop)
        if run:
            yield tuple(run)

    def _close(self, run: list[Word], joined: list[str], parts: list[str], stop: frozenset[str]) -> None:
        """Add the word made of ``joined`` to the run, unless it says nothing."""
        surface = "".join(joined)
        terms: list[str] = []
        if len(joined) == 1:
            whole = parts[0] if parts and not surface.isascii() and parts[0] == surface else surface
            terms = [self._stem(whole) if whole.isascii() else whole]
            terms += [part for part in parts if part != terms[0]]
        else:
            if len(joined) <= MAX_COMPOUND_PARTS and not surface.isdigit():
                terms.append(surface)
            terms += [word for word in joined if not word.isascii()]
            terms += parts
        unique = dict.fromkeys(
            term for term in terms if 2 <= len(term) <= MAX_TERM_CHARS and term not in stop and not term.isdigit()
        )
        if unique:
            run.append(Word(surface, tuple(unique)))

    def _parts_of(self, surface: str, expression: str) -> tuple[str, ...]:
        """Return a compound noun and its parts: 인공지능 → 인공지능, 인공, 지능."""
        known = self._compounds.get(surface)
        if known is None:
            pieces = tuple(piece.split("/", 1)[0] for piece in expression.split("+"))
            known = (surface, *pieces)
            if len(self._compounds) < 500_000:
                self._compounds[surface] = known
        return known


@functools.cache
def _tagger() -> Any:
    """Return a mecab-ko tagger on the dictionary of the python-mecab-ko-dic wheel, printing only what is read here.

    The wrapper class of mecab-ko looks for another dictionary package, so the class below it is used, with every
    argument given. Fields printed: surface, part of speech, type (Compound ...), expression (the parts).
    """
    from mecab_ko import _MeCab
    from mecab_ko_dic import dictionary_path

    folder = str(dictionary_path)
    known_format, unknown_format = r"%m\t%f[0]\t%f[4]\t%f[7]\n", r"%m\t%f[0]\t*\t*\n"
    arguments = ["", "-C", "-r", f"{folder}/dicrc", "-d", folder, "-F", known_format, "-U", unknown_format]
    return _MeCab.Tagger([argument.encode() for argument in arguments])
