"""Caps come down smoothly: a copy ends at the worst grade, a field that the corpus hardly has at the middle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.models.originality import OriginalityModel
from ktop.models.originality.caps import copy_cap, held_grade, thin_cap
from ktop.models.originality.definitions import rules, version


@pytest.mark.parametrize(("copied", "points"), [(0.0, 100.0), (0.75, 100.0), (0.80, 54.995), (0.85, 9.99), (2.5, 9.99)])
def test_the_cap_of_a_copy_comes_down(copied: float, points: float) -> None:
    assert copy_cap(copied, version()) == pytest.approx(points)
    assert copy_cap(0.825, "4.2.0") == pytest.approx(54.995) and copy_cap(0.87, "4.2.0") > 9.99


@pytest.mark.parametrize(
    ("shingles", "words", "held"),
    [(0.0, 0.60, True), (0.72, 0.60, True), (0.60, 0.60, False), (0.0, 0.45, False), (0.86, 0.10, True)],
)
def test_weighed_words_tell_a_copy_where_shingles_do_not_speak_against_it(
    model: OriginalityModel, neighbourhood: Neighbourhood, shingles: float, words: float, held: bool
) -> None:
    lexical, copied = np.full(neighbourhood.size, 0.1), np.full(neighbourhood.size, 0.2)
    lexical[3], copied[3] = words, shingles
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    told = replace(neighbourhood, lexical=lexical, copied=copied)
    grade, held_by, repeated = held_grade(told, distribution, 90.0, version())
    assert (grade == "C", "copy" in held_by, repeated) == ((True, True, 3) if held else (False, False, None))
    assert held_grade(told, distribution, 90.0, "4.2.0")[2] is None


def test_the_cap_of_a_thin_field_comes_down_between_two_quantiles(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    high, low = (distribution.usual_nearest(quantile) for quantile in rules("thin_field")["slope"])
    assert low < high
    caps = [thin_cap(nearest, distribution) for nearest in np.linspace(low - 0.01, high + 0.01, 50)]
    assert caps == sorted(caps) and caps[0] == 63.99 and caps[-1] == 100.0
    assert max(np.diff(caps)) < 5.0


def test_a_copy_is_held_at_the_worst_grade_and_the_patent_is_named(
    model: OriginalityModel, neighbourhood: Neighbourhood
) -> None:
    copied = np.full(neighbourhood.size, 0.1)
    copied[4] = 1.2
    taken = replace(neighbourhood, copied=copied)
    scored = model.score(taken)
    assert scored.grade == "C" and scored.duplicate_of == 4
    assert model.score(neighbourhood).duplicate_of is None
    rating = model.rate(taken)
    told = {warning.code: warning.text["en"] for warning in rating.warnings}
    assert str(neighbourhood.patent_ids[4]) in told["near_duplicate"] and "held at C" in told["near_duplicate"]


def test_a_former_version_holds_as_it_did(model: OriginalityModel, neighbourhood: Neighbourhood) -> None:
    distribution = model.reference.distribution(day_number(neighbourhood.as_of))
    taken = replace(neighbourhood, copied=np.full(neighbourhood.size, 3.0))
    grade, held_by, repeated = held_grade(taken, distribution, 90.0, "3.0.0")
    assert repeated is None and "copy" not in held_by
    assert held_grade(taken, distribution, 90.0, version())[0] == "C" != grade
