"""The written analysis (분석의견): every sentence is made from the rating's own numbers, in Korean and English."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ktop.catalogue import LANGS, Lang, text
from ktop.domain.rating.grades import ladder
from ktop.domain.rating.rating import Contribution, Opinion
from ktop.domain.technology.neighbourhood import Neighbourhood
from ktop.models.originality.advice import EMERGING, FEW, UNCLEAR, UNKNOWN, Coverage, filing_advice
from ktop.models.originality.definitions import SCORE, TRAITS, measures, rules
from ktop.models.originality.novelty import LEAST, copied_patent, holder_of_all, risk_of
from ktop.models.originality.surroundings import Ocean

#: A measure is named as strength or weakness from this many points of the originality score on, the largest first.
LEAST_POINTS = 1.0
MOST_NAMED = 3
_TERMS_NAMED = 4
_MIDDLE = 50.0
#: A smaller share of the text's content is told as nothing.
_LEAST_SHARE = 0.005
_APPLICANTS_NAMED = 3
_FIELDS_NAMED = 3
#: What is said of the novelty of a copy whose words were swapped, so that its features are found in no patent.
SWAPPED = "swapped"

_MEASURES = {measure.name: measure for measure in measures()}


def opinions(
    neighbourhood: Neighbourhood,
    scores: Mapping[str, float | None],
    grade: str,
    contributions: tuple[Contribution, ...],
    ocean: Ocean,
    details: Mapping[str, Any],
    reference: int,
    *,
    coverage: Coverage,
    copied: int | None = None,
    held_by: Sequence[str] = (),
) -> tuple[Opinion, ...]:
    """Return all sentences, Korean first, in reading order.

    Parameters
    ----------
    scores : the rating's scores; the overall one must be known.
    contributions : the rating's contributions; those of the overall score are spoken of.
    details : what ``surroundings`` returned.
    reference : number of reference patents.
    coverage : what the corpus can tell of the field; what it does not hold may be no evidence of novelty.
    copied : position of the neighbour that the text repeats, None where it repeats none.
    held_by : the rules that hold the grade below what the score alone would give.
    """
    copy = _copy(neighbourhood, details, copied)
    spoken: list[Opinion] = []
    for lang in LANGS:
        spoken += _summary(lang, neighbourhood, scores, grade, reference)
        spoken += _held(lang, scores, grade, coverage, copy, held_by)
        spoken += _parts(lang, contributions, details)
        spoken.append(_ocean(lang, ocean, coverage))
        spoken += _nearest(lang, details)
        spoken += _applicants(lang, details)
        spoken.append(_advice(lang, scores, details, ocean, coverage, copy))
        spoken += _novelty(lang, details, coverage, copy)
        spoken.append(Opinion(lang, text("originality.caution_method", lang), (), "caution"))
    return tuple(spoken)


def _summary(
    lang: Lang, neighbourhood: Neighbourhood, scores: Mapping[str, float | None], grade: str, reference: int
) -> list[Opinion]:
    score = scores[SCORE]
    assert score is not None
    spoken = text(
        "originality.opinion_summary",
        lang,
        score=score,
        grade=grade,
        as_of=_day(neighbourhood.as_of, lang),
        patents=neighbourhood.corpus_size,
        reference=reference,
        share=text(
            "originality.top_share" if score >= _MIDDLE else "originality.bottom_share",
            lang,
            share=max(1.0, min(score, 100.0 - score)),
        ),
    )
    opinions = [Opinion(lang, spoken, (SCORE,), "summary")]
    known = {trait: value for trait in TRAITS if (value := scores[trait]) is not None}
    if len(known) == len(TRAITS):
        best, worst = max(known, key=known.__getitem__), min(known, key=known.__getitem__)
        spoken = text(
            "originality.opinion_traits",
            lang,
            **{trait: f"{value:.0f}" for trait, value in known.items()},
            best=trait_name(best, lang),
            worst=trait_name(worst, lang),
        )
        opinions.append(Opinion(lang, spoken, TRAITS, "summary"))
    return opinions


def trait_name(trait: str, lang: Lang) -> str:
    """Return a trait's name, in English with a small letter as within a sentence."""
    label: str = rules("groups")[trait][lang]
    return label if lang == "ko" else label.lower()


def _day(day: date, lang: Lang) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일" if lang == "ko" else day.isoformat()


def _parts(lang: Lang, contributions: tuple[Contribution, ...], details: Mapping[str, Any]) -> list[Opinion]:
    """Return the measures that move the score most, for and against."""
    mine = [c for c in contributions if c.score == SCORE and isinstance(c.value, float)]
    opinions = []
    for kind, prefix, sign in (("strength", "strong", 1.0), ("weakness", "weak", -1.0)):
        ranked = sorted((c for c in mine if _speaks(c, sign)), key=lambda c: -abs(c.points))
        for part in ranked[:MOST_NAMED]:
            assert isinstance(part.value, float)
            spoken = text(
                f"originality.{prefix}_{part.indicator}",
                lang,
                value=value_text(part.indicator, part.value, lang),
                place=text("originality.place", lang, level=min(99.0, max(1.0, part.level or 0.0)), points=part.points),
                terms=_terms_in_use(details, lang),
                fields=_fields(details, lang),
            )
            opinions.append(Opinion(lang, spoken, (part.indicator,), kind))
    return opinions


