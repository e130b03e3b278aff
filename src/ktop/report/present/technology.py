"""Technology ratings as shown: traits, key terms, similar patents, density, trend and applicants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.domain.patent.class_words import class_words
from ktop.report import labels, numbers
from ktop.report.charts import Ahead, Chart, MappedPatent, Table, bars, histogram, patent_map, trend
from ktop.report.present.common import (
    WIDE,
    Medium,
    RatingJson,
    bins,
    breakdowns,
    capability_radar,
    grades,
    main_score,
    next_steps,
    opinions,
    probabilities,
    score_figure,
    score_gauge,
)
from ktop.report.present.novelty import new_terms, novelty_view, suggestions_view
from ktop.report.present.views import Figure, Neighbour, RatingView, Technology

TRAITS = ("core", "originality", "value", "spillover")
_APPLICANTS_SHOWN, _TERMS_SHOWN, _YEARS_SHOWN = 8, 20, 20
_SCORE = "score"
#: From this similarity on a patent is shown beside a technology that could not be rated.
_ALIKE = 0.005
_OCEAN_TONES = {"blue": "good", "emerging": "good", "declining": "warn", "red": "bad", "unclear": "warn"}


def technology_view(rating: RatingJson, lang: Lang, medium: Medium = "all") -> RatingView:
    """Return one technology rating as shown."""
    model = rating["model"]["name"]
    main = main_score(rating)
    traits = [name for name in TRAITS if name in rating["scores"]]
    technology = _technology(rating, lang)
    shown_grades = grades(rating, lang)
    headline = list(shown_grades)
    if main is not None and main not in traits:
        headline.append(score_figure(rating, main, lang))
    if technology.ocean is not None:
        headline.append(technology.ocean)
    return RatingView(
        model=model,
        title=labels.word("model", model, lang),
        lead=labels.word("lead", model, lang),
        version=text("report.model_version", lang, name=model, version=rating["model"]["version"]),
        headline=tuple(headline),
        grades=shown_grades,
        scores=tuple(score_figure(rating, name, lang) for name in rating["scores"] if name != "density"),
        probabilities=probabilities(rating, lang),
        gauge=score_gauge(rating, lang) if main not in traits else None,
        radar=capability_radar(rating, traits, lang),
        matrix=None,
        position=None,  # scores are percentiles: their distribution among the reference patents is even
        breakdowns=breakdowns(rating, sorted(rating["base"], key=lambda name: name != main), lang, medium),
        opinions=opinions(rating, lang),
        steps=next_steps(rating, lang),
        warnings=tuple(w["text"][lang] for w in rating["warnings"]),
        technology=technology,
    )


def _technology(rating: RatingJson, lang: Lang) -> Technology:
    details: Mapping[str, Any] = rating["details"]
    if rating["scores"].get(_SCORE) is None:
        return _unrated(details, lang)
    ocean, ocean_text = _ocean(details, lang)
    return Technology(
        key_terms=tuple(_term(term, lang) for term in list(details.get("key_terms") or ())[:_TERMS_SHOWN]),
        neighbours=tuple(
            _neighbour(neighbour, new_terms(details), lang) for neighbour in details.get("neighbours") or ()
        ),
        similarity=_similarity(details, lang),
        ocean=ocean,
        ocean_text=ocean_text,
        ocean_figures=_ocean_figures(details, lang),
        map=similar_map(details, lang),
        map_wide=similar_map(details, lang, width=WIDE),
        groups=groups_table(details, lang),
        trend=_trend(details, lang),
        trend_text=_trend_text(details, lang),
        applicants=_applicants(details, lang),
        fields=_fields(details, lang),
        newcomers=_newcomers(details, lang),
        corpus=_corpus(details, lang),
        novelty=novelty_view(details, lang),
        suggestions=suggestions_view(details, lang),
    )


def _unrated(details: Mapping[str, Any], lang: Lang) -> Technology:
    """Return what can be shown where nothing is near enough: no map or applicants of patents that are not alike."""
    near = [
        neighbour
        for neighbour in details.get("neighbours") or ()
        if float(neighbour.get("similarity") or 0.0) >= _ALIKE
    ]
    return Technology(
        key_terms=tuple(_term(term, lang) for term in list(details.get("key_terms") or ())[:_TERMS_SHOWN]),
        neighbours=tuple(_neighbour(neighbour, new_terms(details), lang) for neighbour in near),
        corpus=_corpus(details, lang),
    )


def _term(term: Any, lang: Lang) -> Figure:
    if not isinstance(term, Mapping):
        return Figure(str(term), "")
    count = term.get("patents")
    if term.get("new"):
        return Figure(str(term["term"]), "", text("report.term_new", lang), "good")
    return Figure(str(term["term"]), "", "" if count is None else _patents(count, lang))


def _patents(count: Any, lang: Lang) -> str:
    return text("report.term_patents", lang, n=numbers.figure(count, lang, 0))


def _neighbour(neighbour: Mapping[str, Any], new: frozenset[str], lang: Lang) -> Neighbour:
    similarity = neighbour.get("similarity")
    return Neighbour(
        patent_id=str(neighbour["patent_id"]),
        title=str(neighbour.get("title") or "") or numbers.missing(lang),
        similarity="–" if similarity is None or numbers.is_missing(similarity) else f"{similarity:.2f}",
        filed=numbers.day(neighbour.get("filing_date"), lang),
        applicants=", ".join(str(name) for name in list(neighbour.get("applicants") or ())[:3]),
        terms=", ".join(str(term) for term in neighbour.get("shared_terms") or () if term not in new),
        all_applicants=", ".join(str(name) for name in neighbour.get("applicants") or ()),
        classes=tuple((str(symbol), class_words(str(symbol), lang)) for symbol in neighbour.get("classes") or ()),
    )


def _similarity(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    distribution = details.get("similarity_distribution")
    if not distribution:
        return None
    edges, corpus = bins(distribution)
    nearest = distribution.get("nearest")
    return histogram(
        text("report.similarity_title", lang), edges, distribution.get("neighbour_counts", corpus), nearest, lang,
        own_label=None if nearest is None else text("report.nearest", lang, value=f"{nearest:.2f}"),
        axis_label=text("report.similarity", lang), digits=2, kind="similarity",
        names=(text("report.similar_patents", lang), text("report.corpus_sample", lang)),
        behind=corpus if "neighbour_counts" in distribution else None,
    )  # fmt: skip


def _ocean(details: Mapping[str, Any], lang: Lang) -> tuple[Figure | None, str]:
    ocean = details.get("ocean")
    if not isinstance(ocean, Mapping):
        return None, ""
    name = str(ocean["ocean"])
    percentile, close = ocean.get("density_percentile"), ocean.get("close_patents")
    note = "" if percentile is None else text("report.density_place", lang, percentile=f"{percentile:.0f}")
    figure = Figure(text("report.ocean", lang), labels.word("ocean", name, lang), note, _OCEAN_TONES.get(name, ""))
    sentence = labels.word("ocean_text", name, lang)
    if close is not None:
        key = "report.ocean_close_at_least" if ocean.get("at_least") else "report.ocean_close"
        sentence += " " + text(key, lang, n=numbers.figure(close, lang, 0))
    return figure, sentence


def _trend(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    trend_of = details.get("trend")
    if not isinstance(trend_of, Mapping) or not any(trend_of["counts"]):
        return None
    return trend(
        text("report.trend_title", lang), trend_of["years"][-_YEARS_SHOWN:], trend_of["counts"][-_YEARS_SHOWN:], lang,
        incomplete_from=trend_of.get("incomplete_from"), value_label=text("report.patents", lang),
        ahead=[
            Ahead(one["year"], one["count"], one["low"], one["high"], trend_of["forecast"]["level"])
            for one in (trend_of.get("forecast") or {}).get("years", ())
        ],
    )  # fmt: skip


def _trend_text(details: Mapping[str, Any], lang: Lang) -> str:
    ahead = (details.get("trend") or {}).get("forecast")
    if not ahead:
        return ""
    last, growth = ahead["years"][-1], round(100 * ahead["growth"])
    direction = "level" if growth == 0 else "up" if growth > 0 else "down"
    return text(
        "report.forecast",
        lang,
        trend=text(f"report.forecast_{direction}", lang, growth=abs(growth)),
        year=last["year"],
        count=f"{last['count']:.0f}",
        low=last["low"],
        high=last["high"],
        level=round(100 * ahead["level"]),
        all=numbers.figure(ahead["all_patents"], lang, 0),
    )


def similar_map(details: Mapping[str, Any], lang: Lang, width: int = 360) -> Chart | None:
    """Return the map of the similar patents, None where there is none."""
    drawn, clusters = details.get("map"), details.get("clusters")
    if not drawn or not clusters or not drawn["patents"]:
        return None
    return patent_map(
        text("report.map_title", lang),
        [MappedPatent(p["x"], p["y"], p["group"], str(p["patent_id"]), p["similarity"]) for p in drawn["patents"]],
        (drawn["own"][0], drawn["own"][1]),
        [group_name(group, lang) for group in clusters["groups"]],
        lang,
        own_group=clusters["own"],
        width=width,
    )


def group_name(group: Mapping[str, Any], lang: Lang) -> str:
    """Return the terms that name a group of similar patents; a group without any is named by its nearest patent."""
    return ", ".join(str(term) for term in group["terms"]) or str(group["nearest_title"]) or numbers.missing(lang)


def groups_table(details: Mapping[str, Any], lang: Lang) -> Table | None:
    """Return the groups of similar patents with their sizes, similarity, filings and nearest patent."""
    clusters = details.get("clusters")
    if not clusters or not clusters["groups"]:
        return None
    rows = [
        (
            f"{group['group'] + 1}. {group_name(group, lang)}",
            numbers.figure(group["patents"], lang, 0),
            f"{group['mean_similarity']:.2f}",
            f"{group['recent']} / {group['previous']}",
            f"{group['nearest']} {group['nearest_title']}".strip(),
        )
        for group in clusters["groups"]
    ]
    columns = tuple(text(f"report.group_columns_{i}", lang) for i in range(1, 6))
    return Table(text("report.groups", lang), columns, tuple(rows))


def _ocean_figures(details: Mapping[str, Any], lang: Lang) -> tuple[Figure, ...]:
    """Return the numbers that the ocean is read from."""
    ocean = details.get("ocean")
    if not isinstance(ocean, Mapping) or ocean.get("density_percentile") is None:
        return ()
    per_1000 = (details.get("density") or {}).get("per_1000_patents")
    growth, ratio = ocean.get("growth_percentile"), ocean.get("growth_ratio")
    unknown = text("report.growth_unknown", lang)
    close = numbers.figure(ocean["close_patents"], lang, 0) + ("+" if ocean.get("at_least") else "")
    return (
        Figure(
            text("report.ocean_number_close", lang),
            close,
            "" if per_1000 is None else text("report.ocean_per_1000", lang, n=f"{per_1000:.2g}"),
        ),
        Figure(text("report.ocean_number_density", lang), f"{ocean['density_percentile']:.0f}"),
        Figure(text("report.ocean_number_filings", lang), f"{ocean['recent_filings']} / {ocean['previous_filings']}"),
        Figure(
            text("report.ocean_number_growth", lang),
            unknown if ratio is None else text("report.times", lang, n=f"{ratio:.2f}"),
            "" if growth is None else text("report.growth_place", lang, percentile=f"{growth:.0f}"),
        ),
    )


def _applicants(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    applicants: Sequence[Mapping[str, Any]] = details.get("applicants") or ()
    if not applicants:
        return None
    rows = [(str(a["name"]), a["patents"]) for a in applicants[:_APPLICANTS_SHOWN]]
    return bars(text("report.applicants_title", lang), rows, lang, value_label=text("report.patents", lang))


def _fields(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    """Return the shares of the similar patents' classes, None where a corpus has only text topics (no names)."""
    fields = details.get("fields")
    if not isinstance(fields, Mapping) or fields.get("kind") != "class" or not fields["shares"]:
        return None
    rows = [(str(one["name"]), 100 * one["share"]) for one in fields["shares"]]
    return bars(text("report.fields_title", lang), rows, lang, value_label=text("report.share_percent", lang), unit="%")


def _newcomers(details: Mapping[str, Any], lang: Lang) -> str:
    newcomers = details.get("newcomers") or ()
    return text("report.newcomers", lang, names=", ".join(str(one["name"]) for one in newcomers)) if newcomers else ""


def _corpus(details: Mapping[str, Any], lang: Lang) -> str:
    corpus = details.get("corpus")
    if not isinstance(corpus, Mapping):
        return ""
    size = numbers.figure(corpus.get("patents"), lang, 0)
    return text("report.corpus", lang, name=corpus.get("name", ""), n=size)
