"""What a password must be: long enough, and none that guessers try first (NIST SP 800-63B-4, section 3.1.1).

No rules on kinds of characters and no expiry: both make people choose worse passwords.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable

from ktop.catalogue import load
from ktop.kernel.errors import InputError

#: Characters at least where the password alone lets in, and where a second factor is asked as well.
MINIMUM_ALONE, MINIMUM_BESIDE_SECOND_FACTOR = 15, 8
MAXIMUM = 256
_LEET = str.maketrans("0134578@$!", "oieastbasi")
#: Words of the context shorter than this say nothing.
_SHORTEST_WORD = 4


def normalised(password: str) -> str:
    """Return a password in the form that is hashed (NFKC), so that the same keys give the same password everywhere."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, *, beside_second_factor: bool, about: Iterable[str] = ()) -> None:
    """Raise ``InputError`` where somebody may not choose a password.

    Parameters
    ----------
    beside_second_factor : whether signing in asks for a second factor as well.
    about : words that a guesser of this account would try: login, name, organisation.
    """
    chosen = normalised(password)
    least = MINIMUM_BESIDE_SECOND_FACTOR if beside_second_factor else MINIMUM_ALONE
    if len(chosen) < least:
        raise InputError("accounts.password_short", least=least)
    if len(chosen) > MAXIMUM:
        raise InputError("accounts.password_long", most=MAXIMUM)
    if _is_common(chosen):
        raise InputError("accounts.password_common")
    folded = chosen.casefold()
    for words in about:
        for word in re.split(r"[\s@.,_-]+", normalised(words).casefold()):
            if len(word) >= _SHORTEST_WORD and len(folded.replace(word, "")) < _SHORTEST_WORD:
                raise InputError("accounts.password_about_you")


@functools.cache
def _common() -> frozenset[str]:
    found = load("common_passwords")
    return frozenset(str(word).casefold() for words in found.values() for word in words)


def _is_common(password: str) -> bool:
    """Whether a password is a common one, alone, repeated, with signs for letters, or with digits and signs around."""
    folded = password.casefold()
    if len(set(folded)) < 4 or _is_run(folded):
        return True
    words = _common()
    bare = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    for form in {folded, bare, folded.translate(_LEET), bare.translate(_LEET)}:
        if form in words or any(form == part * (len(form) // len(part)) for part in _beginnings(form)):
            return True
        parts = {part for part in re.split(r"[\W\d_]+", form) if part}
        if 0 < len(parts) < 3 and parts <= words:
            return True
    return False


def _beginnings(text: str) -> Iterable[str]:
    """Return beginnings of a text that it may be a repetition of: a common word, or anything short."""
    words = _common()
    whole = (text[:length] for length in range(1, len(text) // 2 + 1) if len(text) % length == 0)
    return (part for part in whole if len(part) <= len(text) // 3 or part in words)


def _is_run(text: str) -> bool:
    """Whether neighbouring characters follow one another throughout, up or down, by code or along the keyboard."""
    rows = load("common_passwords")["rows"]
    steps = {ord(b) - ord(a) for a, b in itertools.pairwise(text)}
    if steps <= {1} or steps <= {-1}:
        return True
    keys = "".join(str(row) for row in rows)
    return any(text in line * 4 for row in (*rows, keys) for line in (str(row), str(row)[::-1]))
