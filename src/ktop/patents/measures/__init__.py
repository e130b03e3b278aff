"""Citation, class and text measures of every patent of a corpus.

``compute_measures`` measures a corpus, ``measure`` a few patents by citations and classes alone; ``formulas`` has the
formulas for one patent. A measure that the corpus cannot tell is null, never zero.

Originality and generality are one minus the Herfindahl index of class shares, 1 - sum of s_j^2 (Trajtenberg, Henderson
and Jaffe 1997): over the classes of the patents that a patent cites (originality) or that cite it (generality).
Hall (2005) multiplies by N / (N - 1), N the number of citations, to take out the bias of small N. Classes are
four-character IPC subclasses, CPC where a patent has no IPC. A citation counts once: where a patent has m subclasses
each gets 1/m of it, so that with one class per patent the measures are exactly those of the NBER patent data (Hall,
Jaffe and Trajtenberg 2001).

Scope (distinct subclasses), claims, family size and backward citations follow Squicciarini, Dernis and Criscuolo
(2013); disruption follows Funk and Owen-Smith (2017) and Wu, Wang and Evans (2019), see ``formulas`` and ``citation``;
text similarity follows Kelly, Papanikolaou, Seru and Taddy (2021), see ``similarity``; new terms follow Arts, Hou and
Gomez (2021), see ``novelty``.
"""

from ktop.patents.measures.compute import MeasureReport, compute_measures, measure
from ktop.patents.measures.definitions import MEASURES, WINDOWS
from ktop.patents.measures.formulas import concentration, disruption, generality, originality
from ktop.patents.measures.stored import ABOUT, FILE, stored_measures

__all__ = [
    "ABOUT",
    "FILE",
    "MEASURES",
    "WINDOWS",
    "MeasureReport",
    "compute_measures",
    "concentration",
    "disruption",
    "generality",
    "measure",
    "originality",
    "stored_measures",
]
