"""The verdict that a result opens with: one grade or index, what it means, how sure it is and what to do next.

Every sentence is made from the values of the ratings themselves, and where models answer differently it says why.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from ktop.catalogue import Lang, text
from ktop.domain.decision.guarantee import comes_first
from ktop.domain.rating.grades import Ladder, ladders
from ktop.report import labels, numbers
from ktop.report.charts import Chart, Rung, Table, ladder, shares
from ktop.report.present.common import RatingJson, main_score, next_steps, score_label, short_model, top_share
from ktop.report.present.grade_meanings import band, meaning_table
from ktop.report.present.guarantee import guarantee_view
from ktop.report.present.model_story import model_story
from ktop.report.present.views import Figure, Verdict

#: Which model's answer is the verdict, the first that is there: a start-up is graded by the model made for it.
DECIDES = ("start-up", "ktrs-fm", "tech-index", "global-expansion", "originality")
#: Warnings that say that a technology's grade may not be relied on.
UNRELIABLE = frozenset({"thin_field", "no_close_art", "no_patents"})
#: Below this share of its items known, a company's grade says more of what is missing than of the company.
LEAST_KNOWN = 0.5
_ACCOUNTS = "accounts"
#: A grade is coloured by the word that is said of it.
_TONES = {"top": "good", "good": "good", "middle": "warn", "low": "bad", "bottom": "bad"}
#: What is to be done first: sentences and computed steps together.
_TO_DO_SHOWN = 4
#: Of it, reasons of a refused guarantee that the firm can mend.
_FIRST_SHOWN = 3


def deciding(ratings: Sequence[RatingJson]) -> RatingJson:
    """Return the rating that the verdict is of."""
    order = {name: place for place, name in enumerate(DECIDES)}
    return min(ratings, key=lambda rating: order.get(rating["model"]["name"], len(order)))


def reliable(rating: RatingJson) -> bool:
    """Whether a rating's grade may be relied on at all, within what the platform's limits say of every rating."""
    if any(warning["code"] in UNRELIABLE for warning in rating["warnings"]):
        return False
    known, everything = _known_of_all(rating)
    return everything == 0 or known >= LEAST_KNOWN * everything


def known_items(rating: RatingJson) -> list[tuple[str, int, int]]:
    """Return ``(kind, known, all)`` of the items that the rating's model reads: ``items`` and, apart, ``accounts``."""
    main = main_score(rating)
    counts = {"items": [0, 0], _ACCOUNTS: [0, 0]}
    for part in rating["contributions"]:
        if part["score"] == main:
            kind = counts[_ACCOUNTS if part["group"] == _ACCOUNTS else "items"]
            kind[1] += 1
            kind[0] += not numbers.is_missing(part["value"])
    return [(kind, known, everything) for kind, (known, everything) in counts.items() if everything or kind == "items"]


def _known_of_all(rating: RatingJson) -> tuple[int, int]:
    counts = known_items(rating)
    return sum(known for _, known, _ in counts), sum(everything for _, _, everything in counts)


def verdict(ratings: Sequence[RatingJson], lang: Lang) -> Verdict:
    """Return the verdict on ratings of one subject made together, at least one."""
    rating = deciding(ratings)
    model = rating["model"]["name"]
    relied = reliable(rating)
    figure = _figure(rating, lang)
    is_company = model != "originality"
    to_do = _to_do(rating, lang)
    return Verdict(
        model=model,
        figure=figure,
        relied=relied,
        meaning=_meaning(rating, lang) if relied else _why_not(rating, lang),
        sure=_sure(rating, lang),
        strip=_strip(rating, lang, relied=relied),
        known=_known(rating, lang) if is_company else None,
        steps=next_steps(rating, lang)[: max(_TO_DO_SHOWN - len(to_do), 1)],
        to_do=to_do,
        beside=_beside(ratings, rating, lang),
        story=model_story(ratings, rating, lang),
        meanings=_meanings(rating, lang),
    )


