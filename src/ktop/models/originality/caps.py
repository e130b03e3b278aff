"""What holds a grade below its score: a text taken from a patent, and a field that the corpus hardly has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ktop.domain.rating.grades import ladder
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.kernel.arrays import Floats
from ktop.models.originality.definitions import reads_whole_text, rules, weighs_words_of_copies
from ktop.models.originality.reference_distribution import ReferenceDistribution

LADDER = "originality"
#: A cap of a grade is a cap of the score just below the cut of the next better grade.
_BELOW_CUT = 0.01


def held_grade(
    neighbourhood: Neighbourhood, distribution: ReferenceDistribution, score: float, formulas: str
) -> tuple[str, tuple[str, ...], int | None]:
    """Return the grade, the names of the rules that hold it below that of the score, and the patent that is repeated.

    Parameters
    ----------
    formulas : version of the model; former ones held a grade or not, so that it could flip on one word.
    """
    if reads_whole_text(formulas):
        return _held_at_once(neighbourhood, distribution, score)
    caps = {
        "near_duplicate": 100.0 if near_duplicate(neighbourhood) is None else _points_of(rules("copy")["best_grade"]),
        "copy": copy_cap(float(copied_from(neighbourhood, formulas).max(initial=0.0)), formulas),
        "thin_field": thin_cap(float(neighbourhood.similarity[0]), distribution),
    }
    grade, held_by = ladder(LADDER).grade_of(score), []
    for rule, cap in caps.items():
        capped = ladder(LADDER).grade_of(min(score, cap))
        if capped != grade and ladder(LADDER).at_least(grade, capped):
            grade = capped
            held_by.append(rule)
    return grade, tuple(held_by), repeated_patent(neighbourhood, formulas)


def repeated_patent(neighbourhood: Neighbourhood, formulas: str) -> int | None:
    """Return the position of the neighbour that the text repeats, words swapped or not; None where there is none."""
    same = near_duplicate(neighbourhood)
    copied = copied_from(neighbourhood, formulas)
    if same is None and copied.max(initial=0.0) >= _copy_rule(formulas)["full"]:
        return int(np.argmax(copied))
    return same


def copied_from(neighbourhood: Neighbourhood, formulas: str) -> Floats:
    """Return how far the text is a copy of each neighbour, (n,) or empty: from 1 on it is one.

    Shingles say nothing of a text of a few sentences, and three words in ten swapped leave few of them: from 4.3 on the
    cosine of the weighed words tells, too, unless shingles speak against it.
    """
    copied = neighbourhood.copied
    if not weighs_words_of_copies(formulas) or not len(copied):
        return copied
    rule = _copy_rule(formulas)
    untold = (copied == 0.0) | (copied >= rule["unless_below"])
    alike: Floats = np.where(untold, neighbourhood.lexical / rule["lexical"], 0.0)
    return np.maximum(copied, alike)


def _copy_rule(formulas: str) -> Mapping[str, Any]:
    rule: Mapping[str, Any] = rules("copy" if weighs_words_of_copies(formulas) else "former_copy")
    return rule


def copy_cap(copied: float, formulas: str) -> float:
    """Return the most points for a text that is so far a copy: 100 up to ``from`` of the rule, few from ``full`` on."""
    rule = _copy_rule(formulas)
    best = _points_of(rule["best_grade"])
    return float(np.interp(copied, [rule["from"], rule["full"]], [100.0, best]))


def thin_cap(nearest: float, distribution: ReferenceDistribution) -> float:
    """Return the most points for a text whose nearest patent is so similar; 100 where the corpus has its field."""
    rule = rules("thin_field")
    high, low = (distribution.usual_nearest(quantile) for quantile in rule["slope"])
    best = _points_of(rule["best_grade"])
    return best if nearest <= low else float(np.interp(nearest, [low, high], [best, 100.0]))


def _points_of(grade: str) -> float:
    """Return the most points that a grade has."""
    steps = ladder(LADDER)
    place = steps.symbols.index(grade)
    return 100.0 if place == 0 else float((steps.cuts or ())[place - 1]) - _BELOW_CUT


def _held_at_once(
    neighbourhood: Neighbourhood, distribution: ReferenceDistribution, score: float
) -> tuple[str, tuple[str, ...], int | None]:
    duplicate = near_duplicate(neighbourhood)
    grade = ladder(LADDER).grade_of(score)
    held_by: tuple[str, ...] = ()
    for holds, rule in (
        (duplicate is not None, "near_duplicate"),
        (is_thin_field(neighbourhood, distribution), "thin_field"),
    ):
        best = rules(rule)["best_grade"]
        if holds and grade != best and ladder(LADDER).at_least(grade, best):
            grade, held_by = best, (*held_by, rule)
    return grade, held_by, duplicate


def near_duplicate(neighbourhood: Neighbourhood) -> int | None:
    """Return the position of the neighbour whose text is the technology's, None where there is none."""
    rule = rules("near_duplicate")
    for i in range(min(3, neighbourhood.size)):
        if neighbourhood.similarity[i] >= rule["similarity"] or neighbourhood.lexical[i] >= rule["lexical"]:
            return i
    return None


def is_thin_field(neighbourhood: Neighbourhood, distribution: ReferenceDistribution) -> bool:
    """Return whether the nearest patent is less near than nearly all reference patents have one."""
    return bool(neighbourhood.similarity[0] < distribution.usual_nearest(rules("thin_field")["quantile"]))
