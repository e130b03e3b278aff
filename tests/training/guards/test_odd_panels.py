"""Odd panels as people hand them over: ids, values, outcomes and labels that do not say what they seem to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from ktop.catalogue import LANGS, message
from ktop.kernel.errors import InputError
from ktop.training.fit import train_scheme
from ktop.training.guards import check_table
from ktop.training.guards.values import bare_denominators
from ktop.training.panel import Panel
from ktop.training.scheme import read_scheme

from .test_guards import SCHEME, _check, _warnings, sound

Spoil = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.fixture(scope="module")
def panel() -> pl.DataFrame:
    return sound()


def _with_next(frame: pl.DataFrame, column: str) -> pl.Expr:
    return pl.col(column).shift(-1).over("firm", order_by="year")


def _extra(expression: str) -> dict[str, Any]:
    return {"features": {**SCHEME["features"], "extra": {"expression": expression, "group": "g"}}}


def _noise(frame: pl.DataFrame, size: float) -> pl.Series:
    return pl.Series(np.exp(np.random.default_rng(11).normal(0, size, frame.height)))


def _marked(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(ever=pl.col("event_year").is_not_null().cast(pl.Int64))


def _copies(frame: pl.DataFrame) -> pl.DataFrame:
    copy = frame.head(300).with_columns(firm=pl.lit("copy of ") + pl.col("firm"))
    columns = ("sales", "assets", "debt", "cost", "skill", "extra")
    return pl.concat([frame, copy.with_columns(*(pl.col(name) * _noise(copy, 1e-4) for name in columns))])


EVER = {"targets": {"gone": {"outcome": "column", "column": "ever", "years": 2}}}
CELLS = {"comparison": {"cells": ["state"], "minimum": 50}}

REFUSED: dict[str, tuple[Spoil, dict[str, Any], str, str]] = {
    "the company's number": (
        lambda f: f.with_columns(extra=pl.col("firm").str.slice(1).cast(pl.Int64)), {}, "id_as_input", "extra",
    ),
    "an id of blanks": (
        lambda f: f.with_columns(firm=pl.when(pl.col("firm") == "F3").then(pl.lit(" ")).otherwise("firm")),
        {}, "models.empty_cells", "firm",
    ),
    "how long the company stays": (
        lambda f: f.with_columns(extra=pl.col("year").max().over("firm") - pl.col("year")), {}, "follow_up", "extra",
    ),
    "next year's sales, a little off and in thousands": (
        lambda f: f.with_columns(extra=_with_next(f, "sales") / 1000 * _noise(f, 0.002)),
        _extra("extra / sales"), "later_year", "extra",
    ),
    "next year's growth": (
        lambda f: f.with_columns(extra=(_with_next(f, "sales") / pl.col("sales")).log()), {}, "later_growth", "extra",
    ),
    "a company entered twice, with rounding": (_copies, {}, "many_near_copies", "copy of"),
    "no event written as year 0": (
        lambda f: f.with_columns(pl.col("event_year").fill_null(0)), {}, "not_an_event_year", "event_year",
    ),
    "dates for event years": (
        lambda f: f.with_columns(event_year=pl.col("event_year") * 10_000 + 101),
        {}, "not_an_event_year", "0101",
    ),
    "a mark of who ever failed as the outcome": (_marked, EVER, "outcome_is_firm_mark", "gone"),
    "a value no amount has": (
        lambda f: f.with_columns(sales=pl.when(pl.col("firm") == "F8").then(1e300).otherwise("sales")),
        {}, "too_large", "sales",
    ),
    "nothing that varies": (
        lambda f: f.with_columns(debt=1.0, assets=2.0, sales=3.0, cost=4.0, skill=5.0, extra=6.0),
        {}, "nothing_to_learn", "",
    ),
    "companies compared with themselves": (
        lambda f: f, {"comparison": {"cells": ["firm"], "minimum": 3}}, "id_as_label", "firm",
    ),
    "a label given after the event": (
        lambda f: f.with_columns(
            state=pl.when(pl.col("event_year") - pl.col("year") <= 2).then(pl.lit("closed")).otherwise(pl.lit("open"))
        ),
        CELLS, "label_determines_outcome", "state",
    ),
    "the outcome as a label": (
        lambda f: f, {"comparison": {"cells": ["event_year"], "minimum": 50}}, "outcome_as_label", "event_year",
    ),
    "years as text": (
        lambda f: f.with_columns(year=pl.format("{}-12-31", "year")), {}, "year_is_date", "2000-12-31",
    ),
    "years as dates": (lambda f: f.with_columns(year=pl.date("year", 12, 31)), {}, "year_is_date", "2000-12-31"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_odd_panels_are_refused_by_name(panel: pl.DataFrame, case: str) -> None:
    spoil, changes, key, named = REFUSED[case]
    with pytest.raises(InputError) as caught:
        _check(spoil(panel), **changes)
    assert caught.value.key == (key if "." in key else f"guards.{key}")
    for lang in LANGS:
        said = message(caught.value, lang)
        assert named in said and "{" not in said and "\n" not in said


def _flag(frame: pl.DataFrame, wrong: float) -> pl.DataFrame:
    """Return the panel with a mark that is the coming failure but for a share of the rows."""
    event = (frame["event_year"].fill_null(9999) - frame["year"] <= 2).cast(pl.Int64).to_numpy()
    flip = np.random.default_rng(4).random(frame.height) < wrong
    return frame.with_columns(extra=pl.Series(np.where(flip, 1 - event, event)))


WARNED: dict[str, tuple[Spoil, dict[str, Any], str, str]] = {
    "a mark that agrees in nine rows of ten": (lambda f: _flag(f, 0.1), {}, "nearly_determines", "extra"),
    "the year alone": (lambda f: f, _extra("year - 2000"), "year_as_input", "extra"),
    "a serial number": (
        lambda f: f.with_columns(extra=(pl.col("firm").rank("dense").cast(pl.Int64) * 7919) % 100_003),
        {}, "firm_number", "extra",
    ),
    "ids in two spellings": (
        lambda f: f.with_columns(
            firm=pl.when(pl.col("firm") == "F7", pl.col("year") > 2002).then(pl.lit("f7 ")).otherwise("firm")
        ),
        {}, "id_spelled_twice", "'f7 '",
    ),
    "-999 for not known": (
        lambda f: f.with_columns(skill=pl.when(pl.col("year") == 2003).then(-999.0).otherwise(pl.col("skill").abs())),
        {}, "missing_mark", "-999",
    ),
    "nines for not known": (
        lambda f: f.with_columns(skill=pl.when(pl.col("year") == 2003).then(9999.0).otherwise("skill")),
        {}, "missing_mark", "9,999",
    ),
    "one value far from all": (
        lambda f: f.with_columns(extra=pl.when(pl.int_range(pl.len()) == 9).then(5e9).otherwise("extra")),
        {}, "far_values", "extra",
    ),
    "fewer than no people": (
        lambda f: f.with_columns(
            extra=pl.when(pl.col("firm") == "F4").then(-pl.col("year") + 1990).otherwise((pl.col("sales") / 900).ceil())
        ),
        {}, "negative_counts", "extra",
    ),
    "a negative denominator": (
        lambda f: f.with_columns(cash=pl.col("skill") + 1),
        _extra("debt / cash"), "negative_denominator", "cash",
    ),
    "filled in later": (
        lambda f: f.with_columns(extra=pl.when(pl.col("year") < 2006).then("extra")), {}, "empty_when_new", "2006",
    ),
    "a mark that hardly anyone bears": (
        lambda f: f.with_columns(extra=(pl.int_range(pl.len()) == 6).cast(pl.Float64)), {}, "nearly_constant", "extra",
    ),
    "one input twice": (lambda f: f, _extra("3 * debt / assets"), "twin_inputs", "debt_share"),
    "rows after the event": (
        lambda f: f.with_columns(event_year=pl.when(pl.col("firm") == "F2").then(2001).otherwise("event_year")),
        {}, "rows_after_event", "F2",
    ),
    "two inputs that tell only together": (
        lambda f: _flag(f, 0.0).with_columns(extra=pl.col("extra") * 3 + pl.col("skill").hash(1) % 3000 / 100.0,
                                             hidden=pl.col("skill").hash(1) % 3000 / 100.0),
        {"features": {**SCHEME["features"], "hidden": {"group": "g"}}}, "jointly_determine", "hidden",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WARNED)
def test_odd_panels_are_warned_of_by_name(panel: pl.DataFrame, case: str) -> None:
    spoil, changes, code, named = WARNED[case]
    found = [warning for warning in _warnings(spoil(panel), **changes) if warning["code"] == code]
    assert found, "told of"
    for lang in LANGS:
        assert named in found[0][lang] and not re.search(r"[{}]", found[0][lang])


def test_a_year_counted_otherwise_is_told_of(panel: pl.DataFrame) -> None:
    random = np.random.default_rng(8)
    good = (random.random(panel.height) < np.where(panel["year"].to_numpy() == 2004, 0.8, 0.15)).astype(float)
    changes = {"targets": {"good": {"outcome": "column", "column": "good", "years": 0}}}
    (told,) = _warnings(panel.with_columns(good=pl.Series(good)), **changes)
    assert told["code"] == "rate_jumps" and "2004" in told["en"] and "2004" in told["ko"]


def test_a_label_first_seen_in_the_years_that_judge_is_told_of(panel: pl.DataFrame) -> None:
    state = pl.when(pl.col("year") == 2006, pl.col("firm") < "F2").then(pl.lit("new")).otherwise(pl.lit("old"))
    found = _warnings(panel.with_columns(state=state), **CELLS, calibration_years=1)
    assert [warning["code"] for warning in found] == ["new_label"] and "new" in found[0]["en"]


def test_denominators_looked_at_by_a_condition_are_minded() -> None:
    assert bare_denominators("a / b + where(c > 0, a / c, -1)") == {"b"}
    assert bare_denominators("a / max(b, 1)") == set()


def test_an_empty_column_of_text_is_an_empty_column(panel: pl.DataFrame) -> None:
    assert _check(panel.with_columns(extra=pl.lit(None, dtype=pl.String))) == ["empty_input"]


def test_the_last_year_is_asked_of_years_only(panel: pl.DataFrame) -> None:
    with pytest.raises(InputError) as caught:
        train_scheme(SCHEME, panel.with_columns(year=pl.format("{}-12-31", "year")), until=2003)
    assert caught.value.key == "guards.year_is_date"


def test_text_among_numbers_is_shown(panel: pl.DataFrame) -> None:
    plan = read_scheme(SCHEME)
    frame = panel.with_columns(skill=pl.when(pl.col("firm") == "F5").then(pl.lit("높음")).otherwise(pl.lit("1")))
    check_table(plan, frame)
    with pytest.raises(InputError) as caught:
        Panel(frame, "firm", "year").column("skill")
    assert caught.value.key == "models.not_numeric" and caught.value.params["first"] == "높음"


@pytest.mark.parametrize(
    ("place", "value", "key"),
    [
        ("members", 0, "values.out_of_range"), ("members", 10**9, "values.out_of_range"),
        ("members", 2.5, "values.not_whole"),
        ("seed", -1, "values.out_of_range"), ("calibration_years", float("nan"), "values.not_a_number"),
        ("comparison", {"cells": "sector"}, "models.scheme_value"),
        ("comparison", {"cells": []}, "models.scheme_value"),
        ("comparison", {"cells": ["sector"], "minimum": 0}, "values.out_of_range"),
        ("tracks", {"ai": {"method": "boosting", "rounds": 0}}, "values.out_of_range"),
        ("tracks", {"ai": {"method": "boosting", "learning_rate": -1}}, "values.out_of_range"),
        ("tracks", {"ai": {"method": "boosting", "rounds": "many"}}, "values.not_a_number"),
        ("ladders", {"g": {"target": "gone", "symbols": ["A", "A", "B"]}}, "models.scheme_value"),
        ("ladders", {"g": {"target": "gone", "symbols": ["A", "B"], "shares": [float("nan"), 0.5]}},
         "values.not_a_number"),
        ("targets", {"gone": {"outcome": "failure", "event_year": "event_year", "years": 0}}, "values.out_of_range"),
        ("ladders", {"g": {"target": "gone", "symbols": 5}}, "models.scheme_value"),
        ("members", 10**4000, "values.out_of_range"),
        ("features", {2020: {"expression": "sales", "group": "g"}}, "models.scheme_value"),
    ],
)  # fmt: skip
def test_numbers_of_a_scheme_have_limits(place: str, value: Any, key: str) -> None:
    with pytest.raises(InputError) as caught:
        read_scheme({**SCHEME, place: value})
    assert caught.value.key == key
    assert place in message(caught.value, "en") and place in message(caught.value, "ko")
