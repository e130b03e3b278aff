"""The disruption index against hand-worked examples and plain loops."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ktop.patents.measures import citation as sql
from ktop.patents.measures import disruption, measure

FACTS = {
    "id": pl.String,
    "known_from": pl.Date,
    "publication_date": pl.Date,
    "family": pl.String,
    "claims": pl.Int32,
    "literature": pl.Int32,
    "classes": pl.List(pl.String),
}


def measured(days: dict[str, date | None], *pairs: tuple[str | None, str | None]) -> dict[str, float | None]:
    """Return the index of patents with these days and citations (citing, cited)."""
    blank: dict[str, Any] = dict.fromkeys(FACTS) | {"classes": [], "literature": 0}
    patents = pl.DataFrame([blank | {"id": name, "known_from": day} for name, day in days.items()], schema=FACTS)
    citations = pl.DataFrame(list(pairs), schema={"citing_id": pl.String, "cited_id": pl.String}, orient="row")
    found = measure(patents, citations)
    return dict(zip(found["id"], found["disruption_5y"], strict=True))


@given(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000))
def test_the_formula_lies_between_consolidating_and_disruptive(i: int, j: int, k: int) -> None:
    value = disruption(i, j, k)
    if i + j + k == 0:
        assert math.isnan(value)
    else:
        assert -1.0 <= value <= 1.0
        assert value == -disruption(j, i, k)
        assert abs(value) <= abs(disruption(i, j, 0)) or i + j == 0, "patents that pass it over only dampen"
    if i + j + k and (i == 0) != (j == 0) and k == 0:
        assert abs(value) == 1.0


def day(year: int) -> date:
    return date(year, 6, 1)


def test_a_worked_example_and_the_ends_of_the_scale() -> None:
    days = {"ref": day(2000), "focal": day(2001), "x": day(2012)} | {f"c{n}": day(2002 + n % 4) for n in range(6)}
    focal = ("focal", "ref")
    late = ("x", "c0")  # citations are known up to 2012
    alone = [(f"c{n}", "focal") for n in range(3)]
    both = [("c3", "focal"), ("c3", "ref")]
    passed_over = [("c4", "ref"), ("c5", "ref")]
    assert measured(days, focal, late, *alone, *both, *passed_over)["focal"] == pytest.approx((3 - 1) / 6)
    assert measured(days, focal, late, *alone)["focal"] == 1.0
    assert measured(days, focal, late, *both)["focal"] == -1.0
    assert measured(days, focal, late, *passed_over)["focal"] == 0.0


def test_only_patents_of_the_five_years_after_count() -> None:
    start = date(2001, 6, 1)
    days = {"ref": date(1999, 1, 1), "focal": start, "same day": start, "before": date(2001, 5, 31), "x": day(2012)}
    days |= {"first": date(2001, 6, 2), "last": date(2006, 6, 1), "after": date(2006, 6, 2)}
    base = [("focal", "ref"), ("x", "after")]
    for name, counts in (("same day", 0), ("before", 0), ("first", 1), ("last", 1), ("after", 0)):
        found = measured(days, *base, (name, "focal"), ("first", "ref"))["focal"]
        expected = -1.0 if name == "first" else (1 - 0) / 2 if counts else 0.0
        assert found == pytest.approx(expected), name


def test_what_the_corpus_cannot_tell_is_null() -> None:
    days = {"ref": day(2000), "focal": day(2001), "citing": day(2003), "undated": None, "x": day(2012)}
    assert measured(days, ("citing", "focal"), ("x", "citing"))["focal"] is None, "it lists no references"
    assert measured(days, ("focal", "ref"), ("citing", "focal"))["focal"] is None, "its five years are not over"
    assert measured(days, ("focal", "ref"), ("x", "citing"))["focal"] is None, "nobody cites either"
    assert measured(days, ("focal", "ref"), ("undated", "focal"), ("x", "citing"))["focal"] is None
    assert measured(days, ("undated", "ref"), ("citing", "undated"), ("x", "citing"))["undated"] is None
    assert set(measured(days).values()) == {None}, "a corpus without citations"


def five_years_after(start: date) -> date:
    leap_day = (start.month, start.day) == (2, 29)
    return start.replace(year=start.year + 5, day=28 if leap_day else start.day)


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[dict[str, date | None], list[tuple[str, str]]]:
    days = st.dates(date(2000, 1, 1), date(2014, 1, 1)) | st.none()
    patents = {f"p{number}": draw(days) for number in range(draw(st.integers(3, 12)))}
    names = st.sampled_from(sorted(patents))
    pairs = draw(st.lists(st.tuples(names, names).filter(lambda pair: pair[0] != pair[1]), unique=True, max_size=40))
    return patents, pairs


@settings(max_examples=40)
@given(_graphs())
def test_sql_in_small_parts_agrees_with_loops(graph: Any) -> None:
    days, pairs = graph
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "PAIRS_AT_A_TIME", 3)
        patch.setattr(sql, "PATENTS_AT_A_TIME", 2)
        found = measured(days, *pairs)
    watched = max((days[citing] for citing, _ in pairs if days[citing]), default=None)
    for focal, start in days.items():
        references = {cited for citing, cited in pairs if citing == focal}
        value = None
        if start and references and watched and five_years_after(start) <= watched:
            counts = {"alone": 0, "both": 0, "references": 0}
            for name, when in days.items():
                if when and start < when <= five_years_after(start):
                    cited = {other for citing, other in pairs if citing == name}
                    if focal in cited:
                        counts["both" if cited & references else "alone"] += 1
                    elif cited & references:
                        counts["references"] += 1
            expected = disruption(*counts.values())
            value = None if math.isnan(expected) else expected
        assert found[focal] == (None if value is None else pytest.approx(value)), focal
