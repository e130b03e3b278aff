"""Parts of a rating that every model has: scores, grades, probabilities, contributions, position, opinions, steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ktop.catalogue import Lang, load, messages, text
from ktop.domain.rating.percentile import percentile_words
from ktop.report import labels, numbers
from ktop.report.charts import Chart, Strip, Table, WaterfallStep, gauge, radar, strips, waterfall
from ktop.report.present.views import Breakdown, Figure, Position, Sentences, Step

RatingJson = Mapping[str, Any]

#: Charts are drawn twice where they hold long lists: for a telephone's width and for a page's.
NARROW, WIDE = 360, 640
#: What a view is for: a page, paper, text without waterfalls, or whatever may come.
Medium = Literal["page", "paper", "text", "all"]
#: Kinds of opinion sentences, in the order they are read.
_KINDS = ("summary", "strength", "weakness", "caution", "advice")
#: Comparison groups of a position, the widest first.
_COMPARISONS = ("all", "industry", "size", "age", "region")


def main_score(rating: RatingJson) -> str | None:
    """Return the name of the score that stands for the whole rating: the first one that is not a group's score."""
    names = [name for name in rating["scores"] if name not in labels.groups(rating["model"]["name"])]
    return names[0] if names else next(iter(rating["scores"]), None)


def short_model(name: str, lang: Lang) -> str:
    """Return the short name of a model, for labels that several models share."""
    key = f"report.short_{name.replace('-', '_')}"
    return text(key, lang) if key in messages() else name


def score_figure(rating: RatingJson, name: str, lang: Lang) -> Figure:
    """Return one score as shown, with how it stands among all others where the rating knows it."""
    value = rating["scores"].get(name)
    note = top_share(rating, name, lang)
    return Figure(
        score_label(rating, name, lang), numbers.score(value, lang), note, unit=text("report.points_unit", lang)
    )


def score_label(rating: RatingJson, name: str, lang: Lang) -> str:
    """Return the words of a score; a group's score has the group's words."""
    model = rating["model"]["name"]
    return labels.group(model, name, lang) if name in labels.groups(model) else labels.word("score", name, lang)


def top_share(rating: RatingJson, name: str, lang: Lang) -> str:
    """Return where a score stands among all, "" where the rating does not say."""
    others: Mapping[str, Any] = rating["details"].get("positions") or {}
    positions = rating["position"] if name == main_score(rating) else others.get(name, {})
    everybody = positions.get("all")
    if not isinstance(everybody, Mapping) or numbers.is_missing(everybody.get("percentile")):
        return ""
    return percentile_words(everybody["percentile"], lang)


def grades(rating: RatingJson, lang: Lang) -> tuple[Figure, ...]:
    """Return the grades, the business grade first, each with how far up its ladder it stands."""
    ladders = load("grades")["ladders"]
    shown = []
    for name, symbol in sorted(rating["grades"].items(), key=lambda entry: entry[0] != "business"):
        ladder = ladders.get(name)
        label = ladder["label"][lang] if ladder else labels.word("grade", name, lang)
        note = tone = ""
        if ladder and symbol in ladder["symbols"]:
            place, count = ladder["symbols"].index(symbol) + 1, len(ladder["symbols"])
            note = text("report.grade_place", lang, place=place, count=count)
            tone = "good" if place <= 0.4 * count else "warn" if place <= 0.7 * count else "bad"
        shown.append(Figure(label, str(symbol), note, tone))
    return tuple(shown)


def probabilities(rating: RatingJson, lang: Lang) -> tuple[Figure, ...]:
    """Return the event probabilities with their 90 % intervals; where grades are held, with those on evidence."""
    return tuple(
        Figure(
            labels.word("target", name, lang),
            numbers.percent(p["value"], lang),
            text("report.interval", lang, low=numbers.percent(p["low"], lang), high=numbers.percent(p["high"], lang))
            + _on_evidence(rating, name, lang),
        )
        for name, p in rating["probabilities"].items()
    )


