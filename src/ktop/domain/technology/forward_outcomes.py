"""What followed a technology within some years of its day, as plain arrays: what learning may know, rating never."""

from __future__ import annotations

from dataclasses import dataclass

from ktop.domain.technology.neighbourhood import LabelSets
from ktop.kernel.arrays import Floats, Integers


@dataclass(frozen=True, slots=True)
class ForwardOutcomes:
    """The patents most like a text as of a later day, and what became of the text's new terms.

    Parameters
    ----------
    years : length of the window, from the text's own day.
    share : similarity-weighted share of the most similar patents that were filed within the window, 0 to 1.
    expected : share of all patents that were filed within the window, 0 to 1.
    similarity : (n,) similarity of those most similar patents that were filed within the window, descending.
    classes, topics, applicants : their labels, as in ``Neighbourhood``.
    reuse : (k,) patents of the window that use each of the k key terms that no patent had before the text's day.
    """

    years: int
    share: float
    expected: float
    similarity: Floats
    classes: LabelSets
    topics: LabelSets
    applicants: LabelSets
    reuse: Integers