def _figure(rating: RatingJson, lang: Lang) -> Figure:
    known = ladders()
    name = next((name for name in ("business", "originality") if name in rating["grades"]), None)
    if name is not None:
        symbols, symbol = known[name].symbols, str(rating["grades"][name])
        place = symbols.index(symbol) + 1 if symbol in symbols else 0
        note = text("report.grade_place", lang, place=place, count=len(symbols)) if place else ""
        return Figure(
            (known[name].labels or {})[lang], symbol, note, _TONES[band(known[name], symbol)] if place else ""
        )
    main = main_score(rating)
    if main is None or numbers.is_missing(rating["scores"].get(main)):
        model = labels.word("model", rating["model"]["name"], lang)
        return Figure(model, text("result.no_grade", lang))
    return Figure(
        score_label(rating, main, lang),
        numbers.score(rating["scores"][main], lang),
        top_share(rating, main, lang),
        unit=text("report.points_unit", lang),
    )


def _meaning(rating: RatingJson, lang: Lang) -> str:
    grades = rating["grades"]
    held = (rating["details"].get("evidence") or {}).get("held") or {}

    def told(name: str) -> str:
        change = held.get(name)
        if change is None:
            return str(grades[name])
        return text("result.grade_held", lang, before=change["from"], after=change["to"])

    said = []
    if "business" in grades:
        ladder_ = ladders()["business"]
        said.append(
            text(
                "result.meaning_business",
                lang,
                grade=grades["business"],
                band=text(f"result.band_{band(ladder_, grades['business'])}", lang),
                growth=told("growth"),
                risk=told("risk"),
                high_growth=_percent(rating, "high_growth", lang),
                failure=_percent(rating, "failure", lang),
            )
        )
    elif "originality" in grades:
        ladder_ = ladders()["originality"]
        said.append(
            text(
                "result.meaning_originality",
                lang,
                grade=grades["originality"],
                band=text(f"result.band_{band(ladder_, grades['originality'])}", lang),
                score=numbers.score(rating["scores"]["score"], lang),
                place=top_share(rating, "score", lang),
                reference=numbers.figure((rating["details"].get("reference") or {}).get("patents"), lang, 0),
            )
        )
    else:
        main = main_score(rating)
        place = "" if main is None else top_share(rating, main, lang)
        said.append(text("result.meaning_index", lang, place=place) if place else text("result.meaning_none", lang))
    return " ".join(said)


def _percent(rating: RatingJson, target: str, lang: Lang) -> str:
    found = rating["probabilities"].get(target)
    return numbers.percent(found["value"] if found else None, lang)


def _why_not(rating: RatingJson, lang: Lang) -> str:
    """Return why the grade may not be relied on."""
    told = [w["text"][lang] for w in rating["warnings"] if w["code"] in UNRELIABLE]
    if told:
        return " ".join(told)
    known, everything = _known_of_all(rating)
    return text("result.too_few_known", lang, known=known, all=everything)


def _sure(rating: RatingJson, lang: Lang) -> tuple[str, ...]:
    """Return in words how sure the verdict is: what is known, what it stands on, what the corpus can tell."""
    told = []
    if rating["model"]["name"] == "originality":
        details = rating["details"]
        corpus = details.get("corpus") or {}
        told.append(
            text(
                "result.sure_corpus",
                lang,
                n=numbers.figure(corpus.get("patents"), lang, 0),
                name=corpus.get("name", ""),
            )
        )
        coverage = details.get("coverage") or {}
        limits = [text(f"originality.limit_{limit}", lang, **coverage) for limit in coverage.get("limits") or ()]
        told += [limit if limit.endswith((".", "다")) else f"{limit[:1].upper()}{limit[1:]}" for limit in limits]
        return tuple(one if one.endswith(".") else f"{one}." for one in told)
    found = rating["details"].get("evidence")
    if isinstance(found, Mapping) and "counts" in found:
        counts = found["counts"]
        both = {status: counts["answers"][status] + counts["values"][status] for status in counts["values"]}
        told.append(text("result.sure_basis", lang, **both))
    held = [
        f"{(ladders()[name].labels or {})[lang]} {change['from']} → {change['to']}"
        for name, change in ((found or {}).get("held") or {}).items()
    ]
    if held:
        told.append(text("result.sure_held", lang, held=", ".join(held)))
    return tuple(told)


