"""Caps come down smoothly: a copy ends at the worst grade, a field that the corpus hardly has at the middle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktop.domain.technology.neighbourhood import Neighbourhood, day_number
from ktop.models.originality import OriginalityModel
from ktop.models.originality.caps import copy_cap, held_grade, thin_cap
from ktop.models.originality.definitions import rules, version


@pytest.mark.parametrize(("copied", "points"), [(0.0, 100.0), (0.75, 100.0), (0.825, 54.995), (0.9, 9.99), (2.5, 9.99)])
def test_the_cap_of_a_copy_comes_down(copied: float, points: float) -> None:
    assert copy_cap(copied) == pytest.approx(points)


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
