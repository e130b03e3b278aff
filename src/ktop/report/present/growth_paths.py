"""Growth paths as shown: what firms of the same cell had done and what followed, rising and falling ones apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import numbers
from ktop.report.charts import Table
from ktop.report.present.common import RatingJson
from ktop.report.present.views import GrowthPaths

#: Most facts that are named in the sentence on what told the groups apart.
_MOST_NAMED = 3


def with_growth_paths(ratings: Sequence[RatingJson], paths: Sequence[Mapping[str, Any]]) -> list[RatingJson]:
    """Return ratings that carry the growth paths of their model, for showing: kept ratings never do."""
    by_model = {path["model"]["name"]: path for path in paths}
    return [
        {**rating, "details": {**rating["details"], "growth_paths": by_model[rating["model"]["name"]]}}
        if rating["model"]["name"] in by_model
        else rating
        for rating in ratings
    ]


def growth_paths_view(rating: RatingJson, lang: Lang) -> GrowthPaths | None:
    """Return the growth paths a rating carries (``with_growth_paths``) as shown, None where it carries none."""
    paths = rating["details"].get("growth_paths")
    if not isinstance(paths, Mapping):
        return None
    place = paths["place"]
    firms, rose, fell = paths["firms"], paths["rose"], paths["fell"]
    lead = text(
        "result.growth_paths_lead_cell" if "growth" in place else "result.growth_paths_lead_grade",
        lang,
        **place,
        firms=numbers.figure(firms, lang, 0),
        rose=numbers.figure(rose, lang, 0),
        rose_share=numbers.percent(rose / firms, lang),
        fell=numbers.figure(fell, lang, 0),
        fell_share=numbers.percent(fell / firms, lang),
        years=paths["horizon_years"],
    )
    if paths["as_declared"]:
        lead += " " + text("result.growth_paths_as_declared", lang)
    before = [fact for fact in paths["facts"] if fact["when"] == "before"]
    after = [fact for fact in paths["facts"] if fact["when"] == "after"]
    heads = [text(f"result.growth_paths_{name}", lang) for name in ("item", "own", "rose", "fell")]
    return GrowthPaths(
        title=text("result.growth_paths_title", lang),
        lead=lead,
        said=_apart(before, lang),
        before=Table(
            text("result.growth_paths_before", lang),
            tuple(heads),
            tuple((f["label"][lang], _value(f["own"], f, lang), *_groups(f, lang)) for f in before),
        ),
        after=Table(
            text("result.growth_paths_after", lang, years=paths["horizon_years"]),
            (heads[0], *heads[2:]),
            tuple((f["label"][lang], *_groups(f, lang)) for f in after),
        ),
        note=text("result.growth_paths_note", lang, firms=numbers.figure(paths["population"]["firms"], lang, 0)),
    )


def _apart(facts: Sequence[Mapping[str, Any]], lang: Lang) -> str:
    """Return which of the facts told the groups apart, the clearest first, and which way."""
    clear = sorted((fact for fact in facts if fact["apart"]), key=lambda fact: -_distance(fact))[:_MOST_NAMED]
    if not clear:
        return text("result.growth_paths_alike", lang)
    named = [
        text(
            "result.growth_paths_apart_one",
            lang,
            item=fact["label"][lang],
            rose=_value(fact["rose"]["median"], fact, lang),
            fell=_value(fact["fell"]["median"], fact, lang),
        )
        for fact in clear
    ]
    return text("result.growth_paths_apart", lang, named=", ".join(named))


def _distance(fact: Mapping[str, Any]) -> float:
    """Return how far the medians lie apart, in mean interquartile ranges."""
    spread = sum(fact[group]["upper"] - fact[group]["lower"] for group in ("rose", "fell")) / 2.0
    return float(abs(fact["rose"]["median"] - fact["fell"]["median"]) / spread)


def _groups(fact: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    """Return median and middle half of those that rose and of those that fell."""
    rose, fell = (
        text(
            "result.growth_paths_quartiles",
            lang,
            **{name: _value(fact[group][name], fact, lang) for name in ("median", "lower", "upper")},
        )
        for group in ("rose", "fell")
    )
    return rose, fell


def _value(value: float | None, fact: Mapping[str, Any], lang: Lang) -> str:
    if value is None:
        return numbers.missing(None)
    if fact["unit"] == "krw":
        return numbers.money(value, lang)
    if fact["unit"] == "count":
        return numbers.figure(value, lang, None if value != round(value) else 0)
    shown = numbers.figure(value, lang, 1)
    return text("result.growth_paths_points", lang, value=shown) if fact["unit"] == "points" else f"{shown}%"