def _on_evidence(rating: RatingJson, target: str, lang: Lang) -> str:
    """Return a probability on evidence beside one that rests on declared values which the grades are held against."""
    found = rating["details"].get("evidence") or {}
    if not found.get("held") or "probabilities" not in (found["evidence"] or {}):
        return ""
    value = found["evidence"]["probabilities"][target]["value"]
    return text("report.probability_on_evidence", lang, value=numbers.percent(value, lang))


def breakdowns(rating: RatingJson, scores: Sequence[str], lang: Lang, medium: Medium = "all") -> tuple[Breakdown, ...]:
    """Return where each of ``scores`` comes from, without those that are not explained or could not be given."""
    # Where every explained score has its own grade (growth and risk), none of them is the main one.
    main = main_score(rating) if main_score(rating) not in rating["grades"] else None
    shown = (breakdown(rating, name, lang, main=name == main, medium=medium) for name in scores)
    return tuple(one for one in shown if one is not None)


def breakdown(rating: RatingJson, score: str, lang: Lang, *, main: bool, medium: Medium = "all") -> Breakdown | None:
    """Return where ``score`` comes from, None where it is not explained or could not be given.

    Bars run from what raises the score most to what lowers it most. Where there are many parts, those of the
    checklist and the like with the smallest effect are joined into one bar; the table has every part. A ``medium``
    gets only the widths that it shows: a waterfall is the dearest of the charts.
    """
    value, base = rating["scores"].get(score), rating["base"].get(score)
    if base is None or value is None or numbers.is_missing(value):
        return None
    model = rating["model"]["name"]
    parts = sorted(
        (part for part in rating["contributions"] if part["score"] == score), key=lambda part: -part["points"]
    )
    title = text("report.breakdown_title", lang, score=score_label(rating, score, lang))
    bars = [
        WaterfallStep(
            labels.indicator(model, part["indicator"], lang),
            value_shown(rating, part["indicator"], part["value"], lang),
            part["points"],
            labels.group(model, part["group"], lang),
        )
        for part in parts
    ]
    drawn = _joined(bars, lang)
    columns = ("indicator", "group", "value", "level", "logit", "points")
    rows = [
        (
            bar.label,
            bar.group,
            value_shown(rating, part["indicator"], part["value"], lang, counted=True) or numbers.missing(lang),
            "–" if numbers.is_missing(part.get("level")) else f"{part['level']:.0f}",
            numbers.points(part["logit"]),
            numbers.points(part["points"]),
        )
        for bar, part in zip(bars, parts, strict=True)
    ]
    logit = rating["logits"].get(score)
    rows.insert(0, (text("report.base", lang), "", "", "", _plain(base["logit"]), _plain(base["points"])))
    rows.append((text("report.sum", lang), "", "", "", _plain(logit), _plain(value)))
    return Breakdown(
        score,
        title,
        waterfall(title, base["points"], drawn, value, lang, width=NARROW) if medium in ("page", "all") else None,
        waterfall(title, base["points"], drawn, value, lang, width=WIDE)
        if medium in ("paper", "all") or (medium == "page" and main)
        else None,
        Table(title, tuple(text(f"report.col_{key}", lang) for key in columns), tuple(rows)),
        main,
    )


def value_shown(rating: RatingJson, indicator: str, value: Any, lang: Lang, *, counted: bool = False) -> str | None:
    """Return an indicator's value with its unit, None where it is missing; an estimate is called one.

    With ``counted`` it stands beside what it was estimated from: "est. 38.3% (counted: 0 products)".
    """
    model = rating["model"]["name"]
    shown = labels.indicator_value(model, indicator, value, lang)
    plain = labels.counted(model, indicator, value, rating["inputs"], lang)
    if shown is None or not plain:
        return shown
    return text("report.estimate_counted" if counted else "report.estimate", lang, value=shown, counted=plain)