def _speaks(part: Contribution, sign: float) -> bool:
    """Return whether a measure moves the score enough to be named: as a strength only what stands in the upper half.

    A measure of which the technology has nothing at all is no strength, whatever the reference patents have.
    """
    if sign * part.points < LEAST_POINTS or part.level is None:
        return False
    return sign < 0 or (part.level > _MIDDLE and (_MEASURES[part.indicator].sign < 0 or part.value != 0.0))


def value_text(name: str, value: float, lang: Lang) -> str:
    """Return a measure's value as a reader sees it: percent, ratio, count or number."""
    measure = _MEASURES[name]
    if name == "word_dependence":
        return text("originality.value_points", lang, value=100.0 * value)
    if name == "neighbour_claims":
        return text("originality.value_claims", lang, value=value)
    if name == "neighbour_citations":
        return text("originality.value_citations", lang, value=value)
    if measure.format == "percent":
        return text("originality.value_percent", lang, value=100.0 * value)
    if measure.format == "ratio":
        return text("originality.value_ratio", lang, value=math.exp(value))
    return text("originality.value_number", lang, value=value)


def _terms_in_use(details: Mapping[str, Any], lang: Lang) -> str:
    used = [term for term in details["measured_terms"] if term["similar_patents"] > 0]
    used.sort(key=lambda term: -term["weight"] * term["similar_patents"])
    return ", ".join(term["term"] for term in used[:_TERMS_NAMED]) or text("originality.missing", lang)


def _fields(details: Mapping[str, Any], lang: Lang) -> str:
    names = [entry["name"] for entry in details["fields"]["shares"][:_FIELDS_NAMED]]
    return ", ".join(names) or text("originality.missing", lang)


def _close(lang: Lang, ocean: Ocean) -> str:
    return text("originality.at_least" if ocean.at_least else "originality.exactly", lang, n=ocean.close)


def _ocean(lang: Lang, ocean: Ocean, coverage: Coverage | None = None) -> Opinion:
    growth = (
        text("originality.growth_unknown", lang)
        if math.isnan(ocean.growth_ratio)
        else text(
            "originality.growth_known", lang, recent=ocean.recent, previous=ocean.previous, ratio=ocean.growth_ratio
        )
    )
    spoken = text(
        f"originality.ocean_{ocean.name}",
        lang,
        close=_close(lang, ocean),
        density=min(99.0, ocean.density),
        growth=growth,
        why=_ocean_why(lang, ocean, coverage),
    )
    return Opinion(lang, spoken, ("density", "filing_growth"), "summary")


def _ocean_why(lang: Lang, ocean: Ocean, coverage: Coverage | None) -> str:
    """Return why an ocean is not named, and of an emerging one what is to be done, or what may feign it."""
    if ocean.name == EMERGING:
        few = coverage is not None and FEW in coverage.limits
        return text(f"originality.emerging_{'few' if few else 'timing'}", lang)
    return "" if coverage is None or ocean.name != UNCLEAR else coverage.why(ocean.withheld, lang)


def _nearest(lang: Lang, details: Mapping[str, Any]) -> list[Opinion]:
    nearest = details["neighbours"][0]
    names = nearest["applicants"]
    values = {
        "year": nearest["filing_date"][:4],
        "patent_id": nearest["patent_id"],
        "title": nearest["title"],
        "applicant": text("originality.applicant", lang, name=names[0]) if names else "",
        "similarity": nearest["similarity"],
    }
    shared = ", ".join(nearest["shared_terms"])
    key = "originality.opinion_nearest" if shared else "originality.opinion_nearest_no_terms"
    opinions = [Opinion(lang, text(key, lang, **values, terms=shared), ("backward_similarity",), "summary")]
    foreign = {word.casefold() for word in details.get("left_out") or ()}  # a word that counts nothing is no merit
    known = [term["term"] for term in details["key_terms"] if term["new"]]
    new = [term for term in known if foreign.isdisjoint(term.casefold().split())][:_TERMS_NAMED]
    if new:
        spoken = text("originality.opinion_new_terms", lang, terms=", ".join(new))
        opinions.append(Opinion(lang, spoken, ("new_terms",), "summary"))
    return opinions


