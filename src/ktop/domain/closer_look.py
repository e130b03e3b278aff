"""What has been read of the similar patents beyond the neighbourhood: for a rating's reader, never for its scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ktop.domain.neighbourhood import IntArray, StrArray


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
class CloserLook:
    """What a page or report needs on top of a neighbourhood of n patents.

    Parameters
    ----------
    words : what the neighbours' titles say.
    pairs : (n, n) similarities of the neighbours to one another, patents of different languages included.
    """

    words: NeighbourWords
    pairs: npt.NDArray[np.float32]