def _plain(value: float | None) -> str:
    return "–" if value is None or numbers.is_missing(value) else f"{value:.2f}".replace("-", "−")


def _joined(bars: Sequence[WaterfallStep], lang: Lang, most: int = 16) -> list[WaterfallStep]:
    """Join the smallest bars into one, so that a picture of 39 parts stays readable; sums stay exact."""
    if len(bars) <= most:
        return list(bars)
    largest = set(sorted(range(len(bars)), key=lambda i: -abs(bars[i].points))[: most - 1])
    rest = [bars[i] for i in range(len(bars)) if i not in largest]
    joined = WaterfallStep(text("report.other_parts", lang, n=len(rest)), "", sum(part.points for part in rest))
    return [bars[i] for i in range(len(bars)) if i in largest] + [joined]


def position(rating: RatingJson, lang: Lang) -> Position | None:
    """Return the standing among others, None where the rating has none."""
    positions = {name: p for name, p in rating["position"].items() if isinstance(p, Mapping) and "percentile" in p}
    if not positions:
        return None
    order = [name for name in _COMPARISONS if name in positions] + [
        name for name in positions if name not in _COMPARISONS
    ]
    columns = tuple(text(f"report.col_{key}", lang) for key in ("comparison", "standing", "firms"))
    rows = tuple(
        (
            labels.word("comparison", name, lang),
            text("report.no_peers", lang)
            if numbers.is_missing(positions[name]["percentile"])
            else percentile_words(positions[name]["percentile"], lang),
            numbers.figure(positions[name].get("n"), lang, 0),
        )
        for name in order
    )
    title = text("report.position_title", lang)
    drawn = [_strips(rating, main_score(rating), positions, order, lang)]
    # A model of two scores has the places of its second one beside those of the first.
    for name, other in (rating["details"].get("positions") or {}).items():
        drawn.append(_strips(rating, name, other, [key for key in order if key in other], lang))
    return Position(drawn[0], Table(title, columns, rows), tuple(drawn[1:]))


def _strips(
    rating: RatingJson, score: str | None, positions: Mapping[str, Any], order: Sequence[str], lang: Lang
) -> Chart:
    groups = []
    for name in order:
        percentile = positions[name]["percentile"]
        absent = numbers.is_missing(percentile)
        groups.append(
            Strip(
                labels.word("comparison", name, lang),
                text("result.peers", lang, n=numbers.figure(positions[name].get("n"), lang, 0)),
                None if absent else float(percentile),
                text("report.no_peers", lang) if absent else percentile_words(percentile, lang),
            )
        )
    label = score_label(rating, score, lang) if score else labels.word("model", rating["model"]["name"], lang)
    return strips(text("result.strips_of", lang, score=label), groups, lang)


def bins(found: Any) -> tuple[list[float], list[float]]:
    """Return the edges and counts of a histogram; a bare list of counts spans 0 to 100 evenly."""
    if isinstance(found, Mapping):
        return list(found["edges"]), list(found["counts"])
    counts = list(found)
    return [100 * i / len(counts) for i in range(len(counts) + 1)], counts


def capability_radar(rating: RatingJson, names: Sequence[str], lang: Lang) -> Any:
    """Return the radar of some scores, None where fewer than three of them are known."""
    axes = [(score_label(rating, name, lang), rating["scores"].get(name)) for name in names]
    if sum(not numbers.is_missing(value) for _, value in axes) < 3:
        return None
    main = main_score(rating) or names[0]
    model = rating["model"]["name"]
    # Where scores have grades of their own (growth and risk), groups are parts of the model, not of one score.
    whole = labels.word("model", model, lang) if main in rating["grades"] else score_label(rating, main, lang)
    return radar(text("report.radar_title", lang, score=whole), axes, lang)