def _strip(rating: RatingJson, lang: Lang, *, relied: bool) -> Chart | None:
    """Return the rating's ladders with its own grades and the grades that its intervals reach."""
    rungs = []
    for name, target in (("business", None), ("growth", "high_growth"), ("risk", "failure"), ("originality", None)):
        if name not in rating["grades"]:
            continue
        ladder_ = ladders()[name]
        p = rating["probabilities"].get(target) if target else None
        ends = (None, None) if p is None else (_place(ladder_, p["low"]), _place(ladder_, p["high"]))
        says = ""
        if p is not None and target is not None:
            interval = text(
                "report.interval", lang, low=numbers.percent(p["low"], lang), high=numbers.percent(p["high"], lang)
            )
            says = f"{numbers.percent(p['value'], lang)} ({interval})"
        label = (ladder_.labels or {})[lang]
        rungs.append(Rung(label, ladder_.symbols, str(rating["grades"][name]), *ends, says, relied))
    return ladder(text("result.strip_title", lang), rungs, lang) if rungs else None


def _place(ladder_: Ladder, value: float) -> float | None:
    """Return where a probability stands on its ladder, in steps from the left end of the best grade."""
    if ladder_.cuts is None:
        return None
    cuts = list(ladder_.cuts)
    descending = ladder_.better == "high"
    edges = [1.0, *cuts, 0.0] if descending else [0.0, *cuts, 1.0]
    for place, (start, end) in enumerate(itertools.pairwise(edges)):
        if (start >= value >= end) if descending else (start <= value <= end):
            return place + (abs(value - start) / abs(end - start) if end != start else 0.0)
    return None


def _known(rating: RatingJson, lang: Lang) -> Chart:
    groups = [
        (text(f"result.known_{kind}", lang), known, everything) for kind, known, everything in known_items(rating)
    ]
    return shares(text("result.known_title", lang), groups, lang)


def _to_do(rating: RatingJson, lang: Lang) -> tuple[str, ...]:
    """Return what to do before the computed steps: mend what refuses the firm, answer, enter, prove."""
    told: list[str] = []
    if rating["model"]["name"] == "originality":
        near = [str(one["patent_id"]) for one in rating["details"].get("neighbours") or ()]
        if not reliable(rating):
            told.append(text("result.do_describe", lang))
        elif near:
            told.append(text("result.do_read_nearest", lang, patent=near[0]))
            told.append(text("result.do_try_terms", lang))
        return tuple(told)
    clauses = (rating["details"].get("guarantee") or {}).get("clauses") or ()
    told += comes_first([clause["id"] for clause in clauses if clause["outcome"] == "failed"], lang)[:_FIRST_SHOWN]
    main = main_score(rating)
    absent = [p["indicator"] for p in rating["contributions"] if p["score"] == main and numbers.is_missing(p["value"])]
    questions = [name for name in absent if name[:1] == "q" and name[1:].isdigit()]
    others = [name for name in absent if name not in questions]
    if questions:
        told.append(text("result.do_answer", lang, n=len(questions)))
    if others:
        named = ", ".join(labels.indicator(rating["model"]["name"], name, lang) for name in others[:3])
        told.append(
            text(
                "result.do_enter" if len(others) <= 3 else "result.do_enter_more", lang, names=named, n=len(others) - 3
            )
        )
    held = ((rating["details"].get("evidence") or {}).get("held") or {}).get("business")
    if held:
        told.append(text("result.do_prove", lang, grade=held["from"]))
    return tuple(told)


def _beside(ratings: Sequence[RatingJson], first: RatingJson, lang: Lang) -> tuple[Figure, ...]:
    """Return the other models' answers in one figure each, and the guarantee that the verdict's model decides."""
    shown = []
    guarantee = guarantee_view(first, lang) if first["model"]["name"] != "originality" else None
    if guarantee is not None:
        shown.append(Figure(text("report.guarantee", lang), guarantee.decision, guarantee.limit, guarantee.tone))
    for rating in ratings:
        if rating is first:
            continue
        figure = _figure(rating, lang)
        name = short_model(rating["model"]["name"], lang)
        label = figure.label if name in figure.label else f"{figure.label} · {name}"
        if not reliable(rating):
            shown.append(Figure(label, figure.value, text("result.not_relied_short", lang)))
            continue
        compared = rating["model"]["name"] == "ktrs-fm" and first["model"]["name"] == "start-up"
        note = text("result.for_comparison", lang) if compared else figure.note
        shown.append(Figure(label, figure.value, note, "" if compared else figure.tone))
    return tuple(shown)


def _meanings(rating: RatingJson, lang: Lang) -> tuple[Table, ...]:
    """Return what every grade of the rating's ladders means, a table each."""
    return tuple(
        meaning_table(name, lang) for name in ("business", "growth", "risk", "originality") if name in rating["grades"]
    )
