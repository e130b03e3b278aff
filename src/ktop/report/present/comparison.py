"""Results side by side: two with what makes the difference, up to five in aligned columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ktop.catalogue import Lang, text
from ktop.domain.rating.grades import ladders
from ktop.report import labels, numbers
from ktop.report.charts import Chart, Table, WaterfallStep, radar, side_by_side, waterfall
from ktop.report.present.common import NARROW, WIDE, RatingJson, grades, main_score, score_label, value_shown
from ktop.report.present.technology import technology_view
from ktop.report.present.views import Figure

#: Scores that count something, are neither better nor worse, and are told in words beside.
_COUNTS = frozenset({"density"})


@dataclass(frozen=True, slots=True)
class Gap:
    """What leads from the second subject's score to the first's, indicator by indicator."""

    title: str
    narrow: Chart
    wide: Chart
    table: Table


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """One model's two answers. ``rows`` are (label, first, second)."""

    title: str
    rows: tuple[tuple[str, str, str], ...]
    radar: Chart | None
    bars: Chart | None
    gaps: tuple[Gap, ...]


def compare(
    first: Sequence[RatingJson],
    second: Sequence[RatingJson],
    gaps: Mapping[str, Sequence[Mapping[str, Any]]],
    names: tuple[str, str],
    lang: Lang,
) -> tuple[ModelComparison, ...]:
    """Return the comparison of every model both sides have. ``gaps`` is as ``Services.compare`` gives it."""
    others = {rating["model"]["name"]: rating for rating in second}
    return tuple(
        _compared(a, others[a["model"]["name"]], gaps, names, lang) for a in first if a["model"]["name"] in others
    )


def _compared(
    a: RatingJson, b: RatingJson, gaps: Mapping[str, Sequence[Mapping[str, Any]]], names: tuple[str, str], lang: Lang
) -> ModelComparison:
    model = a["model"]["name"]
    grouped = [name for name in a["scores"] if name in labels.groups(model)]
    drawn = [(score_label(a, n, lang), a["scores"].get(n), b["scores"].get(n)) for n in grouped or a["scores"]]
    rows = [(x.label, x.value, y.value) for x, y in zip(grades(a, lang), grades(b, lang), strict=False)]
    rows += [
        (score_label(a, n, lang), numbers.score(a["scores"][n], lang), numbers.score(b["scores"].get(n), lang))
        for n in a["scores"]
        if n not in _COUNTS
    ]
    rows += [
        (
            labels.word("target", n, lang),
            numbers.percent(p["value"], lang),
            numbers.percent(q["value"] if q else None, lang),
        )
        for n, p in a["probabilities"].items()
        for q in [b["probabilities"].get(n)]
    ]
    main = main_score(a)
    of = score_label(a, main, lang) if grouped and main else labels.word("model", model, lang)
    title = text("report.radar_title", lang, score=of)
    web = None
    if len(grouped) >= 3:
        axes = [(label, value) for label, value, _ in drawn]
        web = radar(
            title, axes, lang,
            name=names[0], other=[value for _, _, value in drawn], other_name=names[1],
        )  # fmt: skip
    # Where two models have a score of the same name, the second one's gaps stand under "model:score".
    gaps_of = {score: gaps.get(f"{model}:{score}", gaps.get(score)) for score in a["base"]}
    made = (_gap(a, b, score, parts, names, lang) for score, parts in gaps_of.items() if parts is not None)
    return ModelComparison(
        labels.word("model", model, lang),
        tuple(rows),
        web,
        side_by_side(title, drawn, names, lang),
        tuple(gap for gap in made if gap is not None),
    )


