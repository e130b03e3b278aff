"""A technology summary (기술개요) to be rated, and what a text must be before anything analyses it."""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ktop import catalogue
from ktop.kernel.errors import InputError, TooLargeError

Lang = Literal["ko", "en"]

MAX_SUMMARY_CHARS = 20_000
MAX_TITLE_CHARS = 500
#: First and last day that a technology may be rated as of: patents are older than neither, and dates run out beyond.
DAYS = (date(1800, 1, 1), date(2199, 12, 31))
#: A text needs this many words, and this many different ones, before its neighbours mean anything.
MIN_WORDS: dict[Lang, int] = {"ko": 8, "en": 10}
MIN_DISTINCT_WORDS = 6
#: Share of the letters that must be Hangul or Latin for the text to count as Korean or English.
MIN_SCRIPT_SHARE = 0.5
#: Korean technical prose mixes Latin words in; from this share of Hangul on, the text is Korean.
MIN_HANGUL_SHARE = 0.25
#: A text of twelve or more words is in another language if its function words are more than English ones and this many.
MIN_FUNCTION_WORD_SHARE = 0.08

_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]{0,500}|![^<>]{0,500}|\?[^<>]{0,500})>", re.DOTALL)
_SCRIPT = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
#: Addresses of pages and mail, and the colour orders of terminals: nothing that a technology consists of.
_ADDRESS = re.compile(
    r"\b(?:[a-z][a-z0-9+.\-]{1,20}://|www\.|mailto:)[^\s<>\"']+|\b[\w.+\-]{1,64}@[\w\-]+(?:\.[\w\-]+)+", re.I
)
_TERMINAL = re.compile("\x1b\\[[0-9;?]{0,20}[A-Za-z]")
#: Beginning of a line that is an item of a list.
_ITEM = re.compile(r"[ \t]*(?:[-*+•·∙▪■□●○◦▶▷►※‣–—]|\(?\d{1,2}[.)]|[가-하][.)])[ \t]+(?=\S)")
_ENDED = (".", ";", ":", "!", "?", ",", "。")
_SPACE = re.compile(r"\s+")
_HANGUL = re.compile("[가-힣ㄱ-ㆎ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_WORD = re.compile(r"[^\W_]+(?:['\-][^\W_]+)*")


def titled(title: str | None, summary: str) -> str:
    """Return a summary with its title as its first line, which is how a text that is rated says what it is called.

    A title counts as part of the text, as that of a patent does. Blank, or there already, it changes nothing.
    """
    line = " ".join((title or "").split()).rstrip(".,; ")
    return summary if not line or summary.lstrip().startswith(f"{line}\n") else f"{line}\n{summary.strip()}"


def clean_text(text: str) -> str:
    """Return ``text`` as one line for analysis: mark-up, control characters and repeated blanks taken out.

    Composed to NFC, so that Hangul typed on any system compares equal. ``<`` and ``>`` as signs ("x < 3") stay.
    """
    if "<" in text:
        text = _TAG.sub(" ", _SCRIPT.sub(" ", text))
    if "&" in text:
        text = html.unescape(text)
    text = unicodedata.normalize("NFC", text)
    # Cc control, Cf invisible format, Cs lone surrogate, Co private use, Cn unassigned: none of them is text.
    if not text.isprintable():
        text = "".join(
            " " if unicodedata.category(character) in ("Cc", "Zl", "Zp", "Zs") else character
            for character in text
            if unicodedata.category(character) not in ("Cf", "Cs", "Co", "Cn")
        )
    return _SPACE.sub(" ", text).strip()


def prose_of(text: str) -> str:
    """Return ``text`` without addresses, and with items of a list as sentences of their own: no term runs across."""
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    if ":" in text or "@" in text or "www." in text:
        text = _ADDRESS.sub(" ", text)
    lines = text.split("\n")
    for i, line in enumerate(lines):
        item = _ITEM.match(line)
        if item is None:
            continue
        lines[i] = line[item.end() :]
        before = lines[i - 1].rstrip() if i else ""
        if before and not before.endswith(_ENDED):
            lines[i - 1] = f"{before}."
    return "\n".join(lines)


def starts_with_item(text: str) -> bool:
    """Return whether the first line of a text is an item of a list or a row of a table, and so no title."""
    return bool(_ITEM.match(text.lstrip("\n\r \t"))) or text.lstrip().startswith("|")


def detect_language(text: str) -> Lang | None:
    """Return ``"ko"``, ``"en"`` or None for a text in neither, by the scripts of its letters.

    Latin script alone does not prove English: other languages written in it are told apart by their function words,
    once the text is long enough to tell.
    """
    if text.isascii():  # the common case, and the quick one
        if not _LATIN.search(text):
            return None
    else:
        letters = sum(map(str.isalpha, text))
        hangul = len(_HANGUL.findall(text))
        latin = len(_LATIN.findall(text))
        if letters == 0 or hangul + latin < MIN_SCRIPT_SHARE * letters:
            return None
        if hangul >= MIN_HANGUL_SHARE * letters:
            return "ko"
    words = text.lower().split()
    if len(words) >= 12:
        english, other = _function_words()
        of_english = sum(map(english.__contains__, words))
        of_others = sum(map(other.__contains__, words))
        if of_others > of_english and of_others >= MIN_FUNCTION_WORD_SHARE * len(words):
            return None
    return "en"


@functools.cache
def _function_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the function words of English and those of other languages in Latin script."""
    words = catalogue.load("patents/function_words")
    return frozenset(words["english"].split()), frozenset(words["other"].split())


@dataclass(frozen=True, slots=True)
class Technology:
    """A technology summary that may be rated. Make one with ``Technology.from_text``.

    Parameters
    ----------
    text : the cleaned summary, at most ``MAX_SUMMARY_CHARS`` characters.
    language : its language, ``"ko"`` or ``"en"``.
    as_of : the day it is compared as of; only patents filed before it count.
    title : its name, where given.
    """

    text: str
    language: Lang
    as_of: date
    title: str | None = None

    @classmethod
    def from_text(cls, text: str, as_of: date, title: str | None = None) -> Technology:
        """Check and clean what a user gave.

        Raises
        ------
        TooLargeError : more than ``MAX_SUMMARY_CHARS`` characters; refused before anything else looks at the text.
        InputError : a day outside ``DAYS``, nothing to analyse, neither Korean nor English, too short to say what the
            technology is, or a few words over and over.
        """
        if len(text) > MAX_SUMMARY_CHARS:
            raise TooLargeError("patents.summary_too_large", chars=len(text), limit=MAX_SUMMARY_CHARS)
        if not DAYS[0] <= as_of <= DAYS[1]:
            raise InputError("patents.day_out_of_range", first=DAYS[0].isoformat(), last=DAYS[1].isoformat())
        if title is not None and len(title) > MAX_TITLE_CHARS:
            raise TooLargeError("patents.title_too_large", chars=len(title), limit=MAX_TITLE_CHARS)
        cleaned = clean_text(prose_of(text))
        cleaned_title = clean_text(title) if title else None
        words = _WORD.findall(cleaned)
        if not words:
            raise InputError("patents.summary_empty")
        language = detect_language(cleaned)
        if language is None:
            raise InputError("patents.summary_language")
        minimum = MIN_WORDS[language]
        distinct = len({word.lower() for word in words})
        if len(words) < minimum:
            raise InputError("patents.summary_too_short", words=len(words), minimum=minimum)
        if distinct < MIN_DISTINCT_WORDS:
            key = "patents.summary_one_word" if distinct == 1 else "patents.summary_repeats"
            raise InputError(key, words=len(words), distinct=distinct, word=words[0][:40], minimum=MIN_DISTINCT_WORDS)
        return cls(cleaned, language, as_of, cleaned_title or None)