def score_gauge(rating: RatingJson, lang: Lang) -> Any:
    """Return the gauge of the main score, with the median of all others where the rating knows it."""
    name = main_score(rating)
    if name is None:
        return None
    everybody = rating["position"].get("all")
    median = everybody.get("median") if isinstance(everybody, Mapping) else None
    title = score_label(rating, name, lang)
    return gauge(title, rating["scores"][name], lang, reference=median, reference_label=text("report.median", lang))


def opinions(rating: RatingJson, lang: Lang) -> tuple[Sentences, ...]:
    """Return the written analysis by kind of sentence."""
    spoken = [o for o in rating["opinions"] if o["lang"] == lang]
    kinds = [*_KINDS, *dict.fromkeys(o["kind"] for o in spoken if o["kind"] not in _KINDS)]
    return tuple(
        Sentences(kind, labels.word("opinion", kind, lang), tuple(o["text"] for o in spoken if o["kind"] == kind))
        for kind in kinds
        if any(o["kind"] == kind for o in spoken)
    )


def next_steps(rating: RatingJson, lang: Lang) -> tuple[Step, ...]:
    """Return the computed next steps in the model's order; one that raises two scores stands once with both effects."""
    efforts = load("steps")["efforts"]
    joined: dict[str, list[Any]] = {}
    for step in rating["next_steps"]:
        joined.setdefault(step["text"][lang], []).append(step)
    shown = []
    for sentence, found in joined.items():
        changes = dict.fromkeys(_change(rating, step, lang) for step in found)
        effects = [
            text(
                "report.step_effect",
                lang,
                score=score_label(rating, step["score"], lang),
                points=numbers.points(step["points"]),
            )
            for step in found
        ]
        effects += _lowered(rating, found, lang)
        effort = found[0]["effort"]
        words = [text("report.step_effort", lang, effort=efforts[effort][lang] if effort in efforts else effort)]
        words += _price(found[0], lang)
        proof = (found[0].get("evidence") or {}).get(lang, "")
        shown.append(
            Step(
                sentence,
                ", ".join(changes),
                ", ".join(effects),
                " · ".join(words),
                text("report.step_evidence", lang, evidence=proof) if proof else "",
            )
        )
    return tuple(shown)


def _lowered(rating: RatingJson, found: Sequence[Mapping[str, Any]], lang: Lang) -> list[str]:
    """Return the scores that a step lowers, each with its points."""
    lowered = {name: change for step in found for name, change in (step.get("lowers") or {}).items()}
    return [
        text("report.step_lowers", lang, score=_lowered_label(rating, name, lang), points=numbers.points(change))
        for name, change in lowered.items()
    ]


def _lowered_label(rating: RatingJson, name: str, lang: Lang) -> str:
    """Return the words of a score, of another model where the name is ``model:score``."""
    model, _, score = name.rpartition(":")
    if not model:
        return score_label(rating, name, lang)
    label, of = labels.word("score", score, lang), labels.word("model", model, lang)
    return label if label in of else f"{of} {label}"


def _price(step: Mapping[str, Any], lang: Lang) -> list[str]:
    """Return what a step costs and how long it takes; ratings of former versions of the program tell neither."""
    told = []
    if step.get("cost_krw"):
        low, high = (numbers.money(step["cost_krw"][end], lang) for end in ("low", "high"))
        told.append(text("report.step_cost" if low != high else "report.step_cost_one", lang, low=low, high=high))
    if step.get("months"):
        told.append(text("report.step_months", lang, months=step["months"]))
    return told


def _change(rating: RatingJson, step: Mapping[str, Any], lang: Lang) -> str:
    model, name = rating["model"]["name"], step["indicator"]
    before = value_shown(rating, name, step["from"], lang) or numbers.missing(lang)
    after = labels.indicator_value(model, name, step["to"], lang) or numbers.missing(lang)
    return f"{labels.indicator(model, name, lang)}: {before} → {after}"