def _gap(
    a: RatingJson, b: RatingJson, score: str, parts: Sequence[Mapping[str, Any]], names: tuple[str, str], lang: Lang
) -> Gap | None:
    start, end = b["scores"].get(score), a["scores"].get(score)
    if start is None or end is None:
        return None
    model = a["model"]["name"]
    order = sorted(parts, key=lambda part: -abs(part["points"]))
    rows = []
    bars = []
    for part in order:
        label = labels.indicator(model, part["indicator"], lang)
        values = [
            value_shown(rating, part["indicator"], part[side], lang) or numbers.missing(lang)
            for side, rating in (("a", a), ("b", b))
        ]
        rows.append((label, *values, numbers.points(part["points"])))
        bars.append(WaterfallStep(label, " / ".join(values), part["points"], labels.group(model, part["group"], lang)))
    shown, rest = bars[:10], bars[10:]
    if rest:
        joined = WaterfallStep(text("report.other_parts", lang, n=len(rest)), "", sum(part.points for part in rest))
        shown = [*shown, joined]
    # Bases of one model are the same; where two versions meet they are not, and the difference is a part of its own.
    remainder = (end - start) - sum(part["points"] for part in parts)
    if abs(remainder) > 1e-6:
        shown.append(WaterfallStep(text("report.base", lang), "", remainder))
    title = text("report.gap_title", lang, score=score_label(a, score, lang), a=names[0], b=names[1])
    columns = (text("report.col_indicator", lang), *names, text("report.col_points", lang))
    narrow, wide = (
        waterfall(title, start, shown, end, lang, width=width, base_label=names[1], score_label=names[0])
        for width in (NARROW, WIDE)
    )
    return Gap(title, narrow, wide, Table(title, columns, tuple(rows)))


@dataclass(frozen=True, slots=True)
class Aligned:
    """One model's answers to several subjects: rows are (label, value of each, columns that lead the row)."""

    title: str
    rows: tuple[tuple[str, tuple[str, ...], frozenset[int]], ...]


def aligned(results: Sequence[Sequence[RatingJson]], lang: Lang) -> tuple[Aligned, ...]:
    """Return every model that all results have, its grades, scores and probabilities in one column a result."""
    by_name = [{rating["model"]["name"]: rating for rating in ratings} for ratings in results]
    shared = [name for name in by_name[0] if all(name in others for others in by_name)]
    return tuple(_aligned([of[name] for of in by_name], name, lang) for name in shared)


def _aligned(ratings: Sequence[RatingJson], model: str, lang: Lang) -> Aligned:
    rows: list[tuple[str, tuple[str, ...], frozenset[int]]] = []
    known = ladders()
    for name in ratings[0]["grades"]:
        symbols = [rating["grades"].get(name) for rating in ratings]
        label = (known[name].labels or {})[lang] if name in known else labels.word("grade", name, lang)
        places = [
            -known[name].symbols.index(symbol) if name in known and symbol in known[name].symbols else None
            for symbol in symbols
        ]
        rows.append((label, tuple(str(symbol or "–") for symbol in symbols), _leading(places)))
    for name in (name for name in ratings[0]["scores"] if name not in _COUNTS):
        values = [rating["scores"].get(name) for rating in ratings]
        shown = tuple(numbers.score(value, lang) for value in values)
        rows.append((score_label(ratings[0], name, lang), shown, _leading(values)))
    for name in ratings[0]["probabilities"]:
        found = [rating["probabilities"].get(name) for rating in ratings]
        shares = [None if p is None else p["value"] for p in found]
        signed = [None if share is None else -share if name == "failure" else share for share in shares]
        rows.append(
            (
                labels.word("target", name, lang),
                tuple(numbers.percent(share, lang) for share in shares),
                _leading(signed),
            )
        )
    return Aligned(labels.word("model", model, lang), tuple(rows))


def _leading(values: Sequence[float | None]) -> frozenset[int]:
    """Return the columns with the highest value; none where all are alike or fewer than two are known."""
    known = [value for value in values if value is not None and not numbers.is_missing(value)]
    if len(known) < 2 or min(known) == max(known):
        return frozenset()
    return frozenset(place for place, value in enumerate(values) if value == max(known))


@dataclass(frozen=True, slots=True)
class Side:
    """What surrounds one of two technologies."""

    ocean: Figure | None
    novelty: str
    map: Chart | None
    similarity: Chart | None


@dataclass(frozen=True, slots=True)
class Technologies:
    """Two technologies beside each other: what is said of both, and each with its map and distribution."""

    sentences: tuple[str, ...]
    sides: tuple[Side, Side]


def technologies(a: RatingJson, b: RatingJson, compared: Mapping[str, Any], lang: Lang) -> Technologies:
    """Return two technologies side by side; ``compared`` is ``technologies`` of ``Services.compare``."""
    sentences = tuple(str(opinion["text"]) for opinion in compared["opinions"] if opinion["lang"] == lang)
    return Technologies(sentences, (_side(a, lang), _side(b, lang)))


def _side(rating: RatingJson, lang: Lang) -> Side:
    shown = technology_view(rating, lang).technology
    assert shown is not None  # a technology's view has its technology
    novelty = "" if shown.novelty is None else f"{shown.novelty.risk}. {shown.novelty.text}"
    return Side(shown.ocean, novelty, shown.map, shown.similarity)
