"""Technology ratings as shown: traits, key terms, similar patents, density, trend and applicants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers
from ktop.report.charts import Chart, bars, histogram, trend
from ktop.report.present.common import (
    RatingJson,
    bins,
    breakdown,
    capability_radar,
    grades,
    main_score,
    next_steps,
    opinions,
    position,
    probabilities,
    score_figure,
    score_gauge,
)
from ktop.report.present.views import Figure, Neighbour, RatingView, Technology

TRAITS = ("core", "originality", "value", "spillover")
_APPLICANTS_SHOWN, _TERMS_SHOWN, _YEARS_SHOWN = 8, 20, 20
_OCEAN_TONES = {"blue": "good", "emerging": "good", "declining": "warn", "red": "bad"}


def technology_view(rating: RatingJson, lang: Lang) -> RatingView:
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
        scores=tuple(score_figure(rating, name, lang) for name in rating["scores"]),
        probabilities=probabilities(rating, lang),
        gauge=score_gauge(rating, lang) if main not in traits else None,
        radar=capability_radar(rating, traits, lang),
        matrix=None,
        position=position(rating, lang),
        breakdowns=tuple(b for name in rating["base"] if (b := breakdown(rating, name, lang)) is not None),
        opinions=opinions(rating, lang),
        steps=next_steps(rating, lang),
        warnings=tuple(w["text"][lang] for w in rating["warnings"]),
        technology=technology,
    )


def _technology(rating: RatingJson, lang: Lang) -> Technology:
    details: Mapping[str, Any] = rating["details"]
    ocean, ocean_text = _ocean(details, lang)
    return Technology(
        key_terms=tuple(_term(term, lang) for term in list(details.get("key_terms") or ())[:_TERMS_SHOWN]),
        neighbours=tuple(_neighbour(found, lang) for found in details.get("neighbours") or ()),
        similarity=_similarity(details, lang),
        ocean=ocean,
        ocean_text=ocean_text,
        trend=_trend(details, lang),
        applicants=_applicants(details, lang),
        corpus=_corpus(details, lang),
    )


def _term(term: Any, lang: Lang) -> Figure:
    if not isinstance(term, Mapping):
        return Figure(str(term), "")
    count = term.get("patents", term.get("df"))
    note = "" if count is None else text("report.term_patents", lang, n=numbers.figure(count, lang, 0))
    return Figure(str(term["term"]), "", note)


def _neighbour(found: Mapping[str, Any], lang: Lang) -> Neighbour:
    applicants = found.get("applicants") or ()
    names = [applicants] if isinstance(applicants, str) else list(applicants)
    similarity = found.get("similarity", found.get("score"))
    return Neighbour(
        patent_id=str(found["patent_id"]),
        title=str(found.get("title") or "") or numbers.missing(lang),
        similarity="–" if numbers.is_missing(similarity) else f"{similarity:.2f}",
        filed=numbers.day(found.get("filing_date"), lang),
        applicants=", ".join(str(name) for name in names[:3]),
    )


def _similarity(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    found = details.get("similarity") or details.get("similarity_distribution")
    if not found:
        return None
    edges, counts = bins(found)
    return histogram(
        text("report.similarity_title", lang), edges, counts, None, lang,
        axis_label=text("report.similarity", lang), digits=2, kind="similarity",
    )  # fmt: skip


def _ocean(details: Mapping[str, Any], lang: Lang) -> tuple[Figure | None, str]:
    found = details.get("ocean")
    if not found:
        return None, ""
    name = found.get("ocean", found.get("label")) if isinstance(found, Mapping) else str(found)
    density = details.get("density", found.get("density") if isinstance(found, Mapping) else None)
    percentile = density.get("percentile") if isinstance(density, Mapping) else None
    note = "" if numbers.is_missing(percentile) else text("report.density_place", lang, percentile=f"{percentile:.0f}")
    figure = Figure(
        text("report.ocean", lang), labels.word("ocean", str(name), lang), note, _OCEAN_TONES.get(str(name), "")
    )
    return figure, labels.word("ocean_text", str(name), lang)


def _trend(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    found = details.get("trend")
    if not found:
        return None
    if isinstance(found, Mapping):
        years, counts = list(found["years"]), list(found.get("counts", found.get("patents", ())))
        incomplete = found.get("incomplete_from")
    else:
        years = [entry["year"] for entry in found]
        counts = [entry.get("patents", entry.get("count")) for entry in found]
        incomplete = None
    if not years:
        return None
    years, counts = years[-_YEARS_SHOWN:], counts[-_YEARS_SHOWN:]
    return trend(
        text("report.trend_title", lang), years, counts, lang,
        incomplete_from=incomplete, value_label=text("report.patents", lang),
    )  # fmt: skip


def _applicants(details: Mapping[str, Any], lang: Lang) -> Chart | None:
    found: Sequence[Mapping[str, Any]] = details.get("applicants") or ()
    if not found:
        return None
    rows = [(str(a["name"]), a.get("patents", a.get("count"))) for a in found[:_APPLICANTS_SHOWN]]
    return bars(text("report.applicants_title", lang), rows, lang, value_label=text("report.patents", lang))


def _corpus(details: Mapping[str, Any], lang: Lang) -> str:
    found = details.get("corpus")
    if not isinstance(found, Mapping):
        return ""
    size = found.get("patents", found.get("size", details.get("corpus_size")))
    return text("report.corpus", lang, name=found.get("name", ""), n=numbers.figure(size, lang, 0))
