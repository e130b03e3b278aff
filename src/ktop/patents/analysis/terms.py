"""Codes by which arrays name index terms and pairs of terms."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np
import numpy.typing as npt

#: Joins the two terms of a pair; no term contains it.
PAIR = "_"

UInt32 = npt.NDArray[np.uint32]
UInt64 = npt.NDArray[np.uint64]

# Odd constants of well-mixing multiplicative hashes (the first is 2^64 divided by the golden ratio).
_LEFT, _RIGHT, _MIX = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93
_WORD = 0xFFFFFFFFFFFFFFFF


@lru_cache(maxsize=1_000_000)
def term_code(term: str) -> int:
    """Return the 32-bit code of a term or pair, > 0; its lowest bit says that it is a pair.

    Of a million terms some hundred share their code with another one, too few to move a similarity.
    """
    if PAIR in term:
        left, right = term.split(PAIR, 1)
        return _pair_code(term_code(left), term_code(right))
    code = int.from_bytes(hashlib.blake2b(term.encode(), digest_size=4).digest(), "little") & ~1
    return code or 2


def _pair_code(left: int, right: int) -> int:
    mixed = (left * _LEFT + right * _RIGHT) & _WORD
    mixed = ((mixed ^ (mixed >> 32)) * _MIX) & _WORD
    return ((mixed >> 32) & 0xFFFFFFFF) | 1


def pair_codes(left: UInt64, right: UInt64) -> UInt32:
    """Return the codes of pairs of terms given by their codes: what ``term_code`` gives for ``left_right``."""
    with np.errstate(over="ignore"):
        mixed = left * np.uint64(_LEFT) + right * np.uint64(_RIGHT)
        mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(_MIX)
    found: UInt32 = ((mixed >> np.uint64(32)) | np.uint64(1)).astype(np.uint32)
    return found