def _applicants(lang: Lang, details: Mapping[str, Any]) -> list[Opinion]:
    leading = [entry["name"] for entry in details["applicants"] if entry["patents"] > 1][:_APPLICANTS_NAMED]
    if not leading:
        return []
    recent = [entry["name"] for entry in details["newcomers"]][:_APPLICANTS_NAMED]
    newcomers = text("originality.opinion_newcomers", lang, names=_names(recent, lang)) if recent else ""
    spoken = text("originality.opinion_applicants", lang, names=_names(leading, lang), newcomers=newcomers)
    return [Opinion(lang, spoken, ("applicant_diversity",), "summary")]


def _names(names: list[str], lang: Lang) -> str:
    """Return names in a row; where the sentence ends after them, without the point of "Inc."."""
    joined = ", ".join(names)
    return joined.removesuffix(".") if lang == "en" else joined


@dataclass(frozen=True, slots=True)
class _Copy:
    """The patent that the text repeats: how (a ``copy`` of the table of advice) and its id and title."""

    kind: str
    patent_id: str = ""
    title: str = ""


def _copy(neighbourhood: Neighbourhood, details: Mapping[str, Any], copied: int | None) -> _Copy:
    if copied is not None:
        return _Copy("verbatim", str(neighbourhood.patent_ids[copied]), str(neighbourhood.titles[copied]))
    for kind, found in (
        ("taken", copied_patent(details.get("novelty"))),
        ("all_found", holder_of_all(details.get("novelty"))),
    ):
        if found is not None:
            return _Copy(kind, str(found["patent_id"]), str(found["title"]))
    return _Copy("none")


def _held(
    lang: Lang,
    scores: Mapping[str, float | None],
    grade: str,
    coverage: Coverage,
    copy: _Copy,
    held_by: Sequence[str],
) -> list[Opinion]:
    """Return why the grade is held below what the score alone would give."""
    score = scores[SCORE]
    assert score is not None
    alone = ladder("originality").grade_of(score)
    return [
        Opinion(
            lang,
            text(
                f"originality.held_{rule}",
                lang,
                alone=alone,
                grade=grade,
                nearest=coverage.nearest,
                patent_id=copy.patent_id,
                title=copy.title,
            ),
            ("grade", rule),
            "caution",
        )
        for rule in held_by
    ]


def _advice(
    lang: Lang,
    scores: Mapping[str, float | None],
    details: Mapping[str, Any],
    ocean: Ocean,
    coverage: Coverage,
    copy: _Copy,
) -> Opinion:
    originality = scores["originality"]
    assert originality is not None
    novelty = details.get("novelty")
    advice = filing_advice(
        copy=copy.kind,
        risk="none" if not novelty else str(novelty["risk"]),
        originality=originality,
        limits=coverage.limits,
    )
    nearest = None if not novelty else max(novelty["patents"], key=lambda patent: float(patent["share_found"]))
    why = coverage.why(tuple(novelty["withheld"]) if novelty else coverage.withholds("low_risk"), lang)
    spoken = text(
        f"originality.advice_{advice}",
        lang,
        originality=originality,
        nearest=details["neighbours"][0]["similarity"],
        close=_close(lang, ocean),
        patent_id=copy.patent_id or (nearest["patent_id"] if nearest else ""),
        title=copy.title,
        share=100.0 * float(nearest["share_found"]) if nearest else 0.0,
        why=why or text("originality.limit_nothing_compared", lang),
    )
    return Opinion(lang, spoken, ("originality", "backward_similarity"), "advice")


def _novelty(lang: Lang, details: Mapping[str, Any], coverage: Coverage, copy: _Copy) -> list[Opinion]:
    """Return how much of the text the nearest patents have, and what none of them has."""
    novelty = details.get("novelty")
    if not novelty:
        return []
    missing = [feature for feature in novelty["features"] if not feature["found"]]
    nearest = max(novelty["patents"], key=lambda patent: float(patent["share_found"]))
    case = _novelty_case(novelty, len(missing), copy)
    spoken = text(
        f"originality.novelty_{case}",
        lang,
        single=100.0 * novelty["single"],
        joint=100.0 * novelty["joint"],
        patent_id=copy.patent_id if case == SWAPPED else nearest["patent_id"],
        title=copy.title,
        features=len(novelty["features"]),
        missing=len(missing),
        first_year=coverage.first_year,
        why=coverage.why(novelty["withheld"], lang),
    )
    return [Opinion(lang, spoken, ("novelty",), "advice")]


def _novelty_case(novelty: Mapping[str, Any], missing: int, copy: _Copy) -> str:
    """Return which sentence is true of what was found of the text."""
    risk = str(novelty["risk"])
    if risk == UNKNOWN:
        return UNKNOWN
    if copy.kind == "verbatim" and risk_of(novelty["single"], novelty["joint"]) != risk:
        return SWAPPED
    if not missing and risk in ("high", "medium"):
        return "all_single" if risk == "high" else "all_joint"
    return "nothing" if risk == LEAST and novelty["joint"] < _LEAST_SHARE else risk
