"""What the nearest patents already say of a technology, and what it could add, as a page and a report show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels, numbers
from ktop.report.charts import Table
from ktop.report.present.views import ClosePatent, Feature, Novelty, Suggestions

_TONES = {"high": "bad", "medium": "warn", "low": "good", "unknown": "warn"}
#: A match below this score says nothing; its sentence is not shown.
_LEAST_SHOWN = 0.15
#: A smaller share of the text's content is told as nothing.
_LEAST_SHARE = 0.005
#: A trait that an added term moves by less is not named.
_LEAST_TRAIT = 0.5


def novelty_view(details: Mapping[str, Any], lang: Lang) -> Novelty | None:
    """Return the section on novelty, None where a rating has none."""
    novelty = details.get("novelty")
    if not novelty:
        return None
    risk = str(novelty["risk"])
    new = new_terms(details)
    features = tuple(
        Feature(
            str(feature["text"]),
            text("report.feature_found", lang, patent_id=feature["patent_id"])
            if feature["found"]
            else text("report.feature_not_found", lang),
            "bad" if feature["found"] else "good",
            numbers.percent(feature["best"], None, 0),
        )
        for feature in novelty["features"]
    )
    return Novelty(
        title=text("report.novelty", lang),
        risk=labels.word("novelty", risk, lang),
        tone=_TONES.get(risk, ""),
        text=text(
            f"report.novelty_text{_case(novelty)}", lang,
            single=numbers.percent(novelty["single"], None, 0), joint=numbers.percent(novelty["joint"], None, 0),
            patents=len(novelty["patents"]),
            limit=numbers.percent(novelty["found_from"], None, 0),
        ),
        note=_withheld(details, lang) + text("report.novelty_note", lang),
        features=features,
        patents=tuple(_patent(patent, novelty["features"], new, lang) for patent in novelty["patents"]),
    )  # fmt: skip


def _case(novelty: Mapping[str, Any]) -> str:
    """Return which sentence says what was found: of a copy with other words nothing is, and the risk is high."""
    if novelty["joint"] >= _LEAST_SHARE:
        return ""
    return "_swapped" if novelty["risk"] == "high" else "_none"


def _withheld(details: Mapping[str, Any], lang: Lang) -> str:
    """Return why the risk is not judged, as a sentence before another; empty where it is."""
    withheld = details["novelty"].get("withheld")
    if not withheld:
        return ""
    why = ("; " if lang == "en" else ". ").join(
        text(f"originality.limit_{limit}", lang, **details["coverage"]) for limit in withheld
    )
    return text("report.novelty_withheld", lang, why=why) + " "


def _patent(
    patent: Mapping[str, Any], features: list[Mapping[str, Any]], new: frozenset[str], lang: Lang
) -> ClosePatent:
    rows = []
    for match in patent["matches"]:
        shown = match["score"] >= _LEAST_SHOWN
        rows.append(
            (
                f"{match['feature'] + 1}. {features[match['feature']]['text']}",
                numbers.percent(match["score"], None, 0) if shown else "–",
                str(match["sentence"]) if shown else text("report.no_sentence", lang),
                ", ".join(str(word) for word in match["shared"] if word not in new) if shown else "",
            )
        )
    heading = " ".join(part for part in (str(patent["patent_id"]), str(patent["title"])) if part)
    columns = tuple(text(f"report.match_columns_{i}", lang) for i in range(1, 5))
    share = text("report.share_found", lang, share=numbers.percent(patent["share_found"], None, 0))
    return ClosePatent(heading, share, Table(text("report.match_table", lang, patent=heading), columns, tuple(rows)))


def new_terms(details: Mapping[str, Any]) -> frozenset[str]:
    """Return the terms that no earlier patent has: none of them can be something that a patent shares."""
    return frozenset(
        str(term["term"]) for term in details.get("key_terms") or () if isinstance(term, Mapping) and term.get("new")
    )


def suggestions_view(details: Mapping[str, Any], lang: Lang) -> Suggestions | None:
    """Return the terms that were tried, None where none was asked for."""
    suggestions = details.get("suggestions")
    if not suggestions:
        return None
    raising = sum(bool(one["raises"]) for one in suggestions["terms"])
    key = "suggestions_none" if not suggestions["tried"] else "suggestions_text" if raising else "suggestions_no_gain"
    rows = tuple(
        (
            str(one["term"]),
            numbers.points(one["gain"]),
            numbers.score(one["score"], lang),
            str(one["grade"] or numbers.missing(lang)),
            ", ".join(
                f"{labels.group('originality', name, lang)} {numbers.points(gain)}"
                for name, gain in one["traits"].items()
                if gain is not None and abs(gain) >= _LEAST_TRAIT
            ),
            f"{one['patent_id']} {one['title']}".strip(),
        )
        for one in suggestions["terms"]
    )
    columns = tuple(text(f"report.suggestion_columns_{i}", lang) for i in range(1, 7))
    return Suggestions(
        title=text("report.suggestions", lang),
        text=text(f"report.{key}", lang, tried=suggestions["tried"], raising=raising),
        note=text("report.suggestions_note", lang),
        table=Table(text("report.suggestions", lang), columns, rows),
    )
