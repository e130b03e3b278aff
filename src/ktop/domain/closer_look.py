"""What has been read of the similar patents beyond the neighbourhood: for a rating's reader, never for its scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.domain.neighbourhood import FloatArray, IntArray, StrArray


@dataclass(frozen=True, slots=True)
class NeighbourWords:
    """Words and phrases of the neighbours' titles, t of them, those in most titles first.

    Parameters
    ----------
    terms : (t,) as written in the titles.
    words : (t,) number of words of each.
    df : (t,) earlier patents of the whole corpus with the term.
    present : (t, n) which neighbours' titles have it, in the order of the neighbourhood.
    in_text : (t,) whether the technology's own text has it.
    language : (t,) language of the titles it comes from.
    """

    terms: StrArray
    words: IntArray
    df: IntArray
    present: npt.NDArray[np.bool_]
    in_text: npt.NDArray[np.bool_]
    language: StrArray


@dataclass(frozen=True, slots=True)
class Match:
    """The sentence of a patent that comes closest to one feature of the technology.

    Parameters
    ----------
    sentence : as the patent has it; "" where none shares a word.
    score : share of the feature's content, weighed by rarity, that the sentence has; 0-1.
    shared : the feature's words that it has, as the technology writes them.
    """

    sentence: str
    score: float
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NearPatent:
    """One of the nearest patents: its position in the neighbourhood and its match to every feature."""

    position: int
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The technology's features (parts of its text) and what the nearest patents have of each.

    Parameters
    ----------
    features : f parts of the text that say something technical, in its order.
    weights : (f,) what each has of the text's technical content; the sum is 1.
    near : the nearest patents whose text is stored, the most similar first.
    """

    features: tuple[str, ...]
    weights: FloatArray
    near: tuple[NearPatent, ...]


@dataclass(frozen=True, slots=True)
class CloserLook:
    """What a page or report needs on top of a neighbourhood of n patents.

    Parameters
    ----------
    words : what the neighbours' titles say.
    pairs : (n, n) similarities of the neighbours to one another, patents of different languages included.
    overlap : features of the text and what the nearest patents have of each; None where it was not looked at.
    """

    words: NeighbourWords
    pairs: npt.NDArray[np.float32]
    overlap: Overlap | None = None
