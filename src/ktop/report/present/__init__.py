"""From ratings as JSON to what a page or a PDF shows of them, in one language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ktop.catalogue import Lang, load, text
from ktop.domain.company.fact_spec import FACTS, fact_groups
from ktop.report import labels, numbers
from ktop.report.charts.svg import shorten
from ktop.report.present.common import Medium, RatingJson, short_model
from ktop.report.present.company import company_view
from ktop.report.present.technology import technology_view
from ktop.report.present.verdict import reliable, verdict
from ktop.report.present.views import Figure, InputGroup, InputRow, RatingView, ReportView

#: Facts that are shown under a company's name, where known.
_HEAD_FACTS = ("industry_group", "region", "size", "age_band")
_SUMMARY_TEXT_CHARS = 4000
_TITLE_EMS = 40


def rating_view(rating: RatingJson, lang: Lang, medium: Medium = "all") -> RatingView:
    """Return one rating as shown, with the pictures that ``medium`` shows."""
    return technology_view(rating, lang, medium) if is_technology(rating) else company_view(rating, lang, medium)


def is_technology(rating: RatingJson) -> bool:
    """Whether a rating is about a technology rather than a company."""
    return "neighbours" in rating["details"] or rating["model"]["name"] == "originality"


def report_view(
    ratings: Sequence[RatingJson], lang: Lang, *, technology_text: str | None = None, medium: Medium = "all"
) -> ReportView:
    """Return ratings of one subject, made together, as shown.

    Parameters
    ----------
    ratings : ``Rating.to_json()`` objects with opinions in ``lang``, at least one.
    technology_text : the technology summary as given; without it, the text that the technology rating names.
    medium : where it is shown; only the pictures that show there are drawn.
    """
    views = _without_repeats([_as_far_as_relied_on(rating, lang, medium) for rating in ratings])
    companies = [rating for rating in ratings if not is_technology(rating)]
    first = companies[0] if companies else ratings[0]
    groups, given, absent = _inputs(companies, lang)
    kind = "both" if companies and len(companies) < len(ratings) else "company" if companies else "technology"
    return ReportView(
        lang=lang,
        title=text(f"report.title_{kind}", lang),
        subject=subject_name(first, lang),
        facts=_head_facts(companies, lang),
        as_of=numbers.day(first["as_of"], lang),
        summary=_headlines(views, lang),
        ratings=views,
        inputs=groups,
        given=given,
        missing=absent,
        models=tuple(view.version for view in views),
        origin=origin(ratings, lang),
        text=_summary(ratings, technology_text)[:_SUMMARY_TEXT_CHARS],
        verdict=verdict(ratings, lang),
    )


def _as_far_as_relied_on(rating: RatingJson, lang: Lang, medium: Medium) -> RatingView:
    """Return one rating as shown; the headline of one that may not be relied on is not coloured, and says so."""
    view = rating_view(rating, lang, medium)
    if reliable(rating):
        return view
    note = text("result.not_relied_short", lang)
    headline = tuple(replace(figure, note=note, tone="") for figure in view.headline)
    return replace(view, relied=False, headline=headline)


def _headlines(views: Sequence[RatingView], lang: Lang) -> tuple[Figure, ...]:
    """Return the headline figures of all models; where two models have one of the same name, each says whose it is."""
    count = Counter(figure.label for view in views for figure in view.headline)
    return tuple(
        replace(figure, label=f"{figure.label} · {short_model(view.model, lang)}")
        if count[figure.label] > 1
        else figure
        for view in views
        for figure in view.headline
    )


def _without_repeats(views: Sequence[RatingView]) -> tuple[RatingView, ...]:
    """Let each warning stand only where it comes first: models made together often warn of the same."""
    said: set[str] = set()
    distinct = []
    for view in views:
        fresh = tuple(warning for warning in view.warnings if warning not in said)
        said.update(fresh)
        distinct.append(replace(view, warnings=fresh))
    return tuple(distinct)


def _summary(ratings: Sequence[RatingJson], given: str | None) -> str:
    if given is not None:
        return given
    return next((str(r["subject"]["text"]) for r in ratings if is_technology(r) and r["subject"].get("text")), "")


def subject_name(rating: RatingJson, lang: Lang) -> str:
    """Return the name of what was rated; an unnamed subject is called so."""
    subject = rating["subject"]
    names = [subject.get("name"), subject.get("title")]
    if lang == "en":
        names.insert(0, subject.get("name_en"))
    name = next((str(n) for n in names if n), None)
    if name is None and subject.get("text"):  # a technology without a title is called by how its summary begins
        return shorten(" ".join(str(subject["text"]).split()), 1, _TITLE_EMS)
    return name or text("report.unnamed_technology" if is_technology(rating) else "report.unnamed_company", lang)


def origin(ratings: Sequence[RatingJson], lang: Lang) -> str:
    """Return the sentence that no reader may miss: what the models are and what they were trained on."""
    synthetic = any(rating["model"].get("trained_on") == "synthetic" for rating in ratings)
    return text("report.origin_synthetic" if synthetic else "report.origin", lang)


def _head_facts(companies: Sequence[RatingJson], lang: Lang) -> tuple[Figure, ...]:
    values: dict[str, Any] = {}
    for rating in companies:
        values |= {i["name"]: i["value"] for i in rating["inputs"] if i["name"] in _HEAD_FACTS}
        values |= {name: rating["subject"][name] for name in _HEAD_FACTS if name in rating["subject"]}
    return tuple(
        Figure(
            labels.fact(name, lang),
            region(values[name], lang) if name == "region" else labels.fact_value(name, values[name], lang),
        )
        for name in _HEAD_FACTS
        if not numbers.is_missing(values.get(name))
    )


def region(code: Any, lang: Lang) -> str:
    """Return the name of a region code."""
    known = load("regions")["regions"]
    return known[code][lang] if code in known else str(code)


def _inputs(ratings: Sequence[RatingJson], lang: Lang) -> tuple[tuple[InputGroup, ...], int, int]:
    """Gather the inputs of all company ratings under the catalogue's headings, each once; count given and missing."""
    inputs: dict[str, Mapping[str, Any]] = {}
    for rating in ratings:
        for entry in rating["inputs"]:
            inputs.setdefault(entry["name"], entry)
    order = {name: place for place, name in enumerate(FACTS)}
    rows: dict[str, list[InputRow]] = {}
    for name in sorted(inputs, key=lambda n: order.get(n, len(order))):
        heading = FACTS[name].group if name in FACTS else ""
        rows.setdefault(heading, []).append(_input_row(inputs[name], lang))
    headings = [*fact_groups(), ""]
    groups = tuple(
        InputGroup(fact_groups()[h][lang] if h else text("report.inputs_other", lang), tuple(rows[h]))
        for h in sorted(rows, key=lambda h: headings.index(h) if h in headings else len(headings))
    )
    absent = sum(row.missing for group in groups for row in group.rows)
    return groups, len(inputs) - absent, absent


def _source(source: str | None, status: str | None, lang: Lang) -> str:
    """Return where a value comes from and, where somebody said so, what stands behind it."""
    named = "–" if not source else labels.word("source", str(source), lang)
    return named if status is None else f"{named} ({text(f'report.status_{status}', lang)})"


def _input_row(entry: Mapping[str, Any], lang: Lang) -> InputRow:
    name, value = entry["name"], entry["value"]
    absent = numbers.is_missing(value)
    shown = region(value, lang) if name == "region" and not absent else labels.fact_value(name, value, lang)
    source = entry.get("source")
    return InputRow(
        labels.fact(name, lang),
        shown,
        _source(source, entry.get("status"), lang),
        "–" if not entry.get("date") else str(entry["date"]),
        absent,
    )
