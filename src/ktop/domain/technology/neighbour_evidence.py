"""What has been read of the similar patents beyond the neighbourhood: for a rating's reader, never for its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ktop.kernel.arrays import Booleans, Floats, Integers, Texts


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

    terms: Texts
    words: Integers
    df: Integers
    present: Booleans
    in_text: Booleans
    language: Texts


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
    """One of the nearest patents: its position in the neighbourhood and its match to every feature.

    ``copied`` is the share of its own text, 0 to 1, that stands in the technology's text nearly word for word.
    """

    position: int
    matches: tuple[Match, ...]
    copied: float = 0.0


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
    weights: Floats
    near: tuple[NearPatent, ...]


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A noun phrase of the technology as a reader is shown it. Numbers are None where the corpus cannot know them.

    Parameters
    ----------
    term : as written.
    weight : its importance in the text, > 0; the largest is 1.
    patents : earlier patents with the term, or with a term of the other language that stands for it.
    recent, previous : how many of them were filed in the three years before the as-of day, in the three before those.
    first_year : filing year of the earliest of them, None where there is none.
    similar_patents : how many of the similar patents have it.
    """

    term: str
    weight: float
    patents: int | None = None
    recent: int | None = None
    previous: int | None = None
    first_year: int | None = None
    similar_patents: int | None = None

    @property
    def new(self) -> bool:
        """Whether no earlier patent has the term, as far as the corpus can know."""
        return self.patents == 0

    def to_json(self) -> dict[str, Any]:
        """Return JSON types."""
        return {name: getattr(self, name) for name in (*self.__slots__, "new")}


@dataclass(frozen=True, slots=True)
class NeighbourEvidence:
    """What a page or report needs on top of a neighbourhood of n patents.

    Parameters
    ----------
    words : what the neighbours' titles say.
    pairs : (n, n) similarities of the neighbours to one another, patents of different languages included.
    overlap : features of the text and what the nearest patents have of each; None where it was not looked at.
    terms : the technology's noun phrases, the most important first.
    """

    words: NeighbourWords
    pairs: npt.NDArray[np.float32]
    overlap: Overlap | None = None
    terms: tuple[ShownTerm, ...] = ()
