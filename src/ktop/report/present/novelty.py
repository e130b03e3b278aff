"""What the nearest patents already say of a technology, as a page and a report show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktop.catalogue import Lang, text
from ktop.report import labels
from ktop.report.charts import Table
from ktop.report.present.views import ClosePatent, Feature, Novelty

_TONES = {"high": "bad", "medium": "warn", "low": "good"}
#: A match below this score says nothing; its sentence is not shown.
_LEAST_SHOWN = 0.15


def novelty_view(details: Mapping[str, Any], lang: Lang) -> Novelty | None:
    """Return the section on novelty, None where a rating has none."""
    found = details.get("novelty")
    if not found:
        return None
    risk = str(found["risk"])
    features = tuple(
        Feature(
            str(feature["text"]),
            text("report.feature_found", lang, patent_id=feature["patent_id"])
            if feature["found"]
            else text("report.feature_not_found", lang),
            "bad" if feature["found"] else "good",
            _percent(feature["best"]),
        )
        for feature in found["features"]
    )
    return Novelty(
        title=text("report.novelty", lang),
        risk=labels.word("novelty", risk, lang),
        tone=_TONES.get(risk, ""),
        text=text(
            "report.novelty_text", lang, single=_percent(found["single"]), joint=_percent(found["joint"]),
            patents=len(found["patents"]), limit=_percent(found["found_from"]),
        ),
        note=text("report.novelty_note", lang),
        features=features,
        patents=tuple(_patent(patent, found["features"], lang) for patent in found["patents"]),
    )  # fmt: skip


def _patent(patent: Mapping[str, Any], features: list[Mapping[str, Any]], lang: Lang) -> ClosePatent:
    rows = []
    for match in patent["matches"]:
        shown = match["score"] >= _LEAST_SHOWN
        rows.append(
            (
                f"{match['feature'] + 1}. {features[match['feature']]['text']}",
                _percent(match["score"]),
                str(match["sentence"]) if shown else text("report.no_sentence", lang),
                ", ".join(str(word) for word in match["shared"]) if shown else "",
            )
        )
    heading = " ".join(part for part in (str(patent["patent_id"]), str(patent["title"])) if part)
    columns = tuple(text(f"report.match_columns_{i}", lang) for i in range(1, 5))
    share = text("report.share_found", lang, share=_percent(patent["share_found"]))
    return ClosePatent(heading, share, Table(text("report.match_table", lang, patent=heading), columns, tuple(rows)))


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"
