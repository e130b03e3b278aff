"""Company ratings as shown: Tech-Index, KTRS-FM and any further model of the same form."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from ktop.catalogue import Lang, load, text
from ktop.report import labels, numbers
from ktop.report.charts import Chart, Table, matrix
from ktop.report.present.accounts import accounts_view
from ktop.report.present.common import (
    Medium,
    RatingJson,
    breakdowns,
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
from ktop.report.present.evidence import evidence_view
from ktop.report.present.growth_paths import growth_paths_view
from ktop.report.present.guarantee import guarantee_view
from ktop.report.present.views import Figure, RatingView


def company_view(rating: RatingJson, lang: Lang, medium: Medium = "all") -> RatingView:
    """Return one company rating as shown."""
    model = rating["model"]["name"]
    main = main_score(rating)
    grouped = [name for name in rating["scores"] if name in labels.groups(model)]
    explained = [name for name in rating["base"] if name not in grouped]
    guarantee = guarantee_view(rating, lang)
    shown_grades = grades(rating, lang)
    perspective = _perspective(rating, lang)
    evidence = evidence_view(rating, lang)
    version = text("report.model_version", lang, name=model, version=rating["model"]["version"])
    headline = list(shown_grades)
    if not shown_grades and main is not None:
        headline = [score_figure(rating, main, lang), *perspective]
    if guarantee is not None:
        headline.append(Figure(text("report.guarantee", lang), guarantee.decision, guarantee.limit, guarantee.tone))
    return RatingView(
        model=model,
        title=labels.word("model", model, lang),
        lead=labels.word("lead", model, lang),
        # What the grade stands on is told with the model, wherever the grade is shown.
        version=version if evidence is None else f"{version} · {evidence.basis}",
        headline=tuple(headline),
        grades=shown_grades + perspective,
        scores=tuple(score_figure(rating, name, lang) for name in rating["scores"]),
        probabilities=probabilities(rating, lang),
        gauge=score_gauge(rating, lang) if not shown_grades else None,
        radar=capability_radar(rating, grouped, lang) if grouped else None,
        matrix=business_matrix(rating, lang),
        position=position(rating, lang),
        breakdowns=breakdowns(rating, explained, lang, medium),
        opinions=opinions(rating, lang),
        steps=next_steps(rating, lang),
        warnings=tuple(w["text"][lang] for w in rating["warnings"]),
        guarantee=guarantee,
        tracks=tracks_table(rating, lang),
        evidence=evidence,
        accounts=accounts_view(rating, lang),
        growth_paths=growth_paths_view(rating, lang),
        matrix_note=matrix_note(rating, lang),
    )


def business_matrix(rating: RatingJson, lang: Lang) -> Chart | None:
    """Return the growth-risk matrix with the company's cell, None for a model without both grades."""
    if "growth" not in rating["grades"] or "risk" not in rating["grades"]:
        return None
    return _matrix((rating["grades"]["growth"], rating["grades"]["risk"]), lang)


def matrix_note(rating: RatingJson, lang: Lang) -> str:
    """Return why the business grade is not that of the cell of growth and risk grade, empty where it is."""
    grades_, table = rating["grades"], load("grades")["business_matrix"]
    evidence = rating["details"].get("evidence") or {}
    row, growth = table["rows"].get(grades_.get("risk")), grades_.get("growth")
    if "business" not in evidence.get("held", ()) or row is None or growth not in table["columns"]:
        return ""
    cell = row[table["columns"].index(growth)]
    if cell == grades_["business"]:
        return ""
    most = evidence["most_notches"]["business"]
    return text("report.matrix_held", lang, cell=cell, most=most, grade=grades_["business"])


@functools.lru_cache(maxsize=512)  # a picture of the catalogue, the same for all companies of one cell
def _matrix(own: tuple[str, str], lang: Lang) -> Chart:
    catalogue = load("grades")
    table = catalogue["business_matrix"]
    cells = {
        (growth, risk): grade
        for risk, row in table["rows"].items()
        for growth, grade in zip(table["columns"], row, strict=True)
    }
    return matrix(
        text("report.matrix_title", lang),
        table["columns"],
        list(table["rows"]),
        cells,
        catalogue["ladders"]["business"]["symbols"],
        own if own in cells else None,
        lang,
    )


def tracks_table(rating: RatingJson, lang: Lang) -> Table | None:
    """Return what each independently built track says by itself, None for a model with one track."""
    tracks = rating["details"].get("tracks")
    if not isinstance(tracks, Mapping) or not tracks:
        return None
    names = list(next(iter(tracks.values())))
    ladders = load("grades")["ladders"]
    columns = (text("report.item", lang), *(labels.word("track", name, lang) for name in names))
    rows = tuple(
        (
            ladders[axis]["label"][lang] if axis in ladders else labels.word("grade", axis, lang),
            *(str(grades_[name] or numbers.missing(lang)) for name in names),
        )
        for axis, grades_ in tracks.items()
    )
    return Table(text("report.tracks_title", lang), columns, rows)


def _perspective(rating: RatingJson, lang: Lang) -> tuple[Figure, ...]:
    """Return the growth perspective (성장전망), empty for a model that has none."""
    perspective = rating["details"].get("growth_perspective")
    if not isinstance(perspective, Mapping):
        return ()
    level = int(perspective["level"])
    note = text("report.perspective_place", lang, level=level)
    tone = "good" if level >= 4 else "warn" if level >= 2 else "bad"
    return (Figure(text("report.perspective", lang), perspective["label"][lang], note, tone),)
